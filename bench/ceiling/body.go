package main

import "bytes"

// The functions below find what they look for in the requests of the load
// generator: JSON without white space and without escapes.

// text returns what stands between the mark and the next quotation mark, and
// what follows that. No mark: nil and nil.
func text(body []byte, mark string) (found, rest []byte) {
	i := bytes.Index(body, []byte(mark))
	if i < 0 {
		return nil, nil
	}
	body = body[i+len(mark):]
	end := bytes.IndexByte(body, '"')
	if end < 0 {
		return nil, nil
	}
	return body[:end], body[end:]
}

// object returns the object that follows the mark, and what follows that.
func object(body []byte, mark string) (found, rest []byte) {
	i := bytes.Index(body, []byte(mark))
	if i < 0 {
		return nil, nil
	}
	body = body[i+len(mark):]
	depth := 0
	for at := 0; at < len(body); at++ {
		switch body[at] {
		case '"':
			end := bytes.IndexByte(body[at+1:], '"')
			if end < 0 {
				return nil, nil
			}
			at += end + 1
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return body[:at+1], body[at+1:]
			}
		}
	}
	return nil, nil
}

// appendKey appends the key of the item whose attributes begin body, and
// returns what follows the key's:
//
//	table 0 partition-key 0 sort-key
func appendKey(dst, table, body []byte) (key, rest []byte) {
	partition, rest := text(body, `"pk":{"S":"`)
	sort, rest := text(rest, `"sk":{"S":"`)
	dst = append(append(dst, table...), 0)
	dst = append(append(dst, partition...), 0)
	return append(dst, sort...), rest
}
