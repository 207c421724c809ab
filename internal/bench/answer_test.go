package bench

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

func readAnswer(text string) (answer, error) {
	var a answer
	err := a.read(bufio.NewReaderSize(strings.NewReader(text), readBufferBytes))
	return a, err
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		text, body string
		status     int
		close      bool
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}rest", "{}", 200, false},
		{"HTTP/1.1 400 Bad Request\r\ncontent-length:  2 \r\nConnection: Close\r\n\r\n{}", "{}", 400, true},
		{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "{}", 200, false},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n", "abc0123456789", 200, false},
		{"HTTP/1.0 200 OK\r\n\r\nto the end", "to the end", 200, true},
		{"HTTP/1.1 204 No Content\r\n\r\n", "", 204, false},
	} {
		a, err := readAnswer(c.text)
		if err != nil || string(a.body) != c.body || a.status != c.status || a.close != c.close {
			t.Errorf("%q: %v, %d %q %t", c.text, err, a.status, a.body, a.close)
		}
	}
	for _, text := range []string{
		"", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("a: b\r\n", headerLinesMax+1) + "\r\n",
		"HTTP/1.1 200 OK\r\na: " + strings.Repeat("b", readBufferBytes) + "\r\n\r\n",
	} {
		if a, err := readAnswer(text); err == nil {
			t.Errorf("%.60q was read as %d %q", text, a.status, a.body)
		}
	}
}

// FuzzAnswer reads whatever comes; what net/http reads too has the same body.
func FuzzAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := readAnswer(text)
		if err != nil {
			return
		}
		r, err := http.ReadResponse(bufio.NewReader(strings.NewReader(text)), &http.Request{Method: http.MethodPost})
		if err != nil || r.StatusCode != a.status || r.ProtoMinor == 0 || a.status == 204 || a.status == 304 || a.length < 0 && !a.chunked {
			return
		}
		if body, err := io.ReadAll(r.Body); err == nil && !bytes.Equal(body, a.body) {
			t.Errorf("%q, net/http reads %q", a.body, body)
		}
	})
}

func TestScan(t *testing.T) {
	const json = `{"Items" : [ {"v": {"S" : "one"}, "w":{"S":"no"},"vv":{"S":"no"}, "x":{"S":"v"}},{"v":{"N":"1"}},{"v":{"S":"two"}}], "Count": 12}`
	var found []string
	err := eachText([]byte(json), "v", func(text []byte) error {
		found = append(found, string(text))
		return nil
	})
	if got := strings.Join(found, " "); err != nil || got != "one two" {
		t.Errorf("%q, %v", got, err)
	}
	if n, ok := number([]byte(json), "Count"); n != 12 || !ok {
		t.Errorf("%d, %t", n, ok)
	}
	if n, ok := number([]byte(json), "Items"); ok {
		t.Errorf("%d is no number", n)
	}
}

func TestStamp(t *testing.T) {
	filler := newFiller()
	for _, size := range []int{shortStampBytes, 900} {
		stamp := appendStamp(nil, 123456789, 1<<63+5, size, filler)
		item, err := stampedItem(stamp)
		if len(stamp) != size || item != 123456789 || err != nil {
			t.Errorf("%d bytes, item %d, %v", len(stamp), item, err)
		}
		for i := range stamp {
			stamp[i] ^= 1
			if _, err := stampedItem(stamp); err == nil {
				t.Fatalf("byte %d of %d changed, and the stamp holds", i, size)
			}
			stamp[i] ^= 1
		}
	}
	if _, err := stampedItem([]byte("short")); err == nil {
		t.Error("five bytes are a stamp")
	}
}

func TestParseUsage(t *testing.T) {
	const stat = "42 (a ) b) S 1 42 42 0 -1 4194560 999 0 0 0 150 50 0 0 20 0 9 0 1 2 3"
	u, err := parseUsage([]byte(stat), []byte("1000 3 2 1 0 5 0"))
	if err != nil || u.cpu.Seconds() != 2 || u.bytes%3 != 0 || u.bytes == 0 {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := parseUsage([]byte("42 (x) S"), nil); err == nil {
		t.Error("half a line was read")
	}
}
