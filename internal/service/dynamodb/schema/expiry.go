package schema

import (
	"time"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/kv/layout"
)

// TimeToLive is a table's time to live: what was asked for last. It is never
// changed: an update makes a new one.
type TimeToLive struct {
	Attribute string     `json:"attribute"`
	Enabled   bool       `json:"enabled,omitempty"`
	ChangedAt time.Time  `json:"changedAt"`
	Until     *time.Time `json:"until,omitempty"` // the end of ENABLING or DISABLING

	// Building says that the expiry index may still lack items that are older
	// than it. Building number n is the one that the n-th enabling began.
	Building  bool   `json:"building,omitempty"`
	Enablings uint64 `json:"enablings"`
}

// TTLStatus is a status of time to live, in AWS's words.
type TTLStatus string

// The statuses.
const (
	TTLEnabling  TTLStatus = "ENABLING"
	TTLEnabled   TTLStatus = "ENABLED"
	TTLDisabling TTLStatus = "DISABLING"
	TTLDisabled  TTLStatus = "DISABLED"
)

// StatusAt returns the status at a time. A nil TimeToLive was never enabled.
func (l *TimeToLive) StatusAt(now time.Time) TTLStatus {
	changing := l != nil && l.Until != nil && now.Before(*l.Until)
	switch {
	case l.on() && changing:
		return TTLEnabling
	case l.on():
		return TTLEnabled
	case changing:
		return TTLDisabling
	}
	return TTLDisabled
}

func (l *TimeToLive) on() bool { return l != nil && l.Enabled }

// Expires reports whether items of the table can expire.
func (t *Table) Expires() bool { return t.TTL.on() }

// BuildsExpiries reports whether the expiry index is being built.
func (t *Table) BuildsExpiries() bool { return t.Expires() && t.TTL.Building }

// ExpiryOf returns when an item expires, in seconds since 1970: the value of
// the attribute, which is a number, without its fraction. A time before 1970 or
// beyond 63 bits is none. AWS does not tell what it makes of fractions and of
// such numbers; milliseconds, a common mistake, are a time that never comes.
func (t *Table) ExpiryOf(it item.Item) (seconds int64, ok bool) {
	if it == nil || !t.Expires() {
		return 0, false
	}
	v, found := it.Get(t.TTL.Attribute)
	if !found {
		return 0, false
	}
	n, isNumber := v.Decimal()
	if !isNumber {
		return 0, false
	}
	seconds, ok = n.Floor()
	return seconds, ok && seconds >= 0
}

// Expiry returns the key in the expiry index that an item calls for, nil for
// none.
func (t *Table) Expiry(itemKey []byte, it item.Item) []byte {
	seconds, ok := t.ExpiryOf(it)
	if !ok {
		return nil
	}
	return layout.AppendExpiryKey(nil, seconds, itemKey)
}

// DueAt returns which times are due: those from one on, up to another and
// without it. What lies too far in the past is taken for a mistake and never
// expires, as on AWS.
func DueAt(now time.Time) (from, to int64) {
	return now.UTC().AddDate(-expiryYearsMax, 0, 0).Unix() + 1, now.Unix()
}
