package item

// Kind is the type of an attribute value.
type Kind uint8

// The kinds, Absent being that of an absent or malformed value.
const (
	Absent Kind = iota
	S
	N
	B
	SS
	NS
	BS
	M
	L
	NULL
	BOOL
)

var kindNames = [...]string{
	Absent: "", S: "S", N: "N", B: "B", SS: "SS", NS: "NS", BS: "BS",
	M: "M", L: "L", NULL: "NULL", BOOL: "BOOL",
}

// String returns AWS's name of the kind, as on the wire: "S", "NULL".
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return ""
	}
	return kindNames[k]
}

// IsSet tells SS, NS and BS.
func (k Kind) IsSet() bool { return k == SS || k == NS || k == BS }

// element returns the kind of a set's members.
func (k Kind) element() Kind {
	switch k {
	case SS:
		return S
	case NS:
		return N
	case BS:
		return B
	}
	return Absent
}
