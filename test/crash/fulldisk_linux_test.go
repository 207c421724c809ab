package crash

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/gramme-db/gramme/test/process"
)

var small = flag.String("small", "", "an empty folder on a file system of about 640 MB to fill; default: one in memory, which takes root")

const (
	smallDisk    = 640 << 20
	fillerBytes  = 160 << 20 // another program's file, which is removed to make room
	fullWriters  = 8
	itemBytes    = 64 << 10
	refusalsEach = 50 // writes that each writer goes on to try on a full disk
	readEvery    = 20 // one item in so many is read back
	readAttempts = 10
	answerMax    = 10 * time.Second
)

// TestFullDisk lets a server fill a small file system. Writes are refused as
// ones to try again, and none waits; all that was acknowledged is read on. When
// another program's file is removed, the same server takes writes again. Then
// the server is killed, and starts on the full disk; the other program takes all
// that is left at once, the server is killed, and starts when there is room. All
// that was acknowledged is there each time.
func TestFullDisk(t *testing.T) {
	bin, err := process.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	disk := mountSmall(t)
	filler := filepath.Join(disk, "filler")
	fill(t, filler, fillerBytes)
	options := process.Options{Dir: filepath.Join(disk, "data"), Log: filepath.Join(t.TempDir(), "log")}
	server := start(t, bin, options)
	client := connect(server)
	createOrders(t, client)
	team := make([]*filling, fullWriters)
	for i := range team {
		team[i] = &filling{number: i}
	}

	before := fillDisk(t, client, team)
	if status := ready(t, server); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz of a server on a full disk answers %d", status)
	}
	readBack(t, client, team)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	waited := awaitWrite(t, client)
	after := fillDisk(t, client, team)
	readBack(t, client, team)
	t.Logf("%d writes acknowledged, then all refused; %s after there was room writes were taken, %d until it was full again", before, waited, after)

	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	server = start(t, bin, options)
	client = connect(server)
	readBack(t, client, team)

	_ = fillRest(filler)
	_ = fillDisk(t, client, team)
	readBack(t, client, team)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	server = start(t, bin, options)
	client = connect(server)
	readBack(t, client, team)
	awaitWrite(t, client)
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	checkData(t, bin, options.Dir)
}

// mountSmall mounts a small file system for the time of the test, unless -small
// names one.
func mountSmall(t *testing.T) string {
	t.Helper()
	if *small != "" {
		return *small
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", smallDisk)); err != nil {
		t.Skipf("a small file system cannot be mounted, which takes root; -small names another one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill makes a file of a size.
func fill(t *testing.T, name string, size int64) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.CopyN(f, zeros{}, size)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// fillRest makes a file of all the room there is, and returns why it ended.
func fillRest(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, zeros{})
	return errors.Join(err, f.Close())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// filling is a writer that writes one new item after the other.
type filling struct {
	number int
	acked  []int // of its items, those whose write was acknowledged
	next   int
}

func (f *filling) key(n int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"OrderId": &types.AttributeValueMemberS{Value: fmt.Sprintf("%d/%d", f.number, n)}}
}

// body returns what is in an item. It cannot be compressed.
func (f *filling) body(n int) []byte {
	b := make([]byte, itemBytes)
	_, _ = rand.NewChaCha8([32]byte{byte(f.number), byte(n), byte(n >> 8), byte(n >> 16)}).Read(b)
	return b
}

// write writes the next item.
func (f *filling) write(client *dynamodb.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerMax)
	defer cancel()
	n := f.next
	f.next++
	item := f.key(n)
	item["body"] = &types.AttributeValueMemberB{Value: f.body(n)}
	_, err := client.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String(tableName), Item: item})
	if err == nil {
		f.acked = append(f.acked, n)
	}
	return err
}

// fillDisk lets all write until each was refused so often, and returns how many
// writes were acknowledged.
func fillDisk(t *testing.T, client *dynamodb.Client, team []*filling) (acked int) {
	t.Helper()
	var wg sync.WaitGroup
	for _, f := range team {
		acked -= len(f.acked)
		wg.Go(func() {
			for refused := 0; refused < refusalsEach; {
				err := f.write(client)
				var api smithy.APIError
				switch {
				case err == nil:
				case errors.As(err, &api) && api.ErrorCode() == "ServiceUnavailable":
					refused++
				default:
					t.Errorf("a write on a full disk: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, f := range team {
		acked += len(f.acked)
	}
	return acked
}

// awaitWrite tries as SDKs do until a write is taken, and returns how long that
// took.
func awaitWrite(t *testing.T, client *dynamodb.Client) time.Duration {
	t.Helper()
	f, begin := &filling{number: fullWriters}, time.Now()
	for f.write(client) != nil {
		if time.Since(begin) > answerMax {
			t.Fatal("no write is taken when there is room again")
		}
	}
	return time.Since(begin).Round(time.Millisecond)
}

// readBack reads some of what was acknowledged.
func readBack(t *testing.T, client *dynamodb.Client, team []*filling) {
	t.Helper()
	for _, f := range team {
		for i := 0; i < len(f.acked); i += readEvery {
			n := f.acked[len(f.acked)-1-i] // the last one is always among them
			out, err := read(t.Context(), client, f.key(n))
			if err != nil {
				t.Fatalf("a read on a full disk: %v", err)
			}
			if got, ok := out.Item["body"].(*types.AttributeValueMemberB); !ok || string(got.Value) != string(f.body(n)) {
				t.Fatalf("item %d/%d was acknowledged, and is %v", f.number, n, out.Item)
			}
		}
	}
}

// read reads an item. The SDK's client now and then closes the connection under
// an answer of this size, whatever server it is from, more often on a busy machine,
// so it gets several attempts; a refusal is final.
func read(ctx context.Context, client *dynamodb.Client, key map[string]types.AttributeValue) (out *dynamodb.GetItemOutput, err error) {
	for range readAttempts {
		out, err = client.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: aws.String(tableName), Key: key, ConsistentRead: aws.Bool(true),
		})
		if refused := smithy.APIError(nil); err == nil || errors.As(err, &refused) {
			break
		}
	}
	return out, err
}

func ready(t *testing.T, server *process.Server) int {
	t.Helper()
	resp, err := http.Get(server.URL() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}
