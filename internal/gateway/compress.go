package gateway

import (
	"bytes"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// bufferPool keeps the memory of answers.
type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) get() *[]byte {
	if b, ok := p.pool.Get().(*[]byte); ok {
		return b
	}
	return new([]byte)
}

func (p *bufferPool) put(b *[]byte) {
	if cap(*b) <= answerKeepBytesMax {
		p.pool.Put(b)
	}
}

// zipPool keeps compressors, each of which holds some 100 KiB.
type zipPool struct{ pool sync.Pool }

// compress returns body in gzip's form, in memory of its own.
func (p *zipPool) compress(body []byte) []byte {
	z, ok := p.pool.Get().(*gzip.Writer)
	if !ok {
		z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails for a level that there is not
	}
	out := bytes.NewBuffer(make([]byte, 0, len(body)/4))
	z.Reset(out)
	_, _ = z.Write(body) // a bytes.Buffer does not fail
	_ = z.Close()
	p.pool.Put(z)
	return out.Bytes()
}

// acceptsGzip reads Accept-Encoding. Only gzip by its name counts: SDKs that
// check x-amz-crc32 ask for identity, and a star is no wish.
func acceptsGzip(headers []string) bool {
	for _, header := range headers {
		for coding := range strings.SplitSeq(header, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				return !isZeroWeight(weight)
			}
		}
	}
	return false
}

// isZeroWeight tells whether a weight is q=0, q=0.0 and so on: not acceptable.
func isZeroWeight(weight string) bool {
	value, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(weight)), "q=")
	return ok && value != "" && strings.Trim(value, "0.") == ""
}
