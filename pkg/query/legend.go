package query

import (
	"regexp"
	"sort"
	"strconv"
	"strings"

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
}

// placeholders are {{label}}s (grafana/grafana pkg/promlib/querydata/response.go).
var placeholders = regexp.MustCompile(`\{\{\s*(.+?)\s*\}\}`)

// name is a series' display name; "" leaves it to Grafana, which shows the
// labels that differ.
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
		return placeholders.ReplaceAllStringFunc(l.format, func(found string) string {
			label := placeholders.FindStringSubmatch(found)[1]
			if label == labels.MetricName {
				return metric
			}
			return of.Get(label)
		})
	case l.promql && l.format == legendAuto && !of.IsEmpty():
		return ""
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
