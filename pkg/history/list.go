package history

import (
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// A dashboard variable with all of its values chosen becomes the pattern
// a|b|c, with thousands of alternatives. Compiled, such a pattern takes 60 MB
// for 10,000 host names, so it is compared as a set of values instead.

// A List is a matcher that names every value it is about: an alternation of
// literals.
type List struct {
	Name    string
	Negated bool // the label has none of the values
	values  map[string]struct{}
}

// Matches reports whether a label with this value matches.
func (l List) Matches(value string) bool {
	_, listed := l.values[value]
	return listed != l.Negated
}

// Len returns how many values there are.
func (l List) Len() int { return len(l.values) }

// Values returns the values in no order.
func (l List) Values() []string {
	values := make([]string, 0, len(l.values))
	for v := range l.values {
		values = append(values, v)
	}
	return values
}

// Patterns that a list matcher is compiled from. They agree with the list about
// the empty value, and match every other one: code that knows no lists selects
// too much and never panics.
const (
	patternAny      = ".*"
	patternNonEmpty = ".+"
	patternEmpty    = ""
	patternNever    = `[^\x00-\x{10FFFF}]`
)

// NewListMatcher returns a matcher for a pattern that LiteralValues accepts; kind
// is labels.MatchRegexp or labels.MatchNotRegexp. The matcher itself matches more
// than the list does: see ListOf.
func NewListMatcher(kind labels.MatchType, name, pattern string) *labels.Matcher {
	values, _ := LiteralValues(pattern)
	empty := false
	for _, v := range values {
		empty = empty || v == ""
	}
	instead := patternNonEmpty
	switch {
	case kind == labels.MatchNotRegexp && empty:
		instead = patternEmpty
	case kind == labels.MatchNotRegexp:
		instead = patternNever
	case empty:
		instead = patternAny
	}
	m := labels.MustNewMatcher(kind, name, instead)
	m.Value = pattern
	return m
}

// IsList reports whether a matcher was made by NewListMatcher.
func IsList(m *labels.Matcher) bool {
	return (m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp) && m.GetRegexString() != m.Value
}

// ListOf returns the list of a matcher that was made by NewListMatcher; false for
// other matchers.
func ListOf(m *labels.Matcher) (List, bool) {
	if !IsList(m) {
		return List{}, false
	}
	values, ok := LiteralValues(m.Value)
	if !ok {
		return List{}, false
	}
	l := List{Name: m.Name, Negated: m.Type == labels.MatchNotRegexp, values: make(map[string]struct{}, len(values))}
	for _, v := range values {
		l.values[v] = struct{}{}
	}
	return l, true
}

// Exactly returns what a matcher compares values with: its list where it has one.
func Exactly(m *labels.Matcher) func(value string) bool {
	if l, ok := ListOf(m); ok {
		return l.Matches
	}
	return m.Matches
}

// LiteralValues returns the values of a pattern such as a|b|c, (a|b) or (?:a|b) whose
// alternatives are literals, with metacharacters escaped; false for any other
// pattern.
func LiteralValues(pattern string) ([]string, bool) {
	for {
		inner, wrapped := unwrapped(pattern)
		if !wrapped {
			break
		}
		pattern = inner
	}
	values := make([]string, 0, strings.Count(pattern, "|")+1)
	for {
		value, rest, more, ok := literal(pattern)
		if !ok {
			return nil, false
		}
		values = append(values, value)
		if !more {
			return values, true
		}
		pattern = rest
	}
}

// unwrapped returns a pattern without a group around all of it.
func unwrapped(pattern string) (string, bool) {
	if !strings.HasPrefix(pattern, "(") || !strings.HasSuffix(pattern, ")") || strings.HasSuffix(pattern, `\)`) {
		return pattern, false
	}
	pattern = strings.TrimPrefix(pattern[1:len(pattern)-1], "?:")
	return pattern, true
}

// literal reads one alternative. more reports whether another follows, in rest.
func literal(pattern string) (value, rest string, more, ok bool) {
	const special = `\.+*?()|[]{}^$`
	var b strings.Builder // used once there is an escape
	for {
		i := strings.IndexAny(pattern, special)
		if i < 0 || pattern[i] == '|' {
			if more = i >= 0; more {
				pattern, rest = pattern[:i], pattern[i+1:]
			}
			if b.Len() == 0 {
				return pattern, rest, more, true
			}
			b.WriteString(pattern)
			return b.String(), rest, more, true
		}
		if pattern[i] != '\\' || i+1 == len(pattern) || !punctuation(pattern[i+1]) {
			return "", "", false, false
		}
		b.WriteString(pattern[:i])
		b.WriteByte(pattern[i+1])
		pattern = pattern[i+2:]
	}
}

// punctuation reports whether a backslash makes c a literal (regexp/syntax).
func punctuation(c byte) bool {
	return c < 0x80 && c > ' ' && c != '_' && c != 0x7f &&
		!('0' <= c && c <= '9') && !('A' <= c && c <= 'Z') && !('a' <= c && c <= 'z')
}
