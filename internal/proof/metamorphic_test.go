package proof

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/kv/memory"
	"github.com/gramme-db/gramme/internal/kv/pebble"
	"github.com/gramme-db/gramme/internal/server"
)

// TestSameAnswersEverywhere makes random sequences of calls, valid and not, and
// plays each in every configuration: requests and statements, alone and in
// transactions, with tokens, while an index, a stream and time to live come and
// go, and the clock is turned. The answers are the same to the byte, and are
// those of a model: a map of items that knows nothing of indexes, pages, files
// and restarts. A sequence that fails is made as short as it can be, and printed.
//
// It would fail if anything depended on what is cached, flushed or compacted,
// if a restart changed anything, or if an operation did not do what it says.
func TestSameAnswersEverywhere(t *testing.T) {
	calls := 0
	rounds(t, 3, func(seed uint64) {
		script := randomScript(rand.New(rand.NewPCG(seed, 103)), 250)
		calls += len(script) * len(configurations)
		if playAll(script) != "" {
			t.Errorf("%s", printScript(shrink(script, playAll), playAll))
		}
	}, func() string { return fmt.Sprintf("%d calls", calls) })
}

// configuration is a way to run a server, always with the same answers.
type configuration struct {
	name    string
	options pebble.Options
	memory  bool
	restart int // after so many calls; 0: never
	page    int // what a page evaluates; then answers are the same but for what tells of pages; 0: as the script says
	bad     func(driver.Driver) driver.Driver
	wait    time.Duration // how long the work in the background may take, of which there is little; 0: waitMax
}

const waitMax = 20 * time.Second

var configurations = []configuration{
	{name: "in memory", memory: true},
	{name: "on disk"},
	{name: "tiny memtables and no cache", options: pebble.Options{MemtableBytes: 16 << 10, CacheBytes: 1}},
	{name: "tiny memtables and a small cache", options: pebble.Options{MemtableBytes: 16 << 10, CacheBytes: 64 << 10}},
	{name: "restarted now and then", restart: 17},
	{name: "restarted all the time, with tiny memtables", options: pebble.Options{MemtableBytes: 16 << 10}, restart: 3},
	{name: "synced in the background", options: pebble.Options{Durability: pebble.Interval}, restart: 40},
	{name: "tiny pages", memory: true, page: 1},
	{name: "small pages, tiny memtables and restarts", options: pebble.Options{MemtableBytes: 16 << 10}, restart: 30, page: 2},
}

// open opens a server on a file system. Time to live looks often.
func (c configuration) open(fs vfs.FS, now func() time.Time) (*server.Server, error) {
	var engine driver.Driver
	var err error
	if c.memory {
		engine, err = memory.Open(memory.Options{})
	} else {
		o := c.options
		o.Dir, o.FS, o.Once = dataDir, fs, records()
		engine, err = pebble.Open(o)
	}
	if err != nil {
		return nil, err
	}
	if c.bad != nil {
		engine = c.bad(engine)
	}
	return server.Open(server.Options{
		Engine: engine, TTLInterval: time.Millisecond,
		Env:    base.Env{Now: now, Rand: base.RealEnv().Rand},
		Stream: server.StreamOptions{Retention: 1000 * time.Hour}, // more than a script turns the clock
	})
}

// TestSameAnswersNotice shows that servers that lose some of their writes, or
// forget what they had when they start anew, do not give the answers of the
// model.
func TestSameAnswersNotice(t *testing.T) {
	for _, c := range []configuration{
		{name: "items", bad: dropping(layout.PartItem)},
		{name: "entries", bad: dropping(layout.PartEntry)},
		{name: "counters", bad: dropping(layout.PartCounters)},
		{name: "records", bad: dropping(layout.PartJournal)},
		{name: "expiries", bad: dropping(layout.PartExpiry)},
		{name: "tokens", bad: dropping(layout.PartToken)},
		{name: "jobs", bad: dropping(layout.PartJob)},
		{name: "everything at a restart", options: pebble.Options{Durability: pebble.Volatile}, restart: 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			const most = 10
			c.wait = 200 * time.Millisecond
			for seed := range uint64(most) {
				if _, wrong := c.play(randomScript(rand.New(rand.NewPCG(seed+1, 103)), 250)); wrong != "" {
					t.Logf("in round %d: %.300s", seed+1, wrong)
					return
				}
			}
			t.Errorf("not noticed in %d rounds", most)
		})
	}
}

// playAll plays a script in each configuration, and returns what is wrong first.
func playAll(script []step) string {
	var first []string
	for _, c := range configurations {
		answers, wrong := c.play(script)
		if wrong != "" {
			return c.name + ": " + wrong
		}
		if first == nil {
			first = answers
		}
		for i := range answers {
			if answers[i] != first[i] && c.page == 0 {
				return fmt.Sprintf("call %d, %s: %s answers\n\t%s, and %s\n\t%s", i+1, script[i].operation, configurations[0].name, first[i], c.name, answers[i])
			}
		}
	}
	return ""
}

// player plays a script in one configuration.
type player struct {
	configuration
	fs     vfs.FS
	server *server.Server
	model  *model
}

// play plays a script and compares it with the model.
func (c configuration) play(script []step) (answers []string, wrong string) {
	p := &player{configuration: c, fs: vfs.NewMem(), model: newModel()}
	var err error
	if p.server, err = c.open(p.fs, p.model.clock); err != nil {
		return nil, err.Error()
	}
	defer func() { _ = shut(p.server) }()
	for _, body := range modelTables {
		p.call("CreateTable", body)
	}
	for i, next := range script {
		if c.restart > 0 && i%c.restart == c.restart-1 {
			if err := p.again(); err != nil {
				return nil, err.Error()
			}
		}
		raw, wrong := p.step(next)
		if wrong != "" {
			return nil, fmt.Sprintf("call %d, %s", i+1, wrong)
		}
		answers = append(answers, raw)
	}
	return answers, ""
}

// again starts the server anew.
func (p *player) again() (err error) {
	if err := shut(p.server); err != nil {
		return err
	}
	p.server, err = p.open(p.fs, p.model.clock)
	return err
}

// step plays a step, and waits for what it sets going. It returns the answer.
func (p *player) step(x step) (raw, wrong string) {
	want := x.play(p.model)
	raw, seen := x.make(p)
	if seen != want {
		return "", fmt.Sprintf("%s: %s, want %s\n\t%s", x.operation, seen, want, raw)
	}
	if p.model.expire() || x.settles {
		if wrong := p.settle(); wrong != "" {
			return "", x.operation + ": " + wrong
		}
	}
	return raw, ""
}

// settle waits until everything is as the model has it: what has expired is
// gone, and indexes are built or removed.
func (p *player) settle() string {
	begin, wait := time.Now(), p.wait
	if wait == 0 {
		wait = waitMax
	}
	for {
		wrong := p.unsettled()
		if wrong == "" || time.Since(begin) > wait {
			return wrong
		}
	}
}

// shrink takes away calls, as long as something is wrong without them.
func shrink(script []step, play func([]step) (wrong string)) []step {
	for size := len(script) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(script); {
			less := slices.Delete(slices.Clone(script), at, at+size)
			if play(less) != "" {
				script = less
			} else {
				at += size
			}
		}
	}
	return script
}

// printScript returns a script that fails, and what is wrong with it.
func printScript(script []step, play func([]step) (wrong string)) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nafter the tables were made, in %d calls:\n", play(script), len(script))
	for i, next := range script {
		fmt.Fprintf(&b, "%4d %s %s\n", i+1, next.operation, next.body)
	}
	return b.String()
}

// TestShrink shows that of a long script that finds a fault a few calls are left,
// and find it.
func TestShrink(t *testing.T) {
	c := configuration{memory: true, bad: dropping(layout.PartItem), wait: 20 * time.Millisecond}
	play := func(script []step) string {
		_, wrong := c.play(script)
		return wrong
	}
	script := shrink(randomScript(rand.New(rand.NewPCG(1, 103)), 100), play)
	const most = 12 // every fifth write is lost
	if play(script) == "" || len(script) > most {
		t.Error(printScript(script, play))
	}
}
