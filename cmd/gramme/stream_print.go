package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/gramme-db/gramme/internal/item"
	"github.com/gramme-db/gramme/internal/wire/awsjson"
)

// printRecordJSON prints a record as it came, in a line.
func printRecordJSON(out io.Writer, r *streamRecord) error {
	var line bytes.Buffer
	if err := json.Compact(&line, r.raw); err != nil {
		return err
	}
	line.WriteByte('\n')
	_, err := out.Write(line.Bytes())
	return err
}

// The colours of a terminal.
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	dim    = "\x1b[2m"
	plain  = "\x1b[0m"
)

const valueRunesMax = 120 // printed of one value; beyond it dots

// recordPrinter prints records for people, a line each: the time, what has
// happened, the key, and what has changed as far as the stream's view shows it.
//
//	15:04:05 INSERT OrderId="o-1"  Total=12.5
//	15:04:06 MODIFY OrderId="o-1"  Total: 12.5 -> 13  +Note: "gift"  -Draft: true
//	15:04:07 REMOVE OrderId="o-1"  Total=13  Note="gift"
type recordPrinter struct {
	out     io.Writer
	zone    *time.Location
	colored bool
}

func (p *recordPrinter) print(r *streamRecord) error {
	keys, err := parseImage(r.Dynamodb.Keys)
	if err != nil {
		return err
	}
	old, err := parseImage(r.Dynamodb.OldImage)
	if err != nil {
		return err
	}
	now, err := parseImage(r.Dynamodb.NewImage)
	if err != nil {
		return err
	}
	var parts []string
	at := time.Unix(int64(r.Dynamodb.ApproximateCreationDateTime), 0).In(p.zone)
	parts = append(parts, p.color(dim, at.Format(time.TimeOnly)), p.color(eventColor(r.EventName), fmt.Sprintf("%-6s", r.EventName)))
	for name, v := range keys.All() {
		parts = append(parts, showName(name)+"="+showValue(v))
	}
	line := strings.Join(parts, " ")
	for _, change := range p.changes(r.EventName, keys, old, now) {
		line += "  " + change
	}
	if r.UserIdentity != nil && r.UserIdentity.Type == "Service" {
		line += "  " + p.color(dim, "(its time to live was over)")
	}
	_, err = fmt.Fprintln(p.out, line)
	return err
}

func eventColor(name string) string {
	switch name {
	case "INSERT":
		return green
	case "REMOVE":
		return red
	}
	return yellow
}

func (p *recordPrinter) color(color, text string) string {
	if !p.colored {
		return text
	}
	return color + text + plain
}

// parseImage returns the item of an image; nil where there is none.
func parseImage(image json.RawMessage) (item.Item, error) {
	if image == nil {
		return nil, nil
	}
	d := awsjson.NewDecoder(image)
	attributes := item.DecodeAttributes(&d)
	if err := d.End(); err != nil {
		return nil, err
	}
	if attributes.Err != nil {
		return nil, attributes.Err
	}
	return attributes.Item, nil
}

// changes returns what is to be said of each attribute that is not of the key.
func (p *recordPrinter) changes(event string, keys, old, now item.Item) []string {
	if event == "MODIFY" && old != nil && now != nil {
		return p.differences(old, now)
	}
	image, before := now, ""
	if image == nil {
		image = old
		if event == "MODIFY" {
			before = "was "
		}
	}
	var list []string
	for name, v := range image.All() {
		if _, ofKey := keys.Get(string(name)); !ofKey {
			list = append(list, before+showName(name)+"="+showValue(v))
		}
	}
	return list
}

// differences returns the attributes that have changed, those that are new, and
// those that are gone.
func (p *recordPrinter) differences(old, now item.Item) []string {
	var list []string
	for name, v := range now.All() {
		was, ok := old.Get(string(name))
		switch {
		case !ok:
			list = append(list, "+"+showName(name)+": "+p.color(green, showValue(v)))
		case !item.Equal(was, v):
			list = append(list, showName(name)+": "+p.color(red, showValue(was))+" -> "+p.color(green, showValue(v)))
		}
	}
	for name, was := range old.All() {
		if _, ok := now.Get(string(name)); !ok {
			list = append(list, "-"+showName(name)+": "+p.color(red, showValue(was)))
		}
	}
	return list
}

// showName quotes what a terminal could take for a command, and what would make
// the line ambiguous.
func showName(name []byte) string {
	quoted := strconv.Quote(string(name))
	if quoted != `"`+string(name)+`"` || strings.ContainsAny(string(name), " :=") {
		return quoted
	}
	return string(name)
}

// showValue leaves out what a terminal could take for a command.
func showValue(v item.Value) string {
	text := []rune(strings.Map(visible, v.String()))
	if len(text) <= valueRunesMax {
		return string(text)
	}
	return string(text[:valueRunesMax]) + "..."
}

func visible(r rune) rune {
	if unicode.IsControl(r) {
		return unicode.ReplacementChar
	}
	return r
}
