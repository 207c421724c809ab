package proof

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
)

// follower reads a stream while it is written, over all lives of the server, as
// a consumer does that keeps its checkpoints: a shard when its parent is read to
// its end, and each from where it was.
type follower struct {
	stage  *stage
	chance *rand.Rand
	shards []*followed // parents before children
	got    []change
}

// followed is how far a shard was read.
type followed struct {
	id, parent string
	iterator   string // empty: to be asked for
	last       string // sequence number of the last record; empty: none yet
	done       bool
}

// restarted tells that the server has: then it begins behind the last record
// anew, or goes on with an iterator of an earlier life.
func (f *follower) restarted() {
	if f.chance.IntN(2) == 0 {
		for _, s := range f.shards {
			s.iterator = ""
		}
	}
}

// poll reads what there is, and returns how many records that were.
func (f *follower) poll(h http.Handler, broken *fault) (records int) {
	arn, ok := f.list(h, broken)
	if !ok {
		return 0
	}
	for _, s := range f.shards {
		for !s.done && f.ready(s) {
			n, ok := f.read(h, arn, s, broken)
			if records += n; !ok || n == 0 {
				break
			}
		}
	}
	return records
}

// list takes up the shards that are new.
func (f *follower) list(h http.Handler, broken *fault) (arn string, ok bool) {
	var described struct {
		Table struct{ LatestStreamArn string }
	}
	if !f.ask(h, "DescribeTable", `{"TableName":"hot"}`, &described, broken) {
		return "", false
	}
	arn = described.Table.LatestStreamArn
	start := ""
	if n := len(f.shards); n > 0 {
		start = `,"ExclusiveStartShardId":"` + f.shards[n-1].id + `"`
	}
	var stream streamPage
	if !f.ask(h, "DescribeStream", `{"StreamArn":"`+arn+`"`+start+`}`, &stream, broken) {
		return "", false
	}
	for _, s := range stream.StreamDescription.Shards {
		f.shards = append(f.shards, &followed{id: s.ShardId, parent: s.ParentShardId})
	}
	return arn, true
}

// ready reports whether the parent of a shard was read to its end.
func (f *follower) ready(s *followed) bool {
	for _, parent := range f.shards {
		if parent.id == s.parent {
			return parent.done
		}
	}
	return true
}

// read reads a page of a shard.
func (f *follower) read(h http.Handler, arn string, s *followed, broken *fault) (records int, ok bool) {
	if s.iterator == "" {
		from := `"TRIM_HORIZON"`
		if s.last != "" {
			from = `"AFTER_SEQUENCE_NUMBER","SequenceNumber":"` + s.last + `"`
		}
		var out struct{ ShardIterator string }
		if !f.ask(h, "GetShardIterator", `{"StreamArn":"`+arn+`","ShardId":"`+s.id+`","ShardIteratorType":`+from+`}`, &out, broken) {
			return 0, false
		}
		s.iterator = out.ShardIterator
	}
	var page recordsPage
	if !f.ask(h, "GetRecords", fmt.Sprintf(`{"ShardIterator":"%s","Limit":%d}`, s.iterator, 1+f.chance.IntN(20)), &page, broken) {
		return 0, false
	}
	s.iterator, s.done = page.NextShardIterator, page.NextShardIterator == ""
	for _, r := range page.Records {
		s.last = r.Dynamodb.SequenceNumber
		f.got = append(f.got, r)
	}
	return len(page.Records), true
}

// ask makes a call, of which the answer counts when it is there before power is
// cut.
func (f *follower) ask(h http.Handler, operation, body string, out any, broken *fault) bool {
	a := call(h, operation, body)
	if !f.stage.alive() {
		return false
	}
	if !a.ok() {
		if a.status/100 != 5 || !broken.broken() {
			f.stage.say("%s %s: %s", operation, body, a)
		}
		return false
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		f.stage.say("%s %s: %s: %v", operation, body, a, err)
		return false
	}
	return true
}
