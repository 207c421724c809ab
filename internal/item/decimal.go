package item

import (
	"cmp"
	"math/bits"
)

// Decimal is a number of DynamoDB: 38 significant decimal digits, the leading
// one at 10^-130 to 10^125, or zero. The zero Decimal is 0. Equal numbers are
// equal under ==.
type Decimal struct {
	// The digits are left-aligned: hi holds the first limbDigits, lo the next,
	// the leading digit of hi is not 0. Both are 0 for zero.
	hi, lo uint64

	exp int16 // of the leading digit: 12.5 has exp 1; 0 for zero
	neg bool  // false for zero
}

const (
	limbDigits = digitsMax / 2
	limbBase   = 1e19 // 10^limbDigits, below 2^64
)

var pow10 = [limbDigits + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// IsZero reports whether d is 0.
func (d Decimal) IsZero() bool { return d.hi == 0 }

// Neg returns -d.
func (d Decimal) Neg() Decimal {
	d.neg = !d.neg && !d.IsZero()
	return d
}

// Cmp returns -1, 0 or 1 as d is less than, equal to or greater than e.
func (d Decimal) Cmp(e Decimal) int {
	if s := cmp.Compare(d.sign(), e.sign()); s != 0 {
		return s
	}
	return d.sign() * d.cmpMagnitude(e)
}

func (d Decimal) sign() int {
	switch {
	case d.IsZero():
		return 0
	case d.neg:
		return -1
	}
	return 1
}

// cmpMagnitude compares absolute values of numbers that are not 0.
func (d Decimal) cmpMagnitude(e Decimal) int {
	return cmp.Or(cmp.Compare(d.exp, e.exp), cmp.Compare(d.hi, e.hi), cmp.Compare(d.lo, e.lo))
}

// Int64 returns d if it is an integer that fits.
func (d Decimal) Int64() (int64, bool) {
	if d.IsZero() {
		return 0, true
	}
	if d.exp < 0 || d.exp >= limbDigits || d.lo != 0 {
		return 0, false
	}
	below := pow10[limbDigits-1-int(d.exp)]
	n := d.hi / below
	if d.hi%below != 0 {
		return 0, false
	}
	if d.neg {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n < 1<<63
}

// Floor returns the greatest integer that is not greater than d, if it fits.
func (d Decimal) Floor() (int64, bool) {
	if d.exp < 0 {
		if d.neg {
			return -1, true
		}
		return 0, true
	}
	if d.exp >= limbDigits {
		return 0, false
	}
	below := pow10[limbDigits-1-int(d.exp)]
	n, fraction := d.hi/below, d.hi%below != 0 || d.lo != 0
	switch {
	case !d.neg:
		return int64(n), n < 1<<63
	case fraction:
		n++
	}
	return -int64(n), n <= 1<<63
}

// Int returns n as a Decimal.
func Int(n int64) Decimal {
	if n == 0 {
		return Decimal{}
	}
	d := Decimal{hi: uint64(n), neg: n < 0, exp: limbDigits - 1}
	if d.neg {
		d.hi = -d.hi
	}
	for d.hi < pow10[limbDigits-1] {
		d.hi *= 10
		d.exp--
	}
	return d
}

// Add returns d + e, or the error of a result beyond range or precision.
func (d Decimal) Add(e Decimal) (Decimal, *ValueError) {
	sum, fault := d.add(e)
	return sum, numberError(fault, nil)
}

// Sub returns d - e, or the error of a result beyond range or precision.
func (d Decimal) Sub(e Decimal) (Decimal, *ValueError) {
	return d.Add(e.Neg())
}

func (d Decimal) add(e Decimal) (Decimal, numberFault) {
	switch {
	case e.IsZero():
		return d, numberFine
	case d.IsZero():
		return e, numberFine
	case d.cmpMagnitude(e) < 0:
		d, e = e, d
	}
	shift := int(d.exp) - int(e.exp)
	if shift > digitsMax {
		// Even 10^shift - 1 has more than 38 digits. The magnitude is d's.
		return Decimal{}, numberTooManyDigits
	}
	a, b := d.wide(0), e.wide(shift)
	if d.neg == e.neg {
		a.add(b)
	} else {
		a.sub(b)
	}
	return a.decimal(int(d.exp), d.neg)
}

// wide is an exact sum: five limbs, the most significant first. Limb 0 holds
// a carry only; limbs 1 and 2 the digits of the greater operand; 3 and 4 what
// the lesser one has below.
type wide [5]uint64

// wide returns d's digits, shift places to the right, at most digitsMax.
func (d Decimal) wide(shift int) wide {
	limbs, places := shift/limbDigits, shift%limbDigits
	var w wide
	w[1+limbs] = d.hi / pow10[places]
	w[2+limbs] = d.hi%pow10[places]*pow10[limbDigits-places] + d.lo/pow10[places]
	if 3+limbs < len(w) {
		w[3+limbs] = d.lo % pow10[places] * pow10[limbDigits-places]
	}
	return w
}

func (w *wide) add(v wide) {
	var carry uint64
	for i := len(w) - 1; i >= 0; i-- {
		s, over := bits.Add64(w[i], v[i], carry)
		carry = 0
		if over != 0 || s >= limbBase {
			s -= limbBase
			carry = 1
		}
		w[i] = s
	}
}

// sub subtracts v, which is not greater.
func (w *wide) sub(v wide) {
	var borrow uint64
	for i := len(w) - 1; i >= 0; i-- {
		s := v[i] + borrow
		borrow = 0
		if w[i] < s {
			w[i] += limbBase
			borrow = 1
		}
		w[i] -= s
	}
}

// decimal returns the number whose digits are w's, the first digit of limb 1
// being at 10^exp. Magnitude is judged before precision, as AWS does.
func (w wide) decimal(exp int, neg bool) (Decimal, numberFault) {
	if w == (wide{}) {
		return Decimal{}, numberFine
	}
	exp, exact := w.align(exp)
	switch {
	case exp > exponentMax:
		return Decimal{}, numberOverflow
	case exp < exponentMin:
		return Decimal{}, numberUnderflow
	case !exact || w[3] != 0 || w[4] != 0:
		return Decimal{}, numberTooManyDigits
	}
	return Decimal{hi: w[1], lo: w[2], exp: int16(exp), neg: neg}, numberFine
}

// align moves the leading digit, which exists, to the top of limb 1 and
// returns its exponent. It is not exact if a digit was lost.
func (w *wide) align(exp int) (aligned int, exact bool) {
	if w[0] != 0 { // a carry, which is 1
		exact = w[4]%10 == 0
		for i := len(w) - 1; i > 0; i-- {
			w[i] = w[i-1]%10*pow10[limbDigits-1] + w[i]/10
		}
		w[0] = 0
		return exp + 1, exact
	}
	for w[1] == 0 {
		copy(w[1:], w[2:])
		w[4] = 0
		exp -= limbDigits
	}
	places := 0
	for w[1]*pow10[places] < pow10[limbDigits-1] {
		places++
	}
	up, down := pow10[places], pow10[limbDigits-places]
	for i := 1; i < len(w)-1; i++ {
		w[i] = w[i]%down*up + w[i+1]/down
	}
	w[4] = w[4] % down * up
	return exp - places, true
}
