package mesos

import (
	"bytes"
	"io"
)

// Mesos writes a number that is infinite as a bare Infinity (a framework's
// failover_timeout may be), which is not JSON: no parser takes it, and one such
// framework would cost every poll.

const (
	windowSize = 64 << 10
	// longest is the longest text that is looked for: a byte of the key, quote,
	// colon, and the word.
	longest = len(`x":-Infinity`)
	// longestRun bounds a stretch without any quote, which is one value: the
	// decoder must keep a value whole, however little of it is used.
	longestRun = 16 << 20
)

var infinity = []byte("Infinity")

// finite hands JSON on with `"key":Infinity` and `"key":-Infinity` made
// `"key":null`, at the same length. It keeps no state of the text: a quote
// after anything but { [ , : \ or white space closes a string, and after a
// closing quote a colon ends a key, so a hit cannot lie inside a string. (A key
// that ends with one of those characters is left alone, and so is Infinity in a
// list; Mesos writes neither.)
type finite struct {
	src  io.Reader
	buf  []byte
	from int // buf[from:safe] may be handed on
	safe int
	to   int // buf[safe:to] may be the beginning of a hit
	run  int // bytes since the last quote
	err  error
}

func newFinite(src io.Reader) *finite {
	return &finite{src: src, buf: make([]byte, windowSize)}
}

func (f *finite) Read(p []byte) (int, error) {
	for f.from == f.safe {
		if f.err != nil {
			return 0, f.err
		}
		f.fill()
	}
	n := copy(p, f.buf[f.from:f.safe])
	f.from += n
	return n, nil
}

// fill reads the next window behind what was held back of the last one.
func (f *finite) fill() {
	held := copy(f.buf, f.buf[f.safe:f.to])
	n, err := f.src.Read(f.buf[held:])
	f.from, f.to, f.err = 0, held+n, err
	f.measure(f.buf[held:f.to])
	f.safe = max(0, f.to-longest+1)
	if f.err != nil {
		f.safe = f.to
	}
	blank(f.buf[:f.to])
}

// measure ends reading when a single value gets too long.
func (f *finite) measure(fresh []byte) {
	if i := bytes.LastIndexByte(fresh, '"'); i >= 0 {
		f.run = len(fresh) - i
	} else {
		f.run += len(fresh)
	}
	if f.run > longestRun && (f.err == nil || f.err == io.EOF) {
		f.err = &tooLong{limit: longestRun, what: "single value"}
	}
}

// blank makes every bare infinity in the window null.
func blank(window []byte) {
	for at := 0; ; {
		i := bytes.Index(window[at:], infinity)
		if i < 0 {
			return
		}
		i += at
		at = i + len(infinity)
		start := i
		if start > 0 && window[start-1] == '-' {
			start--
		}
		// window[start-3:start] is the key's last byte, its quote, the colon.
		if start < 3 || window[start-1] != ':' || window[start-2] != '"' || bytes.IndexByte([]byte("{[,:\\ \t\r\n"), window[start-3]) >= 0 {
			continue
		}
		n := copy(window[start:at], "null")
		for j := start + n; j < at; j++ {
			window[j] = ' '
		}
	}
}
