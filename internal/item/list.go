package item

import "github.com/gramme-db/gramme/internal/wire/awsjson"

// List is a list of items on its way to a client. An item is written into the
// answer as JSON when it is added, and is the caller's again: a page costs the
// room of its answer alone. A list that is not opened is absent.
type List struct {
	answer []byte // up to and with the list so far
	label  string // what stands before the list
	open   bool
}

// Begin says what the answer is so far, and the label of the list: its name and
// a colon.
func (l *List) Begin(answer []byte, label string) { l.answer, l.label = answer, label }

// Open makes the list present, even if nothing is added. It is called once,
// before Add.
func (l *List) Open() {
	l.answer = append(append(l.answer, l.label...), '[')
	l.open = true
}

// Add adds an item.
func (l *List) Add(it Item) { l.answer = append(it.AppendJSON(l.answer), ',') }

// End returns the answer, with a comma behind the list if it is present.
func (l *List) End() []byte {
	if l.open {
		l.answer = append(awsjson.AppendClose(l.answer, ']'), ',')
	}
	return l.answer
}

// Lists are lists of items by name, on their way to a client as a List is. Lists
// that are not opened are absent.
type Lists struct {
	answer []byte // up to and with the lists so far
	label  string // what stands before them
	open   bool
	within bool // a list that may be added to
}

// Begin says what the answer is so far, and the label of the lists: their name
// and a colon.
func (l *Lists) Begin(answer []byte, label string) { l.answer, l.label = answer, label }

// Open makes the lists present, even if there is none. It is called once, before
// Start.
func (l *Lists) Open() {
	l.answer = append(append(l.answer, l.label...), '{')
	l.open = true
}

// Start starts the list of a name, which has not been there yet.
func (l *Lists) Start(name string) {
	l.finish()
	l.answer = append(awsjson.AppendString(l.answer, name), ':', '[')
	l.within = true
}

// Add adds an item to the list that was started last.
func (l *Lists) Add(it Item) { l.answer = append(it.AppendJSON(l.answer), ',') }

// finish ends the list that was started last.
func (l *Lists) finish() {
	if l.within {
		l.answer = append(awsjson.AppendClose(l.answer, ']'), ',')
		l.within = false
	}
}

// End returns the answer, with a comma behind the lists if they are present.
func (l *Lists) End() []byte {
	l.finish()
	if l.open {
		l.answer = append(awsjson.AppendClose(l.answer, '}'), ',')
	}
	return l.answer
}
