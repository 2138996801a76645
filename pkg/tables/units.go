package tables

import (
	"slices"
	"strings"
)

// This file finds the units of the columns of an answer in its statement: SQLite knows which column of a table
// a column is, and nothing of what a function or an operator makes of one. A unit is given only where it is
// certain: what bytes become by a division by 1e9 is for the user to say.

// number is what constants are of, and NULL: it goes with every unit.
const number Unit = "number"

// selection is a column that a SELECT returns.
type selection struct {
	name string
	unit Unit // NoUnit: none, or not certain
}

// unitsOf returns the units of the columns of a statement; nil where it is not understood. compound: it
// consists of several SELECTs.
func unitsOf(sql string) (units []Unit, compound bool) {
	u := unitReader{tokens: tokensOf(sql)}
	columns, compound, ok := u.statement(nil)
	if !ok {
		return nil, compound
	}
	for _, c := range columns {
		if c.unit == number {
			c.unit = NoUnit
		}
		units = append(units, c.unit)
	}
	return units, compound
}

// token is a word, a number, a text, a quoted name or a mark.
type token struct {
	kind tokenKind
	text string // of a word in capital letters
	name string // of a word or a quoted name in small letters
}

type tokenKind uint8

const (
	aWord tokenKind = iota
	aNumber
	aText
	aName // in quotation marks
	aMark
)

// marks are those of two characters or more.
var marks = []string{"->>", "->", "||", "<=", ">=", "<>", "!=", "==", "<<", ">>"}

// tokensOf returns the tokens of a statement, without comments.
func tokensOf(sql string) []token {
	var tokens []token
	for at := 0; at < len(sql); {
		rest := sql[at:]
		n := 1
		switch c := rest[0]; {
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "/*"):
			n = opaque(rest)
		case c == '\'':
			n = opaque(rest)
			tokens = append(tokens, token{kind: aText})
		case c == '"', c == '`':
			n = opaque(rest)
			tokens = append(tokens, token{kind: aName, name: strings.ToLower(strings.Trim(rest[:n], "\"`"))})
		case c == '[':
			if n = strings.IndexByte(rest, ']') + 1; n == 0 {
				n = len(rest)
			}
			tokens = append(tokens, token{kind: aName, name: strings.ToLower(strings.Trim(rest[:n], "[]"))})
		case c >= '0' && c <= '9', c == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
			n = numberLength(rest)
			tokens = append(tokens, token{kind: aNumber})
		case isWord(c):
			word := wordAt(rest)
			n = len(word)
			tokens = append(tokens, token{kind: aWord, text: word, name: strings.ToLower(word)})
		case c > ' ':
			for _, mark := range marks {
				if strings.HasPrefix(rest, mark) {
					n = len(mark)
					break
				}
			}
			tokens = append(tokens, token{kind: aMark, text: rest[:n]})
		}
		at += n
	}
	return tokens
}

// numberLength returns the length of the number that a text begins with.
func numberLength(text string) int {
	n := 0
	for n < len(text) && (isWord(text[n]) || text[n] == '.' || (text[n] == '+' || text[n] == '-') && (text[n-1]|0x20) == 'e') {
		n++
	}
	return n
}

// maxUnitDepth bounds how deep expressions are read.
const maxUnitDepth = 100

// source is what a SELECT reads.
type source struct {
	name    string
	columns []selection
	// open: its columns are not known.
	open bool
}

// unitReader reads a statement, or a part of it.
type unitReader struct {
	tokens []token
	at     int
	depth  int
}

func (u *unitReader) within(tokens []token) *unitReader {
	return &unitReader{tokens: tokens, depth: u.depth + 1}
}

func (u *unitReader) rest() []token { return u.tokens[u.at:] }

// is reports whether the next token is one of some words or marks.
func (u *unitReader) is(texts ...string) bool {
	return u.at < len(u.tokens) && is(u.tokens[u.at], texts...)
}

func is(t token, texts ...string) bool {
	return (t.kind == aWord || t.kind == aMark) && slices.Contains(texts, t.text)
}

// take skips the next token if it is one of some words or marks.
func (u *unitReader) take(texts ...string) bool {
	if u.is(texts...) {
		u.at++
		return true
	}
	return false
}

// name returns the next token, which is a name.
func (u *unitReader) name() (string, bool) {
	if u.at < len(u.tokens) && (u.tokens[u.at].kind == aWord || u.tokens[u.at].kind == aName) {
		u.at++
		return u.tokens[u.at-1].name, true
	}
	return "", false
}

// parentheses returns what is in the parentheses that come next.
func (u *unitReader) parentheses() ([]token, bool) {
	if !u.is("(") {
		return nil, false
	}
	n := closing(u.rest())
	if n < 0 {
		return nil, false
	}
	inner := u.tokens[u.at+1 : u.at+n]
	u.at += n + 1
	return inner, true
}

// closing returns the place of the parenthesis that closes the first token; -1: none.
func closing(tokens []token) int {
	depth := 0
	for i, t := range tokens {
		switch {
		case is(t, "("):
			depth++
		case is(t, ")"):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// until returns the tokens before the first one outside of parentheses that ends them, and skips them.
func (u *unitReader) until(ends func(before []token, t token) bool) []token {
	begin, depth := u.at, 0
	for ; u.at < len(u.tokens); u.at++ {
		t := u.tokens[u.at]
		switch {
		case is(t, "("):
			depth++
		case is(t, ")"):
			depth--
		case depth == 0 && ends(u.tokens[begin:u.at], t):
			return u.tokens[begin:u.at]
		}
	}
	return u.tokens[begin:]
}

// listedIn returns the parts of a list between commas.
func listedIn(tokens []token) [][]token {
	var parts [][]token
	u := unitReader{tokens: tokens}
	for u.at < len(tokens) {
		parts = append(parts, u.until(func(_ []token, t token) bool { return is(t, ",") }))
		u.at++
	}
	return parts
}

var (
	compounds = []string{"UNION", "EXCEPT", "INTERSECT"}
	// clauses begin the parts of a SELECT after its columns.
	clauses = append([]string{"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "WINDOW", ";"}, compounds...)
	joins   = []string{"JOIN", "LEFT", "RIGHT", "FULL", "INNER", "OUTER", "CROSS", "NATURAL", ","}
)

// statement reads a statement, with what WITH names outside of it.
func (u *unitReader) statement(with []source) (columns []selection, compound, ok bool) {
	if u.depth > maxUnitDepth {
		return nil, false, false
	}
	if u.take("WITH") {
		u.take("RECURSIVE")
		for {
			clause, ok := u.clauseOfWith(with)
			if !ok {
				return nil, false, false
			}
			with = append(slices.Clone(with), clause)
			if !u.take(",") {
				break
			}
		}
	}
	columns, ok = u.selected(with)
	for ok && u.take(compounds...) {
		compound = true
		u.take("ALL")
		more, read := u.selected(with)
		if ok = read && len(more) == len(columns); !ok {
			break
		}
		for i := range columns {
			columns[i].unit = together(columns[i].unit, more[i].unit)
		}
	}
	return columns, compound, ok
}

// clauseOfWith reads a clause of WITH.
func (u *unitReader) clauseOfWith(with []source) (source, bool) {
	name, ok := u.name()
	if !ok || TableNamed(name) != nil { // the table or the clause, by where it is named
		return source{}, false
	}
	names, renamed := u.parentheses()
	if !u.take("AS") {
		return source{}, false
	}
	u.take("NOT")
	u.take("MATERIALIZED")
	body, ok := u.parentheses()
	if !ok {
		return source{}, false
	}
	columns, _, ok := u.within(body).statement(append(slices.Clone(with), source{name: name, open: true}))
	if renamed {
		parts := listedIn(names)
		ok = ok && len(parts) == len(columns)
		for i := 0; ok && i < len(parts); i++ {
			if ok = len(parts[i]) == 1; ok {
				columns[i].name = parts[i][0].name
			}
		}
	}
	return source{name: name, columns: columns, open: !ok}, true
}

// selected reads a SELECT, up to what may follow it.
func (u *unitReader) selected(with []source) ([]selection, bool) {
	if !u.take("SELECT") {
		return nil, false
	}
	u.take("DISTINCT", "ALL")
	list := u.until(func(before []token, t token) bool {
		// x IS DISTINCT FROM y
		return is(t, clauses...) && !(is(t, "FROM") && len(before) > 0 && is(before[len(before)-1], "DISTINCT"))
	})
	var from []source
	ok := true
	if u.take("FROM") {
		from, ok = u.within(u.until(func(_ []token, t token) bool { return is(t, clauses...) && !is(t, "FROM") })).sources(with)
	}
	u.until(func(_ []token, t token) bool { return is(t, compounds...) || is(t, ";") })
	if !ok {
		return nil, false
	}
	of := expressionReader{with: with, from: from}
	var columns []selection
	for _, part := range listedIn(list) {
		if stars, is := of.star(part); is {
			if stars == nil {
				return nil, false
			}
			columns = append(columns, stars...)
			continue
		}
		part, name := withoutAlias(part)
		columns = append(columns, selection{name: name, unit: of.unit(part, u.depth)})
	}
	return columns, true
}

// sources reads what FROM names.
func (u *unitReader) sources(with []source) ([]source, bool) {
	var all []source
	for u.at < len(u.tokens) {
		if u.take(joins...) {
			continue
		}
		one, ok := u.source(with)
		if !ok {
			return nil, false
		}
		if u.take("AS") || u.at < len(u.tokens) && (u.tokens[u.at].kind == aName || u.tokens[u.at].kind == aWord && !u.is(joins...) && !u.is("ON", "USING", "INDEXED", "NOT")) {
			if one.name, ok = u.name(); !ok {
				return nil, false
			}
		}
		all = append(all, one)
		u.until(func(_ []token, t token) bool { return is(t, joins...) })
	}
	return all, true
}

func (u *unitReader) source(with []source) (source, bool) {
	if inner, ok := u.parentheses(); ok {
		columns, _, ok := u.within(inner).statement(with)
		return source{columns: columns, open: !ok}, true
	}
	name, ok := u.name()
	if !ok {
		return source{}, false
	}
	if _, is := u.parentheses(); is {
		return source{name: name}, true // json_each, whose columns have no unit
	}
	for i := len(with) - 1; i >= 0; i-- {
		if with[i].name == name {
			return with[i], true
		}
	}
	t := TableNamed(name)
	if t == nil {
		return source{name: name, open: true}, true
	}
	one := source{name: name}
	for _, c := range t.Columns {
		one.columns = append(one.columns, selection{name: c.Name, unit: c.Unit})
	}
	return one, true
}

// withoutAlias returns an expression without the name that it gets, and what its column is called; "" where that
// is the text of the expression.
func withoutAlias(part []token) ([]token, string) {
	n := len(part)
	last := func(i int) token { return part[n-i] }
	isName := n > 0 && (last(1).kind == aWord || last(1).kind == aName)
	switch {
	case n > 2 && isName && is(last(2), "AS"):
		return part[:n-2], last(1).name
	case n > 1 && isName && !is(last(1), "END", "NULL", "ISNULL", "NOTNULL", "TRUE", "FALSE") && (last(2).kind != aMark && !is(last(2), operators...) || is(last(2), ")")):
		return part[:n-1], last(1).name
	case isName && (n == 1 || n == 3 && is(last(2), ".")):
		return part, last(1).name
	}
	return part, ""
}

// operators are words between or before expressions.
var operators = []string{"AND", "OR", "NOT", "IS", "IN", "LIKE", "GLOB", "REGEXP", "BETWEEN", "COLLATE", "OVER", "WHEN", "THEN", "ELSE", "CASE", "FROM", "DISTINCT", "ESCAPE"}

// expressionReader finds the units of expressions.
type expressionReader struct {
	with, from []source
}

// star returns the columns of * or t.*, nil where they are not certain, and whether it is one of them.
func (e expressionReader) star(part []token) ([]selection, bool) {
	n := len(part)
	if n == 0 || !is(part[n-1], "*") || n != 1 && (n != 3 || !is(part[1], ".")) {
		return nil, false
	}
	var columns []selection
	for _, s := range e.from {
		if n == 3 && s.name != part[0].name {
			continue
		}
		if s.open || n == 1 && len(e.from) > 1 { // USING lists a column once
			return nil, true
		}
		columns = append(columns, s.columns...)
	}
	return columns, true
}

// unit returns the unit of an expression.
func (e expressionReader) unit(tokens []token, depth int) Unit {
	if depth > maxUnitDepth {
		return NoUnit
	}
	u := &unitReader{tokens: tokens, depth: depth + 1}
	unit := e.sum(u)
	if u.at < len(u.tokens) {
		return NoUnit // a comparison, a text, JSON
	}
	return unit
}

func (e expressionReader) sum(u *unitReader) Unit {
	unit := e.product(u)
	for u.take("+", "-") {
		unit = together(unit, e.product(u))
	}
	return unit
}

func (e expressionReader) product(u *unitReader) Unit {
	unit := e.signed(u)
	for {
		switch {
		case u.take("*"):
			unit = times(unit, e.signed(u))
		case u.take("/"):
			unit = per(unit, e.signed(u))
		default:
			return unit
		}
	}
}

// together returns the unit of values that are added, or chosen from.
func together(a, b Unit) Unit {
	switch {
	case a == number:
		return b
	case b == number, a == b:
		return a
	}
	return NoUnit
}

// times returns the unit of a * b: a share of an amount is an amount.
func times(a, b Unit) Unit {
	switch {
	case a == number && b == number:
		return number
	case a == Ratio && b != number:
		return b
	case b == Ratio && a != number:
		return a
	}
	return NoUnit
}

// per returns the unit of a / b: a percentage where both are amounts of one unit.
func per(a, b Unit) Unit {
	switch {
	case a == number && b == number:
		return number
	case a == b && a != NoUnit:
		return Ratio
	}
	return NoUnit
}

func (e expressionReader) signed(u *unitReader) Unit {
	for u.take("+", "-") {
	}
	if u.at == len(u.tokens) {
		return NoUnit
	}
	t := u.tokens[u.at]
	switch {
	case t.kind == aNumber, is(t, "NULL"):
		u.at++
		return number
	case is(t, "("):
		inner, ok := u.parentheses()
		if !ok {
			return NoUnit
		}
		return e.parenthesized(inner, u.depth)
	case is(t, "CASE"):
		u.at++
		return e.cases(u)
	case is(t, "CAST"):
		u.at++
		return e.cast(u)
	case t.kind == aWord, t.kind == aName:
		return e.named(u)
	}
	return NoUnit
}

func (e expressionReader) parenthesized(inner []token, depth int) Unit {
	if len(inner) > 0 && is(inner[0], "SELECT", "WITH") {
		u := unitReader{tokens: inner, depth: depth + 1}
		if columns, _, ok := u.statement(e.with); ok && len(columns) == 1 {
			return columns[0].unit
		}
		return NoUnit
	}
	return e.unit(inner, depth)
}

// cases reads CASE after its first word.
func (e expressionReader) cases(u *unitReader) Unit {
	var values [][]token
	begin, depth := -1, 0
	for ; u.at < len(u.tokens); u.at++ {
		t := u.tokens[u.at]
		ends := depth == 0 && is(t, "WHEN", "ELSE", "END")
		if ends && begin >= 0 {
			values = append(values, u.tokens[begin:u.at])
			begin = -1
		}
		switch {
		case is(t, "(", "CASE"):
			depth++
		case is(t, ")"), is(t, "END") && depth > 0:
			depth--
		case depth == 0 && is(t, "THEN", "ELSE"):
			begin = u.at + 1
		case is(t, "END"):
			u.at++
			return e.common(values, u.depth)
		}
	}
	return NoUnit
}

// common returns the unit that all of some expressions have.
func (e expressionReader) common(all [][]token, depth int) Unit {
	unit := number
	for _, one := range all {
		of := e.unit(one, depth)
		if of == NoUnit {
			return NoUnit
		}
		unit = together(unit, of)
	}
	return unit
}

// cast reads CAST after its first word.
func (e expressionReader) cast(u *unitReader) Unit {
	inner, ok := u.parentheses()
	if !ok {
		return NoUnit
	}
	of := unitReader{tokens: inner}
	expression := of.until(func(_ []token, t token) bool { return is(t, "AS") })
	if !of.take("AS") || !of.is("REAL", "INTEGER", "INT", "BIGINT", "NUMERIC", "DECIMAL", "DOUBLE", "FLOAT") {
		return NoUnit
	}
	return e.unit(expression, u.depth)
}

// unitFunctions are functions whose values have the unit of their first argument.
var unitFunctions = []string{
	"sum", "total", "avg", "abs", "round", "ceil", "ceiling", "floor", "trunc", "nullif", "lag", "lead", "first_value", "last_value", "nth_value",
}

// named reads a column or the call of a function.
func (e expressionReader) named(u *unitReader) Unit {
	name, _ := u.name()
	if inner, ok := u.parentheses(); ok {
		args := listedIn(inner)
		if len(args) > 0 && len(args[0]) > 0 && is(args[0][0], "DISTINCT", "ALL") {
			args[0] = args[0][1:]
		}
		if u.take("FILTER") {
			u.parentheses()
		}
		if u.take("OVER") {
			if _, ok := u.parentheses(); !ok {
				u.name()
			}
		}
		return e.call(name, args, u.depth)
	}
	qualifier := ""
	if u.take(".") {
		qualifier = name
		var ok bool
		if name, ok = u.name(); !ok {
			return NoUnit
		}
	}
	return e.column(qualifier, name)
}

func (e expressionReader) call(function string, args [][]token, depth int) Unit {
	switch {
	case len(args) == 0:
		return NoUnit
	case slices.Contains(unitFunctions, function):
		return e.unit(args[0], depth)
	case function == "min", function == "max", function == "coalesce", function == "ifnull":
		return e.common(args, depth)
	case function == "iif", function == "if":
		var values [][]token
		for i, arg := range args {
			if i%2 == 1 || i == len(args)-1 {
				values = append(values, arg)
			}
		}
		return e.common(values, depth)
	}
	return NoUnit
}

// column returns the unit of a column: of one name that all sources which have it give it.
func (e expressionReader) column(qualifier, name string) Unit {
	found, unit := false, NoUnit
	for _, s := range e.from {
		if qualifier != "" && s.name != qualifier {
			continue
		}
		if s.open {
			return NoUnit
		}
		for _, c := range s.columns {
			if !strings.EqualFold(c.name, name) {
				continue
			}
			if found && c.unit != unit {
				return NoUnit
			}
			found, unit = true, c.unit
		}
	}
	return unit
}
