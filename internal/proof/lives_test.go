package proof

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv/driver"
	"github.com/gramme-db/gramme/internal/server"
)

const (
	hotClients  = 4
	hotLives    = 4  // the last one ends in good order
	strikesOver = 50 // operations on files, from the beginning of a life or of its load, within which most faults strike
)

// build is a server as it is made for a proof: as it is, or a mutant.
type build struct {
	name string
	fs   func(vfs.FS) vfs.FS
	bad  func(driver.Driver) driver.Driver
}

// open opens a server on a disk. Its shards rotate all the time.
func (b build) open(fs vfs.FS) (*server.Server, error) {
	if b.fs != nil {
		fs = b.fs(fs)
	}
	opened, err := openEngine(fs)
	if err != nil {
		return nil, err
	}
	engine := driver.Driver(opened)
	if b.bad != nil {
		engine = inspected{b.bad(opened), opened}
	}
	return server.Open(server.Options{Engine: engine, Stream: server.StreamOptions{ShardRotation: 2 * time.Millisecond}})
}

// inspected is an engine that may break promises, and tells how it is.
type inspected struct {
	driver.Driver
	driver.Inspector
}

// tale is all that was seen of a server in some lives.
type tale struct {
	events   []event
	stream   []change // read at the end, from the beginning
	followed []change // by the reader that went along
	wrong    []string // what is wrong in itself, such as an answer that may not be
}

// stage plays a tale.
type stage struct {
	t      *testing.T
	build  build
	seed   uint64
	chance *rand.Rand
	mem    *vfs.MemFS
	history
	follower follower
	unsure   [hotClients]*event // what each client sends again, as it was cut off under a token

	mu    sync.Mutex
	wrong []string
}

// play lets clients work on a server through some lives, each of which ends with
// a restart, a power cut or an error of the disk.
func play(t *testing.T, b build, seed uint64) tale {
	s := &stage{t: t, build: b, seed: seed, chance: rand.New(rand.NewPCG(seed, 104)), mem: vfs.NewCrashableMem()}
	s.follower.stage, s.follower.chance = s, rand.New(rand.NewPCG(seed, 105))
	for life := range uint64(hotLives - 1) {
		s.live(life, []func() *fault{s.noFault, s.powerCut, s.powerCut, s.diskError}[s.chance.IntN(4)]())
		if s.lost() {
			break
		}
	}
	return s.end()
}

func (s *stage) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
}

// lost reports whether something is wrong that no other life will change.
func (s *stage) lost() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wrong) > 0
}

// live plays one life.
func (s *stage) live(life uint64, f *fault) {
	if s.chance.IntN(4) == 0 {
		f.arm() // it may strike while the server starts
	}
	srv, err := s.build.open(watch(s.mem, f.at))
	if err != nil && !f.broken() {
		s.say("life %d does not begin: %v", life, err)
		return
	}
	if err == nil {
		s.revive()
		if !f.struck() {
			s.create(srv.Handler(), f)
		}
		f.arm()
		if !f.struck() {
			s.run(srv.Handler(), life, f)
		}
		f.strikeNow()
		_ = shut(srv) // on a disk that is broken it says what it could not do
	}
	if left := f.left(); left != nil {
		s.mem = left
	}
}

// create makes the table, unless it is there.
func (s *stage) create(h http.Handler, f *fault) {
	if a := call(h, "CreateTable", hotTable); !a.ok() && a.kind() != "ResourceInUseException" && !f.broken() {
		s.say("the table is not made: %s", a)
	}
}

// run lets the clients work, while a reader follows the stream.
func (s *stage) run(h http.Handler, life uint64, f *fault) {
	var working, following sync.WaitGroup
	news := make(chan struct{}, 1)
	calls := []int{6, 12, 12, 40}[s.chance.IntN(4)]
	for id := range hotClients {
		working.Go(func() {
			c := &hotClient{stage: s, id: id, handler: h, fault: f, chance: rand.New(rand.NewPCG(s.seed, life*hotClients+uint64(id)))}
			for n := 0; n < calls && s.alive(); n++ {
				c.call()
				select {
				case news <- struct{}{}:
				default:
				}
			}
		})
	}
	following.Go(func() {
		s.follower.restarted()
		for range news {
			s.follower.poll(h, f)
		}
	})
	working.Wait()
	close(news)
	following.Wait()
}

// end starts a server on what is left, and reads everything in all ways.
func (s *stage) end() tale {
	told := tale{wrong: s.wrong}
	if len(told.wrong) > 0 {
		return told
	}
	srv, err := s.build.open(s.mem)
	if err != nil {
		told.wrong = append(told.wrong, fmt.Sprintf("the last life does not begin: %v", err))
		return told
	}
	s.revive()
	c := &hotClient{stage: s, handler: srv.Handler(), fault: s.noFault()}
	s.create(c.handler, c.fault)
	for c.id = range hotClients {
		if e := s.unsure[c.id]; e != nil {
			c.send(*e)
		}
	}
	for _, read := range manyReads {
		for n := range hotItems / collectionLen {
			c.do(read(n))
		}
	}
	s.follower.restarted()
	for s.follower.poll(c.handler, c.fault) > 0 {
	}
	v := &verifier{handler: c.handler}
	told.stream = v.changes("hot")
	if err := shut(srv); err != nil {
		v.say("it does not close: %v", err)
	}
	told.events, told.followed, told.wrong = s.events, s.follower.got, append(s.wrong, v.wrong...)
	return told
}

// hotClient makes one call after the other.
type hotClient struct {
	*stage
	id      int
	handler http.Handler
	fault   *fault
	chance  *rand.Rand
	last    [hotItems]int // the write that it has seen in each item
	refused bool          // it writes no more
}

// call makes a random call.
func (c *hotClient) call() {
	if again := c.unsure[c.id]; again != nil && !c.refused {
		c.send(*again)
		return
	}
	tells := c.chance.IntN(2) == 0
	one := c.chance.IntN(hotItems)
	other := (one + 1 + c.chance.IntN(hotItems-1)) % hotItems
	switch n := c.chance.IntN(17); {
	case c.refused || n < 3:
		c.do(manyReads[c.chance.IntN(len(manyReads))](c.chance.IntN(hotItems / collectionLen)))
	case n < 5:
		c.do(orderOf(action{kind: "get", item: one}, tells))
	case n < 6:
		c.do(transactionOf(gets(0, hotItems), true))
	case n < 12:
		c.do(orderOf(c.write(one), tells))
	case n < 13:
		c.do(batchOf([]action{{kind: "put", item: one, by: c.number()}, {kind: "delete", item: other}}))
	default:
		actions := []action{{kind: "check", item: one, arg: c.last[one]}}
		if c.chance.IntN(3) > 0 {
			actions[0] = c.write(one)
		}
		o := transactionOf(append(actions, c.write(other)), tells)
		if c.chance.IntN(2) == 0 {
			o = o.under(c.number())
		}
		c.do(o)
	}
}

// write returns a random write of an item.
func (c *hotClient) write(item int) action {
	a := action{kind: []string{"put", "put if", "put if", "add", "add", "add", "delete"}[c.chance.IntN(7)], item: item}
	switch a.kind {
	case "put if":
		a.arg = c.last[item]
	case "add":
		a.arg = 1 + c.chance.IntN(3)
	case "delete":
		return a
	}
	a.by = c.number()
	return a
}

// do makes a call.
func (c *hotClient) do(o order) { c.send(event{order: o}) }

// send sends a call, for the first time or again, and records it. On a broken
// disk the server may be unable to do its work; then the client goes on with
// reads. The answer to a transaction with a token may be lost on its way: then
// that is sent again in the same life.
func (c *hotClient) send(e event) {
	now := c.begin()
	if e.begin == 0 {
		e.begin = now
	}
	a := call(c.handler, e.operation, e.body)
	all, happened, err := e.read(a)
	if err != nil {
		if broken := c.fault.broken() && a.status/100 == 5; !broken && c.alive() {
			c.say("%v", err)
		}
		c.refused, all = true, nil
	} else if !happened {
		return // sent for the first time, it has not happened; else it is sent again
	}
	e.seen = all
	if e.refused() {
		e.begin = now // it was not done before either
	}
	lost := e.token && e.begin == now && !e.refused() && c.chance.IntN(4) == 0
	recorded := !lost && c.record(e)
	if recorded {
		c.learn(e)
	}
	if e.token {
		c.unsure[c.id] = nil
		if !recorded {
			e.seen = nil
			c.unsure[c.id] = &e
		}
	}
}

// learn keeps in mind what was seen.
func (c *hotClient) learn(e event) {
	for i, a := range e.actions {
		if e.seen[i].told {
			c.last[a.item] = e.seen[i].cell.by
		}
		if a.writes() && !e.seen[i].failed && !e.seen[i].idle {
			c.last[a.item] = a.by
		}
	}
}
