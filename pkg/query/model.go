package query

import (
	"encoding/json"
	"slices"
	"strings"

	"community-mesos-datasource/pkg/events"
)

// This file is the query as dashboards, rules and provisioning files hold it.
// It is the public interface: a key or a value that goes needs a migration in
// parse.go. The JSON schema (schema.json) and the frontend's types
// (src/query/types.gen.ts) are generated from here.
//
// No key may be called `type` or `timeRange`: Grafana takes such a query for
// an expression, or takes the key for itself.

// QueryType is the kind of a query.
// +enum
type QueryType string

// The query types.
const (
	QueryTypeMetrics QueryType = "metrics" // Entity, resource and measure, or one series of the catalogue
	QueryTypePromQL  QueryType = "promql"  // An expression
	QueryTypeEvents  QueryType = "events"  // What happened

	QueryTypeTable    QueryType = "table"    // Rows of a table: tasks, agents, frameworks, ...
	QueryTypeSQL      QueryType = "sql"      // A SELECT over the tables
	QueryTypeLogs     QueryType = "logs"     // What a task wrote into its sandbox
	QueryTypeTopology QueryType = "topology" // Frameworks, agents and tasks as a node graph

	QueryTypeVariable QueryType = "variable" // The values a dashboard variable offers
)

// Entity is the kind of thing that values belong to.
// +enum
type Entity string

// The entities.
const (
	EntityCluster   Entity = "cluster"   // The whole cluster
	EntityAgent     Entity = "agent"     // Machines that offer resources
	EntityFramework Entity = "framework" // Frameworks: Marathon, Spark, ...
	EntityRole      Entity = "role"      // Roles: who may have how much
	EntityTask      Entity = "task"      // Single tasks
	EntityExecutor  Entity = "executor"  // The containers tasks run in
)

// Resource is the resource of an entity.
// +enum
type Resource string

// The resources.
const (
	ResourceCPUs   Resource = "cpus"   // Cores
	ResourceGPUs   Resource = "gpus"   // Cards
	ResourceMemory Resource = "memory" // Bytes
	ResourceDisk   Resource = "disk"   // Bytes
	ResourceTasks  Resource = "tasks"  // Numbers of tasks
)

// Measure is which of a resource's numbers is asked for. In Mesos' own words
// "used" means allocated; here it always means measured.
// +enum
type Measure string

// The measures of cpus, gpus, memory and disk.
const (
	MeasureCapacity       Measure = "capacity"        // What there is
	MeasureAllocated      Measure = "allocated"       // What tasks and executors hold
	MeasureOffered        Measure = "offered"         // What frameworks are looking at just now
	MeasureReserved       Measure = "reserved"        // What is reserved for roles
	MeasureQuotaLimit     Measure = "quota_limit"     // What a role may have at most
	MeasureQuotaGuarantee Measure = "quota_guarantee" // What a role gets for sure
	MeasureQuotaConsumed  Measure = "quota_consumed"  // What counts against a role's quota
	MeasureFree           Measure = "free"            // Neither allocated nor offered; of roles: quota left
	MeasureUsed           Measure = "used"            // Measured in the containers
	MeasureUtilization    Measure = "utilization"     // Allocated / capacity; of roles: consumed / limit
	MeasureShare          Measure = "share"           // Allocated / the cluster's capacity
	MeasureEfficiency     Measure = "efficiency"      // Used / what was allocated where use was measured
)

// The measures of tasks. Down to unreachable they are tasks now, in that
// state; from ended to gone_by_operator they are tasks that ended so, counted over time.
const (
	MeasureActive         Measure = "active"           // In any state that has not ended
	MeasureStaging        Measure = "staging"          // Launched, not yet started
	MeasureStarting       Measure = "starting"         // The executor is starting it
	MeasureRunning        Measure = "running"          // Running
	MeasureKilling        Measure = "killing"          // Being killed
	MeasureUnreachable    Measure = "unreachable"      // On agents the master cannot reach
	MeasureEnded          Measure = "ended"            // Ended in any way
	MeasureFinished       Measure = "finished"         // Ended well
	MeasureFailed         Measure = "failed"           // Ended with an error of its own
	MeasureKilled         Measure = "killed"           // Killed on request
	MeasureLost           Measure = "lost"             // Lost with its agent or its launch
	MeasureError          Measure = "error"            // Refused: its description was wrong
	MeasureDropped        Measure = "dropped"          // Never launched
	MeasureGone           Measure = "gone"             // Its agent is gone
	MeasureGoneByOperator Measure = "gone_by_operator" // Its agent was marked gone
	MeasureFits           Measure = "fits"             // How many more of a shape agents have room for
)

// Aggregate is the function that combines the entities of a group.
// +enum
type Aggregate string

// The aggregates.
const (
	AggregateSum   Aggregate = "sum"   // Their sum; of ratios the ratio of sums. The default
	AggregateAvg   Aggregate = "avg"   // Their average
	AggregateMin   Aggregate = "min"   // The smallest
	AggregateMax   Aggregate = "max"   // The largest
	AggregateCount Aggregate = "count" // How many there are
)

// Rate is the time that counters are shown for. In JSON it may be true, for second, or false, for
// none.
// +enum
type Rate string

// The rates.
const (
	RateSecond Rate = "second" // Events per second
	RateMinute Rate = "minute" // Events per minute
)

// UnmarshalJSON reads a rate, true or false.
func (r *Rate) UnmarshalJSON(raw []byte) error {
	var text string
	switch {
	case string(raw) == "true":
		*r = RateSecond
	case string(raw) == "false", string(raw) == "null":
		*r = ""
	case json.Unmarshal(raw, &text) != nil:
		return bad("rate", "must be true, false or one of %s, not %s", strings.Join(names(rateNames), ", "), cut(string(raw)))
	default:
		if text != "" && !slices.Contains(rateNames, Rate(text)) {
			return unknown("rate", text, rateNames)
		}
		*r = Rate(text)
	}
	return nil
}

// Format is the shape of the answer.
// +enum
type Format string

// The formats.
const (
	FormatTimeSeries Format = "time_series" // A field per series. The default
	FormatTable      Format = "table"       // A row per series, or per series and time
)

// EventsFormat is the shape of an answer of events.
// +enum
type EventsFormat string

// The formats of events.
const (
	EventsAnnotations EventsFormat = "annotations" // Marks and regions over graphs. The default
	EventsTable       EventsFormat = "table"       // A row per event
	EventsTimeline    EventsFormat = "timeline"    // The states of each task, agent or framework over time
	EventsCount       EventsFormat = "count"       // How many there are in the time range: one number per group, for rules too
)

// SQLFormat is the shape of an answer of SQL.
// +enum
type SQLFormat string

// The formats of SQL.
const (
	SQLTable      SQLFormat = "table"       // The rows as they are. The default
	SQLTimeSeries SQLFormat = "time_series" // A series per combination of the text columns, over the one time column
	SQLNumeric    SQLFormat = "numeric"     // One number per combination of the text columns, for rules too
)

// Direction is the order of a column.
// +enum
type Direction string

// The directions.
const (
	DirectionAscending  Direction = "asc"  // The smallest first. The default
	DirectionDescending Direction = "desc" // The largest first
)

// ComparisonOperator is how a filter of a table compares.
// +enum
type ComparisonOperator string

// The comparisons. Those with a list of values hold where any of them does.
const (
	ComparisonEqual          ComparisonOperator = "="  // Is
	ComparisonNotEqual       ComparisonOperator = "!=" // Is not
	ComparisonMatch          ComparisonOperator = "=~" // Matches the whole regular expression
	ComparisonNotMatch       ComparisonOperator = "!~" // Does not match it
	ComparisonLess           ComparisonOperator = "<"  // Is less than a number or before a time
	ComparisonLessOrEqual    ComparisonOperator = "<=" // Is at most
	ComparisonGreater        ComparisonOperator = ">"  // Is more than a number or after a time
	ComparisonGreaterOrEqual ComparisonOperator = ">=" // Is at least
)

// Operator is how a filter compares.
// +enum
type Operator string

// The operators, as in PromQL. A list of values is matched by any of them.
const (
	OperatorEqual    Operator = "="  // Is
	OperatorNotEqual Operator = "!=" // Is not
	OperatorMatch    Operator = "=~" // Matches the whole regular expression
	OperatorNotMatch Operator = "!~" // Does not match it
)

// VariableField is the property of an entity that a dashboard variable holds.
// +enum
type VariableField string

// The fields.
const (
	VariableFieldName VariableField = "name" // The name, each once. The default
	VariableFieldID   VariableField = "id"   // The id; its name is shown
)

// Common are the keys every query has. Those of Grafana's own (datasource,
// key, intervalMs, ...) are accepted and left to Grafana.
type Common struct {
	// RefID is the name of the query in its panel or rule.
	RefID string `json:"refId"`
	// Hide: not shown in panels. Rules evaluate it all the same.
	Hide bool `json:"hide,omitempty"`
	// Key is Grafana's name of the query in Explore.
	Key string `json:"key,omitempty"`
	// Datasource is the data source the query belongs to.
	Datasource *DatasourceRef `json:"datasource,omitempty"`
	// Version is the version of this format. Absent is 1.
	Version int `json:"version,omitempty"`
	// LegendFormat is the display name, {{label}} stands for a label's value. Absent or __auto: what tells the series apart; of promql, absent is the whole name. In a table, a text without labels names the column of values.
	LegendFormat string `json:"legendFormat,omitempty"`
	// Interval is the least step, like 1m.
	Interval string `json:"interval,omitempty"`
	// Range asks for values over the time range. So does a query that asks for neither range nor instant.
	Range bool `json:"range,omitempty"`
	// Instant asks for the values at the end of the time range. Rules get these alone.
	Instant bool `json:"instant,omitempty"`
	// Format is the shape of the answer.
	Format Format `json:"format,omitempty"`
	// AdhocFilters are a dashboard's filters. They hold for every query.
	AdhocFilters []AdhocFilter `json:"adhocFilters,omitempty"`
}

// DatasourceRef names a data source.
type DatasourceRef struct {
	Type string `json:"type,omitempty"`
	UID  string `json:"uid,omitempty"`
}

// AdhocFilter is a filter as Grafana's dashboards write it.
type AdhocFilter struct {
	// Key is a label.
	Key string `json:"key"`
	// Operator is one of =, !=, =~, !~, =| and !=|. Others are ignored with a notice.
	Operator string `json:"operator"`
	// Value is the value compared with.
	Value string `json:"value,omitempty"`
	// Values are several values, any of which counts. They come before Value.
	Values []string `json:"values,omitempty"`
}

// Filter is a condition on a label.
type Filter struct {
	// Label is one of the entity's labels or of its info labels.
	Label string `json:"label"`
	// Operator is how to compare.
	Operator Operator `json:"operator"`
	// Value is a value or a list of them; "" means the label is absent.
	Value Values `json:"value"`
}

// Values is a string or a list of strings.
type Values struct {
	List []string
	// Many reports whether a list was written, even of one value.
	Many bool
}

// UnmarshalJSON reads a string or a list of strings.
func (v *Values) UnmarshalJSON(raw []byte) error {
	wrong := bad("filters", "a value must be a string or a list of strings, not %s", cut(string(raw)))
	var items []*string
	if json.Unmarshal(raw, &items) == nil && items != nil {
		v.List, v.Many = make([]string, len(items)), true
		for i, item := range items {
			if item == nil {
				return wrong
			}
			v.List[i] = *item
		}
		return nil
	}
	var one *string
	if json.Unmarshal(raw, &one) != nil || one == nil {
		return wrong
	}
	v.List, v.Many = []string{*one}, false
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (v Values) MarshalJSON() ([]byte, error) {
	if !v.Many && len(v.List) == 1 {
		return json.Marshal(v.List[0])
	}
	return json.Marshal(v.List)
}

// MetricsQuery queries a measure of entities, or for one series of the
// catalogue.
type MetricsQuery struct {
	Common
	// QueryType may be absent.
	QueryType QueryType `json:"queryType,omitempty"`
	// Entity is what the numbers are about.
	Entity Entity `json:"entity,omitempty"`
	// Resource is what is measured.
	Resource Resource `json:"resource,omitempty"`
	// Measure is which number.
	Measure Measure `json:"measure,omitempty"`
	// Metric is a series of the catalogue; entity, resource and measure are absent then.
	Metric string `json:"metric,omitempty"`
	// GroupBy are the labels that tell the results apart. Absent: the entity's own; empty: one total.
	GroupBy *[]string `json:"groupBy,omitempty"`
	// Filters must all hold.
	Filters []Filter `json:"filters,omitempty"`
	// Aggregate is how entities in a group become one number.
	Aggregate Aggregate `json:"aggregate,omitempty"`
	// Rate shows counters per second (also true) or per minute; without it they show their increase.
	Rate Rate `json:"rate,omitempty"`
	// Top keeps the n largest, or with a negative number the n smallest.
	Top int `json:"top,omitempty"`
	// Shape is the task that measure fits asks room for.
	Shape *Shape `json:"shape,omitempty"`
	// Live adds points as they are collected, while somebody watches a panel. Rules leave it out.
	Live bool `json:"live,omitempty"`
	// Forecast shows the value expected this much later, like 1d, from as much history.
	Forecast string `json:"forecast,omitempty"`
}

// Shape is what one task of measure fits needs. It has at least one of its keys.
type Shape struct {
	// CPUs are cores, like 0.5.
	CPUs float64 `json:"cpus,omitempty"`
	// Memory is an amount like 512MiB or 8GiB.
	Memory string `json:"memory,omitempty"`
	// Disk is an amount like 10GiB.
	Disk string `json:"disk,omitempty"`
	// GPUs are cards.
	GPUs float64 `json:"gpus,omitempty"`
}

// PromQLQuery queries an expression.
type PromQLQuery struct {
	Common
	// QueryType may be absent, as expr is set.
	QueryType QueryType `json:"queryType,omitempty"`
	// Expr is the expression. $__interval, $__rate_interval and $__range are replaced.
	Expr string `json:"expr"`
	// Live adds points as they are collected, while somebody watches a panel. Rules leave it out.
	Live bool `json:"live,omitempty"`
}

// EventsQuery queries what happened in the time range.
type EventsQuery struct {
	Common
	// QueryType must be said.
	QueryType QueryType `json:"queryType"`
	// Format is the shape of the answer. Rules and expressions can read count only.
	Format EventsFormat `json:"format,omitempty"`
	// Kinds are what the events are about. Absent or empty: all.
	Kinds []events.Kind `json:"kinds,omitempty"`
	// Severity is the least severity. Absent: all.
	Severity events.Severity `json:"severity,omitempty"`
	// Filters must all hold. Their labels are the fields of events: kind, event, severity, agent, agent_id, framework, framework_id, role, task, task_id, reason, source, message, cluster, label_*.
	Filters []Filter `json:"filters,omitempty"`
	// GroupBy are the fields that tell the numbers of format count apart. Absent or empty: one total.
	GroupBy *[]string `json:"groupBy,omitempty"`
	// Limit is how many events are shown at most, the newest: 1 to 10000; absent: 1000. Of timeline it is how many tasks, agents and frameworks (at most 1000; absent: 100), of count how many groups (at most and if absent: 1000). Rules do not have it.
	Limit int `json:"limit,omitempty"`
}

// TableQuery queries rows of one table as it is now, or of events in the time range.
type TableQuery struct {
	Common
	// QueryType must be said.
	QueryType QueryType `json:"queryType"`
	// Table is the name of a table: tasks, agents, frameworks, roles, ...
	Table string `json:"table"`
	// Columns are the columns shown, in this order. Absent or empty: all.
	Columns []string `json:"columns,omitempty"`
	// Filters must all hold.
	Filters []TableFilter `json:"filters,omitempty"`
	// OrderBy sorts the rows.
	OrderBy []OrderBy `json:"orderBy,omitempty"`
	// Limit is how many rows are shown at most: 1 to 10000; absent: 1000.
	Limit int `json:"limit,omitempty"`
}

// TableFilter is a condition on a column.
type TableFilter struct {
	// Label is the name of a column, or a label or attribute in it: labels.team, attributes.rack.
	Label string `json:"label"`
	// Operator is how to compare.
	Operator ComparisonOperator `json:"operator"`
	// Value is a value or a list of them; "" means the column is null or empty.
	Value Values `json:"value"`
}

// OrderBy is a column that rows are sorted by.
type OrderBy struct {
	// Column is the name of a column.
	Column string `json:"column"`
	// Direction is the order. Absent: asc.
	Direction Direction `json:"direction,omitempty"`
}

// SQLQuery queries the tables with one SELECT of SQLite's SQL.
type SQLQuery struct {
	Common
	// QueryType must be said.
	QueryType QueryType `json:"queryType"`
	// SQL is the statement. $__timeFilter(column), $__timeFrom(), $__timeTo() and $__timeGroup(column, interval) are replaced.
	SQL string `json:"sql"`
	// Format is the shape of the answer. Rules and expressions can read numeric and time_series.
	Format SQLFormat `json:"format,omitempty"`
}

// LogsQuery queries what a task wrote into a file of its sandbox. The setting sandboxLogs names the
// least role that may; rules and public dashboards never may.
type LogsQuery struct {
	Common
	// QueryType must be said.
	QueryType QueryType `json:"queryType"`
	// TaskID is the ID of the task.
	TaskID string `json:"taskId"`
	// FrameworkID is the ID of its framework, needed where two frameworks have a task of that ID.
	FrameworkID string `json:"frameworkId,omitempty"`
	// AgentID is the ID of the agent it ran on, needed with frameworkId for a task whose end was not seen.
	AgentID string `json:"agentId,omitempty"`
	// File is a file of the sandbox: stdout, stderr, or another name of a log as completion lists them. Absent: stdout.
	File string `json:"file,omitempty"`
	// Filter is a text that lines contain, or a regular expression between slashes.
	Filter string `json:"filter,omitempty"`
	// Limit is how many lines are shown at most, the newest: 1 to 5000; absent: 1000.
	Limit int `json:"limit,omitempty"`
	// Before asks for the lines before the one that begins at this offset of the file, whatever their times are.
	Before *int64 `json:"before,omitempty"`
	// After asks for the lines after the one that begins at this offset of the file, whatever their times are.
	After *int64 `json:"after,omitempty"`
	// Live follows the file while somebody watches.
	Live bool `json:"live,omitempty"`
	// Volume asks how many lines there are over time, by severity, instead of the lines. Explore draws it above them.
	Volume bool `json:"volume,omitempty"`
}

// TopologyQuery queries frameworks, agents and tasks as nodes, and what runs where as edges.
type TopologyQuery struct {
	Common
	// QueryType must be said.
	QueryType QueryType `json:"queryType"`
	// GroupBy are what the nodes are, from left to right: agent, framework, role, task, or an attribute as attr_rack. Absent: framework and agent.
	GroupBy []string `json:"groupBy,omitempty"`
	// Filters must all hold.
	Filters []Filter `json:"filters,omitempty"`
}

// VariableQuery queries the values that a dashboard variable offers. The answer is
// one table with the text fields `text` (shown) and `value` (put into
// queries), sorted, each value once, 10,000 rows at most. Rules and
// expressions cannot ask it.
type VariableQuery struct {
	Common
	// QueryType must be said.
	QueryType QueryType `json:"queryType"`
	// Variable is the list of a variable query.
	Variable Variable `json:"variable"`
}

// Variable is the list of a variable query. It has exactly one of its keys.
type Variable struct {
	// LabelValues lists the values of a label.
	LabelValues *VariableLabelValues `json:"labelValues,omitempty"`
	// Entities lists entities.
	Entities *VariableEntities `json:"entities,omitempty"`
	// SQL is a SELECT over the tables, whose first column is listed, or its columns text (shown) and value.
	SQL *string `json:"sql,omitempty"`
	// PromQL is an expression. Each series it has at the end of the time range is listed as name{label="value",...} value time, for the variable's regular expression to pick from, or as legendFormat says.
	PromQL *string `json:"promql,omitempty"`
}

// VariableLabelValues lists the values of a label that series of the time
// range have.
type VariableLabelValues struct {
	// Label is the name of a label. __name__ lists the names of series.
	Label string `json:"label"`
	// Match is a selector of the series looked at, like mesos_agent_info or {framework="marathon"}. Absent: all.
	Match string `json:"match,omitempty"`
}

// VariableEntities lists the entities there were in the time range.
type VariableEntities struct {
	// Entity is what to list.
	Entity Entity `json:"entity"`
	// Field is what the variable's value is.
	Field VariableField `json:"field,omitempty"`
	// Filters must all hold.
	Filters []Filter `json:"filters,omitempty"`
}
