package streams

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

const (
	eventVersion = "1.1"
	eventSource  = "aws:dynamodb"

	keysMax = 2  // attributes of a key
	keyRoom = 16 // bytes that a map, or a name in it, takes beside what it holds; a guess that saves growing
)

// describeRecords returns records as clients see them. The images are the
// journal's; all else that a page needs lies in a few rooms for all its records.
func describeRecords(stream *layout.Stream, records []journal.Record) []*api.Record {
	events := make([]api.Record, len(records))
	details := make([]api.StreamRecord, len(records))
	out := make([]*api.Record, len(records))
	var keys item.Builder
	for i := range records {
		r := &records[i]
		events[i] = describeEvent(stream, r)
		details[i] = describeChange(stream, r, &keys)
		events[i].Dynamodb, out[i] = &details[i], &events[i]
	}
	return out
}

// describeEvent returns a record without the change itself.
func describeEvent(stream *layout.Stream, r *journal.Record) api.Record {
	return api.Record{
		EventID:      wire.Some(eventID(stream.TableID, r)),
		EventName:    wire.Some(eventName(r)),
		EventVersion: wire.Some(eventVersion),
		EventSource:  wire.Some(eventSource),
		AwsRegion:    wire.Some(stream.Region),
		UserIdentity: identity(r.Actor),
	}
}

// eventID is the same whenever the record is read, and no other record's.
func eventID(table uint64, r *journal.Record) string {
	var name [8 + 4 + 8 + 4]byte
	b := binary.BigEndian.AppendUint64(name[:0], table)
	b = binary.BigEndian.AppendUint32(b, r.Shard)
	b = binary.BigEndian.AppendUint64(b, r.Stamp)
	b = binary.BigEndian.AppendUint32(b, r.Ordinal)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

func eventName(r *journal.Record) string {
	switch {
	case r.Old == nil:
		return api.OperationTypeInsert
	case r.New == nil:
		return api.OperationTypeRemove
	}
	return api.OperationTypeModify
}

// identity tells who has changed an item, if it was not a user.
func identity(a layout.Actor) *api.Identity {
	if a == layout.ActorTTL {
		return &api.Identity{Type: wire.Some("Service"), PrincipalId: wire.Some("dynamodb.amazonaws.com")}
	}
	return nil
}

// describeChange returns the change of a record, with the images that the view
// of the stream shows. The size counts the keys again, as AWS does.
func describeChange(stream *layout.Stream, r *journal.Record, keys *item.Builder) api.StreamRecord {
	d := api.StreamRecord{
		// AWS rounds down to the second.
		ApproximateCreationDateTime: wire.Some(float64(r.Time / microsPerSecond)),
		Keys:                        keysOf(stream, r, keys),
		SequenceNumber:              wire.Some(sequence(r.Position)),
		StreamViewType:              wire.Some(stream.View),
	}
	if stream.View == api.StreamViewTypeNewImage || stream.View == api.StreamViewTypeNewAndOldImages {
		d.NewImage = r.New
	}
	if stream.View == api.StreamViewTypeOldImage || stream.View == api.StreamViewTypeNewAndOldImages {
		d.OldImage = r.Old
	}
	d.SizeBytes = wire.Some(int64(d.Keys.Size() + d.NewImage.Size() + d.OldImage.Size()))
	return d
}

// keysOf returns the key of the item that has changed.
func keysOf(stream *layout.Stream, r *journal.Record, b *item.Builder) item.Item {
	image := r.New
	if image == nil {
		image = r.Old
	}
	var values [keysMax]item.Value
	room := keyRoom
	for i, k := range stream.Keys {
		values[i], _ = image.Get(k.Name)
		room += keyRoom + len(k.Name) + len(values[i])
	}
	b.Reset(make([]byte, 0, room))
	b.BeginMap()
	for i, k := range stream.Keys {
		if values[i] != nil {
			b.Field(k.Name, values[i])
		}
	}
	b.EndMap()
	return b.Item()
}
