package main

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/gramme-db/gramme/internal/wire/sigv4"
)

const bodyBytesMax = 16 << 20

// handler answers requests. With a db of nil it verifies the signature and
// answers {}.
type handler struct {
	profile sigv4.Profile
	auth    sigv4.Static
	db      *pebble.DB
	rooms   sync.Pool // of *room
}

// room is the memory of one request.
type room struct {
	body, key, answer []byte
}

func newHandler(accessKey, secret string) *handler {
	return &handler{
		profile: sigv4.Profile{Service: "dynamodb"},
		auth:    sigv4.Static{AccessKey: accessKey, Secret: sigv4.Secret(secret), Account: "000000000000"},
		rooms:   sync.Pool{New: func() any { return new(room) }},
	}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := h.rooms.Get().(*room)
	defer h.rooms.Put(m)
	if err := m.read(r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if refusal := h.verify(r, m.body); refusal != "" {
		http.Error(w, refusal, http.StatusForbidden)
		return
	}
	m.answer = append(m.answer[:0], "{}"...)
	target := r.Header["X-Amz-Target"]
	if len(target) == 1 {
		_, operation, _ := strings.Cut(target[0], ".")
		if err := h.operate(operation, m); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	header := w.Header()
	header["Content-Type"] = jsonType()
	header["Content-Length"] = []string{strconv.Itoa(len(m.answer))}
	_, _ = w.Write(m.answer) // fails when the client is gone
}

func jsonType() []string { return []string{"application/x-amz-json-1.0"} }

func (m *room) read(r *http.Request) error {
	n := int(r.ContentLength)
	if n < 0 || n > bodyBytesMax {
		return http.ErrContentLength
	}
	if cap(m.body) < n {
		m.body = make([]byte, n)
	}
	m.body = m.body[:n]
	_, err := io.ReadFull(r.Body, m.body)
	return err
}

// verify returns why the signature is refused.
func (h *handler) verify(r *http.Request, body []byte) string {
	_, err := h.auth.Authenticate(&sigv4.Request{
		Profile: &h.profile,
		Method:  r.Method,
		Path:    r.URL.Path,
		Host:    r.Host,
		Header:  sigv4.HTTPHeader(r.Header),
		Body:    body,
	}, time.Now())
	if err != nil {
		return err.Message
	}
	return ""
}

// operate carries an operation out. What is not listed is answered with {}.
func (h *handler) operate(operation string, m *room) error {
	table, body := text(m.body, `"TableName":"`)
	switch operation {
	case "DescribeTable":
		m.answer = append(m.answer[:0], `{"Table":{"TableStatus":"ACTIVE"}}`...)
		return nil
	case "CreateTable":
		return nil
	}
	if h.db == nil {
		return nil
	}
	switch operation {
	case "GetItem":
		return h.getItem(m, table, body)
	case "PutItem":
		return h.putItem(m, table, body)
	case "UpdateItem":
		return h.updateItem(m, table, body)
	case "DeleteItem":
		m.key, _ = appendKey(m.key[:0], table, body)
		return h.db.Delete(m.key, pebble.Sync)
	case "Query":
		return h.query(m, table, body)
	case "Scan":
		return h.scan(m, table, body)
	case "BatchGetItem":
		return h.batchGetItem(m)
	case "BatchWriteItem":
		return h.batchWriteItem(m)
	case "TransactGetItems":
		return h.transactGetItems(m)
	case "TransactWriteItems":
		return h.transactWriteItems(m)
	case "DeleteTable":
		m.key = append(append(m.key[:0], table...), 0)
		return h.db.DeleteRange(m.key, append(m.key[:len(table):len(table)], 1), pebble.Sync)
	}
	return nil
}
