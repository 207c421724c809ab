package bench

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
)

// A stamp is the text that an item's attributes hold. It says which item it was
// written for, and proves that it is whole:
//
//	000000000042-00000000000000a7-pC0VqEr...-1c291ca3
//	item         version          filler     CRC-32 of what stands before it
const (
	stampItemDigits = 12
	stampHeadBytes  = stampItemDigits + 1 + 16 + 1
	stampTailBytes  = 1 + 8
	fillerBytes     = 1 << 20
)

var errStamp = errors.New("a value is not as it was written")

// newFiller returns letters and digits that do not compress, as ciphertext and
// pictures do not.
func newFiller() []byte {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	filler := make([]byte, fillerBytes)
	source := chance(1)
	for i := range filler {
		filler[i] = letters[source.below(int64(len(letters)))]
	}
	return filler
}

// appendStamp appends a stamp of size bytes.
func appendStamp(dst []byte, item int64, version uint64, size int, filler []byte) []byte {
	start := len(dst)
	dst = append(appendPadded(dst, uint64(item), 10, stampItemDigits), '-')
	dst = append(appendPadded(dst, version, 16, 16), '-')
	size -= stampHeadBytes + stampTailBytes
	from := scatter(item*1_000_003^int64(version), int64(len(filler)-size)) // stamps that lie side by side share no text
	dst = append(append(dst, filler[from:][:size]...), '-')
	return appendPadded(dst, uint64(crc32.ChecksumIEEE(dst[start:])), 16, 8)
}

// stampedItem returns the item that a stamp was written for.
func stampedItem(stamp []byte) (int64, error) {
	at := len(stamp) - stampTailBytes + 1
	if at < stampHeadBytes {
		return 0, errStamp
	}
	var sum [8]byte
	if string(appendPadded(sum[:0], uint64(crc32.ChecksumIEEE(stamp[:at])), 16, 8)) != string(stamp[at:]) {
		return 0, errStamp
	}
	item := int64(0)
	for _, digit := range stamp[:stampItemDigits] {
		item = 10*item + int64(digit-'0')
	}
	return item, nil
}

// checkItems checks that an answer holds these items, in this order or in any.
func checkItems(answer []byte, want []int64, inOrder bool) error {
	for _, name := range [...]string{longName, shortName} {
		found := 0
		err := eachText(answer, name, func(stamp []byte) error {
			item, err := stampedItem(stamp)
			if err != nil {
				return err
			}
			found++
			if found > len(want) || inOrder && item != want[found-1] || !inOrder && !contains(want, item) {
				return fmt.Errorf("item %d was not asked for", item)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if found != len(want) {
			return fmt.Errorf("%d of %d items are there", found, len(want))
		}
	}
	return nil
}

func contains(items []int64, item int64) bool {
	for _, other := range items {
		if other == item {
			return true
		}
	}
	return false
}

func appendPadded(dst []byte, n uint64, base, digits int) []byte {
	var text [24]byte
	number := strconv.AppendUint(text[:0], n, base)
	for range digits - len(number) {
		dst = append(dst, '0')
	}
	return append(dst, number...)
}
