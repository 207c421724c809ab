package streams

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	api "github.com/gramme-db/gramme/internal/api/dynamodbstreams"
	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/journal"
	"github.com/gramme-db/gramme/internal/kv/layout"
	"github.com/gramme-db/gramme/internal/wire"
)

const (
	eventVersion = "1.1"
	eventSource  = "aws:dynamodb"

	eventIDLen = 32

	keysMax = 2  // attributes of a key
	keyRoom = 16 // bytes that a map, or a name in it, takes beside what it holds; a guess that saves growing
)

// describeRecords returns records as clients see them. The images are the
// journal's; all else that a page needs lies in a few rooms for all its records.
func describeRecords(stream *layout.Stream, records []journal.Record) []*api.Record {
	events := make([]api.Record, len(records))
	details := make([]api.StreamRecord, len(records))
	out := make([]*api.Record, len(records))
	p := printer{stream: stream}
	p.text.Grow(len(records) * (eventIDLen + sequenceLenMax))
	for i := range records {
		events[i] = p.event(&records[i])
		details[i] = p.change(&records[i])
		events[i].Dynamodb, out[i] = &details[i], &events[i]
	}
	return out
}

// printer describes the records of one page.
type printer struct {
	stream *layout.Stream
	keys   item.Builder
	text   strings.Builder // the event ids and sequence numbers, which are parts of it
}

// event returns a record without the change itself.
func (p *printer) event(r *journal.Record) api.Record {
	return api.Record{
		EventID:      wire.Some(p.eventID(r)),
		EventName:    wire.Some(eventName(r)),
		EventVersion: wire.Some(eventVersion),
		EventSource:  wire.Some(eventSource),
		AwsRegion:    wire.Some(p.stream.Region),
		UserIdentity: identity(r.Actor),
	}
}

// eventID is the same whenever the record is read, and no other record's.
func (p *printer) eventID(r *journal.Record) string {
	var name [8 + 4 + 8 + 4]byte
	b := binary.BigEndian.AppendUint64(name[:0], p.stream.TableID)
	b = binary.BigEndian.AppendUint32(b, r.Shard)
	b = binary.BigEndian.AppendUint64(b, r.Stamp)
	b = binary.BigEndian.AppendUint32(b, r.Ordinal)
	sum := sha256.Sum256(b)
	var text [eventIDLen]byte
	hex.Encode(text[:], sum[:eventIDLen/2])
	return p.keep(text[:])
}

func (p *printer) sequence(at journal.Position) string {
	var text [sequenceLenMax]byte
	return p.keep(appendSequence(text[:0], at))
}

// keep returns a copy of a text, which lies with the others of the page.
func (p *printer) keep(text []byte) string {
	from := p.text.Len()
	p.text.Write(text)
	return p.text.String()[from:]
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

// change returns the change of a record, with the images that the view of the
// stream shows. The size counts the keys again, as AWS does.
func (p *printer) change(r *journal.Record) api.StreamRecord {
	view := p.stream.View
	d := api.StreamRecord{
		// AWS rounds down to the second.
		ApproximateCreationDateTime: wire.Some(float64(r.Time / microsPerSecond)),
		Keys:                        p.keysOf(r),
		SequenceNumber:              wire.Some(p.sequence(r.Position)),
		StreamViewType:              wire.Some(view),
	}
	if view == api.StreamViewTypeNewImage || view == api.StreamViewTypeNewAndOldImages {
		d.NewImage = r.New
	}
	if view == api.StreamViewTypeOldImage || view == api.StreamViewTypeNewAndOldImages {
		d.OldImage = r.Old
	}
	d.SizeBytes = wire.Some(int64(d.Keys.Size() + d.NewImage.Size() + d.OldImage.Size()))
	return d
}

// keysOf returns the key of the item that has changed.
func (p *printer) keysOf(r *journal.Record) item.Item {
	image := r.New
	if image == nil {
		image = r.Old
	}
	var values [keysMax]item.Value
	room := keyRoom
	for i, k := range p.stream.Keys {
		values[i], _ = image.Get(k.Name)
		room += keyRoom + len(k.Name) + len(values[i])
	}
	b := &p.keys
	b.Reset(make([]byte, 0, room))
	b.BeginMap()
	for i, k := range p.stream.Keys {
		if values[i] != nil {
			b.Field(k.Name, values[i])
		}
	}
	b.EndMap()
	return b.Item()
}
