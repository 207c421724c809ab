package layout

import (
	"encoding/binary"
	"fmt"
)

// Describe returns one line that tells a person what a key and its value are.
// Bytes that are none of ours are said to be so, and shown in hexadecimal. A
// counter's value is left to counters, which is package kv's printer.
func Describe(key, value []byte, counters func(value []byte) string) string {
	if len(key) == 0 {
		return "an empty key"
	}
	switch key[0] {
	case familyDescriptor:
		return describeDescriptor(key, value)
	case familyJournal:
		if line, ok := describeJournal(key, value); ok {
			return line
		}
	case familyStream:
		if s, err := ParseStream(key, value); err == nil {
			return describeStream(s, value)
		}
	case familyToken:
		if line, ok := describeToken(key, value); ok {
			return line
		}
	case familyJob:
		if j, err := ParseJob(key, value); err == nil {
			return describeJob(j)
		}
	case familyExpiring:
		if line, ok := describeExpiring(key, value); ok {
			return line
		}
	case familyPurge:
		if table, err := ParsePurgeKey(key); err == nil {
			return fmt.Sprintf("purge table=%d", table)
		}
	case familySequence:
		if next, err := ParseSequence(value); err == nil {
			return fmt.Sprintf("sequence %s next=%d", key[1:], next)
		}
	case familyTable:
		if len(key) >= tableKeyLen {
			return describeTableKey(key, value, counters)
		}
	}
	return unknown(key, value)
}

func unknown(key, value []byte) string {
	return fmt.Sprintf("unknown key=%x value=%x", key, value)
}

func describeDescriptor(key, value []byte) string {
	k, err := ParseDescriptorKey(key)
	if err != nil || len(value) == 0 {
		return unknown(key, value)
	}
	return fmt.Sprintf("descriptor %s/%s/%s version=%d %s", k.Account, k.Region, k.Name, value[0], value[1:])
}

// describeTableKey describes a key that has the length of a table key at least.
func describeTableKey(key, value []byte, counters func([]byte) string) string {
	table := binary.BigEndian.Uint64(key[1:9])
	rest := key[tableKeyLen:]
	switch section := key[tableKeyLen-1]; {
	case section == sectionCounters && len(rest) == 0:
		return fmt.Sprintf("counters table=%d %s", table, counters(value))
	case section == sectionExpiries:
		if line, ok := describeExpiry(key, value); ok {
			return line
		}
	case section == sectionItems && len(rest) > hashLen:
		return fmt.Sprintf("item table=%d hash=%x key=%x %s", table, rest[:hashLen], rest[hashLen:], describeRecord(value))
	case section == sectionIndexes && len(rest) > indexLen+hashLen:
		index, rest := binary.BigEndian.Uint16(rest), rest[indexLen:]
		return fmt.Sprintf("entry table=%d index=%d hash=%x key=%x %s", table, index, rest[:hashLen], rest[hashLen:], describeRecord(value))
	case section == sectionCollections && len(rest) > hashLen:
		return fmt.Sprintf("collection table=%d hash=%x key=%x %s", table, rest[:hashLen], rest[hashLen:], counters(value))
	}
	return unknown(key, value)
}

const (
	hashLen  = 4
	indexLen = 2
)

func describeRecord(value []byte) string {
	it, size, err := ParseRecord(value)
	if err != nil {
		return fmt.Sprintf("%v: %x", err, value)
	}
	if err := it.Check(); err != nil {
		return fmt.Sprintf("%v: %x", err, value)
	}
	return fmt.Sprintf("size=%d %s", size, it)
}
