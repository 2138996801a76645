package query

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// This file turns filters into PromQL matchers. Values are quoted by
// Prometheus' own printer and lists by regexp.QuoteMeta: whatever a filter
// holds stays a value.

// labelName is what a label may be called (Prometheus' data model; names
// outside it never come from this plugin).
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

var matchTypes = map[Operator]labels.MatchType{
	OperatorEqual:    labels.MatchEqual,
	OperatorNotEqual: labels.MatchNotEqual,
	OperatorMatch:    labels.MatchRegexp,
	OperatorNotMatch: labels.MatchNotRegexp,
}

// overList are the types that compare with any of a list.
var overList = map[labels.MatchType]labels.MatchType{
	labels.MatchEqual:     labels.MatchRegexp,
	labels.MatchNotEqual:  labels.MatchNotRegexp,
	labels.MatchRegexp:    labels.MatchRegexp,
	labels.MatchNotRegexp: labels.MatchNotRegexp,
}

// newMatcher compares a label with one value or with any of several. Lists of
// plain values become alternatives, each quoted; lists of expressions become
// alternatives as they are.
func newMatcher(label string, operator Operator, values []string) (*labels.Matcher, error) {
	kind, known := matchTypes[operator]
	if !known {
		return nil, fmt.Errorf("operator %q is none of %s", operator, list(operatorNames))
	}
	values = slices.Clone(values)
	exact := kind == labels.MatchEqual || kind == labels.MatchNotEqual
	for i, value := range values {
		values[i] = oneSpelling(label, value, exact)
		if exact {
			continue
		}
		if _, err := regexp.Compile(values[i]); err != nil {
			return nil, fmt.Errorf("%q is no regular expression: %w", value, err)
		}
	}
	if len(values) == 1 {
		return labels.NewMatcher(kind, label, values[0])
	}
	if exact {
		for i, value := range values {
			values[i] = regexp.QuoteMeta(value)
		}
	}
	return labels.NewMatcher(overList[kind], label, "(?:"+strings.Join(values, "|")+")")
}

// shouted is a task state or reason, or an expression over some, as Mesos
// writes them: TASK_RUNNING, REASON_SLAVE_REMOVED, TASK_(FAILED|LOST).
var shouted = regexp.MustCompile(`^[A-Z_|()?:.*+]*[A-Z][A-Z_|()?:.*+]*$`)

// oneSpelling turns Mesos' spelling of task states and reasons into that of
// the labels: lower case, without TASK_ and REASON_, agent for slave.
func oneSpelling(label, value string, exact bool) string {
	if label != labelState && label != "reason" || !shouted.MatchString(value) {
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

// adhocMatchers turns a dashboard's filters into matchers. What no matcher can
// say becomes a sentence.
func adhocMatchers(filters []AdhocFilter) (matchers []*labels.Matcher, notices []string) {
	for _, f := range filters {
		m, err := adhocMatcher(f)
		if err != nil {
			notices = append(notices, fmt.Sprintf("The dashboard's filter %s %s %s is left out: %v.", f.Key, f.Operator, strings.Join(f.list(), ", "), err))
			continue
		}
		matchers = append(matchers, m)
	}
	return matchers, notices
}

func (f AdhocFilter) list() []string {
	if len(f.Values) > 0 {
		return f.Values
	}
	return []string{f.Value}
}

func adhocMatcher(f AdhocFilter) (*labels.Matcher, error) {
	if !labelName.MatchString(f.Key) {
		return nil, errors.New("no label can be called so")
	}
	switch f.Operator {
	case "=|":
		return newMatcher(f.Key, OperatorEqual, f.list())
	case "!=|":
		return newMatcher(f.Key, OperatorNotEqual, f.list())
	case "=", "!=", "=~", "!~":
		return newMatcher(f.Key, Operator(f.Operator), []string{f.Value})
	default:
		return nil, errors.New("labels are texts, which can be compared with =, !=, =~, !~, =| and !=| only")
	}
}
