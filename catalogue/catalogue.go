// Package catalogue knows every series this plugin writes and every Mesos
// metric key it is made from, each listed once, in metrics.json.
//
// This file defines what a series is and looks series up by name; load.go reads
// metrics.json; pattern.go matches keys; resolve.go maps the keys of a
// /metrics/snapshot to series; reference.go writes docs/metrics.md.
package catalogue

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/series"
)

// Type is a series' type in Prometheus' sense.
type Type string

// The types.
const (
	Counter Type = "counter"
	Gauge   Type = "gauge"
	Summary Type = "summary" // quantiles over Mesos' own time window
	Untyped Type = "untyped" // an unknown key
)

// Unit is the unit of a series' values.
type Unit string

// The units.
const (
	CPUs    Unit = "cpus"
	GPUs    Unit = "gpus"
	Bytes   Unit = "bytes"
	Seconds Unit = "seconds"
	Ratio   Unit = "ratio" // 0 to 1
	Count   Unit = "count" // things: tasks, agents, messages
	Bool    Unit = "bool"  // 0 or 1
	Time    Unit = "time"  // Unix seconds
	BytesPS Unit = "bytes/second"
	None    Unit = "none" // weights, loads, unknown
)

// A Series holds one series name and its properties.
type Series struct {
	Name   string      `json:"name"` // mesos_...
	Type   Type        `json:"type"`
	Unit   Unit        `json:"unit"`
	Help   string      `json:"help"`
	Labels []string    `json:"labels,omitempty"` // without `cluster`, which every series has
	Poll   series.Poll `json:"poll"`             // the poll that brings it; "" for the plugin's own health, which every poll brings
	// OpenLabels are prefixes of labels that depend on the cluster or on
	// settings, written attr_* and label_*.
	OpenLabels []string `json:"openLabels,omitempty"`
	// Group is the heading the series stands under in docs/metrics.md.
	Group string `json:"group,omitempty"`
	// Entity is set on an entity's series: cluster, agent, framework, role,
	// task, executor. They are the same whichever master answers, so they never
	// have the label master. Resource and Measure are set where the series is
	// an amount of a resource.
	Entity   string `json:"entity,omitempty"`
	Resource string `json:"resource,omitempty"` // cpus, gpus, memory, disk
	Measure  string `json:"measure,omitempty"`  // capacity, allocated, offered, ...
	// Process reports that the series is about the answering master itself, so
	// that the followers poll brings it too.
	Process bool   `json:"process,omitempty"`
	Since   string `json:"since,omitempty"`  // first Mesos release with one of the keys, or with what of /state or /roles it is made from; "<=0.19.0" for the oldest looked at
	Source  string `json:"source,omitempty"` // Mesos file or response that it comes from
	// Keys are the Mesos keys or patterns the series is made from.
	Keys []string `json:"keys,omitempty"`
}

// Origin is whose /metrics/snapshot a key is from.
type Origin string

// The origins.
const (
	Master Origin = "master"
	Agent  Origin = "agent"
)

// A Metric holds the series that one key of /metrics/snapshot becomes.
type Metric struct {
	Series *Series
	// Labels are those the key itself holds (framework, role, state, ...),
	// without cluster, master, agent and agent_id, which depend on who answered.
	Labels labels.Labels
	// Factor converts Mesos' number to the series' unit: 1,048,576 for MB, 0.001 for ms.
	Factor float64
	// Entity reports that the series is an entity's (a cluster's, framework's or
	// role's): it gets no label of who answered, only cluster.
	Entity bool
	// Process reports that the key is about the answering process itself: only
	// these are written for followers.
	Process bool
	// FrameworkID is set for keys of one framework: they are written only while
	// it is among the state's frameworks.
	FrameworkID string
}

// All returns every known series, sorted by name. The caller owns the slice, but
// must not change what the elements point to.
func All() []Series {
	known := loaded()
	all := make([]Series, len(known.series))
	for i, s := range known.series {
		all[i] = *s
	}
	return all
}

// AmountName returns the name of an entity's series of a resource: for example
// mesos_agent_cpus_capacity, mesos_agent_memory_capacity_bytes. A resource that
// metrics.json does not list has no suffix.
func AmountName(entity, resource, measure string) string {
	suffix := ""
	for _, r := range loaded().Resources {
		if r.Resource == resource {
			suffix = r.Suffix
		}
	}
	return "mesos_" + entity + "_" + resource + "_" + measure + suffix
}

// TasksName returns the name of an entity's series of tasks that have not ended,
// by state.
func TasksName(entity string) string { return "mesos_" + entity + "_tasks" }

// TasksEndedName returns the name of an entity's counter of tasks that ended, by
// the state they ended in.
func TasksEndedName(entity string) string { return TasksName(entity) + "_ended_total" }

// Lookup returns a series by its name. A summary has one name here: its
// quantiles are a label, and Mesos gives neither a sum nor a count of all time.
func Lookup(name string) (*Series, bool) {
	s, ok := loaded().byName[name]
	return s, ok
}

// KindOf returns the poll that brings a series: snapshot for an unknown name, since
// unknown keys come from there, and "" for the plugin's own health, which every
// poll brings.
func KindOf(name string) series.Poll {
	if s, ok := Lookup(name); ok {
		return s.Poll
	}
	return series.PollSnapshot
}

// PollsOf returns all polls that bring a series: a master's process series come
// with the followers poll too, the plugin's own health with every poll. How far
// back a query must look depends on the slowest of them.
func PollsOf(name string) []series.Poll {
	kind := KindOf(name)
	switch s, ok := Lookup(name); {
	case kind == "":
		return slices.Clone(everyPoll)
	case ok && s.Process:
		return []series.Poll{kind, series.PollFollowers}
	}
	return []series.Poll{kind}
}

var everyPoll = []series.Poll{
	series.PollSnapshot, series.PollState, series.PollRoles,
	series.PollAgents, series.PollFollowers, series.PollSubscribe,
}
