// Package catalogue knows every series this plugin writes and every Mesos
// metric key it is made from, each said once, in metrics.json.
package catalogue

import (
	"github.com/prometheus/prometheus/model/labels"

	"github.com/community/mesos-datasource/pkg/series"
)

// Type is a series' type in Prometheus' sense.
type Type string

// The types.
const (
	Counter Type = "counter"
	Gauge   Type = "gauge"
	Summary Type = "summary" // quantiles over Mesos' own time window
	Untyped Type = "untyped" // a key nobody knows
)

// Unit is what one of a series' numbers counts.
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

// A Series is one series name and what is known of it.
type Series struct {
	Name   string      `json:"name"` // mesos_...
	Type   Type        `json:"type"`
	Unit   Unit        `json:"unit"`
	Help   string      `json:"help"`
	Labels []string    `json:"labels,omitempty"` // without `cluster`, which every series has
	Poll   series.Poll `json:"poll"`             // the poll that brings it
	// Entity and Measure are set on entity series (SERIES "Entities"): cluster,
	// agent, framework, role, task, executor; capacity, allocated, ...
	Entity   string `json:"entity,omitempty"`
	Resource string `json:"resource,omitempty"` // cpus, gpus, memory, disk
	Measure  string `json:"measure,omitempty"`
	Since    string `json:"since,omitempty"`  // first Mesos release, "<=0.19.0" for the oldest looked at
	Source   string `json:"source,omitempty"` // Mesos file or page the fact is from
	// Keys are the Mesos keys or patterns the series is made from.
	Keys []string `json:"keys,omitempty"`
}

// Origin says whose /metrics/snapshot a key is from.
type Origin string

// The origins.
const (
	Master Origin = "master"
	Agent  Origin = "agent"
)

// A Metric is what one key of /metrics/snapshot becomes.
type Metric struct {
	Series *Series
	// Labels are those the key itself holds (framework, role, state, ...),
	// without cluster, master, agent and agent_id, which depend on who answered.
	Labels labels.Labels
	// Factor turns Mesos' number into the series' unit: 1,048,576 for MB, 0.001 for ms.
	Factor float64
	// Process tells that the key is about the answering process itself: only
	// these are written for followers.
	Process bool
	// FrameworkID is set for keys of one framework: they are written only while
	// it is among the state's frameworks.
	FrameworkID string
}
