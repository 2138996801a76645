package mesos

import (
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Nearly all of a large /state is tasks. They are decoded value by value without
// reflection; values that are not needed are skipped whole and not token by token;
// and a list grows in a buffer that is reused, so that its shorter versions are no
// garbage.

// Tasks is a list of tasks.
type Tasks []Task

// scratch has the buffers in which lists of tasks grow.
var scratch = sync.Pool{New: func() any { return new(Tasks) }}

// UnmarshalJSONFrom reads a list of tasks.
func (list *Tasks) UnmarshalJSONFrom(d *jsontext.Decoder) error { return list.read(d, nil) }

// read reads a list of tasks from a decoder, and what can be read ahead of it from its body.
func (list *Tasks) read(d *jsontext.Decoder, body *finite) error {
	grown := scratch.Get().(*Tasks)
	defer scratch.Put(grown)
	if *list == nil && d.PeekKind() == '[' {
		*list = Tasks{} // an empty list is not an absent one
	}
	last := &Task{}
	err := body.elements(d, reflect.TypeFor[Tasks](), func(from *source) error {
		n := len(*grown)
		*grown = append(*grown, Task{})
		t := &(*grown)[n]
		if err := t.read(from, last); err != nil {
			*grown = (*grown)[:n]
			return err
		}
		last = t
		return nil
	})
	*list = append((*list)[:0], *grown...)
	clear(*grown)
	*grown = (*grown)[:0]
	return err
}

// read reads a task. Texts that repeat from one task to the next, such as the
// framework's ID, the role and labels, share the memory of the last one.
func (t *Task) read(d *source, last *Task) error {
	t.Resources = unknown
	return members(d, reflect.TypeFor[Task](), func(key []byte) error {
		switch string(key) {
		case "id":
			return readText(d, &t.ID, "")
		case "name":
			return readText(d, &t.Name, last.Name)
		case "framework_id":
			return readText(d, &t.FrameworkID, last.FrameworkID)
		case "executor_id":
			return readText(d, &t.ExecutorID, last.ExecutorID)
		case "slave_id":
			return readText(d, &t.SlaveID, last.SlaveID)
		case "state":
			return readText(d, &t.State, last.State)
		case "role":
			return readText(d, &t.Role, last.Role)
		case "resources":
			return t.Resources.read(d)
		case "labels":
			return t.readLabels(d, last.Labels)
		case "limits":
			return d.unmarshal(&t.Limits)
		case "user":
			return readText(d, &t.User, last.User)
		case "container":
			return t.readImage(d, last.Image)
		case "statuses":
			return t.readStatuses(d, last.Statuses)
		}
		return pass(d)
	})
}

func (t *Task) readLabels(d *source, last []Label) error {
	var few [8]Label
	labels := few[:0]
	err := elements(d, reflect.TypeFor[[]Label](), func() error {
		var l, like Label
		if n := len(labels); n < len(last) {
			like = last[n]
		}
		err := members(d, reflect.TypeFor[Label](), func(key []byte) error {
			switch string(key) {
			case "key":
				return readText(d, &l.Key, like.Key)
			case "value":
				return readText(d, &l.Value, like.Value)
			}
			return pass(d)
		})
		labels = append(labels, l)
		return err
	})
	if len(labels) > 0 && slices.Equal(labels, last) {
		t.Labels = last // tasks of one service have the same ones
	} else {
		t.Labels = append([]Label(nil), labels...) // slices.Clone would have labels allocated each time
	}
	return err
}

func (t *Task) readStatuses(d *source, last []TaskStatus) error {
	var few [8]TaskStatus
	statuses := few[:0]
	err := elements(d, reflect.TypeFor[[]TaskStatus](), func() error {
		var s, like TaskStatus
		if n := len(statuses); n < len(last) {
			like = last[n]
		}
		err := members(d, reflect.TypeFor[TaskStatus](), func(key []byte) error {
			switch string(key) {
			case "state":
				return readText(d, &s.State, like.State)
			case "timestamp":
				return readNumber(d, &s.Timestamp)
			case "healthy":
				return readBool(d, &s.Healthy)
			case "container_status":
				return t.Container.read(d)
			}
			return pass(d)
		})
		statuses = append(statuses, s)
		return err
	})
	t.Statuses = append([]TaskStatus(nil), statuses...)
	return err
}

// UnmarshalJSONFrom reads a resources object.
func (r *Resources) UnmarshalJSONFrom(d *jsontext.Decoder) error { return r.read(from(d)) }

// read reads a resources object. null, of the object or of a number (which is what is left
// of an infinite one), is unknown, and so is a kind that is absent and that Mesos always writes.
func (r *Resources) read(d *source) error {
	if d.PeekKind() == 'n' {
		*r = unknown
		return pass(d)
	}
	found, err := r.readObject(d)
	r.Unknown |= (KindCPUs | KindMem | KindDisk) &^ found
	return err
}

// quantities are Resources of which Mesos leaves out the kinds of which there are none.
type quantities Resources

// UnmarshalJSONFrom reads an object of quantities.
func (q *quantities) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == 'n' {
		*q = quantities(unknown)
		return d.SkipValue()
	}
	_, err := (*Resources)(q).readObject(from(d))
	return err
}

// readObject reads a resources object that is not null, and returns the kinds in it.
func (r *Resources) readObject(d *source) (found ResourceKinds, err error) {
	*r = Resources{}
	err = members(d, reflect.TypeFor[Resources](), func(key []byte) error {
		switch string(key) {
		case "cpus":
			found |= KindCPUs
			return r.readKind(d, &r.CPUs, KindCPUs)
		case "gpus":
			return r.readKind(d, &r.GPUs, KindGPUs)
		case "mem":
			found |= KindMem
			return r.readKind(d, &r.Mem, KindMem)
		case "disk":
			found |= KindDisk
			return r.readKind(d, &r.Disk, KindDisk)
		case "cpus_revocable":
			return r.readKind(d, &r.CPUsRevocable, KindCPUs)
		case "gpus_revocable":
			return r.readKind(d, &r.GPUsRevocable, KindGPUs)
		case "mem_revocable":
			return r.readKind(d, &r.MemRevocable, KindMem)
		case "disk_revocable":
			return r.readKind(d, &r.DiskRevocable, KindDisk)
		}
		return pass(d)
	})
	return found, err
}

func (r *Resources) readKind(d *source, into *float64, kind ResourceKinds) error {
	if d.PeekKind() == 'n' {
		r.Unknown |= kind
	}
	return readNumber(d, into)
}

// elements calls element before each element of a list, which it must read. null
// is an empty list. into is the Go type in the error of a value that is no list.
func elements(d *source, into reflect.Type, element func() error) error {
	if begun, err := enter(d, '[', into); !begun {
		return err
	}
	return entered(d, element)
}

// entered is elements after the [ was read.
func entered(d *source, element func() error) error {
	if d.stream == nil {
		return d.elements(element)
	}
	for {
		switch d.stream.PeekKind() {
		case ']':
			_, err := d.stream.ReadToken()
			return err
		case jsontext.KindInvalid: // broken JSON, or a broken body
			return d.stream.SkipValue()
		}
		if err := element(); err != nil {
			return err
		}
	}
}

// members calls member with the name of each member of an object; it must read the
// value, and may use the name until then. null is an empty object.
func members(d *source, into reflect.Type, member func(name []byte) error) error {
	if begun, err := enter(d, '{', into); !begun {
		return err
	}
	if d.stream == nil {
		return d.members(member)
	}
	for d.stream.PeekKind() == '"' {
		quoted, err := d.stream.ReadValue()
		if err != nil {
			return err
		}
		if err := member(quoted[1 : len(quoted)-1]); err != nil {
			return err
		}
	}
	_, err := d.stream.ReadToken() // the }, or what is wrong
	return err
}

// enter reads the beginning of a list or an object; false if there is none.
func enter(d *source, open jsontext.Kind, into reflect.Type) (bool, error) {
	switch kind := d.PeekKind(); kind {
	case open:
		if d.stream == nil {
			d.at++
			return true, nil
		}
		_, err := d.stream.ReadToken()
		return err == nil, err
	case 'n', jsontext.KindInvalid:
		return false, d.SkipValue()
	default:
		if err := pass(d); err != nil {
			return false, err
		}
		return false, misfit(d, kind, into)
	}
}

// misfit returns the error of a value of the wrong kind, after it was read.
func misfit(d *source, found jsontext.Kind, into reflect.Type) error {
	if d.stream == nil {
		return errOdd
	}
	return &json.SemanticError{JSONKind: found, JSONPointer: d.stream.StackPointer(), GoType: into}
}

// pass skips a value.
func pass(d *source) error {
	_, err := d.ReadValue()
	return err
}

// readText reads a string. One that equals like shares its memory.
func readText(d *source, into *string, like string) error {
	value, err := d.ReadValue()
	if err != nil {
		return err
	}
	switch kind := value.Kind(); {
	case kind == 'n':
		*into = ""
	case kind != '"':
		return misfit(d, kind, reflect.TypeFor[string]())
	case len(value) > longestText || !d.isVerbatim(value):
		*into, err = textOf(value)
		return err
	case string(value[1:len(value)-1]) == like:
		*into = like
	default:
		*into = string(value[1 : len(value)-1])
	}
	return nil
}

// isVerbatim reports whether the string that was read last is the bytes between its quotes.
func (s *source) isVerbatim(quoted []byte) bool {
	if s.stream == nil {
		return s.verbatim
	}
	return verbatim(quoted)
}

// verbatim reports whether a string is the bytes between its quotes.
func verbatim(quoted []byte) bool {
	for _, c := range quoted {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

// readMap reads an object into a map.
func readMap[V any](d *source, into *map[string]V, read func(*V, *source) error) error {
	if d.stream != nil || d.PeekKind() != '{' {
		return d.unmarshal(into)
	}
	if *into == nil {
		*into = map[string]V{}
	}
	return members(d, nil, func(name []byte) error {
		if !d.verbatim || len(name) > longestText {
			return errOdd
		}
		key := string(name)
		var value V
		err := read(&value, d)
		(*into)[key] = value
		return err
	})
}

// readBool reads true or false; null is nil.
func readBool(d *source, into **bool) error {
	if kind := d.PeekKind(); kind != 't' && kind != 'f' || *into != nil {
		return d.unmarshal(into)
	}
	value, err := d.ReadValue()
	if err == nil {
		*into = new(value.Kind() == 't')
	}
	return err
}

// readNumber reads a number.
func readNumber(d *source, into *float64) error {
	value, err := d.ReadValue()
	if err != nil {
		return err
	}
	switch kind := value.Kind(); kind {
	case 'n':
		*into = 0
	case '0':
		if *into, err = parseNumber(value); err == nil {
			return nil
		}
		fallthrough // beyond what a double holds
	default:
		return misfit(d, kind, reflect.TypeFor[float64]())
	}
	return nil
}

// tens are powers of ten that a double holds exactly.
var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// parseNumber is strconv.ParseFloat, faster for numbers without an exponent whose digits a double
// holds exactly: a quotient of two exact doubles is rounded once.
func parseNumber(text []byte) (float64, error) {
	digits, negative, point := uint64(0), false, len(text)
	for i, c := range text {
		switch {
		case c-'0' <= 9:
			digits = 10*digits + uint64(c-'0')
		case c == '.':
			point = i
		case c == '-' && i == 0:
			negative = true
		default:
			return strconv.ParseFloat(string(text), 64)
		}
		if digits >= 1<<53 {
			return strconv.ParseFloat(string(text), 64)
		}
	}
	decimals := len(text) - 1 - point
	if decimals >= len(tens) {
		return strconv.ParseFloat(string(text), 64)
	}
	number := float64(digits)
	if negative {
		number = -number
	}
	if decimals > 0 {
		number /= tens[decimals]
	}
	return number, nil
}
