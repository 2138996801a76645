package mesos

import (
	"bytes"
	"io"
)

// Mesos writes an infinite number as a bare Infinity (a framework's
// failover_timeout may be one), and what is no number as NaN; masters before 0.28 write
// inf and nan. None of them is JSON: parsers refuse it, so that one such framework would
// make every poll fail.

const (
	windowSize = 64 << 10
	// longestEscape is the length of \u0000.
	longestEscape = 6
	// longest is the longest text that is looked for: what may be an escape, a byte of the key,
	// quote, colon, and the word.
	longest = longestEscape + len(`x":-Infinity`)
	// longestRun bounds a stretch without any quote, which is one value: the
	// decoder must keep a value whole, however little of it is used.
	longestRun = 16 << 20
)

// words are what is written for a number that is none.
var words = [][]byte{[]byte("Infinity"), []byte("inf"), []byte("NaN"), []byte("nan")}

// finite is a reader of JSON that replaces `"key":Infinity` and `"key":-Infinity`
// by `"key":null` and spaces. There is no room for that in `"key":NaN`, which becomes
// `"k~":null`: another key that has no number, which no key of Mesos is. It needs no state of the text: a quote after anything
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

	// lists makes it stop between listStart and firstElement; atList reports whether it is there.
	lists, atList bool
	owed          int   // bytes of stand-ins that were not handed on yet
	replaced      int64 // bytes by which the text that was handed on is shorter than the body
}

func newFinite(src io.Reader) *finite {
	return &finite{src: src, buf: make([]byte, windowSize)}
}

// reset makes f begin anew with a reader, in the buffer that it has.
func (f *finite) reset(src io.Reader) { *f = finite{src: src, buf: f.buf} }

func (f *finite) Read(p []byte) (int, error) {
	if f.owed > 0 {
		return f.handOnStandIns(p), nil
	}
	for f.from == f.safe {
		if f.err != nil && f.safe == f.to {
			return 0, f.err
		}
		f.fill()
	}
	n := copy(p, f.buf[f.from:f.safe])
	f.from += n
	return n, nil
}

// fill makes more of the body ready to be handed on: of what is left of the last window, up to
// the next list, or of the next window.
func (f *finite) fill() {
	if f.to-f.from < longest {
		f.more()
	}
	window := f.buf[f.from:f.to]
	if f.lists {
		f.atList = false
		if i := bytes.Index(window, []byte(listStart+firstElement)); i >= 0 {
			f.atList = true
			window = window[:i+len(listStart)]
		}
	}
	f.safe = f.from + len(window)
	if !f.atList && f.err == nil {
		f.safe = max(f.from, f.safe-longest+1)
	}
	blank(window)
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

// blank replaces every number in the window that is none by null.
func blank(window []byte) {
	for _, word := range words {
		for at := 0; ; {
			i := bytes.Index(window[at:], word)
			if i < 0 {
				break
			}
			i += at
			at = i + len(word)
			blankOne(window, i, at)
		}
	}
}

// blankOne replaces the number that is none in window[start:end] by null, where it is the
// value of a key.
func blankOne(window []byte, start, end int) {
	if start > 0 && window[start-1] == '-' {
		start--
	}
	// window[start-3:start] is the key's last byte, its quote, the colon.
	if start < 3 || window[start-1] != ':' || window[start-2] != '"' || bytes.IndexByte([]byte("{[,:\\ \t\r\n"), window[start-3]) >= 0 {
		return
	}
	if end-start < len("null") {
		last := start - 3 // byte of the key
		if window[last] == '"' || bytes.IndexByte(window[max(0, last-longestEscape):last], '\\') >= 0 {
			return // of an empty key, and of one that may end with an escape, nothing can be left out
		}
		if last > 0 && window[last-1] != '"' {
			last--
			window[last] = '~'
			last++
		}
		copy(window[last:], `":`)
		start = last + len(`":`)
	}
	n := copy(window[start:end], "null")
	for j := start + n; j < end; j++ {
		window[j] = ' '
	}
}
