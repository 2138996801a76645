package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"

	"community-mesos-datasource/pkg/display"
)

// This file reads a query: decoding, defaults, and a sentence for everything
// that is wrong with it. Rules and provisioning files never pass the frontend,
// so nothing here may count on an editor having filled something in.

// version is the newest query format known here.
const version = 1

// InvalidError is a mistake in a query, which its author can correct.
type InvalidError struct {
	Key  string // the query's key that is wrong; "" where it is the query as a whole
	Text string // what is wrong, and what would be right
}

func (e *InvalidError) Error() string {
	if e.Key == "" {
		return e.Text
	}
	return e.Key + ": " + e.Text
}

func bad(key, format string, args ...any) error {
	return &InvalidError{Key: key, Text: fmt.Sprintf(format, args...)}
}

// parsed is a query that was read and is valid. Exactly one of metrics,
// promql, events, sql, table, variable, logs and topology is set.
type parsed struct {
	Common
	metrics  *MetricsQuery
	promql   *PromQLQuery
	events   *EventsQuery
	sql      *SQLQuery
	table    *TableQuery
	variable *VariableQuery
	logs     *LogsQuery
	topology *TopologyQuery
	least    time.Duration // Interval; 0 for none
	// unknown are the keys that neither this plugin nor Grafana knows.
	unknown unknownKeys
	rule    bool // of an alert or recording rule
	// names is a selector of series whose labels are listed, of a variable that was
	// written for Prometheus; then variable has no list.
	names *string
}

// parse reads a query. Errors are *InvalidError.
func parse(raw json.RawMessage) (parsed, error) { return parseFor(raw, false) }

// parseFor reads a query; rule: of an alert or recording rule.
func parseFor(raw json.RawMessage, rule bool) (parsed, error) {
	if err := checkJSON(raw); err != nil {
		return parsed{}, err
	}
	if err := checkNames(raw); err != nil {
		return parsed{}, err
	}
	if err := leftInTexts(raw, rule); err != nil {
		return parsed{}, err
	}
	if text, found := prometheusText(raw); found && !rule {
		return parsePrometheus(raw, text, rule)
	}
	var head struct {
		QueryType string `json:"queryType"`
		Expr      string `json:"expr"`
		Version   *int   `json:"version"`
	}
	if err := decode(raw, &head); err != nil {
		return parsed{}, err
	}
	if head.Version != nil && *head.Version != version {
		return parsed{}, bad("version", "%d is not known: this plugin reads version %d", *head.Version, version)
	}

	q := parsed{rule: rule}
	switch kind := head.QueryType; {
	case kind == string(QueryTypePromQL), kind == "" && head.Expr != "":
		q.promql = &PromQLQuery{}
		if err := decode(raw, q.promql); err != nil {
			return parsed{}, err
		}
		q.Common = q.promql.Common
		if strings.TrimSpace(q.promql.Expr) == "" {
			return parsed{}, bad("expr", "is empty: write a PromQL expression")
		}
	case kind == string(QueryTypeMetrics), kind == "":
		q.metrics = &MetricsQuery{}
		if err := decode(raw, q.metrics); err != nil {
			return parsed{}, err
		}
		q.Common = q.metrics.Common
		if err := boundMetrics(q.metrics); err != nil {
			return parsed{}, err
		}
		if err := checkMetrics(q.metrics); err != nil {
			return parsed{}, err
		}
	case kind == string(QueryTypeEvents):
		q.events = &EventsQuery{}
		if err := decode(raw, q.events); err != nil {
			return parsed{}, err
		}
		q.Common = q.events.Common
		if err := boundEvents(q.events); err != nil {
			return parsed{}, err
		}
		if err := checkEvents(q.events); err != nil {
			return parsed{}, err
		}
	case kind == string(QueryTypeSQL):
		q.sql = &SQLQuery{}
		if err := decode(raw, q.sql); err != nil {
			return parsed{}, err
		}
		q.Common = q.sql.Common
		if err := checkSQL(q.sql); err != nil {
			return parsed{}, err
		}
	case kind == string(QueryTypeTable):
		q.table = &TableQuery{}
		if err := decode(raw, q.table); err != nil {
			return parsed{}, err
		}
		q.Common = q.table.Common
		if err := checkTable(q.table); err != nil {
			return parsed{}, err
		}
	case kind == string(QueryTypeVariable):
		q.variable = &VariableQuery{}
		if err := decode(raw, q.variable); err != nil {
			return parsed{}, err
		}
		q.Common = q.variable.Common
		if err := checkVariable(q.variable.Variable, raw); err != nil {
			return parsed{}, err
		}
	case kind == string(QueryTypeLogs):
		q.logs = &LogsQuery{}
		if err := decode(raw, q.logs); err != nil {
			return parsed{}, err
		}
		q.Common = q.logs.Common
		if err := checkLogs(q.logs); err != nil {
			return parsed{}, err
		}
	case kind == string(QueryTypeTopology):
		q.topology = &TopologyQuery{}
		if err := decode(raw, q.topology); err != nil {
			return parsed{}, err
		}
		q.Common = q.topology.Common
		if err := checkTopology(q.topology); err != nil {
			return parsed{}, err
		}
	default:
		return parsed{}, unknown("queryType", kind, queryTypeNames)
	}

	if err := q.complete(raw); err != nil {
		return parsed{}, err
	}
	return q, nil
}

// parsePrometheus reads a variable that was written for Prometheus.
func parsePrometheus(raw json.RawMessage, text string, rule bool) (parsed, error) {
	q := parsed{rule: rule, variable: &VariableQuery{QueryType: QueryTypeVariable}}
	var err error
	if q.variable.Variable, q.names, err = fromPrometheus(text); err != nil {
		return parsed{}, err
	}
	if objectOf(raw) == nil {
		return q, nil
	}
	if err := decode(raw, &q.Common); err != nil {
		return parsed{}, err
	}
	q.variable.Common = q.Common
	err = q.complete(raw)
	q.unknown = slices.DeleteFunc(q.unknown, func(k unknownKey) bool { return slices.Contains(prometheusKeys, k.key) })
	return q, err
}

// complete checks and reads the keys that every query has.
func (q *parsed) complete(raw json.RawMessage) error {
	if err := checkCommon(q.Common); err != nil {
		return err
	}
	if q.Format != "" && !slices.Contains(formatNames, q.Format) {
		return unknown("format", string(q.Format), formatNames)
	}
	least, err := duration("interval", q.Interval)
	if err != nil {
		return err
	}
	q.least = least
	q.unknown = unknownKeysOf(raw)
	return nil
}

// instant and overRange report what the query requests; both may be true.
func (q parsed) instant() bool   { return q.Instant }
func (q parsed) overRange() bool { return q.Range || !q.Instant }

func checkMetrics(q *MetricsQuery) error {
	if q.Metric != "" {
		var also []string
		for key, value := range map[string]string{"entity": string(q.Entity), "resource": string(q.Resource), "measure": string(q.Measure)} {
			if value != "" {
				also = append(also, key)
			}
		}
		if len(also) > 0 {
			slices.Sort(also)
			return bad("metric", "names a series by itself: leave out %s, or leave out metric", list(also))
		}
	} else {
		switch {
		case !slices.Contains(entityNames(), q.Entity):
			return unknown("entity", string(q.Entity), entityNames())
		case !slices.Contains(resourceNames(), q.Resource):
			return unknown("resource", string(q.Resource), resourceNames())
		case !slices.Contains(measureNames(resourceNames()...), q.Measure):
			return unknown("measure", string(q.Measure), measureNames(q.Resource))
		}
	}
	if err := checkShape(q); err != nil {
		return err
	}
	if q.Aggregate != "" && !slices.Contains(aggregateNames, q.Aggregate) {
		return unknown("aggregate", string(q.Aggregate), aggregateNames)
	}
	if q.Top < -100 || q.Top > 100 {
		return bad("top", "%d is out of range: 1 to 100, or -1 to -100 for the smallest", q.Top)
	}
	return checkFilters(q.Filters)
}

func checkFilters(filters []Filter) error {
	for i, f := range filters {
		if !slices.Contains(operatorNames, f.Operator) {
			return unknown(fmt.Sprintf("filters[%d].operator", i), string(f.Operator), operatorNames)
		}
		if len(f.Value.List) == 0 {
			return bad(fmt.Sprintf("filters[%d].value", i), "is empty, as a variable without a chosen value is: give a string or a list of at least one, or leave out the filter on %q", f.Label)
		}
	}
	return nil
}

func unknown[T ~string](key, value string, known []T) error {
	if value == "" {
		return bad(key, "is missing: one of %s", strings.Join(names(known), ", "))
	}
	several := asSeveral(value, func(part string) bool { return slices.Contains(names(known), part) })
	return bad(key, "%q is not known%s: one of %s%s", cut(value), display.DidYouMean(cut(value), names(known)), strings.Join(names(known), ", "), several)
}

// decode reads JSON. Its errors name the key of the query and the expected type.
func decode(raw json.RawMessage, into any) error {
	err := json.Unmarshal(raw, into)
	if err == nil {
		return nil
	}
	if said, ok := errors.AsType[*InvalidError](err); ok {
		return said
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		key := strings.TrimPrefix(wrong.Field, "Common.")
		if key == "" {
			return bad("", "the query must be an object, not %s", wrong.Value)
		}
		// Value is a kind, and of a number that does not fit also the number.
		return bad(key, "must be %s, not %s", kindOf(wrong.Type), strings.TrimPrefix(wrong.Value, "number "))
	}
	return bad("", "the query is not a JSON object: %v", err)
}

// kindOf returns the JSON name of a Go type.
func kindOf(of reflect.Type) string {
	switch of.Kind() {
	case reflect.Pointer:
		return kindOf(of.Elem())
	case reflect.Slice:
		return "a list"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	default:
		return "an object"
	}
}

// duration reads a length of time as Grafana writes it: 30s, 5m, 1d; "" and
// the macros are none.
func duration(key, text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if text == "" || isMacro(text) {
		return 0, nil
	}
	length, err := gtime.ParseIntervalStringToTimeDuration(strings.TrimPrefix(text, ">"))
	if err != nil || length <= 0 {
		several := asSeveral(text, func(part string) bool { _, err := gtime.ParseIntervalStringToTimeDuration(part); return err == nil })
		return 0, bad(key, "%q is not a valid duration: write for example 30s, 5m, 12h or 7d%s", text, several)
	}
	if length > maxDuration || overflows(strings.TrimPrefix(text, ">")) {
		return 0, bad(key, "%q is longer than 10 years, the most there may be: write for example 30s, 5m, 12h or 7d", text)
	}
	return length, nil
}

const maxDuration = 10 * 365 * 24 * time.Hour

// oneUnit is a duration of one number and one unit, which gtime multiplies without
// a look at what fits into 64 bits.
var oneUnit = regexp.MustCompile(`^(\d+)(ms|[smhdwMy])$`)

// unitLengths are Grafana's units.
var unitLengths = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
	"d": day, "w": 7 * day, "M": 30 * day, "y": 365 * day,
}

// overflows reports whether a duration is longer than maxDuration by its text.
func overflows(text string) bool {
	parts := oneUnit.FindStringSubmatch(text)
	if parts == nil {
		return false
	}
	n, err := strconv.ParseFloat(parts[1], 64)
	return err != nil || n*float64(unitLengths[parts[2]]) > float64(maxDuration)
}
