package bench

import "bytes"

// eachText calls visit for each "name":{"S":"text"} in JSON. Our attributes have
// names and texts without a quotation mark, so that bytes can be compared; white
// space is allowed where some servers write it.
func eachText(json []byte, name string, visit func(text []byte) error) error {
	for {
		rest, ok := afterName(json, name)
		if !ok {
			return nil
		}
		json = rest
		text, ok := stringValue(rest)
		if !ok {
			continue
		}
		if err := visit(text); err != nil {
			return err
		}
		json = json[len(text):]
	}
}

// afterName returns what follows the first "name": in JSON.
func afterName(json []byte, name string) (rest []byte, ok bool) {
	for {
		i := bytes.Index(json, []byte(name)) // does not allocate
		if i < 0 {
			return nil, false
		}
		begins := i > 0 && json[i-1] == '"'
		json = json[i+len(name):]
		if rest, ok = skip(json, `":`); begins && ok {
			return rest, true
		}
	}
}

// stringValue returns the text of {"S":"text"}, the beginning of json.
func stringValue(json []byte) ([]byte, bool) {
	rest, ok := skip(json, `{"S":"`)
	if !ok {
		return nil, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return nil, false
	}
	return rest[:end], true
}

// skip skips tokens, each of one byte but for S, with white space around them.
func skip(json []byte, tokens string) ([]byte, bool) {
	for i := range len(tokens) {
		for len(json) > 0 && json[0] != tokens[i] && (json[0] == ' ' || json[0] == '\n' || json[0] == '\t' || json[0] == '\r') {
			json = json[1:]
		}
		if len(json) == 0 || json[0] != tokens[i] {
			return nil, false
		}
		json = json[1:]
	}
	return json, true
}

// number returns the number that follows "name": in JSON.
func number(json []byte, name string) (int64, bool) {
	rest, ok := afterName(json, name)
	if !ok {
		return 0, false
	}
	rest = bytes.TrimLeft(rest, " \t\r\n")
	n, digits := int64(0), 0
	for _, c := range rest {
		if c < '0' || c > '9' || digits > 15 {
			break
		}
		n, digits = 10*n+int64(c-'0'), digits+1
	}
	return n, digits > 0
}
