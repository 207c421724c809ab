package dynamodb

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/gramme-db/gramme/internal/service/dynamodb/expr"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// table returns the table of an item operation that reads.
func (s *Service) table(ctx context.Context, nameOrARN string) (*schema.Table, error) {
	ref, err := refOf(ctx, nameOrARN)
	if err != nil {
		return nil, err
	}
	t, err := s.catalog.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	if t == nil || !t.Usable(s.env.Now()) {
		return nil, itemTableNotFound()
	}
	return t, nil
}

// enter returns the table of an item operation that writes, and its gate, which
// the caller unlocks when the write is done.
func (s *Service) enter(ctx context.Context, nameOrARN string) (*schema.Table, *sync.RWMutex, error) {
	ref, err := refOf(ctx, nameOrARN)
	if err != nil {
		return nil, nil, err
	}
	t, gate, err := s.catalog.enter(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	if t == nil {
		return nil, nil, itemTableNotFound()
	}
	if !t.Usable(s.env.Now()) {
		gate.RUnlock()
		return nil, nil, itemTableNotFound()
	}
	return t, gate, nil
}

// enterAll is enter for an operation that writes to several tables. The caller
// lets go of the gates with leaveAll.
func (s *Service) enterAll(ctx context.Context, refs []tableRef) ([]*schema.Table, []*sync.RWMutex, error) {
	tables, gates, err := s.catalog.enterAll(ctx, refs)
	if err != nil {
		return nil, nil, err
	}
	now := s.env.Now()
	if tables == nil || slices.ContainsFunc(tables, func(t *schema.Table) bool { return !t.Usable(now) }) {
		leaveAll(gates)
		return nil, nil, itemTableNotFound()
	}
	return tables, gates, nil
}

// refOf returns which table the caller of a request names, by name or by ARN.
func refOf(ctx context.Context, nameOrARN string) (tableRef, error) {
	caller := wire.CallerFrom(ctx)
	if !strings.HasPrefix(nameOrARN, "arn:") {
		return tableRef{caller.Account, caller.Region, nameOrARN}, nil
	}
	ref, ok := parseTableARN(nameOrARN)
	if !ok {
		return tableRef{}, invalid("Invalid TableArn: Invalid ResourceArn provided as input " + nameOrARN)
	}
	if ref.account != caller.Account {
		return tableRef{}, accessDenied(caller, nameOrARN)
	}
	if ref.region != caller.Region {
		return tableRef{}, itemTableNotFound()
	}
	return ref, nil
}

// parseTableARN takes the ARN of a table apart.
func parseTableARN(arn string) (tableRef, bool) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:dynamodb:")
	if !ok {
		return tableRef{}, false
	}
	region, rest, ok1 := strings.Cut(rest, ":")
	account, rest, ok2 := strings.Cut(rest, ":")
	name, ok3 := strings.CutPrefix(rest, "table/")
	if !ok1 || !ok2 || !ok3 || name == "" || strings.Contains(name, "/") {
		return tableRef{}, false
	}
	return tableRef{account, region, name}, true
}

// checkPaths refuses paths that go into a key attribute, which is a scalar.
// The table's keys are reported first.
func checkPaths(t *schema.Table, paths []expr.Path) error {
	for _, p := range paths {
		if p.Nested() && t.IsKey(p.Head()) {
			return invalid(textScalarKey + "Key: " + p.Head())
		}
	}
	for _, p := range paths {
		if p.Nested() && t.IsIndexKey(p.Head()) {
			return invalid(textScalarKey + "IndexKey: " + p.Head())
		}
	}
	return nil
}

const textScalarKey = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
