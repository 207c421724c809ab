package streams

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const (
	readPause   = 20 * time.Millisecond // between reads of a shard that has nothing new
	retryPause  = 50 * time.Millisecond // after an error, which is most often a server that was killed
	recordsMax  = 100                   // of a read
	checkpoints = 3                     // reads between two checkpoints: a killed worker leaves some to be read again
	childTries  = 10                    // as the adapter's
)

// team is the workers.
type team struct {
	world *world
	ctx   context.Context
	done  *sync.WaitGroup
	kill  []context.CancelFunc
	hired int
}

func (w *world) hire(ctx context.Context, done *sync.WaitGroup) *team {
	t := &team{world: w, ctx: ctx, done: done}
	for range workers {
		t.kill = append(t.kill, t.startOne())
	}
	return t
}

func (t *team) startOne() context.CancelFunc {
	ctx, kill := context.WithCancel(t.ctx)
	t.hired++
	one := &worker{world: t.world, name: "worker-" + strconv.Itoa(t.hired)}
	t.done.Go(func() { one.run(ctx) })
	return kill
}

// replaceOne kills a worker, which saves nothing any more, and starts another.
func (t *team) replaceOne(rng *rand.Rand) {
	at := rng.IntN(len(t.kill))
	t.kill[at]()
	t.kill[at] = t.startOne()
}

// worker takes leases and reads their shards, all at the same time.
type worker struct {
	world   *world
	name    string
	reading sync.WaitGroup
}

func (w *worker) run(ctx context.Context) {
	defer w.reading.Wait()
	for ctx.Err() == nil {
		if err := w.look(ctx); err != nil {
			rest(ctx, retryPause)
			continue
		}
		rest(ctx, leasePause)
	}
}

// look takes one lease that nobody holds.
func (w *worker) look(ctx context.Context) error {
	leases, err := listLeases(ctx, w.world.db)
	if err != nil {
		return err
	}
	if len(leases) == 0 {
		return w.begin(ctx)
	}
	rand.Shuffle(len(leases), func(i, j int) { leases[i], leases[j] = leases[j], leases[i] })
	now := time.Now()
	for i := range leases {
		l := &leases[i]
		if l.checkpoint == shardEnd || !l.free(now) {
			continue
		}
		taken, err := l.take(ctx, w.world.db, w.name, now)
		if err != nil {
			return err
		}
		if taken {
			w.reading.Go(func() { w.read(ctx, l) })
			return nil
		}
	}
	return nil
}

// begin makes the leases of the shards that have no parent.
func (w *worker) begin(ctx context.Context) error {
	shards, _, err := w.shards(ctx, nil)
	if err != nil {
		return err
	}
	for _, s := range shards {
		if s.ParentShardId == nil {
			err = errors.Join(err, makeLease(ctx, w.world.db, *s.ShardId))
		}
	}
	return err
}

// shards returns the shards of the stream, all or those that a filter lets
// through, and whether the stream goes on.
func (w *worker) shards(ctx context.Context, filter *types.ShardFilter) (all []types.Shard, goesOn bool, err error) {
	in := &dynamodbstreams.DescribeStreamInput{StreamArn: &w.world.stream, ShardFilter: filter, Limit: aws.Int32(3)}
	for {
		out, err := w.world.streams.DescribeStream(ctx, in)
		if err != nil {
			return nil, false, err
		}
		all = append(all, out.StreamDescription.Shards...)
		if out.StreamDescription.LastEvaluatedShardId == nil {
			return all, out.StreamDescription.StreamStatus != types.StreamStatusDisabled, nil
		}
		in.ExclusiveStartShardId = out.StreamDescription.LastEvaluatedShardId
	}
}

// read reads a shard from its checkpoint on, until it ends or the lease is lost.
func (w *worker) read(ctx context.Context, l *lease) {
	iterator, reads := "", 0
	for ctx.Err() == nil {
		if iterator == "" {
			iterator = w.iterator(ctx, l)
		}
		out, err := w.world.streams.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: &iterator, Limit: aws.Int32(recordsMax)})
		if err != nil {
			rest(ctx, retryPause)
			continue
		}
		for i := range out.Records {
			w.world.ledger.enter(l.shard, &out.Records[i])
			l.checkpoint = *out.Records[i].Dynamodb.SequenceNumber
		}
		if out.NextShardIterator == nil {
			w.end(ctx, l)
			return
		}
		iterator = *out.NextShardIterator
		if reads++; reads%checkpoints == 0 && !w.save(ctx, l) {
			return
		}
		if len(out.Records) == 0 {
			rest(ctx, readPause)
		}
	}
}

// iterator asks until it is answered.
func (w *worker) iterator(ctx context.Context, l *lease) string {
	in := &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &w.world.stream, ShardId: &l.shard, ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: &l.checkpoint,
	}
	if l.checkpoint == trimHorizon {
		in.ShardIteratorType, in.SequenceNumber = types.ShardIteratorTypeTrimHorizon, nil
	}
	for ctx.Err() == nil {
		if out, err := w.world.streams.GetShardIterator(ctx, in); err == nil {
			return *out.ShardIterator
		}
		rest(ctx, retryPause)
	}
	return ""
}

// end makes the leases of the children, and only then ends that of the parent.
func (w *worker) end(ctx context.Context, l *lease) {
	filter := &types.ShardFilter{Type: types.ShardFilterTypeChildShards, ShardId: &l.shard}
	for try := 0; ctx.Err() == nil; {
		children, goesOn, err := w.shards(ctx, filter)
		if err == nil && len(children) == 0 && goesOn {
			if try++; try > childTries {
				w.world.ledger.fault("the closed shard %s has no children", l.shard)
				return
			}
			err = errors.New("no children yet")
		}
		for _, child := range children {
			err = errors.Join(err, makeLease(ctx, w.world.db, *child.ShardId))
		}
		if err == nil {
			l.checkpoint = shardEnd
			w.save(ctx, l)
			return
		}
		rest(ctx, retryPause)
	}
}

// save saves the checkpoint and renews the lease; false says that it is lost.
func (w *worker) save(ctx context.Context, l *lease) bool {
	for ctx.Err() == nil {
		kept, err := l.save(ctx, w.world.db, time.Now())
		if err == nil {
			return kept
		}
		rest(ctx, retryPause)
	}
	return false
}

func rest(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}
