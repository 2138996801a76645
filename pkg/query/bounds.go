package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// This file bounds the size of a query before anything is done with it: a
// Viewer may send any JSON. Lists are long enough for a variable that stands
// for all of 10,000 agents.

// MaxQuery is the most bytes of JSON a query may have. A list of 10,000 names of
// 60 bytes has 0.7 MB, and a PromQL expression may hold it several times.
const MaxQuery = 4 << 20

const (
	// maxNesting is how deep a query's JSON may nest: the deepest key there is,
	// variable.entities.filters[0].value[0], nests 6 levels deep.
	maxNesting = 16
	// maxMembers is how many members the lists and objects of a query's JSON may
	// have together.
	maxMembers = 5 * MaxLabelValues

	maxGroupBy = 50
	maxFilters = 50 // and as many of the dashboard's
	// maxSelectors is how many selectors a look-up of labels may have.
	maxSelectors = 50
	// maxValues is how many values a filter may have: as many as a variable has.
	maxValues = MaxLabelValues
	// maxValue is the most bytes of a value. Names are cut at 256 when they are
	// collected, ids are not.
	maxValue = 1024

	maxLabel = 128 // bytes of a label's name
	maxName  = 256 // bytes of a series' name, and of strings that are one of a few words
	maxText  = 1024
	// maxPlaceholders is how many {{label}} a legendFormat may have: each series
	// gets a text of its own.
	maxPlaceholders = 20
)

// checkJSON returns an error for JSON that is too large to be decoded. It reads
// bytes only; JSON that is not well-formed is left to the decoder.
func checkJSON(raw json.RawMessage) error {
	if len(raw) > MaxQuery {
		return bad("", "the query has %d bytes of JSON and may have %d at most: choose fewer values, or write a regular expression for them", len(raw), MaxQuery)
	}
	depth, members, quoted := 0, 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxNesting {
				return bad("", "the query's JSON nests more than %d levels deep", maxNesting)
			}
		case c == '}' || c == ']':
			depth--
		case c == ',':
			if members++; members > maxMembers {
				return bad("", "the lists of the query have more than %d members together: choose fewer values, or write a regular expression for them", maxMembers)
			}
		}
	}
	return nil
}

// checkNames returns an error for an object that has a name twice: decoders take
// one of the two, and nobody knows which was meant. JSON that is not well-formed is
// left to the decoder.
func checkNames(raw json.RawMessage) error {
	_, err := jsontext.NewDecoder(bytes.NewReader(raw), jsontext.AllowInvalidUTF8(true)).ReadValue()
	if !errors.Is(err, jsontext.ErrDuplicateName) {
		return nil
	}
	text := "the query has a key twice: keep one of them"
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		text = fmt.Sprintf("the query has the key %s twice: keep one of them", cut(strings.TrimPrefix(string(syntax.JSONPointer), "/")))
	}
	return bad("", "%s", text)
}

// bounded is a string of a query and how long it may be.
type bounded struct {
	key, text string
	most      int
}

// checkStrings returns an error for the first string that is too long.
func checkStrings(all ...bounded) error {
	for _, s := range all {
		if len(s.text) > s.most {
			return bad(s.key, "has %d bytes and may have %d at most", len(s.text), s.most)
		}
	}
	return nil
}

// checkCommon bounds the keys that every query type has.
func checkCommon(q Common) error {
	var of DatasourceRef
	if q.Datasource != nil {
		of = *q.Datasource
	}
	if err := checkStrings(
		bounded{"refId", q.RefID, maxText}, bounded{"key", q.Key, maxText},
		bounded{"datasource.type", of.Type, maxText}, bounded{"datasource.uid", of.UID, maxText},
		bounded{"legendFormat", q.LegendFormat, maxText}, bounded{"interval", q.Interval, maxName},
		bounded{"format", string(q.Format), maxName},
	); err != nil {
		return err
	}
	if n := strings.Count(q.LegendFormat, "{{"); n > maxPlaceholders {
		return bad("legendFormat", "has %d placeholders and may have %d at most", n, maxPlaceholders)
	}
	if err := checkCount("adhocFilters", "filters", len(q.AdhocFilters), maxFilters); err != nil {
		return err
	}
	for i, f := range q.AdhocFilters {
		key := fmt.Sprintf("adhocFilters[%d]", i)
		if err := checkStrings(bounded{key + ".key", f.Key, maxLabel}, bounded{key + ".operator", f.Operator, maxName}); err != nil {
			return err
		}
		if err := checkCount(key+".values", "values", len(f.Values), maxValues); err != nil {
			return err
		}
	}
	return nil
}

// boundMetrics bounds the keys of queryType metrics.
func boundMetrics(q *MetricsQuery) error {
	if err := checkStrings(
		bounded{"entity", string(q.Entity), maxName}, bounded{"resource", string(q.Resource), maxName},
		bounded{"measure", string(q.Measure), maxName}, bounded{"metric", q.Metric, maxName},
		bounded{"aggregate", string(q.Aggregate), maxName}, bounded{"forecast", q.Forecast, maxName},
	); err != nil {
		return err
	}
	if q.Shape != nil {
		if err := checkStrings(bounded{"shape.memory", q.Shape.Memory, maxName}, bounded{"shape.disk", q.Shape.Disk, maxName}); err != nil {
			return err
		}
	}
	if err := boundGroupBy(q.GroupBy); err != nil {
		return err
	}
	return boundFilters(q.Filters)
}

// boundEvents bounds the keys of queryType events.
func boundEvents(q *EventsQuery) error {
	if err := checkStrings(bounded{"format", string(q.Format), maxName}, bounded{"severity", string(q.Severity), maxName}); err != nil {
		return err
	}
	if err := checkCount("kinds", "kinds", len(q.Kinds), maxFilters); err != nil {
		return err
	}
	for i, kind := range q.Kinds {
		if err := checkStrings(bounded{fmt.Sprintf("kinds[%d]", i), string(kind), maxName}); err != nil {
			return err
		}
	}
	if err := boundGroupBy(q.GroupBy); err != nil {
		return err
	}
	return boundFilters(q.Filters)
}

func boundGroupBy(groupBy *[]string) error {
	if groupBy == nil {
		return nil
	}
	if err := checkCount("groupBy", "labels", len(*groupBy), maxGroupBy); err != nil {
		return err
	}
	for i, label := range *groupBy {
		if err := checkStrings(bounded{fmt.Sprintf("groupBy[%d]", i), label, maxLabel}); err != nil {
			return err
		}
	}
	return nil
}

// boundFilters bounds filters. How long their values may be depends on the
// operator: newMatcher has it.
func boundFilters(filters []Filter) error {
	if err := checkCount("filters", "filters", len(filters), maxFilters); err != nil {
		return err
	}
	for i, f := range filters {
		key := fmt.Sprintf("filters[%d]", i)
		if err := checkStrings(bounded{key + ".label", f.Label, maxLabel}, bounded{key + ".operator", string(f.Operator), maxName}); err != nil {
			return err
		}
		if err := checkCount(key+".value", "values", len(f.Value.List), maxValues); err != nil {
			return err
		}
	}
	return nil
}

func checkCount(key, what string, n, most int) error {
	if n > most {
		return bad(key, "has %d %s and may have %d at most", n, what, most)
	}
	return nil
}

// cut returns the beginning of a text for a sentence.
func cut(text string) string { return cutAt(text, 100) }

// cutAt returns at most n bytes of a text, on a whole character, and … where
// something is missing.
func cutAt(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}
