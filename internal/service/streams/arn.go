package streams

import (
	"context"
	"errors"
	"strings"

	"github.com/gramme-db/gramme/internal/kv"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

// streamRef names a stream.
type streamRef struct {
	account, region, table, label string
}

func (r streamRef) key() []byte {
	return layout.AppendStreamKey(nil, r.account, r.region, r.table, r.label)
}

// arn returns the ARN of a stream.
func arn(s *layout.Stream) string {
	return "arn:aws:dynamodb:" + s.Region + ":" + s.Account + ":table/" + s.Table + "/stream/" + s.Label
}

const (
	accountLen     = 12
	tableCharacter = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
	labelCharacter = "0123456789-:.T"
)

// parseARN takes the ARN of a stream apart.
func parseARN(arn string) (r streamRef, ok bool) {
	rest, ok := strings.CutPrefix(arn, "arn:aws:dynamodb:")
	if !ok {
		return r, false
	}
	region, rest, ok1 := strings.Cut(rest, ":")
	account, rest, ok2 := strings.Cut(rest, ":table/")
	table, label, ok3 := strings.Cut(rest, "/stream/")
	if !ok1 || !ok2 || !ok3 || region == "" || len(account) != accountLen || table == "" || label == "" {
		return r, false
	}
	r = streamRef{account, region, table, label}
	return r, strings.Trim(account, "0123456789") == "" &&
		strings.Trim(table, tableCharacter) == "" && strings.Trim(label, labelCharacter) == ""
}

// refOf returns which stream of the caller an ARN names.
func refOf(ctx context.Context, arn string) (streamRef, error) {
	caller := wire.CallerFrom(ctx)
	ref, ok := parseARN(arn)
	switch {
	case !ok:
		return streamRef{}, invalidARN(arn)
	case ref.account != caller.Account:
		return streamRef{}, accessDenied(caller, arn)
	case ref.region != caller.Region:
		return streamRef{}, streamNotFound(arn)
	}
	return ref, nil
}

// stream returns the stream that a caller names.
func (s *Service) stream(ctx context.Context, arn string) (layout.Stream, error) {
	ref, err := refOf(ctx, arn)
	if err != nil {
		return layout.Stream{}, err
	}
	key := ref.key()
	value, err := s.store.Get(ctx, key, nil)
	return parseStream(arn, key, value, err)
}

// streamIn is stream in a snapshot.
func streamIn(ctx context.Context, snap *kv.Snapshot, arn string) (layout.Stream, error) {
	ref, err := refOf(ctx, arn)
	if err != nil {
		return layout.Stream{}, err
	}
	key := ref.key()
	value, err := snap.Get(key, nil)
	return parseStream(arn, key, value, err)
}

// parseStream takes apart what a read of a stream has given.
func parseStream(arn string, key, value []byte, err error) (layout.Stream, error) {
	if errors.Is(err, kv.ErrNotFound) {
		return layout.Stream{}, streamNotFound(arn)
	}
	if err != nil {
		return layout.Stream{}, err
	}
	return layout.ParseStream(key, value)
}
