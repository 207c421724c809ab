package dynamodb

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/gramme-db/gramme/internal/item"
)

// A NextToken of ExecuteStatement says where its SELECT goes on. Nothing is kept
// of it here: it holds the attributes of the last entry, and is good for the
// statement, the parameters and the table that it was made for alone. It is
// this, in base64:
//
//	+---------+------------+--------------------------+
//	| version | seal       | the entry's attributes   |
//	| 1 byte  | 16 bytes   | an item, to the end      |
//	+---------+------------+--------------------------+
//
// version is 1. seal is the beginning of a SHA-256 of the table, the statement
// and its parameters, each behind its length, and of the attributes. It shows
// mistakes; there is nothing in the token that its client may not know, and
// one that is made up leads no further than the same statement does.
const (
	nextTokenVersion   = 1
	nextTokenSealBytes = 16
	nextTokenHeadBytes = 1 + nextTokenSealBytes
)

// tokenSubject is what a NextToken is good for.
type tokenSubject struct {
	table      uint64
	statement  string
	parameters []item.Input
}

// nextToken returns the token for going on behind an entry.
func (t tokenSubject) nextToken(last item.Item) string {
	seal := t.seal(last)
	raw := append([]byte{nextTokenVersion}, seal[:]...)
	return base64.StdEncoding.EncodeToString(append(raw, last...))
}

// open returns the attributes in a token.
func (t tokenSubject) open(token string) (item.Item, error) {
	raw, err := base64.StdEncoding.DecodeString(token)
	if err != nil || len(raw) < nextTokenHeadBytes || raw[0] != nextTokenVersion {
		return nil, invalidNextToken()
	}
	last := item.Item(raw[nextTokenHeadBytes:])
	if !last.Valid() {
		return nil, invalidNextToken()
	}
	if t.seal(last) != [nextTokenSealBytes]byte(raw[1:]) {
		return nil, invalid("NextToken does not match request")
	}
	return last, nil
}

func (t tokenSubject) seal(last item.Item) [nextTokenSealBytes]byte {
	p := printer{sum: sha256.New()}
	p.bytes(binary.BigEndian.AppendUint64(nil, t.table))
	p.text(t.statement)
	p.parameters(t.parameters)
	p.bytes(last)
	return [nextTokenSealBytes]byte(p.sum.Sum(nil))
}

func invalidNextToken() error { return invalid("Invalid NextToken") }
