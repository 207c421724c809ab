package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	tailPause    = 250 * time.Millisecond // between looks for records, when there were none
	shardsPause  = time.Second            // between looks for shards, when none has ended
	outagePause  = time.Second            // between calls of a server that does not answer
	tailPageSize = 1000                   // records, the most that AWS gives
)

// streamFollower reads all shards of a stream, a child only when its parent is
// read to its end: so the changes of an item come in their order.
type streamFollower struct {
	client     *apiClient
	stream     string // its ARN
	fromOldest bool

	print func(*streamRecord) error
	flush func() error
	notes io.Writer

	shards   map[string]*followedShard
	order    []*followedShard // as they were listed
	listed   time.Time        // when the shards were listed last
	disabled bool             // the stream: no shard comes any more
	outage   bool             // the server does not answer
}

// followedShard is a shard, and how far it is read.
type followedShard struct {
	id, parent string
	iterator   string // "": none yet, or it has expired
	last       string // the sequence number that was read last; "": none
	latest     bool   // it begins with what is written from now on
	done       bool   // read to its end
}

// streamRecord is a record as it came, and what of it is looked at.
type streamRecord struct {
	raw          json.RawMessage
	EventName    string                 `json:"eventName"`
	UserIdentity *struct{ Type string } `json:"userIdentity"`
	Dynamodb     struct {
		ApproximateCreationDateTime float64
		Keys, NewImage, OldImage    json.RawMessage
		SequenceNumber              string
	} `json:"dynamodb"`
}

// run follows the stream until the context ends, or there is nothing more.
func (f *streamFollower) run(ctx context.Context) error {
	if err := f.start(ctx); err != nil {
		return err
	}
	for {
		read, err := f.round(ctx)
		if err != nil {
			return err
		}
		if err := f.flush(); err != nil {
			return err
		}
		if f.ended() {
			return note(f.notes, "the stream is disabled, and read to its end")
		}
		if read == 0 {
			if err := pause(ctx, tailPause); err != nil {
				return err
			}
		}
	}
}

// start takes up the shards that there are. What is written after it has told
// that it follows them is seen.
func (f *streamFollower) start(ctx context.Context) error {
	if err := f.list(ctx); err != nil {
		return err
	}
	for _, s := range f.order {
		if s.latest && !s.done {
			if err := f.recover(s, f.begin(ctx, s)); err != nil {
				return err
			}
		}
	}
	return note(f.notes, "following %s; Ctrl-C ends it", f.stream)
}

func (f *streamFollower) ended() bool {
	for _, s := range f.order {
		if !s.done {
			return false
		}
	}
	return f.disabled
}

// round looks for shards, if it is time, and reads a page of each that may be
// read.
func (f *streamFollower) round(ctx context.Context) (read int, err error) {
	if time.Since(f.listed) >= shardsPause {
		if err := f.list(ctx); err != nil {
			return 0, err
		}
	}
	for _, s := range f.order {
		if parent := f.shards[s.parent]; s.done || parent != nil && !parent.done {
			continue
		}
		n, err := f.page(ctx, s)
		if err != nil {
			return read, err
		}
		read += n
		if s.done {
			f.listed = time.Time{} // its children are there
		}
	}
	return read, nil
}

// describedStream is what is to be known of a stream.
type describedStream struct {
	StreamDescription struct {
		StreamStatus string
		Shards       []struct {
			ShardId, ParentShardId string
			SequenceNumberRange    struct{ EndingSequenceNumber string }
		}
		LastEvaluatedShardId string
	}
}

// list takes up the shards that are new. When it begins with the newest records
// what is closed by then is not read.
func (f *streamFollower) list(ctx context.Context) error {
	first := len(f.order) == 0
	in := map[string]any{"StreamArn": f.stream}
	for {
		var out describedStream
		if err := f.call(ctx, "DescribeStream", in, &out); err != nil {
			return err
		}
		for _, s := range out.StreamDescription.Shards {
			if f.shards[s.ShardId] != nil {
				continue
			}
			fresh := &followedShard{id: s.ShardId, parent: s.ParentShardId}
			if first && !f.fromOldest {
				fresh.done, fresh.latest = s.SequenceNumberRange.EndingSequenceNumber != "", true
			}
			f.shards[s.ShardId] = fresh
			f.order = append(f.order, fresh)
		}
		last := out.StreamDescription.LastEvaluatedShardId
		if last == "" {
			f.disabled = out.StreamDescription.StreamStatus == "DISABLED"
			f.listed = time.Now()
			return nil
		}
		in["ExclusiveStartShardId"] = last
	}
}

// page reads and prints the next records of a shard.
func (f *streamFollower) page(ctx context.Context, s *followedShard) (read int, err error) {
	var out struct {
		Records           []json.RawMessage
		NextShardIterator string
	}
	if s.iterator == "" {
		err = f.begin(ctx, s)
	}
	if err == nil && !s.done {
		err = f.call(ctx, "GetRecords", map[string]any{"ShardIterator": s.iterator, "Limit": tailPageSize}, &out)
	}
	if err != nil || s.done {
		return 0, f.recover(s, err)
	}
	for _, raw := range out.Records {
		r := &streamRecord{raw: raw}
		if err := json.Unmarshal(raw, r); err != nil {
			return read, err
		}
		if err := f.print(r); err != nil {
			return read, err
		}
		s.last = r.Dynamodb.SequenceNumber
	}
	s.iterator, s.done = out.NextShardIterator, out.NextShardIterator == ""
	return len(out.Records), nil
}

// begin gets an iterator: behind what was read, or else where the shard begins.
func (f *streamFollower) begin(ctx context.Context, s *followedShard) error {
	in := map[string]any{"StreamArn": f.stream, "ShardId": s.id, "ShardIteratorType": "TRIM_HORIZON"}
	switch {
	case s.last != "":
		in["ShardIteratorType"], in["SequenceNumber"] = "AFTER_SEQUENCE_NUMBER", s.last
	case s.latest:
		in["ShardIteratorType"] = "LATEST"
	}
	var out struct{ ShardIterator string }
	if err := f.call(ctx, "GetShardIterator", in, &out); err != nil {
		return err
	}
	s.iterator = out.ShardIterator
	return nil
}

// recover decides what a refusal means for a shard; nil stays nil.
func (f *streamFollower) recover(s *followedShard, err error) error {
	var refused *apiError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case "ExpiredIteratorException": // this machine has slept
		s.iterator = ""
		if s.latest && s.last == "" { // nothing says where it was
			return note(f.notes, "what was written to a shard while its iterator expired is not shown")
		}
	case "TrimmedDataAccessException":
		s.iterator, s.last, s.latest = "", "", false
		return note(f.notes, "some records were trimmed because of their age before they were read")
	case "ResourceNotFoundException":
		s.done = true
		return note(f.notes, "a shard is gone because of its age, and was not read to its end")
	default:
		return err
	}
	return nil
}

// call calls an operation until it is answered: the server may be started anew
// meanwhile. A refusal is an answer, unless it says that it passes by itself.
func (f *streamFollower) call(ctx context.Context, operation string, in, out any) error {
	for {
		err := f.client.call(ctx, streamsTarget+operation, in, out)
		var refused *apiError
		final := errors.As(err, &refused) && refused.Status < http.StatusInternalServerError && refused.Code != "ThrottlingException"
		if err == nil || final || ctx.Err() != nil {
			f.outage = f.outage && err != nil
			return err
		}
		if !f.outage {
			f.outage = true
			if err := errors.Join(f.flush(), note(f.notes, "waiting for the server: %v", err)); err != nil {
				return err
			}
		}
		if err := pause(ctx, outagePause); err != nil {
			return err
		}
	}
}

func note(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintln(w, oneLine(fmt.Sprintf(format, args...)))
	return err
}

// pause waits, unless the context ends before.
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
