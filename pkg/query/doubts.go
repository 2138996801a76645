package query

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/pkg/promql"
)

// This file finds comparisons that match nothing because of how their value is
// written: a variable that was not replaced, several values compared as one, a
// regular expression with =. A value that some series has is meant as it is.

// maxDoubts is how many values of a query are looked up, and maxParts how many of the
// values that one of them may consist of.
const (
	maxDoubts = 10
	maxParts  = 3
)

// doubts returns a sentence for each condition whose value can match nothing; for a
// rule an error for the first one, as its answer would be empty without a reason.
func (src Source) doubts(ctx context.Context, store storage.Queryable, conditions []condition, rule bool) (sentences []string, err error) {
	return doubtsAbout(conditions, rule, func(label, value string) (bool, error) { return src.hasValue(ctx, store, label, value) })
}

// doubtsAbout is doubts for labels of whatever has has.
func doubtsAbout(conditions []condition, rule bool, has func(label, value string) (bool, error)) (sentences []string, err error) {
	looked := 0
	known := func(label string) func(values []string) bool {
		return func(values []string) bool {
			for _, value := range values[:min(len(values), maxParts)] {
				found, failed := has(label, value)
				if failed != nil {
					err = failed
					return false
				}
				if found {
					return true
				}
			}
			return false
		}
	}
	for _, c := range conditions {
		for _, value := range c.values {
			if !c.doubtful(value) {
				continue
			}
			if looked++; looked > maxDoubts {
				return sentences, nil
			}
			sentence, wrong := c.doubt(value, rule, known(c.label))
			if err != nil && rule {
				return nil, err
			}
			if err != nil {
				return sentences, nil // without these notices; the result is valid
			}
			if !wrong {
				continue
			}
			if rule {
				return nil, bad(c.key, "%s", sentence)
			}
			sentences = append(sentences, sentence+".")
		}
	}
	return slices.Compact(sentences), nil
}

// noValue is what the frontend writes for a variable with several values of which none
// is chosen.
const noValue = "()"

// doubtful reports whether doubt may find something about a value.
func (c condition) doubtful(value string) bool {
	switch {
	case value == noValue, len(c.variables(value)) > 0:
		return true
	case value == "" || len(value) > maxValue:
		return false // lists of values are longer, and have been made by ourselves
	case aTemplate.MatchString(value), value == allText, c.exact() && (aPattern.MatchString(value) || c.isStar(value)):
		return true
	case len(c.values) > 1: // several values are written as such
		return false
	default:
		return mayHaveFormat(value, c.exact())
	}
}

// isStar reports whether a value is a star that is meant for all values. It is the name of
// a role.
func (c condition) isStar(value string) bool { return c.exact() && value == "*" && c.label != "role" }

// doubt returns what is wrong with a value. known reports whether a series has one of
// some values.
func (c condition) doubt(value string, rule bool, known func([]string) bool) (sentence string, wrong bool) {
	variables := c.variables(value)
	if decoded, err := url.PathUnescape(value); err == nil && c.exact() && len(variables) == 0 {
		variables = c.variables(decoded) // %24framework
	}
	if (c.exact() || len(variables) == 0) && known([]string{value}) {
		return "", false
	}
	if len(variables) > 0 {
		return leftover{key: c.key, variables: variables, where: c.written}.sentence(rule), true
	}
	if value == noValue {
		return fmt.Sprintf("%s matches nothing: a variable without a chosen value is written so. Choose a value, or All", c.written), true
	}
	switch {
	case aTemplate.MatchString(value):
		return fmt.Sprintf("%s compares with one text that no series has: %s is replaced in legends and annotations only. Write the value itself", c.written, cut(value)), true
	case value == allText:
		return fmt.Sprintf("%s compares with one text that no series has: All is the text of a variable's choice. Leave the condition out for all values", c.written), true
	}
	operator := "=~"
	if c.kind == labels.MatchNotEqual || c.kind == labels.MatchNotRegexp {
		operator = "!~"
	}
	if format, found := formatOf(value, c.exact(), known); found {
		if !c.exact() {
			return fmt.Sprintf("%s matches nothing: its value looks like a variable in the format %s, which is no regular expression. Write the variable without a format, or with :regex or :pipe", c.written, format.names), true
		}
		return fmt.Sprintf("%s compares with one text that no series has: it looks like a variable with several values, or with escaped ones, in the format %s. Use %s in place of %s, and the variable without a format or with :regex",
			c.written, format.names, operator, c.kind), true
	}
	if c.isStar(value) {
		return fmt.Sprintf("%s compares with one text that no series has: * is no pattern there. Leave the condition out for all values, or use %s with .+", c.written, operator), true
	}
	if c.exact() && aPattern.MatchString(value) {
		return fmt.Sprintf("%s compares with one text that no series has: use %s in place of %s for a regular expression", c.written, operator, c.kind), true
	}
	return "", false
}

// hasValue reports whether a series of the history, or a current task, has a value of
// a label.
func (src Source) hasValue(ctx context.Context, store storage.Queryable, label, value string) (bool, error) {
	if !labelName.MatchString(label) {
		return false, nil
	}
	found, err := src.Engine.LabelValues(ctx, label, promql.LookUp{
		Store: store, Limit: 1, Match: [][]*labels.Matcher{{labels.MustNewMatcher(labels.MatchEqual, label, value)}},
	})
	return len(found.Values) > 0, err
}
