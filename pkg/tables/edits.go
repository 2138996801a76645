package tables

import (
	"sort"
	"strings"
)

// Edits are what was replaced in a text. They lead from a place in the new text back to the
// place in the text that the user wrote.
type Edits struct {
	text  strings.Builder
	read  int // bytes of the old text
	spans []span
}

// span is a part of the new text that replaces one of the old text.
type span struct{ begin, end, oldBegin, oldEnd int }

// Keep adds a part of the old text as it is.
func (e *Edits) Keep(text string) {
	e.text.WriteString(text)
	e.read += len(text)
}

// Replace adds what stands for the next part of the old text.
func (e *Edits) Replace(old, with string) {
	if old == with {
		e.Keep(old)
		return
	}
	s := span{begin: e.text.Len(), end: e.text.Len() + len(with), oldBegin: e.read, oldEnd: e.read + len(old)}
	e.spans = append(e.spans, s)
	e.text.WriteString(with)
	e.read = s.oldEnd
}

// String returns the new text.
func (e *Edits) String() string { return e.text.String() }

// Original returns the byte of the old text that a byte of the new one comes from. What was
// replaced comes from the beginning of what it stands for.
func (e *Edits) Original(at int) int {
	i := sort.Search(len(e.spans), func(i int) bool { return e.spans[i].begin > at }) - 1
	if i < 0 {
		return at
	}
	if s := e.spans[i]; at >= s.end {
		return s.oldEnd + at - s.end
	}
	return e.spans[i].oldBegin
}

// OriginalPosition is Original for numbers of characters, from 1; 0 stays 0. old is the old text.
func (e *Edits) OriginalPosition(old string, character int) int {
	if character == 0 {
		return 0
	}
	at, n := len(e.String()), 1
	for i := range e.String() {
		if n == character {
			at = i
			break
		}
		n++
	}
	return position(old, min(e.Original(at), len(old)))
}
