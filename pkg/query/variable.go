package query

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"community-mesos-datasource/pkg/promql"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// This file is queryType variable: the values a dashboard variable offers. The
// answer is a table of two text fields, which Grafana's variables look for by
// name. It keeps them when it has no rows: of a frame without fields Grafana's
// variables make an error, not an empty list (grafana/grafana
// public/app/features/variables/query/operators.ts).
//
// variable_entities.go lists entities.

const (
	fieldText        = "text"  // what the menu shows
	fieldChoiceValue = "value" // what is put into queries
)

// errNoNumbers is for rules, expressions and the compiler.
var errNoNumbers = bad("queryType", "variable lists texts for dashboard variables and has no numbers: use metrics or promql")

// The kinds of lists, which are the keys of Variable.
const (
	kindLabelValues = "labelValues"
	kindEntities    = "entities"
	kindPromQL      = "promql"
	kindSQL         = "sql"
)

var variableKinds = []string{kindLabelValues, kindEntities, kindPromQL, kindSQL}

// choice is a value and what is shown for it.
type choice struct{ text, value string }

// checkVariable returns what is wrong with a list. Grafana adds no keys to
// this part of a query, so an unknown one is an error here.
func checkVariable(v Variable, query json.RawMessage) error {
	var raw struct {
		Variable map[string]json.RawMessage `json:"variable"`
	}
	if err := decode(query, &raw); err != nil {
		return err
	}
	maps.DeleteFunc(raw.Variable, func(_ string, value json.RawMessage) bool { return string(value) == "null" })
	kinds := slices.Sorted(maps.Keys(raw.Variable))
	for _, kind := range kinds {
		if !slices.Contains(variableKinds, kind) {
			return bad("variable", "unknown key %s", notKnown(kind, variableKinds))
		}
	}
	switch {
	case len(kinds) == 0:
		return bad("variable", "is missing or empty: it says what to list, by one of %s", strings.Join(variableKinds, ", "))
	case len(kinds) > 1:
		return bad("variable", "has %s: keep one of them", list(kinds))
	case v.LabelValues != nil:
		return within("variable.labelValues", checkLabelValues(*v.LabelValues, raw.Variable[kindLabelValues]))
	case v.Entities != nil:
		return within("variable.entities", checkEntities(*v.Entities, raw.Variable[kindEntities]))
	case v.SQL != nil:
		return checkStatement("variable.sql", *v.SQL)
	case strings.TrimSpace(*v.PromQL) == "":
		return bad("variable.promql", "is empty: write a PromQL expression")
	default:
		return nil
	}
}

func checkLabelValues(v VariableLabelValues, raw json.RawMessage) error {
	if err := onlyKeys(raw, keysOf(v)); err != nil {
		return err
	}
	if err := checkStrings(bounded{"label", v.Label, maxLabel}); err != nil {
		return err
	}
	switch {
	case v.Label == "":
		return bad("label", "is missing: name a label such as framework, agent or role, or __name__ for the names of series")
	case !labelName.MatchString(v.Label):
		return bad("label", "%q is no name of a label: those are letters, digits and _, like framework or attr_rack", v.Label)
	}
	_, err := v.matchers()
	return err
}

// matchers are those of Match; none where it is absent.
func (v VariableLabelValues) matchers() ([]matcher, error) {
	if strings.TrimSpace(v.Match) == "" {
		return nil, nil
	}
	selected, err := promql.ParseMatchers(v.Match)
	if err != nil {
		return nil, bad("match", `must be a selector like mesos_agent_info or {framework="marathon"}: %v`, err)
	}
	matchers := make([]matcher, len(selected))
	for i, m := range selected {
		matchers[i] = matcher{m.Name, m.Type, m.Value}
	}
	return matchers, nil
}

// within puts the key of an InvalidError inside of another one.
func within(key string, err error) error {
	if inner, ok := errors.AsType[*InvalidError](err); ok {
		if inner.Key != "" {
			key += "." + inner.Key
		}
		return &InvalidError{Key: key, Text: inner.Text}
	}
	return err
}

// listing holds the values of a list.
type listing struct {
	choices []choice
	reads   reads // what it was made of, for the notices
	notices []data.Notice
}

// answerVariable lists what a variable offers.
func answerVariable(ctx context.Context, src Source, q backend.DataQuery, p parsed, notices []data.Notice) (data.Frames, error) {
	var (
		made listing
		err  error
	)
	switch v := p.variable.Variable; {
	case p.names != nil:
		made, err = src.labelNames(ctx, q, *p.names)
	case v.LabelValues != nil:
		made, err = src.labelValues(ctx, q, p, *v.LabelValues)
		err = within("variable.labelValues", err)
	case v.Entities != nil:
		made, err = src.entities(ctx, q, p, *v.Entities)
		err = within("variable.entities", err)
	case v.SQL != nil:
		made, err = src.listSQL(ctx, q, p, *v.SQL)
	default:
		made, err = src.resultOf(ctx, q, p, *v.PromQL)
	}
	if err != nil {
		return nil, err
	}
	choices := eachOnce(made.choices)
	notices = slices.Concat(notices, made.notices, circumstances{
		now: src.now(), earliest: q.TimeRange.From, latest: q.TimeRange.To, reads: made.reads, status: src.Status(), stats: src.Store.Stats(),
	}.notices())
	if src.Notices != nil {
		notices = append(notices, src.Notices()...)
	}
	if len(choices) > MaxLabelValues {
		notices = append(notices, warning("%d of %d values are listed: narrow the selection.", MaxLabelValues, len(choices)))
		choices = choices[:MaxLabelValues]
	}
	return data.Frames{choiceFrame(choices, notices)}, nil
}

func choiceFrame(choices []choice, notices []data.Notice) *data.Frame {
	shown, values := make([]string, len(choices)), make([]string, len(choices))
	for i, c := range choices {
		shown[i], values[i] = c.text, c.value
	}
	frame := data.NewFrame("", data.NewField(fieldText, nil, shown), data.NewField(fieldChoiceValue, nil, values))
	frame.Meta = &data.FrameMeta{
		Type: data.FrameTypeTable, TypeVersion: typeVersion, PreferredVisualization: data.VisTypeTable, Notices: notices,
	}
	return frame
}

// eachOnce sorts choices by their text and leaves each value once. A value with
// several texts (a framework that was renamed) has them all; equal texts of
// different values are told apart by them.
func eachOnce(all []choice) []choice {
	byText := func(a, b choice) int { return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.value, b.value)) }
	slices.SortFunc(all, byText)
	all = slices.Compact(all)
	texts := make(map[string][]string, len(all)) // by value
	for _, c := range all {
		texts[c.value] = append(texts[c.value], c.text)
	}
	once := make([]choice, 0, len(texts))
	times := make(map[string]int, len(texts)) // by text
	for value, of := range texts {
		text := strings.Join(of, ", ")
		once = append(once, choice{text, value})
		times[text]++
	}
	for i, c := range once {
		if times[c.text] > 1 {
			once[i].text = fmt.Sprintf("%s (%s)", c.text, c.value)
		}
	}
	slices.SortFunc(once, byText)
	return once
}

// during is the time a list is about: the dashboard's, and at least as much as
// a panel looks back, so that a range between two polls is not empty.
func (src Source) during(q backend.DataQuery, r reads) (from, to time.Time) {
	times := newStepRange(q, src.now(), 0, src.schedule(r.polls), false)
	from, to = times.from, times.to
	if earliest := to.Add(-times.lookback()); earliest.Before(from) {
		from = earliest
	}
	return from, to
}

// labelValues lists the values of a label.
func (src Source) labelValues(ctx context.Context, q backend.DataQuery, p parsed, v VariableLabelValues) (listing, error) {
	matchers, err := v.matchers()
	if err != nil {
		return listing{}, err
	}
	var conditions []condition
	for _, m := range matchers {
		if isOfAliases(m.label, matchers) {
			continue
		}
		conditions = append(conditions, condition{key: "match", label: m.label, kind: m.kind, values: []string{m.value}, written: writtenMatcher(m.uncompiled())})
	}
	adhoc, texts := adhocMatchers(p.AdhocFilters)
	made := listing{notices: warnings(texts), reads: reads{any: true}}
	var match []string
	if matchers = append(matchers, adhoc...); len(matchers) > 0 {
		match = []string{braces(matchers)}
		if made.reads, err = readsOfSelector(match[0]); err != nil {
			return listing{}, err
		}
	}
	if has(labelsOfTasks, v.Label) {
		made.reads.names = append(made.reads.names, seriesOfTasks...)
	}
	store := src.withTasks(made.reads)
	from, to := src.during(q, made.reads)
	found, err := src.labelValuesOf(ctx, store, v.Label, LookUp{Match: match, From: from, To: to})
	if err != nil {
		return listing{}, err
	}
	doubts, err := src.doubts(ctx, store, conditions, false)
	if err != nil {
		return listing{}, err
	}
	made.notices = slices.Concat(made.notices, warnings(doubts), warnings(found.Warnings))
	if len(found.Values) == 0 && len(doubts) == 0 {
		label, here := hereOf(v.Label, matchers)
		made.notices = append(made.notices, infos(src.emptyList(store, from, to).ofLabel(ctx, label, here))...)
	}
	for _, value := range found.Values {
		made.choices = append(made.choices, choice{value, value})
	}
	return made, nil
}

func warnings(texts []string) []data.Notice {
	var all []data.Notice
	for _, text := range texts {
		all = append(all, warning("%s", text))
	}
	return all
}

// resultOf lists what an expression gives at the end of the time range.
func (src Source) resultOf(ctx context.Context, q backend.DataQuery, p parsed, expression string) (listing, error) {
	asked := parsed{Common: p.Common, promql: &PromQLQuery{Common: p.Common, Expr: expression}, least: p.least}
	e, err := ask(ctx, src, q, Options{}, asked, true)
	if wrong, ok := errors.AsType[*InvalidError](err); ok {
		return listing{}, bad("variable.promql", "%s", wrong.Text)
	} else if err != nil {
		return listing{}, err
	}
	defer e.release()
	made := listing{reads: e.reads, notices: warnings(slices.Concat(e.doubts, e.plan.notices, e.result.Warnings))}
	name := textOf
	if e.result.Type == parser.ValueTypeScalar {
		name = func(s answerSeries) string { return number(s.points[0].F) }
	}
	if p.LegendFormat != "" && p.LegendFormat != legendAuto {
		name = func(s answerSeries) string {
			return legend{format: p.LegendFormat, plan: e.plan, promql: true}.name(s.labels)
		}
	}
	all := seriesOf(e.result)
	if len(all) == 0 {
		e.release()
		made.notices = append(made.notices, src.whyEmpty(ctx, e.built, e.request)...)
	}
	for _, s := range all {
		text := name(s)
		made.choices = append(made.choices, choice{text, text})
	}
	return made, nil
}

// textOf writes a series as query_result() of Grafana's Prometheus data source
// does, for the variables' regular expressions people have: name, labels
// without quoting, value, time in milliseconds (grafana/grafana
// packages/grafana-prometheus/src/metric_find_query.ts, queryResultQuery).
func textOf(s answerSeries) string {
	var pairs []string
	s.labels.Range(func(l labels.Label) {
		if l.Name != labels.MetricName {
			pairs = append(pairs, l.Name+`="`+l.Value+`"`)
		}
	})
	point := s.points[0]
	return fmt.Sprintf("%s{%s} %s %d", s.labels.Get(labels.MetricName), strings.Join(pairs, ","), number(point.F), point.T)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
