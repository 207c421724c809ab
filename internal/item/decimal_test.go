package item

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// reference is the same number, range and precision in the words of math/big:
// the digits without zeros at either end, and the exponent of the first.
type reference struct {
	digits string
	neg    bool
	exp    *big.Int
}

var numberForm = regexp.MustCompile(`^([+-]?)([0-9]*)(\.?)([0-9]*)(?:[eE]([+-]?[0-9]+))?$`)

func parseReference(text string) (reference, numberFault) {
	m := numberForm.FindStringSubmatch(text)
	if m == nil || m[2]+m[4] == "" {
		return reference{}, numberSyntax
	}
	all := m[2] + m[4]
	r := reference{digits: strings.Trim(all, "0"), neg: m[1] == "-", exp: new(big.Int)}
	if r.digits == "" {
		return reference{exp: r.exp}, numberFine
	}
	if m[5] != "" {
		r.exp.SetString(m[5], 10)
	}
	leading := len(all) - len(strings.TrimLeft(all, "0"))
	r.exp.Add(r.exp, big.NewInt(int64(len(m[2])-leading-1)))
	switch {
	case r.exp.Cmp(big.NewInt(125)) > 0:
		return reference{}, numberOverflow
	case r.exp.Cmp(big.NewInt(-130)) < 0:
		return reference{}, numberUnderflow
	case len(r.digits) > 38:
		return reference{}, numberTooManyDigits
	}
	return r, numberFine
}

func (r reference) String() string {
	sign := ""
	if r.neg {
		sign = "-"
	}
	if r.digits == "" {
		return "0"
	}
	return fmt.Sprintf("%s%s.%se%v", sign, r.digits[:1], r.digits[1:], r.exp)
}

// rat is exact; scaled by 10^-130 at most it stays small.
func rat(t testing.TB, text string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("no rational: %q", text)
	}
	return r
}

func checkDecimal(t *testing.T, text string) {
	t.Helper()
	want, wantFault := parseReference(text)
	d, fault := parseDecimal([]byte(text))
	if fault != wantFault {
		t.Fatalf("%q: fault %d, want %d", text, fault, wantFault)
	}
	if fault != numberFine {
		if d != (Decimal{}) {
			t.Fatalf("%q: %+v beside an error", text, d)
		}
		return
	}
	canonical := d.String()
	if rat(t, canonical).Cmp(rat(t, want.String())) != 0 {
		t.Fatalf("%q: %s, want %s", text, canonical, want)
	}
	if !regexp.MustCompile(`^(0|-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?)$`).MatchString(canonical) {
		t.Fatalf("%q: %s is not canonical", text, canonical)
	}
	stored := d.appendStored(nil)
	for _, again := range []string{canonical, string(stored)} {
		if e, fault := parseDecimal([]byte(again)); fault != numberFine || e != d {
			t.Fatalf("%q: %+v, read again from %s: %+v", text, d, again, e)
		}
	}
	if plain := plainText(stored); string(plain) != canonical {
		t.Fatalf("%q: stored as %s, which prints as %s and not %s", text, stored, plain, canonical)
	}
	if numberSize(stored) != numberSize([]byte(canonical)) || numberSize(stored) != d.Size() {
		t.Fatalf("%q: sizes of %s and %s differ", text, stored, canonical)
	}
	if isStoredInteger([]byte(text)) && text != string(stored) {
		t.Fatalf("%q is stored as %s", text, stored)
	}
}

func FuzzDecimal(f *testing.F) {
	for _, text := range []string{"", "0", "-0.0", "1", "+01.50e-3", "1e125", "1e126", "1e-130", "1e-131", "9e999999999999999999999",
		"12345678901234567890123456789012345678", "123456789012345678901234567890123456789", "100000", "1200000000000000000", "0.00000012", "1_0", ".", "5.", ".5"} {
		f.Add(text)
	}
	f.Fuzz(checkDecimal)
}

// randomNumber writes a number of any length and exponent in range.
func randomNumber(rng *rand.Rand) string {
	digits := make([]byte, 1+rng.IntN(38))
	for i := range digits {
		digits[i] = '0' + byte(rng.IntN(10))
		if rng.IntN(3) == 0 {
			digits[i] = "09"[rng.IntN(2)] // runs of these are where carries go far
		}
	}
	digits[0] = '1' + byte(rng.IntN(9))
	exp := rng.IntN(256) - 130
	if rng.IntN(2) == 0 {
		exp = rng.IntN(60) - 30
	}
	sign := [...]string{"", "-"}[rng.IntN(2)]
	return fmt.Sprintf("%s%s.%se%d", sign, digits[:1], digits[1:], exp)
}

func TestDecimalAgainstReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 8000 {
		checkDecimal(t, randomNumber(rng))
	}
}

func TestArithmeticAgainstReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	faults := map[numberFault]int{}
	for range 6000 {
		x, y := randomNumber(rng), randomNumber(rng)
		switch rng.IntN(8) {
		case 0: // differences of nothing
			y = x
		case 1: // and of little
			end := strings.IndexByte(x, 'e')
			y = x[:end-1] + string('0'+byte(rng.IntN(10))) + x[end:]
		}
		a, b := number(t, x), number(t, y)
		if got, want := a.Cmp(b), rat(t, x).Cmp(rat(t, y)); got != want {
			t.Fatalf("%s compared with %s: %d, want %d", x, y, got, want)
		}
		sum, fault := a.add(b)
		faults[fault]++
		checkResult(t, x+" + "+y, new(big.Rat).Add(rat(t, x), rat(t, y)), sum, fault)
		difference, fault := a.add(b.Neg())
		checkResult(t, x+" - "+y, new(big.Rat).Sub(rat(t, x), rat(t, y)), difference, fault)
	}
	if faults[numberFine] < 300 || faults[numberTooManyDigits] < 300 {
		t.Fatalf("the operands do not meet: %v", faults)
	}
}

func checkResult(t *testing.T, what string, exact *big.Rat, got Decimal, fault numberFault) {
	t.Helper()
	// The denominator of every result divides 10^170, so this text is exact.
	want, wantFault := parseReference(exact.FloatString(170))
	if fault != wantFault {
		t.Fatalf("%s: fault %d, want %d", what, fault, wantFault)
	}
	if fault == numberFine && rat(t, got.String()).Cmp(rat(t, want.String())) != 0 {
		t.Fatalf("%s = %v, want %v", what, got, want)
	}
}

func TestArithmeticAtTheLimits(t *testing.T) {
	const nines = "9.9999999999999999999999999999999999999"
	for _, tc := range []struct{ x, y, want string }{
		{"0", "0", "0"},
		{"5", "0", "5"},
		{"0", "-5", "-5"},
		{"5", "-5", "0"},
		{"0.1", "0.2", "0.3"},
		{"99999999999999999999999999999999999999", "1", "100000000000000000000000000000000000000"},
		{"100000000000000000000000000000000000000", "-1", "99999999999999999999999999999999999999"},
		{"100000000000000000000000000000000000000", "1", textTooManyDigits},
		{"1000000000000000000000000000000000000000", "-1", textTooManyDigits},
		{"12345678901234567890123456789012345678", "0.1", textTooManyDigits},
		{"12345678901234567890123456789012345678.", "2", "12345678901234567890123456789012345680"},
		{"1e125", "1e-130", textTooManyDigits},
		{nines + "e125", "1e88", textOverflow},
		{"-" + nines + "e125", "-1e88", textOverflow},
		{nines + "e125", "1e87", textTooManyDigits},
		{"9e125", "1e125", textOverflow},
		{"1.1e-130", "-1e-130", textUnderflow},
		{"1.1e-130", "-1.1e-130", "0"},
	} {
		got, err := number(t, tc.x).Add(number(t, tc.y))
		switch {
		case err != nil && err.Text != tc.want:
			t.Errorf("%s + %s: %v, want %s", tc.x, tc.y, err, tc.want)
		case err == nil && got.String() != tc.want:
			t.Errorf("%s + %s = %v, want %s", tc.x, tc.y, got, tc.want)
		}
	}
	if got, err := number(t, "1").Sub(number(t, "3")); err != nil || got.String() != "-2" {
		t.Errorf("1 - 3 = %v, %v", got, err)
	}
}

func TestIntegers(t *testing.T) {
	for _, n := range []int64{0, 1, -1, 10, 100, -1234567890, 1e18, math.MaxInt64, math.MinInt64} {
		d := Int(n)
		if want := fmt.Sprint(n); d.String() != want {
			t.Errorf("Int(%s) = %v", want, d)
		}
		if back, ok := d.Int64(); back != n || !ok {
			t.Errorf("Int(%d).Int64() = %d, %v", n, back, ok)
		}
	}
	for _, text := range []string{"0.5", "-1.5", "9223372036854775808", "-9223372036854775809", "1e19", "1e125", "1e-130", "12345678901234567890.5"} {
		if n, ok := number(t, text).Int64(); ok {
			t.Errorf("%s is an integer: %d", text, n)
		}
	}
}

// TestFloor holds Floor against math/big.
func TestFloor(t *testing.T) {
	texts := []string{
		"0", "0.5", "-0.5", "1e-130", "-1e-130", "1.5", "-1.5", "99.99999", "-100.00000000000000000000000000000001",
		"9223372036854775807", "9223372036854775807.9", "9223372036854775808", "-9223372036854775807.5", "-9223372036854775808",
		"-9223372036854775808.5", "9999999999999999999.9", "-9999999999999999999.9", "18446744073709551616", "1e19", "-1e19", "1e125",
	}
	rng := rand.New(rand.NewPCG(1, 7))
	for range 2000 {
		texts = append(texts, randomNumber(rng))
	}
	for _, text := range texts {
		d, fault := parseDecimal([]byte(text))
		if fault != numberFine {
			continue
		}
		exact := rat(t, text)
		want := new(big.Int).Div(exact.Num(), exact.Denom()) // Euclid's division, by what is not below 0
		got, ok := d.Floor()
		if ok != want.IsInt64() || ok && got != want.Int64() {
			t.Errorf("%s: Floor is %d, %v, want %v", text, got, ok, want)
		}
	}
}

// Texts as long as a request are read in time that their length bounds.
func TestLongNumbers(t *testing.T) {
	const length = 2 << 20
	for name, tc := range map[string]struct {
		text  []byte
		fault numberFault
	}{
		"nines":         {bytes.Repeat([]byte{'9'}, length), numberOverflow},
		"zeros":         {bytes.Repeat([]byte{'0'}, length), numberFine},
		"zeros, one":    {append(bytes.Repeat([]byte{'0'}, length), '1'), numberFine},
		"one, zeros":    {append([]byte{'1'}, bytes.Repeat([]byte{'0'}, length)...), numberOverflow},
		"scaled back":   {[]byte("1" + strings.Repeat("0", length) + fmt.Sprintf("e-%d", length)), numberFine},
		"fraction":      {[]byte("0." + strings.Repeat("3", length)), numberTooManyDigits},
		"long exponent": {append([]byte("1e"), bytes.Repeat([]byte{'9'}, length)...), numberOverflow},
		"zero exponent": {append([]byte("1e"), bytes.Repeat([]byte{'0'}, length)...), numberFine},
	} {
		if _, fault := parseDecimal(tc.text); fault != tc.fault {
			t.Errorf("%s: fault %d, want %d", name, fault, tc.fault)
		}
	}
}
