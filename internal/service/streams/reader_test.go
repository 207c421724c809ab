package streams_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/gramme-db/gramme/internal/server"
)

// shard is a shard as clients see it.
type shard struct {
	ShardId             string
	ParentShardId       string
	SequenceNumberRange struct{ StartingSequenceNumber, EndingSequenceNumber string }
}

func (s *shard) number(t testing.TB) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s.ShardId[len(s.ShardId)-8:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// record is a record as clients see it.
type record struct {
	EventName    string          `json:"eventName"`
	EventID      string          `json:"eventID"`
	UserIdentity json.RawMessage `json:"userIdentity"`
	Dynamodb     struct {
		ApproximateCreationDateTime float64
		Keys, NewImage, OldImage    json.RawMessage
		SequenceNumber              string
		SizeBytes                   int
		StreamViewType              string
	} `json:"dynamodb"`
}

func (r *record) String() string {
	line := r.EventName + " " + string(r.Dynamodb.Keys)
	if r.Dynamodb.OldImage != nil {
		line += " old " + string(r.Dynamodb.OldImage)
	}
	if r.Dynamodb.NewImage != nil {
		line += " new " + string(r.Dynamodb.NewImage)
	}
	line += fmt.Sprintf(" size %d", r.Dynamodb.SizeBytes)
	if r.UserIdentity != nil {
		line += " by " + string(r.UserIdentity)
	}
	return line
}

// listShards returns all shards of the latest stream, in the order of the pages.
func (w *world) listShards(t testing.TB) []shard {
	t.Helper()
	var all []shard
	start := ""
	for {
		answer, status := w.send("DescribeStream", `{"StreamArn":"`+w.stream+`"`+start+`}`)
		if status != http.StatusOK {
			return nil
		}
		var out struct {
			StreamDescription struct {
				Shards               []shard
				LastEvaluatedShardId string
			}
		}
		if err := json.Unmarshal(answer, &out); err != nil {
			t.Fatal(err)
		}
		all = append(all, out.StreamDescription.Shards...)
		if out.StreamDescription.LastEvaluatedShardId == "" {
			return all
		}
		start = `,"ExclusiveStartShardId":"` + out.StreamDescription.LastEvaluatedShardId + `"`
	}
}

// lookForShards remembers the shards that there are; those that are gone stay
// in memory.
func (w *world) lookForShards(t testing.TB) []shard {
	t.Helper()
	if w.stream == "" {
		return nil
	}
	all := w.listShards(t)
	for i := range all {
		w.shards[all[i].number(t)] = all[i].ShardId
	}
	return all
}

func (w *world) printShards(t *testing.T, d *datadriven.TestData) string {
	if want := len(d.CmdArgs); want > 0 {
		await(t, d.Pos, func() bool {
			all := w.listShards(t)
			return len(all) == want && slices.EqualFunc(all, d.CmdArgs, func(s shard, arg datadriven.CmdArg) bool {
				return strconv.FormatUint(s.number(t), 10) == arg.String()
			})
		})
	}
	var b strings.Builder
	for _, s := range w.lookForShards(t) {
		fmt.Fprintf(&b, "%s from %s", s.ShardId, s.SequenceNumberRange.StartingSequenceNumber)
		if end := s.SequenceNumberRange.EndingSequenceNumber; end != "" {
			b.WriteString(" to " + end)
		}
		if s.ParentShardId != "" {
			b.WriteString(" child of " + s.ParentShardId)
		}
		b.WriteString("\n")
	}
	if b.Len() == 0 {
		return "none\n"
	}
	return b.String()
}

func (w *world) awaitStreams(t *testing.T, want string) string {
	await(t, want+" streams", func() bool {
		var out struct{ Streams []struct{ StreamArn string } }
		if err := json.Unmarshal(w.must(t, "ListStreams", `{}`), &out); err != nil {
			t.Fatal(err)
		}
		return strconv.Itoa(len(out.Streams)) == want
	})
	return "ok\n"
}

// readShard returns the records of a shard, from the oldest on; ended says that
// there will be no more.
func (w *world) readShard(t testing.TB, id string) (records []record, ended bool) {
	t.Helper()
	var it struct{ ShardIterator string }
	answer := w.must(t, "GetShardIterator", `{"StreamArn":"`+w.stream+`","ShardId":"`+id+`","ShardIteratorType":"TRIM_HORIZON"}`)
	if err := json.Unmarshal(answer, &it); err != nil {
		t.Fatal(err)
	}
	for next := it.ShardIterator; next != ""; {
		var page struct {
			Records           []record
			NextShardIterator string
		}
		if err := json.Unmarshal(w.must(t, "GetRecords", `{"ShardIterator":"`+next+`"}`), &page); err != nil {
			t.Fatal(err)
		}
		records = append(records, page.Records...)
		if next = page.NextShardIterator; next != "" && len(page.Records) == 0 {
			return records, false
		}
	}
	return records, true
}

func (w *world) printRecords(t *testing.T) string {
	var b strings.Builder
	for _, s := range w.lookForShards(t) {
		records, ended := w.readShard(t, s.ShardId)
		for i := range records {
			fmt.Fprintf(&b, "%d: %s\n", s.number(t), &records[i])
		}
		if ended {
			fmt.Fprintf(&b, "%d: end\n", s.number(t))
		}
	}
	if b.Len() == 0 {
		return "none\n"
	}
	return b.String()
}

// TestHorizonMoves lets records come and go behind an iterator that began with
// the oldest one and has given nothing yet: it takes whatever is still there.
func TestHorizonMoves(t *testing.T) {
	const long = 1000 * time.Hour
	w := newWorld(t, server.StreamOptions{ShardRotation: long, IteratorLifetime: long})
	w.table(t, "Music", "KEYS_ONLY", false)
	horizon := `{"StreamArn":"$stream","ShardId":"$1","ShardIteratorType":"TRIM_HORIZON"}`
	if answer := w.call(t, "GetShardIterator", horizon, false); answer != `{"ShardIterator":"..."}`+"\n" {
		t.Fatal(answer)
	}
	read := func() string { return w.call(t, "GetRecords", `{"ShardIterator":"$iterator"}`, false) }
	if answer := read(); answer != `{"Records":[],"NextShardIterator":"..."}`+"\n" {
		t.Fatal(answer)
	}
	w.must(t, "PutItem", `{"TableName":"Music","Item":{"pk":{"S":"trimmed"}}}`)
	w.turn(25 * time.Hour)
	await(t, "the record to be trimmed", func() bool { records, _ := w.readShard(t, w.shards[1]); return len(records) == 0 })
	w.must(t, "PutItem", `{"TableName":"Music","Item":{"pk":{"S":"left"}}}`)
	if answer := read(); strings.Count(answer, "eventID") != 1 || !strings.Contains(answer, `"left"`) {
		t.Error(answer)
	}
}
