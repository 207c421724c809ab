package item

import (
	"bytes"
	"strconv"
)

// ParseDecimal reads a number in any of the forms that AWS accepts: an
// optional sign, digits with at most one point, an optional exponent.
func ParseDecimal(text []byte) (Decimal, *ValueError) {
	d, fault := parseDecimal(text)
	if fault != numberFine {
		return Decimal{}, numberError(fault, text)
	}
	return d, nil
}

func parseDecimal(text []byte) (Decimal, numberFault) {
	s := digitScan{exp: -1}
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		s.neg = text[0] == '-'
		text = text[1:]
	}
	text = s.scan(text)
	if !s.any {
		return Decimal{}, numberSyntax
	}
	if len(text) == 0 {
		return s.decimal(0)
	}
	exp, ok := parseExponent(text)
	if !ok {
		return Decimal{}, numberSyntax
	}
	return s.decimal(exp)
}

// digitScan reads the digits of a number. Zeros behind a significant digit
// wait until another significant digit makes them count, so the length of the
// text does not matter.
type digitScan struct {
	hi, lo uint64
	neg    bool
	any    bool // a digit was seen
	point  bool // the point was seen
	excess bool // more than digitsMax significant digits
	taken  int  // digits in hi and lo
	zeros  int  // waiting
	exp    int  // of the first significant digit
}

// scan consumes digits and a point, and returns the text behind them.
func (s *digitScan) scan(text []byte) []byte {
	for i, c := range text {
		switch digit := c - '0'; {
		case digit == 0:
			s.zero()
		case digit <= 9:
			s.significant(uint64(digit))
		case c == '.' && !s.point:
			s.point = true
		default:
			return text[i:]
		}
	}
	return nil
}

func (s *digitScan) zero() {
	s.any = true
	switch {
	case s.taken > 0:
		s.zeros++
		if !s.point {
			s.exp++
		}
	case s.point:
		s.exp--
	}
}

func (s *digitScan) significant(digit uint64) {
	s.any = true
	if !s.point {
		s.exp++
	}
	if s.taken+s.zeros >= digitsMax {
		s.excess = true
		return
	}
	for ; s.zeros > 0; s.zeros-- {
		s.take(0)
	}
	s.take(digit)
}

func (s *digitScan) take(digit uint64) {
	if s.taken < limbDigits {
		s.hi = s.hi*10 + digit
	} else {
		s.lo = s.lo*10 + digit
	}
	s.taken++
}

// decimal returns the number, its digits multiplied by 10^exp.
func (s *digitScan) decimal(exp int) (Decimal, numberFault) {
	if s.taken == 0 {
		return Decimal{}, numberFine
	}
	exp += s.exp
	switch {
	case exp > exponentMax:
		return Decimal{}, numberOverflow
	case exp < exponentMin:
		return Decimal{}, numberUnderflow
	case s.excess:
		return Decimal{}, numberTooManyDigits
	}
	d := Decimal{hi: s.hi, lo: s.lo, exp: int16(exp), neg: s.neg}
	if s.taken <= limbDigits {
		d.hi *= pow10[limbDigits-s.taken]
	} else {
		d.lo *= pow10[digitsMax-s.taken]
	}
	return d, numberFine
}

// parseExponent reads the end of a number's text, beginning with its e. An
// exponent beyond anything that the digits of a request can bring back into
// range is cut there.
func parseExponent(text []byte) (exp int, ok bool) {
	const bound = 1 << 40
	if text[0] != 'e' && text[0] != 'E' {
		return 0, false
	}
	text = text[1:]
	neg := false
	if len(text) > 0 && (text[0] == '+' || text[0] == '-') {
		neg = text[0] == '-'
		text = text[1:]
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		exp = min(exp*10+int(c-'0'), bound)
	}
	if neg {
		exp = -exp
	}
	return exp, len(text) > 0
}

// digits writes the significant digits into buf, and returns them without the
// zeros behind.
func (d Decimal) digits(buf *[digitsMax]byte) []byte {
	b := strconv.AppendUint(buf[:0], d.hi, 10) // limbDigits, the first is not 0
	if d.lo != 0 {
		b = buf[:digitsMax]
		for i, rest := digitsMax-1, d.lo; i >= limbDigits; i-- {
			b[i] = byte('0' + rest%10)
			rest /= 10
		}
	}
	for len(b) > 1 && b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// Append appends the canonical text of d: plain digits without an exponent,
// one zero before a leading point, no zeros at the end of a fraction.
func (d Decimal) Append(dst []byte) []byte {
	if d.IsZero() {
		return append(dst, '0')
	}
	if d.neg {
		dst = append(dst, '-')
	}
	var buf [digitsMax]byte
	return appendPlain(dst, d.digits(&buf), int(d.exp))
}

// String returns the canonical text.
func (d Decimal) String() string { return string(d.Append(nil)) }

// appendPlain appends digits, of which the first is at 10^exp.
func appendPlain(dst, digits []byte, exp int) []byte {
	whole := exp + 1 // digits before the point
	switch {
	case whole <= 0:
		dst = append(dst, '0', '.')
		dst = appendZeros(dst, -whole)
		return append(dst, digits...)
	case len(digits) <= whole:
		dst = append(dst, digits...)
		return appendZeros(dst, whole-len(digits))
	}
	dst = append(dst, digits[:whole]...)
	dst = append(dst, '.')
	return append(dst, digits[whole:]...)
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}

// appendStored appends the text that stands for d in the stored form.
func (d Decimal) appendStored(dst []byte) []byte {
	if d.IsZero() {
		return append(dst, '0')
	}
	if d.neg {
		dst = append(dst, '-')
	}
	var buf [digitsMax]byte
	digits, exp := d.digits(&buf), int(d.exp)
	last := exp + 1 - len(digits) // exponent of the last digit
	if last <= paddingZerosMax && exp+1 >= -paddingZerosMax {
		return appendPlain(dst, digits, exp)
	}
	dst = append(dst, digits...)
	dst = append(dst, 'E')
	return strconv.AppendInt(dst, int64(last), 10)
}

// isStoredInteger tells integers of at most limbDigits digits whose text is in
// its stored form already: most numbers that clients send.
func isStoredInteger(text []byte) bool {
	const zeros = "0000" // one more than paddingZerosMax
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	n := len(text)
	if n == 0 || n > limbDigits || text[0] == '0' || n > len(zeros) && string(text[n-len(zeros):]) == zeros {
		return false
	}
	for _, c := range text {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// appendNumber appends the stored form of the N value d.
func appendNumber(dst []byte, d Decimal) []byte {
	dst, start := openRun(append(dst, tagN))
	return closeRun(d.appendStored(dst), start)
}

// appendNumberText appends the run of an NS member from its canonical text. A
// text that is no number, which only damaged bytes hold, is kept as it is.
func appendNumberText(dst, text []byte) []byte {
	d, fault := parseDecimal(text)
	if fault != numberFine {
		return appendRun(dst, text)
	}
	dst, start := openRun(dst)
	return closeRun(d.appendStored(dst), start)
}

// appendPlainText appends the canonical text for a stored one.
func appendPlainText(dst, stored []byte) []byte {
	if bytes.IndexByte(stored, 'E') < 0 {
		return append(dst, stored...)
	}
	d, fault := parseDecimal(stored)
	if fault != numberFine {
		return append(dst, stored...)
	}
	return d.Append(dst)
}

// plainText returns the canonical text for a stored one, aliasing it if they
// are the same.
func plainText(stored []byte) []byte {
	if bytes.IndexByte(stored, 'E') < 0 {
		return stored
	}
	return appendPlainText(nil, stored)
}
