package proof

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/pebble"
	"github.com/gramme-db/gramme/internal/server"
)

// TestDamage flips, zeroes and cuts off bytes at random places of all files of
// a store, one place at a time, and removes files. What is damaged is either
// reported, with the file's name, when the store is opened or when it is read,
// or it did no harm: then everything is as it was. An answer is right or an
// error; it is never made of damaged bytes.
//
// One thing no store can tell: a log that ends early, or whose last record is
// damaged, from one that a crash ended there. Then the newest writes are
// missing, and everything agrees with that.
//
// It would fail if a block were read without its checksum, if a file that cannot
// be used were taken for one that is not there, or if an error of the engine
// turned into an empty answer.
func TestDamage(t *testing.T) {
	var seen tally
	rounds(t, 1, func(seed uint64) { damageRound(t, seed, &seen) }, func() string {
		return fmt.Sprintf("%d damages: %s", seen.total(), seen.String())
	})
}

const damagesEach = 60 // for one store

func damageRound(t *testing.T, seed uint64, seen *tally) {
	chance := rand.New(rand.NewPCG(seed, 103))
	whole, p := damageable(t, seed)
	truth := readWhole(t, whole)
	for range damagesEach {
		d := newDamage(whole.CrashClone(vfs.CrashCloneCfg{}), chance)
		outcome, wrong := d.outcome(truth, p)
		seen.add(d.kind + " " + outcome)
		if len(wrong) > 0 {
			t.Errorf("%s: %s", d, strings.Join(wrong[:min(len(wrong), 8)], "\n\t"))
		}
	}
}

// damageable returns a store that a power cut has ended, with tables and logs,
// and what was promised of it.
func damageable(t *testing.T, seed uint64) (*vfs.MemFS, *promise) {
	mem := vfs.NewCrashableMem()
	s := mustOpen(t, watch(mem, func(string) error { return nil }))
	l := &load{t: t, handler: s.Handler(), ledger: newLedger()}
	l.create()
	l.run(seed, 3*callsEach)
	p := l.ledger.promise()
	left := mem.CrashClone(vfs.CrashCloneCfg{})
	p.seal()
	if err := shut(s); err != nil {
		t.Error(err)
	}
	for name := range p.acked {
		p.acked[name] = 0 // the end of the log may be missing
	}
	p.prefix = true
	return left, p
}

// readWhole returns the items of a store that is whole.
func readWhole(t *testing.T, whole *vfs.MemFS) map[string]string {
	s := mustOpen(t, whole.CrashClone(vfs.CrashCloneCfg{}))
	r := &reader{handler: s.Handler()}
	items := r.all()
	if len(r.wrong)+r.errors > 0 || len(items) < registersEach {
		t.Fatalf("%d items, %d errors, %q in a store that is whole", len(items), r.errors, r.wrong)
	}
	if err := shut(s); err != nil {
		t.Error(err)
	}
	return items
}

// damage is one damaged file.
type damage struct {
	fs   *vfs.MemFS
	file string
	kind string // of the file
	last bool   // a log after which there is none
	what string
	cut  bool // all after the place may be gone
	at   int
	size int
}

func (d *damage) String() string {
	return fmt.Sprintf("%s: %s at %d of %d", d.file, d.what, d.at, d.size)
}

// newDamage damages a file of a random kind.
func newDamage(fs *vfs.MemFS, chance *rand.Rand) *damage {
	names, _ := fs.List(dataDir)
	slices.Sort(names)
	byKind := map[string][]string{}
	for _, name := range names {
		for _, k := range fileKinds {
			if k.pattern.MatchString(name) && k.kind != "lock" {
				byKind[k.kind] = append(byKind[k.kind], name)
				break
			}
		}
	}
	kinds := slices.Sorted(maps.Keys(byKind))
	d := &damage{fs: fs, kind: kinds[chance.IntN(len(kinds))]}
	files := byKind[d.kind]
	d.file = files[chance.IntN(len(files))]
	d.last = d.file == files[len(files)-1]
	d.do(chance)
	return d
}

// do damages the file.
func (d *damage) do(chance *rand.Rand) {
	name := path.Join(dataDir, d.file)
	content := readFile(d.fs, name)
	if d.size = len(content); d.size == 0 || chance.IntN(12) == 0 && (d.kind != "log" || d.last) {
		d.what, d.cut = "removed", true
		_ = d.fs.Remove(name)
		return
	}
	d.at = chance.IntN(d.size)
	if chance.IntN(3) == 0 { // footers and the ends of logs
		d.at = max(0, d.size-1-chance.IntN(100))
	}
	switch chance.IntN(4) {
	case 0:
		d.what = "cut off"
		d.cut = true
		content = content[:d.at]
	case 1:
		d.what = "zeroed"
		end := min(d.size, d.at+1+chance.IntN(5000))
		d.cut = d.kind == "log" // it may end there: after that is what was in its file before
		clear(content[d.at:end])
	case 2:
		d.what = "a bit flipped"
		content[d.at] ^= 1 << chance.IntN(8)
	default:
		d.what = "made of chance"
		for i := d.at; i < min(d.size, d.at+1+chance.IntN(50)); i++ {
			content[i] = byte(chance.Uint32())
		}
	}
	f, _ := d.fs.Create(name, vfs.WriteCategoryUnspecified)
	_, _ = f.Write(content)
	_ = errors.Join(f.Sync(), f.Close())
}

func readFile(fs vfs.FS, name string) []byte {
	f, err := fs.Open(name)
	if err != nil {
		return nil
	}
	content, _ := io.ReadAll(f)
	_ = f.Close()
	return content
}

// outcome opens and reads the store, and returns how that went, and what is
// wrong with it.
func (d *damage) outcome(truth map[string]string, p *promise) (outcome string, wrong []string) {
	var logged logText
	logger := slog.New(slog.NewTextHandler(&logged, nil))
	engine, err := pebble.Open(pebble.Options{Dir: dataDir, FS: d.fs, MemtableBytes: memtableBytes, CacheBytes: 1 << 20, Once: records(), Logger: logger})
	if err != nil {
		return "is refused", d.names(err)
	}
	found := inspect(engine)
	s, err := server.Open(server.Options{Engine: engine, TTLInterval: time.Hour, Logger: logger})
	if err != nil {
		return "is refused", d.names(err)
	}
	r := &reader{handler: s.Handler(), truth: truth}
	if d.kind == "log" {
		r.truth = nil // it may be an older state
	}
	items := r.all()
	_ = shut(s) // a damaged table cannot be compacted
	wrong = r.wrong
	switch {
	case r.errors > 0:
		if !strings.Contains(logged.String(), d.file) {
			wrong = append(wrong, "the log does not name the file:\n"+logged.String())
		}
		return "is reported", wrong
	case len(found) > 0:
		if !strings.Contains(found[0], d.file) {
			wrong = append(wrong, found...)
		}
		return "is found by the checker", wrong
	case maps.Equal(items, truth):
		return "does no harm", wrong
	case d.kind == "log" && d.last:
		return "is taken for its end", append(wrong, d.checkEnd(items, p)...)
	}
	return "is not noticed", append(wrong, fmt.Sprintf("%d items of %d", len(items), len(truth)))
}

// names returns what is wrong with the error of a store that is not opened.
func (d *damage) names(err error) (wrong []string) {
	var damaged *kv.CorruptionError
	if !errors.As(err, &damaged) {
		return []string{fmt.Sprintf("%v is no report of damage", err)}
	}
	if named, _ := path.Match(path.Base(damaged.File), d.file); !named { // of a marker, the name without its numbers
		wrong = append(wrong, fmt.Sprintf("%v does not name it", err))
	}
	return wrong
}

// checkEnd returns what is wrong with a store whose log seems to end early.
func (d *damage) checkEnd(items map[string]string, p *promise) []string {
	numbers := map[string]int{}
	for name, item := range items {
		var it attributes
		_ = json.Unmarshal([]byte(item), &it)
		if !strings.HasPrefix(name, "pairs ") {
			numbers[strings.TrimPrefix(name, "items ")] = it.number("n")
		}
	}
	wrong := p.check(numbers)
	for id := range clients {
		if lost := p.lost(fmt.Sprintf("c%d/", id), numbers); !d.cut && lost > lostMax {
			wrong = append(wrong, fmt.Sprintf("damage within the log is taken for its end: %d calls of client %d are missing", lost, id))
		}
	}
	return wrong
}

// lostMax is how many calls of a client are in the records of a log that nothing
// comes after: each waits for the one before it to be durable, and the first
// record after that tells so.
const lostMax = 2

// reader reads a store that may be damaged.
type reader struct {
	handler http.Handler
	truth   map[string]string // what items are; nil: not known
	errors  int
	wrong   []string
}

// call makes a call whose answer is right, as far as one can tell, or an error
// without data.
func (r *reader) call(operation, body string, out any) {
	a := call(r.handler, operation, body)
	switch {
	case a.ok():
		_ = json.Unmarshal(a.body, out)
	case a.status == http.StatusInternalServerError && a.kind() == "InternalServerError" && len(a.body) < 200:
		r.errors++
	default:
		r.wrong = append(r.wrong, fmt.Sprintf("%s %s: %s", operation, body, a))
	}
}

// all reads the items of all tables, one page and one item at a time.
func (r *reader) all() map[string]string {
	items := map[string]string{}
	for _, table := range []string{"items", "pairs"} {
		r.scan(table, items)
	}
	for name, want := range r.truth {
		r.get(name, want)
	}
	return items
}

func (r *reader) scan(table string, items map[string]string) {
	start := ""
	for {
		var page struct {
			Items            []attributes
			LastEvaluatedKey json.RawMessage
		}
		r.call("Scan", `{"TableName":"`+table+`","ConsistentRead":true,"Limit":10`+start+`}`, &page)
		for _, it := range page.Items {
			name := table + " " + it.text("pk")
			if sk := it.text("sk"); sk != "" {
				name += "/" + sk
			}
			if it.text("pk") != "doomed" {
				items[name] = text(it)
				r.compare(name, items[name])
			}
		}
		if page.LastEvaluatedKey == nil {
			return
		}
		start = `,"ExclusiveStartKey":` + string(page.LastEvaluatedKey)
	}
}

func (r *reader) get(name, want string) {
	table, register, _ := strings.Cut(name, " ")
	k := key(register)
	if table == "pairs" {
		k = `"pk":{"S":"` + register + `"}`
	}
	before := r.errors
	var got struct{ Item attributes }
	r.call("GetItem", `{"TableName":"`+table+`","ConsistentRead":true,"Key":{`+k+`}}`, &got)
	if r.errors == before {
		r.compare(name, text(got.Item))
	}
}

func (r *reader) compare(name, got string) {
	if want, known := r.truth[name]; r.truth != nil && (!known || got != want) {
		r.wrong = append(r.wrong, fmt.Sprintf("%s is %s, and not %s", name, got, want))
	}
}

// logText is a log for concurrent use.
type logText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
