package query

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/promql"
)

// This file turns filters into PromQL matchers. Values are quoted by
// Prometheus' own printer and lists by regexp.QuoteMeta: whatever a filter
// holds stays a value.

// labelName matches valid names of labels (Prometheus' data model; names
// outside it never come from this plugin).
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// A matcher is a condition on a label, to be written into PromQL. It has been
// checked and is not compiled: 10,000 names of 60 bytes take 160 ms and 150 MB to
// compile, and the expression is compiled where it is evaluated.
type matcher struct {
	label string
	kind  labels.MatchType
	value string
}

// uncompiled returns the matcher as Prometheus' printer takes it. It must not be
// used for matching.
func (m matcher) uncompiled() *labels.Matcher {
	return &labels.Matcher{Type: m.kind, Name: m.label, Value: m.value}
}

func (m matcher) String() string { return m.uncompiled().String() }

// compiled returns matchers that a storage.Querier can select by.
func compiled(all []matcher) ([]*labels.Matcher, error) {
	matchers := make([]*labels.Matcher, len(all))
	for i, m := range all {
		var err error
		if matchers[i], err = promql.NewMatcher(m.kind, m.label, m.value); err != nil {
			return nil, fmt.Errorf("compile a filter on %s: %w", m.label, err)
		}
	}
	return matchers, nil
}

var matchTypes = map[Operator]labels.MatchType{
	OperatorEqual:    labels.MatchEqual,
	OperatorNotEqual: labels.MatchNotEqual,
	OperatorMatch:    labels.MatchRegexp,
	OperatorNotMatch: labels.MatchNotRegexp,
}

// overList holds the regexp operators that compare with any of a list.
var overList = map[labels.MatchType]labels.MatchType{
	labels.MatchEqual:     labels.MatchRegexp,
	labels.MatchNotEqual:  labels.MatchNotRegexp,
	labels.MatchRegexp:    labels.MatchRegexp,
	labels.MatchNotRegexp: labels.MatchNotRegexp,
}

// newMatcher compares a label with one value or with any of several. Lists of
// plain values become alternatives, each quoted; lists of expressions become
// alternatives as they are.
func newMatcher(label string, operator Operator, values []string) (matcher, error) {
	kind, known := matchTypes[operator]
	if !known {
		return matcher{}, fmt.Errorf("operator %q is none of %s", cut(string(operator)), list(operatorNames))
	}
	values = slices.Clone(values)
	exact := kind == labels.MatchEqual || kind == labels.MatchNotEqual
	patterns := 0
	for i, value := range values {
		values[i] = oneSpelling(label, value, exact)
		if exact {
			if len(value) > maxValue {
				return matcher{}, fmt.Errorf("a value has %d bytes and may have %d at most", len(value), maxValue)
			}
			continue
		}
		literal, err := onlyLiterals(values[i])
		if err == nil && !literal {
			patterns++
			err = checkPattern(values[i])
		}
		if err != nil {
			return matcher{}, err
		}
	}
	if len(values) == 1 {
		return matcher{label, kind, values[0]}, nil
	}
	if exact {
		for i, value := range values {
			values[i] = regexp.QuoteMeta(value)
		}
	}
	joined := "(?:" + strings.Join(values, "|") + ")"
	if patterns > 0 {
		// A list that holds a pattern is a pattern as a whole, its literals too.
		if err := checkPattern(joined); err != nil {
			return matcher{}, err
		}
	}
	return matcher{label, overList[kind], joined}, nil
}

// checkPattern returns an error for what is not a regular expression, or is too
// large a one.
func checkPattern(pattern string) error {
	if err := promql.CheckPattern(pattern); err != nil {
		return err
	}
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		return fmt.Errorf("%q is not a valid regular expression: %s", cut(pattern), cutAt(err.Error(), 2*len(cut(pattern))+100))
	}
	return nil
}

// onlyLiterals reports whether a pattern is a list of literal values, a|b|c with
// or without brackets around it, as a variable with several values is written by
// the frontend. Such lists may be long. An error says that one of them is not.
func onlyLiterals(pattern string) (bool, error) {
	inner := pattern
	for _, open := range []string{"(?:", "("} {
		if rest, ok := strings.CutPrefix(pattern, open); ok && strings.HasSuffix(rest, ")") {
			inner = rest[:len(rest)-1]
			break
		}
	}
	values, length := 1, 0
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; {
		case c == '|':
			values, length = values+1, 0
			continue
		case c == '\\':
			if i++; i == len(inner) || !isMeta(inner[i]) {
				return false, nil
			}
		case isMeta(c):
			return false, nil
		}
		if length++; length > maxValue {
			return false, fmt.Errorf("a value has more than %d bytes", maxValue)
		}
	}
	if values > maxValues {
		return false, fmt.Errorf("the list has %d values and may have %d at most", values, maxValues)
	}
	return true, nil
}

// isMeta reports whether c has a meaning of its own in a regular expression.
func isMeta(c byte) bool { return strings.IndexByte(`\.+*?()|[]{}^$`, c) >= 0 }

// mesosSpelling is a task state or reason, or an expression over some, as Mesos
// writes them: TASK_RUNNING, REASON_SLAVE_REMOVED, TASK_(FAILED|LOST).
var mesosSpelling = regexp.MustCompile(`^[A-Z_|()?:.*+]*[A-Z][A-Z_|()?:.*+]*$`)

// oneSpelling turns Mesos' spelling of task states and reasons into that of
// the labels: lower case, without TASK_ and REASON_, agent for slave.
func oneSpelling(label, value string, exact bool) string {
	if label != labelState && label != "reason" || !mesosSpelling.MatchString(value) {
		return value
	}
	if exact {
		value = strings.TrimPrefix(strings.TrimPrefix(value, "TASK_"), "REASON_")
	} else {
		value = strings.NewReplacer("TASK_", "", "REASON_", "").Replace(value)
	}
	value = strings.ToLower(value)
	if label == "reason" {
		value = strings.ReplaceAll(value, "slave", "agent")
	}
	return value
}

// adhocMatchers turns a dashboard's filters into matchers. leftOut has a sentence
// for each that no matcher can express.
func adhocMatchers(filters []AdhocFilter) (matchers []matcher, leftOut []string) {
	for _, f := range filters {
		m, err := adhocMatcher(f)
		if err != nil {
			leftOut = append(leftOut, fmt.Sprintf("The dashboard's filter %s %s %s is left out: %v.", f.Key, f.Operator, cut(strings.Join(f.list(), ", ")), err))
			continue
		}
		matchers = append(matchers, m)
	}
	return matchers, leftOut
}

func (f AdhocFilter) list() []string {
	if len(f.Values) > 0 {
		return f.Values
	}
	return []string{f.Value}
}

func adhocMatcher(f AdhocFilter) (matcher, error) {
	if !labelName.MatchString(f.Key) {
		return matcher{}, errors.New("no label can be called so")
	}
	if f.Value == "" && len(f.Values) == 0 {
		return matcher{}, errors.New("it has no value")
	}
	switch f.Operator {
	case "=|", "!=|", "=", "!=", "=~", "!~":
		return newMatcher(f.Key, Operator(strings.TrimSuffix(f.Operator, "|")), f.list())
	default:
		return matcher{}, errors.New("labels are texts, which can be compared with =, !=, =~, !~, =| and !=| only")
	}
}
