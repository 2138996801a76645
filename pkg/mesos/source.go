package mesos

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A source is what values are read from, one after the other: a decoder, or a text that is in
// memory. To read from a text takes a third of the time, because nothing is remembered of what was
// read. It is checked as strictly: what is no JSON, or is not of the expected kind, is errOdd, and
// is left to the decoder, which knows where it is.
type source struct {
	stream *jsontext.Decoder // nil: text is read

	text []byte
	at   int
	// verbatim reports whether the string that was read last is the bytes between its quotes.
	verbatim bool
}

// errOdd is the error of a text that is read by a decoder instead.
var errOdd = errors.New("the text is not as expected")

// deepest is how many levels of lists and objects are passed over in a text.
const deepest = 64

// from returns a source that reads from a decoder.
func from(d *jsontext.Decoder) *source { return &source{stream: d} }

// PeekKind returns the kind of the next value, or of the end of the list or object.
func (s *source) PeekKind() jsontext.Kind {
	if s.stream != nil {
		return s.stream.PeekKind()
	}
	switch c := s.peek(); c {
	case 'n', 't', 'f', '"', '{', '[', '}', ']':
		return jsontext.Kind(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return '0'
	}
	return jsontext.KindInvalid
}

// ReadValue reads a value whole. Its bytes may be used until the next call.
func (s *source) ReadValue() (jsontext.Value, error) {
	if s.stream != nil {
		return s.stream.ReadValue()
	}
	s.peek()
	start := s.at
	if !s.skip(deepest) {
		return nil, errOdd
	}
	return s.text[start:s.at], nil
}

// SkipValue passes over a value.
func (s *source) SkipValue() error {
	if s.stream != nil {
		return s.stream.SkipValue()
	}
	_, err := s.ReadValue()
	return err
}

// unmarshal reads a value by reflection.
func (s *source) unmarshal(into any) error {
	if s.stream != nil {
		return json.UnmarshalDecode(s.stream, into)
	}
	value, err := s.ReadValue()
	if err != nil || json.Unmarshal(value, into, decodeOptions) != nil {
		return errOdd
	}
	return nil
}

// peek passes over white space, and returns the next byte; 0 at the end of the text.
func (s *source) peek() byte {
	if s.at < len(s.text) && s.text[s.at] > ' ' { // nearly always
		return s.text[s.at]
	}
	return s.peekFar()
}

func (s *source) peekFar() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// next reads the next byte that is no white space; 0 at the end of the text.
func (s *source) next() byte {
	c := s.peek()
	if c != 0 {
		s.at++
	}
	return c
}

// elements calls element before each element of a list of which the [ was read.
func (s *source) elements(element func() error) error {
	if s.peek() == ']' {
		s.at++
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		switch s.next() {
		case ',':
		case ']':
			return nil
		default:
			return errOdd
		}
	}
}

// members calls member after each name in an object of which the { was read.
func (s *source) members(member func(name []byte) error) error {
	if s.peek() == '}' {
		s.at++
		return nil
	}
	for {
		name, ok := s.name()
		if !ok {
			return errOdd
		}
		if err := member(name); err != nil {
			return err
		}
		switch s.next() {
		case ',':
		case '}':
			return nil
		default:
			return errOdd
		}
	}
}

// name reads the name of a member, and the colon behind it.
func (s *source) name() ([]byte, bool) {
	if s.peek() != '"' {
		return nil, false
	}
	start := s.at + 1
	if !s.skipString() {
		return nil, false
	}
	return s.text[start : s.at-1], s.next() == ':'
}

// skip passes over a value that begins with the next byte, of so many levels at most. It reports
// whether there is one.
func (s *source) skip(levels int) bool {
	if s.at >= len(s.text) {
		return false
	}
	switch s.text[s.at] {
	case '"':
		return s.skipString()
	case '{':
		return s.skipMembers('}', levels)
	case '[':
		return s.skipMembers(']', levels)
	case 't':
		return s.skipWord("true")
	case 'f':
		return s.skipWord("false")
	case 'n':
		return s.skipWord("null")
	}
	return s.skipNumber()
}

// skipMembers passes over an object or a list, whose first byte is the next one and whose last is
// end.
func (s *source) skipMembers(end byte, levels int) bool {
	s.at++
	if s.peek() == end {
		s.at++
		return true
	}
	for levels > 0 {
		if end == '}' {
			if _, ok := s.name(); !ok {
				return false
			}
		}
		s.peek()
		if !s.skip(levels - 1) {
			return false
		}
		switch s.next() {
		case ',':
		case end:
			return true
		default:
			return false
		}
	}
	return false
}

func (s *source) skipWord(word string) bool {
	rest := s.text[s.at:]
	if len(rest) < len(word) || string(rest[:len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// skipString passes over a string, of which the quote is the next byte. Bytes that are no UTF-8 are
// none of its business, as they are none of the decoder's (plainOptions).
func (s *source) skipString() bool {
	text, i := s.text, s.at+1
	s.verbatim = true
	for {
		i += plainBytes(text[i:])
		if i >= len(text) {
			return false
		}
		switch c := text[i]; {
		case c == '"':
			s.at = i + 1
			return true
		case c >= 0x80:
			s.verbatim = false
			i++
		case c == '\\' && i+1 < len(text):
			s.verbatim = false
			switch text[i+1] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
				i += 2
			case 'u':
				if i+6 > len(text) || !hexadecimal(text[i+2:i+6]) {
					return false
				}
				i += 6
			default:
				return false
			}
		default:
			return false
		}
	}
}

// plainBytes returns how many bytes a text begins with that are the same in a JSON string: ASCII
// without quotes, backslashes and control characters.
func plainBytes(text []byte) (n int) {
	const each = 0x0101010101010101
	for ; n+8 <= len(text); n += 8 { // eight at once
		w := binary.LittleEndian.Uint64(text[n:])
		quote, escape := w^(each*'"'), w^(each*'\\')
		// The highest bit is set of bytes that are 0, below ' ', or above ASCII; and maybe
		// of some after the first of these.
		if found := ((quote - each) | (escape - each) | (w - each*' ') | w) & (each * 0x80); found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for n < len(text) && text[n] >= ' ' && text[n] < 0x80 && text[n] != '"' && text[n] != '\\' {
		n++
	}
	return n
}

func hexadecimal(digits []byte) bool {
	for _, c := range digits {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

// skipNumber passes over a number that begins with the next byte. It must not end with the text,
// where more digits might follow.
func (s *source) skipNumber() bool {
	text, i := s.text, s.at
	digits := func() bool {
		start := i
		for i < len(text) && text[i]-'0' <= 9 {
			i++
		}
		return i > start
	}
	if text[i] == '-' {
		i++
	}
	if i < len(text) && text[i] == '0' {
		i++
	} else if !digits() {
		return false
	}
	if i < len(text) && text[i] == '.' {
		if i++; !digits() {
			return false
		}
	}
	if i < len(text) && text[i]|0x20 == 'e' {
		if i++; i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if !digits() {
			return false
		}
	}
	if i >= len(text) {
		return false
	}
	s.at = i
	return true
}
