package tables

import (
	"math"
	"slices"
	"strings"
	"time"
)

// Type is the type of a column.
type Type string

// The types. A time is text of one width in UTC, so that it sorts; a boolean is 0 or 1.
const (
	Text    Type = "text"
	Integer Type = "integer"
	Real    Type = "real"
	Boolean Type = "boolean"
	Time    Type = "time"
	JSON    Type = "json"
)

// Unit is the unit of a column, in Grafana's spelling.
type Unit string

// The units.
const (
	NoUnit  Unit = ""
	Bytes   Unit = "bytes"
	Seconds Unit = "s"
	Ratio   Unit = "percentunit"
)

// Column describes a column.
type Column struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
	Unit Unit   `json:"unit,omitempty"`
	Help string `json:"help"`
}

// Table is a table. Its rows are those of a view.
type Table struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases,omitempty"`
	Help    string   `json:"help"`
	Columns []Column `json:"columns"`

	keys []int // columns that are looked up by equality, those of the fewest rows first
	rows func(*View) rows
	// unknown returns why the rows are not known, "" where they are; nil: always. A table
	// without rows would claim that there are none.
	unknown func(*View) string
	// doubt returns why the rows may not be all, "" where they are; nil: never. It is an error for rules and
	// expressions, and a note for people.
	doubt func(*View) string
}

// rows are the rows of a table in a view.
type rows interface {
	count() int
	cell(row, column int) value
}

// has reports whether the table has a name.
func (t *Table) has(name string) bool {
	return strings.EqualFold(t.Name, name) || slices.ContainsFunc(t.Aliases, func(alias string) bool { return strings.EqualFold(alias, name) })
}

// Column returns the column with a name, or nil.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return &t.Columns[i]
		}
	}
	return nil
}

// ColumnNames returns the names of the columns.
func (t *Table) ColumnNames() []string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return names
}

// declared are the types that SQLite is told. The first word decides how values are
// compared, the second what an answer's column is.
var declared = map[Type]string{Text: "TEXT", Integer: "INTEGER", Real: "REAL", Boolean: "INTEGER BOOLEAN", Time: "TEXT TIME", JSON: "TEXT JSON"}

// declaration returns the table as CREATE TABLE declares it.
func (t *Table) declaration() string {
	var b strings.Builder
	b.WriteString("CREATE TABLE x(")
	for i, c := range t.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(`"` + c.Name + `" ` + declared[c.Type])
	}
	b.WriteString(")")
	return b.String()
}

// A column of things of one type, with how it is read.
type column[T any] struct {
	Column
	read func(v *View, thing T) value
}

// tableOf returns a table of things. keys are the columns that are looked up by
// equality, those of the fewest rows first.
func tableOf[T any](t Table, things func(*View) things[T], columns []column[T], keys ...string) *Table {
	reads := make([]func(*View, T) value, len(columns))
	for i, c := range columns {
		t.Columns = append(t.Columns, c.Column)
		reads[i] = c.read
	}
	for _, key := range keys {
		t.keys = append(t.keys, slices.Index(t.ColumnNames(), key))
	}
	t.rows = func(v *View) rows { return &rowsOf[T]{view: v, things: things(v), reads: reads} }
	return &t
}

// things are the things of a table in a view.
type things[T any] struct {
	count int
	at    func(i int) T
}

// listed are the things of a list.
func listed[T any](list []T) things[T] {
	return things[T]{len(list), func(i int) T { return list[i] }}
}

// pointed are pointers to the things of a list.
func pointed[T any](list []T) things[*T] {
	return things[*T]{len(list), func(i int) *T { return &list[i] }}
}

type rowsOf[T any] struct {
	view   *View
	things things[T]
	reads  []func(*View, T) value
}

func (r *rowsOf[T]) count() int { return r.things.count }
func (r *rowsOf[T]) cell(row, column int) value {
	return r.reads[column](r.view, r.things.at(row))
}

// A value is a value of a cell. The zero value is NULL.
type value struct {
	kind kind
	text string
	n    int64
	x    float64
}

type kind uint8

const (
	isNull kind = iota
	isText
	isInteger
	isReal
)

var null value

// text returns a text; NULL for "", which is what is not known.
func text(s string) value {
	if s == "" {
		return null
	}
	return value{kind: isText, text: s}
}

func integer(n int) value { return value{kind: isInteger, n: int64(n)} }

func boolean(is bool) value {
	if is {
		return value{kind: isInteger, n: 1}
	}
	return value{kind: isInteger}
}

// maybe returns a boolean; NULL for nil.
func maybe(is *bool) value {
	if is == nil {
		return null
	}
	return boolean(*is)
}

// real returns a number; NULL for NaN and infinite ones.
func real(x float64) value {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return null
	}
	return value{kind: isReal, x: x}
}

// moment returns a time; NULL for the zero time.
func moment(t time.Time) value {
	if t.IsZero() {
		return null
	}
	return value{kind: isText, text: t.UTC().Format(timeLayout)}
}

// timeLayout is how times are written: of one width, so that they sort as text.
const timeLayout = "2006-01-02T15:04:05.000Z"

// unix returns the time of Unix seconds; NULL for 0, which is what is not known.
func unix(seconds float64) value {
	if !(seconds > 0 && seconds < 1e11) {
		return null
	}
	return moment(time.UnixMilli(int64(math.Round(seconds * 1000))))
}
