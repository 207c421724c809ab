package dynamodb

import (
	"context"
	"fmt"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/service/dynamodb/schema"
	"github.com/gramme-db/gramme/internal/wire"
)

// Scan returns a page of all items of a table or an index, or of one segment of
// them, in the order of a hash of the partition key.
func (s *Service) Scan(ctx context.Context, in *api.ScanInput, out *api.ScanOutput) error {
	r, err := checkScan(in)
	if err != nil {
		return err
	}
	view, err := s.view(ctx, in.TableName.Value, in.IndexName, in.ConsistentRead.Value)
	if err != nil {
		return err
	}
	start, refusal := scanStart(view, in.ExclusiveStartKey.Item)
	if refusal != nil {
		return refused(refusal)
	}
	if err := checkProjected(view, r.selected, r.projection); err != nil {
		return err
	}
	keys, err := scanRange(view, start, segmentOf(in))
	if err != nil {
		return err
	}
	if err := checkPaths(view.Table, r.projection.Paths()); err != nil {
		return err
	}
	if err := checkPaths(view.Table, r.filter.Paths()); err != nil {
		return err
	}
	p := page{pagePlan: pagePlan{
		view: view, keys: keys, limit: int(in.Limit.Value),
		fetch: fetches(view, r.selected, r.projection), filter: r.filter, projection: r.projection,
		items: r.keptIn(&out.Items), consistent: in.ConsistentRead.Value,
	}}
	if err := p.read(ctx, s.store); err != nil {
		return err
	}
	out.Count = wire.Some(int64(p.count))
	out.ScannedCount = wire.Some(int64(p.scanned))
	out.LastEvaluatedKey = p.next
	out.ConsumedCapacity = p.capacity(in.ReturnConsumedCapacity, in.TableName.Value)
	return nil
}

// checkScan makes the checks that need no table.
func checkScan(in *api.ScanInput) (r readRequest, err error) {
	err = checkMixing(plain, []parameter{
		{"AttributesToGet", in.AttributesToGet != nil},
		{"ScanFilter", in.ScanFilter != nil},
		{"ConditionalOperator", in.ConditionalOperator.Set},
	}, []parameter{
		{"ProjectionExpression", in.ProjectionExpression.Set},
		{"FilterExpression", in.FilterExpression.Set},
	})
	if err != nil {
		return r, err
	}
	if err := r.addAttributesToGet(in.AttributesToGet); err != nil {
		return r, err
	}
	if err := r.addLegacyFilter(in.ScanFilter, in.ConditionalOperator); err != nil {
		return r, err
	}
	if err := checkStartValues(in.ExclusiveStartKey); err != nil {
		return r, err
	}
	if err := checkSegment(in.Segment, in.TotalSegments); err != nil {
		return r, err
	}
	_, err = r.addExpressions(readExpressions{
		filter: in.FilterExpression, projection: in.ProjectionExpression,
		names: in.ExpressionAttributeNames, values: in.ExpressionAttributeValues,
	}, parameter{"FilterExpression", in.FilterExpression.Set})
	if err != nil {
		return r, err
	}
	err = r.addSelect(plain, in.Select, in.IndexName.Set)
	return r, err
}

// checkSegment refuses one of the two members without the other, and a segment
// beyond the last.
func checkSegment(segment, total wire.Opt[int64]) error {
	switch {
	case segment.Set && !total.Set:
		return invalid("The TotalSegments parameter is required but was not present in the request when Segment parameter is present")
	case total.Set && !segment.Set:
		return invalid("The Segment parameter is required but was not present in the request when parameter TotalSegments is present")
	case segment.Set && segment.Value >= total.Value:
		return invalid(fmt.Sprintf("The Segment parameter is zero-based and must be less than parameter TotalSegments: "+
			"Segment: %d is not less than TotalSegments: %d", segment.Value, total.Value))
	}
	return nil
}

// segmentOf returns the segment that a scan asks for.
func segmentOf(in *api.ScanInput) layout.Segment {
	return layout.Segment{Number: uint32(in.Segment.Value), Total: uint32(in.TotalSegments.Value)}
}

// scanStart returns where a scan goes on, nil for the beginning.
func scanStart(view *schema.View, start item.Item) (*schema.Position, *schema.Refusal) {
	if start == nil {
		return nil, nil
	}
	return view.ScanPosition(start)
}

// scanRange returns the keys that a scan goes through from where it starts.
func scanRange(view *schema.View, start *schema.Position, segment layout.Segment) (layout.Range, error) {
	keys := view.Range(segment)
	if start == nil {
		return keys, nil
	}
	if !segment.Holds(start.Partition) {
		return layout.Range{}, invalid(fmt.Sprintf("The provided starting key is invalid: Invalid ExclusiveStartKey. "+
			"Please use ExclusiveStartKey with correct Segment. TotalSegments: %d Segment: %d", segment.Total, segment.Number))
	}
	return view.Rest(keys, start, false), nil
}
