package tables

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// Result is the answer to a statement.
type Result struct {
	Columns []ResultColumn
	Rows    int
	// More: there are more rows than the limit.
	More bool
	// Notes are what a reader has to know of the tables that were read.
	Notes []string
}

// ResultColumn is a column of an answer. Of its lists the one of its type is set; nil is
// NULL.
type ResultColumn struct {
	Name string
	Type Type // JSON as Text has Texts
	Unit Unit
	Help string // of a column of a table
	// Table and Origin are the table and the name of its column that it is; "" for an
	// expression.
	Table, Origin string

	Texts    []*string
	Integers []*int64
	Reals    []*float64
	Booleans []*bool
	Times    []*time.Time
}

// reading collects the rows of a statement.
type reading struct {
	names   []string
	origins []*Column // nil: an expression
	tables  []string  // of origins
	cells   [][]value
	bytes   int
	sql     string
	// units are those that the statement gives its columns, once they are read; compound: it has several SELECTs.
	units    []Unit
	compound bool
}

// read reads at most limit rows of a statement, whose text is sql.
func read(st *sqlite3.Stmt, sql string, limit int) (*Result, error) {
	n := st.ColumnCount()
	r := reading{names: make([]string, n), origins: make([]*Column, n), tables: make([]string, n), cells: make([][]value, n), sql: sql}
	for i := range n {
		r.names[i] = st.ColumnName(i)
		if t := TableNamed(st.ColumnTableName(i)); t != nil {
			r.origins[i], r.tables[i] = t.Column(st.ColumnOriginName(i)), t.Name
		}
	}
	result := &Result{}
	for st.Step() {
		if result.Rows == limit {
			result.More = true
			break
		}
		result.Rows++
		if err := r.row(st); err != nil {
			return nil, err
		}
	}
	if err := st.Err(); err != nil {
		return nil, err
	}
	result.Columns = make([]ResultColumn, n)
	for i := range n {
		result.Columns[i] = r.column(i)
	}
	return result, nil
}

func (r *reading) row(st *sqlite3.Stmt) error {
	for i := range r.cells {
		v := null
		switch st.ColumnType(i) {
		case sqlite3.INTEGER:
			v = value{kind: isInteger, n: st.ColumnInt64(i)}
		case sqlite3.FLOAT:
			v = real(st.ColumnFloat(i))
		case sqlite3.TEXT, sqlite3.BLOB:
			v = value{kind: isText, text: strings.ToValidUTF8(st.ColumnText(i), "\uFFFD")}
			r.bytes += len(v.text)
		}
		r.cells[i] = append(r.cells[i], v)
	}
	r.bytes += 48 * len(r.cells)
	if r.bytes > maxAnswer {
		return &Error{Text: fmt.Sprintf("the answer has more than %d bytes: select fewer columns or rows", maxAnswer)}
	}
	return nil
}

// column returns a column with the type that all of its values have. SQLite has no types
// of columns: of numbers it is the widest, texts go before numbers.
func (r *reading) column(i int) ResultColumn {
	c := ResultColumn{Name: r.names[i]}
	texts, reals, integers, times := 0, 0, 0, 0
	for _, v := range r.cells[i] {
		switch v.kind {
		case isText:
			texts++
			if isTime(v.text) {
				times++
			}
		case isReal:
			reals++
		case isInteger:
			integers++
		}
	}
	origin := r.origins[i]
	if origin != nil {
		c.Help, c.Table, c.Origin = origin.Help, r.tables[i], origin.Name
	}
	switch {
	case texts > 0 && texts == times && reals+integers == 0:
		c.Type = Time
	case texts > 0 && origin != nil && origin.Type == JSON && r.allJSON(i):
		c.Type = JSON
	case texts > 0:
		c.Type = Text
	case integers+reals == 0 && origin != nil: // only NULL
		c.Type = origin.Type
	case reals > 0:
		c.Type = Real
	case integers > 0 && origin != nil && (origin.Type == Boolean || origin.Type == Real):
		c.Type = origin.Type
	case integers > 0:
		c.Type = Integer
	default: // only NULL
		c.Type = r.declared(i)
	}
	if c.Type == Real || c.Type == Integer {
		c.Unit = r.unit(i)
	}
	for _, v := range r.cells[i] {
		c.add(v)
	}
	r.cells[i] = nil
	return c
}

// declared returns the type of a column of NULL only that is an expression.
func (r *reading) declared(i int) Type {
	if expressions := selected(r.sql); len(expressions) == len(r.names) {
		return declaredType(expressions[i])
	}
	return Text
}

// allJSON reports whether all texts of a column are JSON: of a UNION the first part names the column.
func (r *reading) allJSON(i int) bool {
	return !slices.ContainsFunc(r.cells[i], func(v value) bool { return v.kind == isText && !json.Valid([]byte(v.text)) })
}

// unit returns the unit of a column of numbers: that of the column of a table that it is, or of what it is made
// of (units.go); else the one that the name which the statement gives it ends with.
func (r *reading) unit(i int) Unit {
	if r.units == nil {
		r.units, r.compound = unitsOf(r.sql)
		if len(r.units) != len(r.names) {
			r.units = make([]Unit, len(r.names))
		}
	}
	switch origin := r.origins[i]; {
	case origin != nil && !r.compound:
		return origin.Unit
	case origin != nil, r.units[i] != NoUnit: // the column of the first SELECT of several
		return r.units[i]
	}
	// Without a name of its own an expression has its text as its name.
	name := strings.ToLower(r.names[i])
	switch alone := named.MatchString(name); {
	case alone && strings.HasSuffix(name, "_bytes"):
		return Bytes
	case alone && strings.HasSuffix(name, "_seconds"):
		return Seconds
	}
	return NoUnit
}

func isTime(s string) bool {
	if len(s) != len(timeLayout) || s[4] != '-' || s[10] != 'T' || s[23] != 'Z' {
		return false
	}
	_, err := time.Parse(timeLayout, s)
	return err == nil
}

// add adds a value to the list of the column's type.
func (c *ResultColumn) add(v value) {
	switch c.Type {
	case Integer:
		var n *int64
		if v.kind == isInteger {
			n = &v.n
		}
		c.Integers = append(c.Integers, n)
	case Real:
		var x *float64
		switch v.kind {
		case isReal:
			x = &v.x
		case isInteger:
			f := float64(v.n)
			x = &f
		}
		c.Reals = append(c.Reals, x)
	case Boolean:
		var is *bool
		if v.kind == isInteger {
			b := v.n != 0
			is = &b
		}
		c.Booleans = append(c.Booleans, is)
	case Time:
		var t *time.Time
		if v.kind == isText {
			if parsed, err := time.Parse(timeLayout, v.text); err == nil {
				t = &parsed
			}
		}
		c.Times = append(c.Times, t)
	default:
		var s *string
		switch v.kind {
		case isText:
			s = &v.text
		case isInteger:
			written := strconv.FormatInt(v.n, 10)
			s = &written
		case isReal:
			written := strconv.FormatFloat(v.x, 'g', -1, 64)
			s = &written
		}
		c.Texts = append(c.Texts, s)
	}
}

// Number returns the number of a row, and whether there is one.
func (c *ResultColumn) Number(row int) (x float64, known bool) {
	switch {
	case c.Integers != nil && c.Integers[row] != nil:
		return float64(*c.Integers[row]), true
	case c.Reals != nil && c.Reals[row] != nil:
		return *c.Reals[row], true
	}
	return 0, false
}

// Text returns the value of a row as text, "" for NULL.
func (c *ResultColumn) Text(row int) string {
	switch {
	case c.Texts != nil && c.Texts[row] != nil:
		return *c.Texts[row]
	case c.Integers != nil && c.Integers[row] != nil:
		return strconv.FormatInt(*c.Integers[row], 10)
	case c.Reals != nil && c.Reals[row] != nil:
		return strconv.FormatFloat(*c.Reals[row], 'f', -1, 64)
	case c.Booleans != nil && c.Booleans[row] != nil:
		return strconv.FormatBool(*c.Booleans[row])
	case c.Times != nil && c.Times[row] != nil:
		return c.Times[row].Format(timeLayout)
	}
	return ""
}

// Empty reports whether the column has NULL only.
func (c *ResultColumn) Empty() bool {
	for _, s := range c.Texts {
		if s != nil {
			return false
		}
	}
	return c.Integers == nil && c.Reals == nil && c.Booleans == nil && c.Times == nil
}
