package mesos

import (
	"bytes"
	"errors"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Nearly all of a /state is lists of tasks and of agents. The decoder gets a body only up to the [ of
// such a list: so once it has read that, the elements are next in the buffer of the body, and are
// read there as texts. In place of them the decoder gets as many nulls, and so goes on where they
// end, with the right path in what it says of an error. Elements that are not as Mesos writes them
// are left to it, with all after them.

// Lists of tasks (tasks, completed_tasks ...) and slaves begin with listStart and firstElement. Where it
// is something else that begins so, nobody asks for elements there.
const (
	listStart    = `s":[`
	firstElement = `{"id":"`
)

// standIn is what the decoder gets for an element.
const standIn = `null,`

var standIns = bytes.Repeat([]byte(standIn), 1024)

// decode decodes the body. Tasks of a State are read ahead of the decoder.
func (f *finite) decode(into any) error {
	if state, ok := into.(*State); ok {
		state.body, f.lists = f, true
		defer func() { state.body = nil }()
	}
	err := json.UnmarshalRead(f, into, decodeOptions)
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		syntactic.ByteOffset += f.replaced
	}
	return err
}

// readers returns how the lists of a /state are read: ahead of the decoder, from its body, and of the
// tasks that have ended those since a moment, in Unix seconds; none where it is 0.
func readers(body *finite, since float64) json.Options {
	all := []*json.Unmarshalers{
		textCutter,
		json.UnmarshalFromFunc(func(d *jsontext.Decoder, list *Tasks) error { return list.read(d, body) }),
		json.UnmarshalFromFunc(func(d *jsontext.Decoder, list *[]Slave) error { return readSlaves(d, body, list) }),
	}
	if since != 0 {
		all = append(all, json.UnmarshalFromFunc(func(d *jsontext.Decoder, list *Ended) error { return list.read(d, body, since) }))
	}
	return json.WithUnmarshalers(json.JoinUnmarshalers(all...))
}

// elements is the function elements, of a list in a body; of nil, it is that of the decoder.
func (f *finite) elements(d *jsontext.Decoder, into reflect.Type, element func(*source) error) error {
	s := from(d)
	if begun, err := enter(s, '[', into); !begun {
		return err
	}
	ahead := 0
	// The decoder has read all that it was given, so its next byte is the body's.
	if f != nil && f.atList && f.from == f.safe && len(d.UnreadBuffer()) == 0 {
		ahead = f.readAhead(element)
	}
	return entered(s, func() error {
		if ahead > 0 {
			ahead--
			return pass(s)
		}
		return element(s)
	})
}

// readAhead calls element for each of the next elements that it can read from a text, and returns
// how many they are.
func (f *finite) readAhead(element func(*source) error) (n int) {
	read := func() bool {
		s := source{text: f.buf[f.from:f.to]}
		if n > 0 && s.next() != ',' || s.peek() != '{' || element(&s) != nil {
			return false
		}
		f.from += s.at
		f.replaced += int64(s.at)
		return true
	}
	for f.atList = false; ; n++ {
		for !read() {
			end := source{text: f.buf[f.from:f.to]}
			if end.peek() != ']' && f.grow() {
				continue // the element may have been cut off
			}
			if n > 0 {
				f.owed = n*len(standIn) - 1
				f.replaced -= int64(f.owed)
			}
			f.safe = f.from
			return n
		}
	}
}

// grow reads as much as is in the buffer after from once more, where the buffer has room for it:
// so no element is read many times because it comes in many pieces. It reports whether there is more.
func (f *finite) grow() bool {
	held := f.to - f.from
	for f.more() && f.to < 2*held {
	}
	return f.to > held
}

// handOnStandIns hands on stand-ins that are owed.
func (f *finite) handOnStandIns(p []byte) int {
	// There is no comma after the last one.
	at := (len(standIn) - 1 - f.owed%len(standIn) + len(standIn)) % len(standIn)
	n := copy(p, standIns[at:min(at+f.owed, len(standIns))])
	f.owed -= n
	return n
}

// more reads more of the body behind what is in the buffer after from. It reports whether there is any.
func (f *finite) more() bool {
	f.to, f.from = copy(f.buf, f.buf[f.from:f.to]), 0
	if f.err != nil || f.to == len(f.buf) {
		return false
	}
	n, err := f.src.Read(f.buf[f.to:])
	f.err = err
	f.measure(f.buf[f.to : f.to+n])
	f.to += n
	return n > 0
}
