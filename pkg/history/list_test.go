package history

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

func TestLiteralValuesAreTheAlternativesOfPatternsWithoutOperators(t *testing.T) {
	for pattern, want := range map[string][]string{
		``:                    {""},
		`a`:                   {"a"},
		`a|b`:                 {"a", "b"},
		`(a|b)`:               {"a", "b"},
		`(?:a|b)`:             {"a", "b"},
		`((?:a|b))`:           {"a", "b"},
		`a\.b|c\|d`:           {"a.b", "c|d"},
		`a\/b|c\-d`:           {"a/b", "c-d"},
		`a|`:                  {"a", ""},
		`\(a\)|\\`:            {"(a)", `\`},
		`ü\.é|日本`:             {"ü.é", "日本"},
		regexp.QuoteMeta(`^`): {"^"},
	} {
		values, ok := LiteralValues(pattern)
		require.True(t, ok, pattern)
		require.Equal(t, want, values, pattern)
		re := regexp.MustCompile("^(?s:" + pattern + ")$")
		for _, v := range values {
			require.True(t, re.MatchString(v), "%q %q", pattern, v)
		}
	}
	for _, pattern := range []string{`a.b|c`, `a|b*`, `(a)|(b)`, `(?i)a|b`, `(?i:a|b)`, `a\d|b`, `\Qa\E`, `a|b(c)`, `[a]|b`, `a$`, `^a`, `(a|b`, `a\`, `(a\)`, `a\_`, `\pL`} {
		_, ok := LiteralValues(pattern)
		require.False(t, ok, pattern)
	}
}

// FuzzLiteralValues compares a list with the same pattern compiled.
func FuzzLiteralValues(f *testing.F) {
	f.Add(`a\.b|(c)`, "a.b")
	f.Add(`(a|b)`, "b")
	f.Add(`(a)|(b)`, "a)|(b")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		values, ok := LiteralValues(pattern)
		if !ok {
			return
		}
		re, err := regexp.Compile("^(?s:" + pattern + ")$")
		if err != nil {
			return // the parser of PromQL refuses it
		}
		require.Equal(t, re.MatchString(value), slices.Contains(values, value), "%q %q", pattern, value)
		for _, v := range values {
			require.True(t, re.MatchString(v), "%q %q", pattern, v)
		}
	})
}

func TestListMatchers(t *testing.T) {
	for _, kind := range []labels.MatchType{labels.MatchRegexp, labels.MatchNotRegexp} {
		for _, pattern := range []string{`(a\.b|c)`, `c|`} {
			m, exact := NewListMatcher(kind, "x", pattern), labels.MustNewMatcher(kind, "x", pattern)
			require.True(t, IsList(m))
			require.False(t, IsList(exact))
			require.Equal(t, exact.String(), m.String())
			list, ok := ListOf(m)
			require.True(t, ok)
			require.Equal(t, 2, list.Len())
			require.ElementsMatch(t, list.Values(), func() []string { v, _ := LiteralValues(pattern); return v }())
			for _, value := range []string{"", "a.b", "axb", "c", "d"} {
				require.Equal(t, exact.Matches(value), list.Matches(value), "%s %q", m, value)
				require.Equal(t, exact.Matches(value), Exactly(m)(value), "%s %q", m, value)
				require.Equal(t, exact.Matches(value), Exactly(exact)(value), "%s %q", m, value)
				if value == "" {
					require.Equal(t, exact.Matches(value), m.Matches(value), "%s %q", m, value)
				} else {
					require.True(t, m.Matches(value), "%s %q", m, value)
				}
			}
		}
	}
}

func BenchmarkListOf10000HostNames(b *testing.B) {
	var names []string
	for i := range 10_000 {
		names = append(names, regexp.QuoteMeta(fmt.Sprintf("agent-%05d.rack.example.com", i)))
	}
	pattern := "(?:" + strings.Join(names, "|") + ")"
	b.ReportAllocs()
	for b.Loop() {
		list, ok := ListOf(NewListMatcher(labels.MatchRegexp, "agent", pattern))
		require.True(b, ok && list.Len() == len(names))
	}
}
