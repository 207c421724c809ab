package main

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/cockroachdb/pebble/v2"
)

// appendStored appends the item at key; nothing, if there is none.
func (h *handler) appendStored(dst, key []byte) ([]byte, error) {
	value, closer, err := h.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return dst, nil
	}
	if err != nil {
		return dst, err
	}
	return append(dst, value...), closer.Close()
}

func (h *handler) getItem(m *room, table, body []byte) (err error) {
	m.key, _ = appendKey(m.key[:0], table, body)
	m.answer = append(m.answer[:0], `{"Item":`...)
	m.answer, err = h.appendStored(m.answer, m.key)
	m.answer = append(m.answer, '}')
	return err
}

func (h *handler) putItem(m *room, table, body []byte) error {
	item, _ := object(body, `"Item":`)
	m.key, _ = appendKey(m.key[:0], table, item)
	return h.db.Set(m.key, item, pebble.Sync)
}

// updateItem puts the new value of the attribute u, which is as long as the old
// one, into the stored bytes.
func (h *handler) updateItem(m *room, table, body []byte) error {
	key, rest := appendKey(m.key[:0], table, body)
	m.key = key
	value, _ := text(rest, `":u":{"S":"`)
	item, err := h.appendStored(m.answer[:0], m.key)
	if err != nil {
		return err
	}
	if old, _ := text(item, `"u":{"S":"`); len(old) == len(value) {
		copy(old, value)
	}
	err = h.db.Set(m.key, item, pebble.Sync)
	m.answer = append(item[:0], "{}"...)
	return err
}

func (h *handler) query(m *room, table, body []byte) error {
	partition, rest := text(body, `":p":{"S":"`)
	sort, _ := text(rest, `":s":{"S":"`)
	m.key = append(append(m.key[:0], table...), 0)
	m.key = append(append(m.key, partition...), 0)
	end := len(m.key)
	m.key = append(m.key, sort...)
	upper := append(append([]byte(nil), m.key[:end-1]...), 1)
	return h.page(m, upper, 1<<20)
}

func (h *handler) scan(m *room, table, body []byte) error {
	m.key, _ = appendKey(m.key[:0], table, body)
	m.key = append(m.key, 0) // after it
	_, digits, _ := bytes.Cut(body, []byte(`"Limit":`))
	number, _, _ := bytes.Cut(digits, []byte(","))
	limit, err := strconv.Atoi(string(number))
	if err != nil {
		return err
	}
	return h.page(m, append(append([]byte(nil), table...), 1), limit)
}

// page answers with the items from m.key to upper.
func (h *handler) page(m *room, upper []byte, limit int) error {
	items, err := h.db.NewIter(&pebble.IterOptions{LowerBound: m.key, UpperBound: upper})
	if err != nil {
		return err
	}
	n := 0
	m.answer = append(m.answer[:0], `{"Items":[`...)
	for ok := items.First(); ok && n < limit; ok = items.Next() {
		if n > 0 {
			m.answer = append(m.answer, ',')
		}
		m.answer = append(m.answer, items.Value()...)
		n++
	}
	m.answer = append(m.answer, `],"Count":`...)
	m.answer = strconv.AppendInt(m.answer, int64(n), 10)
	m.answer = append(m.answer, `,"ScannedCount":`...)
	m.answer = strconv.AppendInt(m.answer, int64(n), 10)
	m.answer = append(m.answer, '}')
	return items.Close()
}

func (h *handler) batchGetItem(m *room) (err error) {
	table, body := text(m.body, `{"RequestItems":{"`)
	m.answer = append(append(append(m.answer[:0], `{"Responses":{"`...), table...), `":[`...)
	for n := 0; bytes.Contains(body, []byte(`"pk"`)); n++ {
		m.key, body = appendKey(m.key[:0], table, body)
		if n > 0 {
			m.answer = append(m.answer, ',')
		}
		if m.answer, err = h.appendStored(m.answer, m.key); err != nil {
			return err
		}
	}
	m.answer = append(m.answer, `]},"UnprocessedKeys":{}}`...)
	return nil
}

func (h *handler) batchWriteItem(m *room) error {
	table, body := text(m.body, `{"RequestItems":{"`)
	batch := h.db.NewBatch()
	for {
		item, rest := object(body, `"Item":`)
		if item == nil {
			break
		}
		body = rest
		m.key, _ = appendKey(m.key[:0], table, item)
		if err := batch.Set(m.key, item, nil); err != nil {
			return err
		}
	}
	m.answer = append(m.answer[:0], `{"UnprocessedItems":{}}`...)
	return errors.Join(batch.Commit(pebble.Sync), batch.Close())
}

func (h *handler) transactGetItems(m *room) (err error) {
	m.answer = append(m.answer[:0], `{"Responses":[`...)
	body := m.body
	for n := 0; ; n++ {
		table, rest := text(body, `"TableName":"`)
		if table == nil {
			break
		}
		m.key, body = appendKey(m.key[:0], table, rest)
		if n > 0 {
			m.answer = append(m.answer, ',')
		}
		m.answer = append(m.answer, `{"Item":`...)
		if m.answer, err = h.appendStored(m.answer, m.key); err != nil {
			return err
		}
		m.answer = append(m.answer, '}')
	}
	m.answer = append(m.answer, `]}`...)
	return nil
}

// transactWriteItems reads each item, as a transaction has to, and writes all in
// one batch.
func (h *handler) transactWriteItems(m *room) error {
	batch := h.db.NewBatch()
	body := m.body
	for {
		table, rest := text(body, `"TableName":"`)
		if table == nil {
			break
		}
		item, rest := object(rest, `"Item":`)
		body = rest
		m.key, _ = appendKey(m.key[:0], table, item)
		var err error
		if m.answer, err = h.appendStored(m.answer[:0], m.key); err != nil {
			return err
		}
		if err := batch.Set(m.key, item, nil); err != nil {
			return err
		}
	}
	m.answer = append(m.answer[:0], "{}"...)
	return errors.Join(batch.Commit(pebble.Sync), batch.Close())
}
