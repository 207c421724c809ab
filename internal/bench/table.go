package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// createTable makes the table and waits until it is there.
func (s *Subject) createTable(ctx context.Context) error {
	c := newConn(&s.endpoint, s.options.Env, s.options.Signer)
	defer c.close()
	if _, err := c.call(ctx, "CreateTable", s.tableDefinition()); err != nil {
		return err
	}
	limit := s.options.Env.Now().Add(stateTimeMax)
	for s.options.Env.Now().Before(limit) {
		ready, err := s.tableReady(ctx, c)
		if err != nil || ready {
			return err
		}
		if err := pause(ctx, statePause); err != nil {
			return err
		}
	}
	return fmt.Errorf("the table %s is still not active after %s", s.shape.table, stateTimeMax)
}

// tableDefinition is the body of CreateTable.
func (s *Subject) tableDefinition() []byte {
	attributes := []string{attribute("pk"), attribute("sk")}
	var indexes []string
	for i := range s.Target.Indexes {
		name := string(appendIndexKey(nil, i))
		attributes = append(attributes, attribute(name))
		indexes = append(indexes, fmt.Sprintf(`{"IndexName":%q,"KeySchema":[{"AttributeName":%q,"KeyType":"HASH"}],`+
			`"Projection":{"ProjectionType":"ALL"}}`, "by-"+name, name))
	}
	body := fmt.Sprintf(`{"TableName":%q,"BillingMode":"PAY_PER_REQUEST",`+
		`"KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}],`+
		`"AttributeDefinitions":[%s]`, s.shape.table, strings.Join(attributes, ","))
	if len(indexes) > 0 {
		body += `,"GlobalSecondaryIndexes":[` + strings.Join(indexes, ",") + `]`
	}
	if s.Target.Stream {
		body += `,"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}`
	}
	return []byte(body + "}")
}

func attribute(name string) string {
	return fmt.Sprintf(`{"AttributeName":%q,"AttributeType":"S"}`, name)
}

func (s *Subject) tableReady(ctx context.Context, c *conn) (bool, error) {
	answer, err := c.call(ctx, "DescribeTable", s.tableName())
	if err != nil {
		return false, err
	}
	var described struct{ Table struct{ TableStatus string } }
	err = json.Unmarshal(answer, &described)
	return described.Table.TableStatus == "ACTIVE", err
}

func (s *Subject) deleteTable(ctx context.Context) error {
	c := newConn(&s.endpoint, s.options.Env, s.options.Signer)
	defer c.close()
	_, err := c.call(ctx, "DeleteTable", s.tableName())
	if err != nil {
		return fmt.Errorf("cannot remove the table %s at %s: %w", s.shape.table, s.Target.URL, err)
	}
	return nil
}

func (s *Subject) tableName() []byte {
	return append(s.shape.appendTable([]byte{'{'}), '}')
}

// call sends a request and takes an answer other than 200 as an error.
func (c *conn) call(ctx context.Context, operation string, body []byte) ([]byte, error) {
	answer, err := c.do(ctx, operation, body)
	if err == nil && answer.status != 200 {
		err = refusal(operation, answer)
	}
	return c.answer.body, err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fill writes all items.
func (s *Subject) fill(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, written atomic.Int64
	var filling sync.WaitGroup
	for id := range int64(loadConnections) {
		filling.Go(func() {
			w := s.newWorker(id)
			defer w.close()
			if err := w.fill(ctx, &next, &written); err != nil {
				cancel(err)
			}
		})
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		s.tellProgress(ctx, &written)
	}()
	filling.Wait()
	err := context.Cause(ctx)
	cancel(nil)
	<-told
	s.population.next.Store(s.options.Items)
	s.population.count.Store(s.options.Items)
	return err
}

// tellProgress tells every few seconds how far the loading is.
func (s *Subject) tellProgress(ctx context.Context, written *atomic.Int64) {
	for pause(ctx, 2*time.Second) == nil {
		s.options.Progress(fmt.Sprintf("%s: %d of %d items loaded", s.Target.Name, written.Load(), s.options.Items))
	}
}

// fill writes the items that next tells, batch by batch.
func (w *worker) fill(ctx context.Context, next, written *atomic.Int64) error {
	for {
		w.want = w.want[:0]
		first := next.Add(batchItems) - batchItems
		for item := first; item < min(first+batchItems, w.items.n); item++ {
			w.want = append(w.want, item)
		}
		if len(w.want) == 0 {
			return nil
		}
		w.body = w.shape.appendBatchWrite(w.body[:0], w.want, w.version())
		if err := w.insist(ctx); err != nil {
			return err
		}
		written.Add(int64(len(w.want)))
	}
}

// insist sends a batch again and again while the server asks for that.
func (w *worker) insist(ctx context.Context) error {
	for try := 0; ; try++ {
		answer, err := w.call(ctx, "BatchWriteItem", w.body)
		if err == nil {
			err = wantAllProcessed(w, answer)
		}
		if err == nil || try == loadTriesMax || !passing(err) {
			return err
		}
		if err := pause(ctx, loadPause); err != nil {
			return err
		}
	}
}

// passing tells whether a request may succeed when it is sent again.
func passing(err error) bool {
	var r *refused
	if errors.As(err, &r) {
		return r.status >= 500 || strings.Contains(r.code, "Throttl") || strings.HasSuffix(r.code, "ThroughputExceededException")
	}
	return errors.Is(err, errUnprocessed)
}
