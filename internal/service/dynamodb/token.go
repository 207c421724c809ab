package dynamodb

import (
	"context"
	"errors"
	"log/slog"
	"time"

	api "github.com/gramme-db/gramme/internal/api/dynamodb"
	"github.com/gramme-db/gramme/internal/base"
	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// tokens makes a transaction that is sent again under the same client token
// happen once. That one was done is written in the update that does it, so a
// crash leaves both or none, and a transaction that failed leaves no token.
// In the background it removes the tokens whose time is over.
type tokens struct {
	store   *kv.Store
	env     base.Env
	logger  *slog.Logger
	running conflicts // the tokens of transactions that are under way

	background
}

// token is the client's token of one transaction. A nil token is none.
type token struct {
	tokens  *tokens
	key     []byte // of its record
	hash    keyHash
	request [32]byte // SHA-256 of the request
	stale   *layout.Token
}

func newTokens(store *kv.Store, env base.Env, logger *slog.Logger) *tokens {
	k := &tokens{store: store, env: env, logger: logger, background: newBackground()}
	k.running.init()
	return k
}

// begin returns the token of a transaction, whose end is to be told by end. It
// fails while another request is under way with it.
func (k *tokens) begin(key []byte, request [32]byte) (*token, error) {
	t := &token{tokens: k, key: key, hash: k.running.hash(key), request: request}
	if !k.running.beginTransaction(t.hash) {
		return nil, api.TransactionInProgressException("Transaction from previous request is still in progress")
	}
	return t, nil
}

func (t *token) end() {
	if t != nil {
		t.tokens.running.endTransaction(t.hash)
	}
}

// find returns what the store remembers of the token: nil when the transaction
// is to be done. It is an error when the token is of another request.
func (t *token) find(get func(key, dst []byte) ([]byte, error)) (*layout.Token, error) {
	if t == nil {
		return nil, nil
	}
	t.stale = nil
	value, err := get(t.key, nil)
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := layout.ParseToken(value)
	if err != nil {
		return nil, err
	}
	if t.tokens.env.Now().UnixNano()-found.Time >= int64(tokenTTL) {
		t.stale = &found
		return nil, nil
	}
	if found.Request != t.request {
		// AWS's wording is not known.
		return nil, api.IdempotentParameterMismatchException("The request uses the same client token as a previous, but non-identical request. " +
			"Do not reuse a client token with different requests, unless the requests are identical")
	}
	return &found, nil
}

// remember writes, in the update of a transaction that owns the token's key,
// that it is done. units are the read units that a repetition is told.
func (t *token) remember(tx *kv.Tx, units []uint64) error {
	if t == nil {
		return nil
	}
	if t.stale != nil { // a record has one expiry
		if err := tx.Delete(layout.AppendTokenExpiry(nil, t.stale.Time, t.key)); err != nil {
			return err
		}
	}
	record := layout.Token{Time: t.tokens.env.Now().UnixNano(), Request: t.request, Units: units}
	if err := tx.Set(layout.AppendTokenExpiry(nil, record.Time, t.key), nil); err != nil {
		return err
	}
	return tx.Set(t.key, layout.AppendToken(nil, record))
}

func (k *tokens) work(ctx context.Context) (again time.Duration) {
	var swept []byte
	for more := true; more; {
		var err error
		swept, more, err = k.sweep(ctx, swept)
		if err != nil && ctx.Err() == nil {
			k.logger.Error("removing old transaction tokens failed; it is tried again", "in", tokenSweepPause, "error", err)
		}
	}
	return tokenSweepPause
}

// sweep removes up to tokensSweptMax tokens whose time is over, in one update:
// the oldest whose expiry is behind one, or of all if that is nil. It returns the
// expiry of the last, and whether there may be more. It reads nothing but these:
// to begin at the oldest each time would be to pass by all that were removed.
func (k *tokens) sweep(ctx context.Context, after []byte) (last []byte, more bool, err error) {
	expiries, records, err := k.expired(ctx, after)
	if err != nil || len(expiries) == 0 {
		return nil, false, err
	}
	err = k.store.Update(ctx, records, func(tx *kv.Tx) error {
		gone := make([]bool, len(expiries)) // the token was used anew meanwhile
		for i, expiry := range expiries {
			_, err := tx.Get(expiry, nil)
			if gone[i] = errors.Is(err, kv.ErrNotFound); err != nil && !gone[i] {
				return err
			}
		}
		for i, expiry := range expiries {
			if gone[i] {
				continue
			}
			if err := errors.Join(tx.Delete(expiry), tx.Delete(records[i])); err != nil {
				return err
			}
		}
		return nil
	})
	return expiries[len(expiries)-1], err == nil && len(expiries) == tokensSweptMax, err
}

// expired returns the oldest tokens whose time is over and whose expiry is behind
// one: the keys of their expiries and of their records.
func (k *tokens) expired(ctx context.Context, after []byte) (expiries, records [][]byte, err error) {
	snap, err := k.store.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer snap.Close()
	due := layout.TokenExpiries(k.env.Now().Add(-tokenTTL).UnixNano())
	if after != nil {
		due.Start = append(after, 0)
	}
	it := snap.Scan(due.Start, due.End, false)
	defer it.Close()
	for len(expiries) < tokensSweptMax && it.Next() {
		record, err := layout.ParseTokenExpiry(it.Key())
		if err != nil {
			return nil, nil, err
		}
		expiries, records = append(expiries, append([]byte(nil), it.Key()...)), append(records, record)
	}
	return expiries, records, it.Err()
}
