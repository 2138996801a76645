package query

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/pkg/promql"
)

// This file understands variables that were written for Grafana's Prometheus data
// source: a text such as label_values(mesos_agent_info, agent), or an object that
// holds it in `query` (grafana/grafana packages/grafana-prometheus/src/migrations/
// variableMigration.ts and metric_find_query.ts).

// prometheusKeys are the keys of such an object.
var prometheusKeys = []string{
	"query", "qryType", "label", "metric", "match", "labelFilters", "varQuery", "varRefresh", "seriesQuery", "classicQuery",
}

// A prometheusQuery is a variable's query of that data source. Editors keep the text in
// query; the other keys are read where it is absent.
type prometheusQuery struct {
	RefID        string `json:"refId"`
	Query        string `json:"query"`
	Type         *int   `json:"qryType"`
	Label        string `json:"label"`
	Metric       string `json:"metric"`
	Match        string `json:"match"`
	VarQuery     string `json:"varQuery"`
	SeriesQuery  string `json:"seriesQuery"`
	ClassicQuery string `json:"classicQuery"`
	// LabelFilters are conditions on the series whose values are listed.
	LabelFilters []struct {
		Label string `json:"label"`
		Op    string `json:"op"`
		Value string `json:"value"`
	} `json:"labelFilters"`
}

// selector returns the selector of the metric with the filters, "" for all series.
func (q prometheusQuery) selector() string {
	if len(q.LabelFilters) == 0 {
		return q.Metric
	}
	var conditions []string
	for _, f := range q.LabelFilters {
		conditions = append(conditions, f.Label+f.Op+strconv.Quote(f.Value))
	}
	return q.Metric + "{" + strings.Join(conditions, ",") + "}"
}

// text returns the query as a text. The types are those of PromVariableQueryType in
// grafana/grafana packages/grafana-prometheus/src/types.ts.
func (q prometheusQuery) text() string {
	switch {
	case strings.TrimSpace(q.Query) != "" || q.Type == nil:
		return q.Query
	case *q.Type == 0:
		return "label_names(" + q.Match + ")"
	case *q.Type == 1 && q.Label != "" && q.selector() != "":
		return "label_values(" + q.selector() + ", " + q.Label + ")"
	case *q.Type == 1 && q.Label != "":
		return "label_values(" + q.Label + ")"
	case *q.Type == 2 && q.Metric != "":
		return "metrics(" + q.Metric + ")"
	case *q.Type == 3 && q.VarQuery != "":
		return "query_result(" + q.VarQuery + ")"
	case *q.Type == 4:
		return q.SeriesQuery
	default:
		return q.ClassicQuery
	}
}

// prometheusText returns the text of a variable's query that was written for Prometheus.
// A query with an expression or an entity of its own is none, and neither is one of
// another data source, which may have a `query` too.
func prometheusText(raw json.RawMessage) (text string, found bool) {
	if json.Unmarshal(raw, &text) == nil {
		return text, true
	}
	object := objectOf(raw)
	_, query := object["query"]
	_, kind := object["qryType"]
	if !query && !kind {
		return "", false
	}
	for _, own := range []string{"variable", "expr", "entity", "resource", "measure", "sql"} {
		if _, has := object[own]; has {
			return "", false
		}
	}
	var q prometheusQuery
	if json.Unmarshal(raw, &q) != nil {
		return "", false
	}
	text = q.text()
	return text, kind || string(object["queryType"]) == `"variable"` || strings.Contains(q.RefID, "VariableQuery") || isPrometheusCall(text)
}

var (
	labelNamesCall  = regexp.MustCompile(`^label_names\((.*)\)$`)
	labelValuesCall = regexp.MustCompile(`^label_values\((?s:(.+),)?\s*"?([^,()"]+?)"?\s*\)$`)
	metricsCall     = regexp.MustCompile(`^metrics\((?s:(.+))\)$`)
	queryResultCall = regexp.MustCompile(`^query_result\((?s:(.+))\)$`)
)

// isPrometheusCall reports whether a text is one of the functions of that data source's
// variables.
func isPrometheusCall(text string) bool {
	text = strings.TrimSpace(text)
	return slices.ContainsFunc([]*regexp.Regexp{labelNamesCall, labelValuesCall, metricsCall, queryResultCall}, func(call *regexp.Regexp) bool { return call.MatchString(text) })
}

// fromPrometheus returns the list that such a text stands for. names holds the selector
// of label_names, which is no list of its own.
func fromPrometheus(text string) (list Variable, names *string, err error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Variable{}, nil, bad("query", "is empty: write for example label_values(mesos_agent_info, agent)")
	}
	if found := labelNamesCall.FindStringSubmatch(text); found != nil {
		match := strings.TrimSpace(found[1])
		return Variable{}, &match, nil
	}
	if found := labelValuesCall.FindStringSubmatch(text); found != nil {
		values := VariableLabelValues{Label: found[2], Match: strings.TrimSpace(found[1])}
		if variables := variablesIn(values.Label); len(variables) > 0 {
			return Variable{}, nil, leftover{key: "query", variables: variables}.err(false)
		}
		return Variable{LabelValues: &values}, nil, within("query", checkLabelValues(values, json.RawMessage("{}")))
	}
	if found := metricsCall.FindStringSubmatch(text); found != nil {
		if _, err := regexp.Compile(found[1]); err != nil {
			return Variable{}, nil, bad("query", "the pattern of metrics(%s) is not a regular expression: write for example metrics(mesos_agent_.*)", cut(found[1]))
		}
		// A regular expression that is not anchored.
		pattern := matcher{labels.MetricName, labels.MatchRegexp, ".*(?:" + strings.TrimSpace(found[1]) + ").*"}
		values := VariableLabelValues{Label: labels.MetricName, Match: braces([]matcher{pattern})}
		return Variable{LabelValues: &values}, nil, within("query", checkLabelValues(values, json.RawMessage("{}")))
	}
	expr := text
	if found := queryResultCall.FindStringSubmatch(text); found != nil {
		expr = found[1]
	} else if _, err := promql.ParseExpr(placeholder.interpolate(text)); err != nil || !strings.HasPrefix(text, "mesos_") && !strings.ContainsAny(text, "{(") {
		return Variable{}, nil, bad("query", "%q is none of label_values(series, label), label_values(label), label_names(), metrics(pattern), query_result(expression) and a selector: choose a list in the variable's settings", cut(text))
	}
	return Variable{PromQL: &expr}, nil, nil
}

// labelNames lists the names of labels.
func (src Source) labelNames(ctx context.Context, q backend.DataQuery, match string) (listing, error) {
	made := listing{reads: reads{any: true}}
	var selectors []string
	if match != "" {
		selectors = []string{match}
		var err error
		if made.reads, err = readsOfSelector(match); err != nil {
			return listing{}, err
		}
	}
	from, to := src.during(q, made.reads)
	found, err := Labels(ctx, src, LookUp{Match: selectors, From: from, To: to})
	if err != nil {
		return listing{}, err
	}
	made.notices = warnings(found.Warnings)
	if len(found.Values) == 0 && match != "" {
		if selected, err := promql.ParseMatchers(match); err == nil {
			made.notices = append(made.notices, infos(src.emptyList(src.Store, from, to).ofMatchers(ctx, matchersOf(&parser.VectorSelector{LabelMatchers: selected})))...)
		}
	}
	for _, name := range found.Values {
		made.choices = append(made.choices, choice{name, name})
	}
	return made, nil
}
