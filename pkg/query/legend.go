package query

import (
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/prometheus/prometheus/model/labels"
)

// This file names series in legends.

// legendAuto requests the shortest name that distinguishes the series.
const legendAuto = "__auto"

// legend builds display names.
type legend struct {
	format string // the query's legendFormat
	plan   plan
	promql bool // an expression: names as Grafana's Prometheus data source makes them
	// differing are the labels in which the series of an answer differ.
	differing []string
}

// placeholders are {{label}}s (grafana/grafana pkg/promlib/querydata/response.go).
var placeholders = regexp.MustCompile(`\{\{\s*(.+?)\s*\}\}`)

// named returns what the series of a query are told apart by from those of another one: the
// measure, or the metrics of an expression; "" where that is none.
func (p plan) named() string {
	if p.title != "" {
		return p.title + p.per
	}
	return strings.Join(p.reads.names, ", ")
}

// name returns the display name of a series.
func (l legend) name(of labels.Labels) string {
	if l.plan.drawn && of.Has(labelForecast) {
		return l.name(labels.NewBuilder(of).Del(labelForecast).Labels()) + ", expected"
	}
	metric := l.plan.metric
	if own := of.Get(labels.MetricName); own != "" {
		metric = own
	}
	switch {
	case l.format != "" && l.format != legendAuto:
		text := placeholders.ReplaceAllStringFunc(l.format, func(found string) string {
			label := placeholders.FindStringSubmatch(found)[1]
			if label == labels.MetricName {
				return metric
			}
			return of.Get(label)
		})
		if !placeholders.MatchString(l.format) || strings.ContainsFunc(text, isWord) {
			return text
		}
		l.format = "" // no series may be without a name
		return l.name(of)
	case l.promql && l.format == legendAuto && !of.IsEmpty():
		return l.shortest(metric, of)
	case l.promql || l.plan.metric != "":
		return full(metric, of, cutAt(l.plan.expr, maxText)) + l.plan.per
	}
	var values []string
	for _, label := range l.plan.groupBy {
		if value := of.Get(label); value != "" {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return l.plan.title + l.plan.per
	}
	return strings.Join(values, ", ")
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// shortest is the metric and the labels that differ between series; of one series
// without a metric all of its labels. A single value stands for itself.
func (l legend) shortest(metric string, of labels.Labels) string {
	differing := labels.NewBuilder(of).Keep(l.differing...).Labels()
	switch {
	case metric == "" && differing.IsEmpty():
		differing = of
	case metric != "":
		return full(metric, differing, "")
	}
	if values := differing.Map(); len(values) == 1 {
		for _, value := range values {
			return value
		}
	}
	return full("", differing, "")
}

// differing returns the labels, but for the metric's name, in which series differ.
func differing(all []answerSeries) (names []string) {
	values := map[string]string{}
	differs := map[string]bool{}
	for i, s := range all {
		had := 0
		s.labels.Range(func(l labels.Label) {
			value, known := values[l.Name]
			switch {
			case known && value == l.Value:
				had++
			case known || i > 0:
				differs[l.Name] = true
			}
			values[l.Name] = l.Value
		})
		if had == len(values) {
			continue
		}
		for name := range values {
			if !s.labels.Has(name) {
				differs[name] = true
			}
		}
	}
	delete(differs, labels.MetricName)
	return slices.Sorted(maps.Keys(differs))
}

// column is the name of a table's column of values: the query's legendFormat
// where it is a plain text, so that the columns of several tables that are joined
// keep their names when one of them is empty.
func (l legend) column() string {
	if l.format == "" || l.format == legendAuto || placeholders.MatchString(l.format) {
		return fieldValue
	}
	return l.format
}

// full is name{label="value", ...}, or the expression where there is neither.
func full(metric string, of labels.Labels, expr string) string {
	var pairs []string
	of.Range(func(l labels.Label) {
		if l.Name != labels.MetricName {
			pairs = append(pairs, l.Name+"="+strconv.Quote(l.Value))
		}
	})
	sort.Strings(pairs)
	switch {
	case len(pairs) == 0 && metric == "":
		return expr
	case len(pairs) == 0:
		return metric
	default:
		return metric + "{" + strings.Join(pairs, ", ") + "}"
	}
}

var resourceTitles = map[Resource]string{
	ResourceCPUs: "CPU", ResourceGPUs: "GPU", ResourceMemory: "Memory", ResourceDisk: "Disk", ResourceTasks: "Tasks",
}

// titleOf names a measure: "CPU allocated", "Memory quota limit", "Tasks failed".
func titleOf(r Resource, m Measure, of row) string {
	words := of.title
	if words == "" {
		words = strings.ReplaceAll(string(m), "_", " ")
	}
	return resourceTitles[r] + " " + words
}
