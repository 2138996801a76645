package mesos

import (
	"bytes"
	"io"
)

// Mesos writes an infinite number as a bare Infinity (a framework's
// failover_timeout may be one), which is not JSON: parsers refuse it, so that one
// such framework would make every poll fail.

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

// finite is a reader of JSON that replaces `"key":Infinity` and `"key":-Infinity`
// by `"key":null` and spaces. It needs no state of the text: a quote after anything
// but { [ , : \ or white space closes a string, and a colon after a closing quote
// ends a key, so a match cannot be inside a string. (It does not replace the value
// of a key that ends with one of those characters, nor Infinity in a list; Mesos
// writes neither.)
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

// reset makes f begin anew with a reader, in the buffer that it has.
func (f *finite) reset(src io.Reader) { *f = finite{src: src, buf: f.buf} }

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

// fill reads the next window, after the bytes that are left of the last one.
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

// measure ends reading if a single value is too long.
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

// blank replaces every bare infinity in the window by null.
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
