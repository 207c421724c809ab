package streams

import (
	"fmt"
	"maps"
	"math/big"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// ledger is the world outside that the workers write to: it outlives them. It
// adds up the changes of each key, and takes note of what cannot be.
type ledger struct {
	mu struct {
		sync.Mutex
		last    map[string]*big.Int // the greatest sequence number, by shard
		orders  map[string]string   // the number of each order
		events  map[string]bool     // the ids of all records
		repeats int                 // records that came again, because a worker was killed before its checkpoint
		faults  []string
	}
}

func newLedger() *ledger {
	l := &ledger{}
	l.mu.last, l.mu.orders, l.mu.events = map[string]*big.Int{}, map[string]string{}, map[string]bool{}
	return l
}

// enter takes a record. One that came before, to a worker that was killed, is
// counted and nothing else.
func (l *ledger) enter(shard string, r *types.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	number, ok := new(big.Int).SetString(*r.Dynamodb.SequenceNumber, 10)
	if !ok {
		l.faultLocked("%s: the sequence number %s", shard, *r.Dynamodb.SequenceNumber)
		return
	}
	repeated := l.mu.last[shard] != nil && number.Cmp(l.mu.last[shard]) <= 0
	if repeated != l.mu.events[*r.EventID] {
		l.faultLocked("%s: record %s has the event id %s, repeated=%v", shard, number, *r.EventID, repeated)
	}
	if repeated {
		l.mu.repeats++
		return
	}
	l.mu.last[shard], l.mu.events[*r.EventID] = number, true
	l.applyLocked(shard, r)
}

func (l *ledger) applyLocked(shard string, r *types.Record) {
	key := r.Dynamodb.Keys["OrderId"].(*types.AttributeValueMemberS).Value
	old, now := numberOf(r.Dynamodb.OldImage), numberOf(r.Dynamodb.NewImage)
	if is := l.mu.orders[key]; is != old {
		l.faultLocked("%s: %s goes from %q to %q, and is %q", shard, key, old, now, is)
	}
	if name := eventName(old, now); name != r.EventName {
		l.faultLocked("%s: %s goes from %q to %q in a %s", shard, key, old, now, r.EventName)
	}
	if now == "" {
		delete(l.mu.orders, key)
		return
	}
	l.mu.orders[key] = now
}

func eventName(old, now string) types.OperationType {
	switch {
	case old == "":
		return types.OperationTypeInsert
	case now == "":
		return types.OperationTypeRemove
	}
	return types.OperationTypeModify
}

func numberOf(image map[string]types.AttributeValue) string {
	if n, ok := image["N"].(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return ""
}

const faultsMax = 20 // that are kept

func (l *ledger) faultLocked(format string, args ...any) {
	if len(l.mu.faults) < faultsMax {
		l.mu.faults = append(l.mu.faults, fmt.Sprintf(format, args...))
	}
}

func (l *ledger) compare(t *testing.T, table map[string]string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fault := range l.mu.faults {
		t.Error(fault)
	}
	if !maps.Equal(l.mu.orders, table) {
		t.Errorf("the records add up to\n%v\nand the table has\n%v", l.mu.orders, table)
	}
	t.Logf("%d records in %d shards, %d came again", len(l.mu.events), len(l.mu.last), l.mu.repeats)
	if len(l.mu.events) == 0 || len(l.mu.last) < 2*workers {
		t.Error("this was meant to be a test of many records and shards")
	}
}

func (l *ledger) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faultLocked(format, args...)
}
