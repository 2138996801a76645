package tables

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// This file bounds the clauses of WITH. SQLite puts a clause in the place of each of its uses
// before anything can interrupt it: fifteen clauses that each use the one before twice take 20
// seconds.

const maxUses = 500

var (
	// clauseOfWith is the beginning of a clause: its name, its columns, AS.
	clauseOfWith = regexp.MustCompile(`(\w+)\s*(?:\([^()]*\)\s*)?\bas\s*(?:(?:not\s+)?materialized\s*)?\(`)
	// useOfTable is a name where a table may be named.
	useOfTable = regexp.MustCompile(`(?:\b(?:from|join|in)\b|[,(])\s*(\w+)(\s*\.)?`)
)

// checkClauses returns an *Error where clauses of WITH are used too often, those inside of
// clauses as often as these are. It may count too many: lists of columns look like lists of
// tables.
func checkClauses(sql string) error {
	plain := bare(sql)
	bodies := map[string]string{}
	rest, end := "", 0 // what is in no clause
	for _, found := range clauseOfWith.FindAllStringSubmatchIndex(plain, -1) {
		body := enclosed(plain[found[1]:])
		bodies[plain[found[2]:found[3]]] += " " + body
		if found[0] >= end {
			rest += plain[end:found[0]]
			end = found[1] + len(body)
		}
	}
	rest += plain[end:]
	if len(bodies) == 0 {
		return nil
	}
	known := map[string]int{}
	var uses func(text, within string) int
	uses = func(text, within string) (n int) {
		for _, found := range useOfTable.FindAllStringSubmatch(text, -1) {
			name := found[1]
			body, is := bodies[name]
			if !is || name == within || found[2] != "" {
				continue
			}
			if _, done := known[name]; !done {
				known[name] = 1 // while it is counted: of one that uses itself by another one
				known[name] = 1 + uses(body, name)
			}
			if n += known[name]; n > maxUses {
				break
			}
		}
		return n
	}
	if uses(rest, "") > maxUses {
		return &Error{Text: fmt.Sprintf("the clauses of WITH are used more than %d times, counted with those that they use: use fewer", maxUses)}
	}
	return nil
}

// bare returns a statement in small letters, with a space in place of each text and comment,
// and with names in quotation marks as words.
func bare(sql string) string {
	var b strings.Builder
	for at := 0; at < len(sql); {
		rest := sql[at:]
		n := opaque(rest)
		if rest[0] == '[' {
			if n = strings.IndexByte(rest, ']') + 1; n == 0 {
				n = len(rest)
			}
		}
		switch {
		case n == 0 && (rest[0] >= utf8.RuneSelf || rest[0] == '$'):
			n = 1
			b.WriteString(asWord(rest[:1]))
		case n == 0:
			n = 1
			b.WriteByte(rest[0])
		case rest[0] == '"' || rest[0] == '`' || rest[0] == '[':
			b.WriteString(" " + asWord(strings.Trim(rest[:n], "\"`[]")) + " ")
		default:
			b.WriteByte(' ')
		}
		at += n
	}
	return strings.ToLower(b.String())
}

// asWord returns a name with what is not of a word written as numbers.
func asWord(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

// enclosed returns a text up to the parenthesis that closes the one before it.
func enclosed(text string) string {
	depth := 1
	for i, r := range text {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[:i]
			}
		}
	}
	return text
}
