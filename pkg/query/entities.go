package query

import (
	"slices"
	"strings"

	"community-mesos-datasource/catalogue"
)

// This file holds what the builder knows, as tables: the entities and the labels
// that identify them, the measures of each resource, and the series that each
// measure is computed from. metrics.go turns a row into PromQL.
//
// Series names: mesos_<entity>_<resource>_<measure>, with _bytes for memory
// and disk; every series also has the label cluster.

const (
	labelCluster = "cluster"
	labelState   = "state"
)

// entity is one kind of thing.
type entity struct {
	name Entity
	// id are the labels that tell two of them apart, besides cluster.
	id []string
	// labels are those its series carry, besides cluster. A trailing * is any ending.
	labels []string
	// groupBy is what a query without groupBy groups by.
	groupBy []string
	// info are the info series its own series can be joined with.
	info []infoSeries
}

// infoSeries is a series of value 1 whose labels describe an entity.
type infoSeries struct {
	name   string
	on     string   // the label, besides cluster, that both sides share
	labels []string // the labels it brings; a trailing * is any ending
}

var (
	agentInfo     = infoSeries{name: "mesos_agent_info", on: "agent_id", labels: []string{"version", "region", "zone", "attr_*"}}
	frameworkInfo = infoSeries{name: "mesos_framework_info", on: "framework_id", labels: []string{"principal", "user"}}
)

var entities = []entity{
	{name: EntityCluster, groupBy: []string{}},
	{
		name: EntityAgent, id: []string{"agent_id"}, labels: []string{"agent", "agent_id"},
		groupBy: []string{"agent"}, info: []infoSeries{agentInfo},
	},
	{
		name: EntityFramework, id: []string{"framework_id"}, labels: []string{"framework", "framework_id"},
		groupBy: []string{"framework"}, info: []infoSeries{frameworkInfo},
	},
	{name: EntityRole, id: []string{"role"}, labels: []string{"role"}, groupBy: []string{"role"}},
	{
		name: EntityTask, id: []string{"framework_id", "task_id"},
		labels:  []string{"task", "task_id", "framework", "framework_id", "agent", "agent_id", "role", "label_*"},
		groupBy: []string{"task"}, info: []infoSeries{agentInfo, frameworkInfo},
	},
	{
		name: EntityExecutor, id: []string{"agent_id", "framework_id", "executor_id"},
		labels:  []string{"executor_id", "framework", "framework_id", "agent", "agent_id", "role"},
		groupBy: []string{"executor_id"}, info: []infoSeries{agentInfo, frameworkInfo},
	},
}

func entityOf(name Entity) (entity, bool) {
	at := slices.IndexFunc(entities, func(e entity) bool { return e.name == name })
	if at < 0 {
		return entity{}, false
	}
	return entities[at], true
}

// series is N(e, m): the name of one of the entity's own series.
func (e entity) series(r Resource, m Measure) string {
	return catalogue.AmountName(string(e.name), string(r), string(m))
}

// mainSeries is the series that a measure of one series is made of.
func (e entity) mainSeries(r row, res Resource, m Measure) string {
	switch r.shape {
	case shapeStates:
		return catalogue.TasksName(string(e.name))
	case shapeEnded:
		return catalogue.TasksEndedName(string(e.name))
	default:
		return e.series(res, m)
	}
}

// has reports whether a list of label names, some ending in *, holds a label.
func has(list []string, label string) bool {
	return slices.ContainsFunc(list, func(known string) bool {
		if prefix, any := strings.CutSuffix(known, "*"); any {
			return strings.HasPrefix(label, prefix) && len(label) > len(prefix)
		}
		return known == label
	})
}

// shape is how a measure is made of series.
type shape int

const (
	shapePlain      shape = iota // X
	shapeDifference              // X - Y - ...
	shapeRatio                   // X / Y
	shapeShare                   // X / the cluster's Y
	shapeStates                  // mesos_<e>_tasks, of one state or of all
	shapeEnded                   // mesos_<e>_tasks_ended_total, of one state or of all
	shapeFits                    // the least of free / need over an agent's resources
)

// row is a line of the compile table: a measure of some resources, for some
// entities.
type row struct {
	measures  []Measure
	resources []Resource
	entities  []Entity
	shape     shape
	// operands are the measures it is made of; empty: the measure itself.
	operands []Measure
	// needs is a label that groupBy must hold, because sums over it mean nothing.
	needs string
	title string // in legends, after the resource's; empty: the measure's words
	about string // a sentence for the field's description; empty: the catalogue's
}

var (
	standard   = []Resource{ResourceCPUs, ResourceGPUs, ResourceMemory, ResourceDisk}
	measurable = []Resource{ResourceCPUs, ResourceMemory}
	everything = []Entity{EntityCluster, EntityAgent, EntityFramework, EntityRole, EntityTask, EntityExecutor}
	tasks      = []Resource{ResourceTasks}
)

const labelRole = "role"

// table is the compile table. An entity without a row for a measure is an
// error that names those with one.
var table = []row{
	{measures: []Measure{MeasureCapacity}, resources: standard, entities: []Entity{EntityCluster, EntityAgent}},
	{measures: []Measure{MeasureAllocated}, resources: standard, entities: everything},
	{measures: []Measure{MeasureOffered}, resources: standard, entities: []Entity{EntityCluster, EntityAgent, EntityFramework, EntityRole}},
	{measures: []Measure{MeasureReserved}, resources: standard, entities: []Entity{EntityCluster, EntityAgent, EntityRole}},
	{
		measures:  []Measure{MeasureQuotaLimit, MeasureQuotaGuarantee, MeasureQuotaConsumed},
		resources: standard, entities: []Entity{EntityRole}, needs: labelRole,
	},
	{
		measures: []Measure{MeasureFree}, resources: standard, entities: []Entity{EntityCluster, EntityAgent},
		shape: shapeDifference, operands: []Measure{MeasureCapacity, MeasureAllocated, MeasureOffered},
		about: "Capacity less what is allocated and what is offered: \"idle\" in the web UI.",
	},
	{
		measures: []Measure{MeasureFree}, resources: standard, entities: []Entity{EntityRole},
		shape: shapeDifference, operands: []Measure{MeasureQuotaLimit, MeasureQuotaConsumed}, needs: labelRole,
		title: "quota free", about: "Quota limit less what counts against it.",
	},
	{measures: []Measure{MeasureUsed}, resources: measurable, entities: everything},
	{measures: []Measure{MeasureUsed}, resources: []Resource{ResourceDisk}, entities: []Entity{EntityExecutor, EntityTask}},
	{
		measures: []Measure{MeasureUtilization}, resources: standard, entities: []Entity{EntityCluster, EntityAgent},
		shape: shapeRatio, operands: []Measure{MeasureAllocated, MeasureCapacity},
		about: "Allocated / capacity.",
	},
	{
		measures: []Measure{MeasureUtilization}, resources: standard, entities: []Entity{EntityRole},
		shape: shapeRatio, operands: []Measure{MeasureQuotaConsumed, MeasureQuotaLimit}, needs: labelRole,
		title: "quota utilization", about: "What counts against the quota / the quota limit.",
	},
	{
		measures: []Measure{MeasureShare}, resources: standard,
		entities: []Entity{EntityFramework, EntityRole, EntityTask, EntityExecutor},
		shape:    shapeShare, operands: []Measure{MeasureAllocated, MeasureCapacity},
		about: "Allocated / the cluster's capacity.",
	},
	{
		measures: []Measure{MeasureEfficiency}, resources: measurable, entities: everything,
		shape: shapeRatio, operands: []Measure{MeasureUsed, measureMeasured},
		about: "Measured use / what was allocated to the containers whose use was read. May exceed 1.",
	},
	{
		measures: []Measure{MeasureActive, MeasureStaging, MeasureStarting, MeasureRunning, MeasureKilling}, resources: tasks,
		entities: []Entity{EntityCluster, EntityFramework, EntityAgent, EntityRole}, shape: shapeStates,
	},
	{
		measures: []Measure{MeasureUnreachable}, resources: tasks,
		entities: []Entity{EntityCluster, EntityFramework, EntityRole}, shape: shapeStates,
	},
	{
		measures: []Measure{
			MeasureEnded, MeasureFinished, MeasureFailed, MeasureKilled, MeasureLost, MeasureError,
			MeasureDropped, MeasureGone, MeasureGoneByOperator,
		},
		// Mesos counts those of the cluster and of frameworks, this plugin the others.
		resources: tasks, entities: []Entity{EntityCluster, EntityFramework, EntityAgent, EntityRole}, shape: shapeEnded,
	},
	{
		measures: []Measure{MeasureFits}, resources: tasks, entities: []Entity{EntityCluster, EntityAgent}, shape: shapeFits,
		about: "How many more tasks of the shape the active agents have room for: whole tasks by what is free on each agent.",
	},
}

// measureMeasured is only ever an operand: what was allocated to the
// containers whose use was read.
const measureMeasured Measure = "measured"

// everyState are the measures of tasks that do not pick a state.
var everyState = []Measure{MeasureActive, MeasureEnded}

// ratio reports whether the measure is a quotient.
func (r row) ratio() bool { return r.shape == shapeRatio || r.shape == shapeShare }

// find returns the row for a measure of an entity. An error names what there is.
func find(e Entity, res Resource, m Measure) (row, error) {
	var of []Entity       // entities that have the measure of this resource
	var among []Resource  // resources that have the measure
	var measures []string // measures the resource has
	for _, r := range table {
		if slices.Contains(r.resources, res) {
			measures = append(measures, names(r.measures)...)
		}
		if !slices.Contains(r.measures, m) {
			continue
		}
		among = append(among, r.resources...)
		if slices.Contains(r.resources, res) {
			of = append(of, r.entities...)
			if slices.Contains(r.entities, e) {
				return r, nil
			}
		}
	}
	switch {
	case res == ResourceTasks && (e == EntityTask || e == EntityExecutor):
		return row{}, bad("resource", "tasks of %s %s cannot be counted: count tasks by framework, agent or role", article(e), e)
	case len(of) == 0 && len(among) > 0 && !slices.Contains(tasks, among[0]) && res != ResourceTasks:
		return row{}, bad("measure", "%q is not available for %s. Available for: %s", m, res, strings.Join(names(among), ", "))
	case len(of) == 0:
		return row{}, bad("measure", "%q is not a measure of %s. Available: %s", m, res, strings.Join(unique(measures), ", "))
	case m == MeasureUtilization && e == EntityFramework:
		return row{}, bad("measure", "a framework has no capacity: use share")
	case m == MeasureUtilization:
		return row{}, bad("measure", "%s %s has no capacity: use share; utilization is of %s", article(e), e, list(of))
	case m == MeasureShare:
		return row{}, bad("measure", "a share of the cluster is of %s; for %s %s use utilization", list(of), article(e), e)
	default:
		return row{}, bad("measure", "%s %s has no %s of %s: %s", article(e), e, m, res, those(of))
	}
}

func those(of []Entity) string {
	if len(of) == 1 {
		return "only " + article(of[0]) + " " + string(of[0]) + " has"
	}
	return "it is of " + list(of)
}

func article(e Entity) string {
	if e == EntityAgent || e == EntityExecutor {
		return "an"
	}
	return "a"
}

// The values of each key, in the order errors and editors name them.
var (
	queryTypeNames = []QueryType{
		QueryTypeMetrics, QueryTypePromQL, QueryTypeEvents, QueryTypeTable, QueryTypeSQL, QueryTypeLogs, QueryTypeTopology, QueryTypeVariable,
	}
	aggregateNames = []Aggregate{AggregateSum, AggregateAvg, AggregateMin, AggregateMax, AggregateCount}
	rateNames      = []Rate{RateSecond, RateMinute}
	operatorNames  = []Operator{OperatorEqual, OperatorNotEqual, OperatorMatch, OperatorNotMatch}
	formatNames    = []Format{FormatTimeSeries, FormatTable}
	sqlFormats     = []SQLFormat{SQLTable, SQLTimeSeries, SQLNumeric}
	directions     = []Direction{DirectionAscending, DirectionDescending}
	comparisons    = []ComparisonOperator{
		ComparisonEqual, ComparisonNotEqual, ComparisonMatch, ComparisonNotMatch,
		ComparisonLess, ComparisonLessOrEqual, ComparisonGreater, ComparisonGreaterOrEqual,
	}
	eventsFormats = []EventsFormat{EventsAnnotations, EventsTable, EventsTimeline, EventsCount}
	fieldNames    = []VariableField{VariableFieldName, VariableFieldID}
)

func entityNames() []Entity {
	var all []Entity
	for _, e := range entities {
		all = append(all, e.name)
	}
	return all
}

func resourceNames() []Resource {
	var all []Resource
	for _, r := range table {
		all = append(all, r.resources...)
	}
	return unique(all)
}

// measureNames are the measures of any of these resources.
func measureNames(of ...Resource) []Measure {
	var all []Measure
	for _, r := range table {
		if slices.ContainsFunc(of, func(res Resource) bool { return slices.Contains(r.resources, res) }) {
			all = append(all, r.measures...)
		}
	}
	return unique(all)
}

// unique drops later repetitions.
func unique[T comparable](all []T) []T {
	seen := make(map[T]bool, len(all))
	var once []T
	for _, member := range all {
		if !seen[member] {
			seen[member] = true
			once = append(once, member)
		}
	}
	return once
}

func names[T ~string](all []T) []string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = string(one)
	}
	return texts
}

// list joins values for a sentence: "a, b and c".
func list[T ~string](all []T) string {
	texts := names(all)
	if len(texts) < 2 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:len(texts)-1], ", ") + " and " + texts[len(texts)-1]
}
