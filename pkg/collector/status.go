package collector

import (
	"time"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// Status holds the state of a collector at one moment: for the resource
// `status`, health and the notices of queries. Times are zero where nothing
// happened yet.
type Status struct {
	Cluster string         `json:"cluster"` // value of the label cluster; "" before the first success
	Leader  string         `json:"leader"`  // host:port
	Version string         `json:"version"` // of Mesos
	Masters []MasterStatus `json:"masters"`
	Polls   []PollStatus   `json:"polls"`

	Agents     int `json:"agents"`
	Frameworks int `json:"frameworks"`
	Tasks      int `json:"tasks"` // active ones

	// NamesCut is the number of names in the latest /state that were cut because they
	// are longer than series.MaxName.
	NamesCut int `json:"namesCut"`
	// ManyAttributes is the number of agents that have more attributes than labels are
	// made of.
	ManyAttributes int `json:"manyAttributes,omitempty"`

	// Restricted: the principal sees part of the cluster only (/state without flags).
	Restricted bool `json:"restricted"`
	// TaskSeries reports whether history of tasks and executors is kept;
	// TaskSeriesWhy is the sentence when it is not.
	TaskSeries    bool   `json:"taskSeries"`
	TaskSeriesWhy string `json:"taskSeriesWhy,omitempty"`
	// Agents that are asked for measured use; nil while agentStatistics is off or
	// none was asked yet.
	AgentPolls *AgentPolls `json:"agentPolls,omitempty"`
	// SeriesDropped is the number of series the last poll did not write, because
	// of maxSeries or memoryLimit.
	SeriesDropped    int    `json:"seriesDropped"`
	SeriesDroppedWhy string `json:"seriesDroppedWhy,omitempty"`
	// LeftOut are the values that were left out because they cannot be true, by
	// kind of poll.
	LeftOut []samples.LeftOut `json:"leftOut,omitempty"`
	// Returning is the latest time in which agents came back to a new leader; nil for none.
	Returning *Returning `json:"returning,omitempty"`
	// UnwatchedSince is when the cluster was watched last, while /state fails and events do
	// not keep the model in its place; zero while it is watched.
	UnwatchedSince time.Time `json:"unwatchedSince,omitzero"`
	// Stream counts what the event stream brought since the start.
	Stream StreamCounts `json:"stream"`
	// Storage is whether batches of samples can be stored. A batch that cannot is
	// no failure of its poll.
	Storage StorageStatus `json:"storage"`
}

// StreamCounts is how the event stream goes.
type StreamCounts struct {
	Connected bool   `json:"connected"` // now, and what it told first was read
	Opened    uint64 `json:"opened"`    // times it began: all but the first are resyncs
	Events    uint64 `json:"events"`    // changes that it told of
	Dropped   uint64 `json:"dropped"`   // changes that were too many to apply: /state was asked in their place
}

// StorageStatus is how storing batches of samples goes.
type StorageStatus struct {
	Failures    uint64    `json:"failures"` // batches that could not be stored since the start
	LastFailure time.Time `json:"lastFailure"`
	// Err is why the latest batch could not be stored, nil after one that was.
	Err error `json:"-"`
}

// MasterStatus is one master as last seen.
type MasterStatus struct {
	Address string `json:"address"`         // host:port
	Leading bool   `json:"leading"`         // when it answered last
	Error   string `json:"error,omitempty"` // why it did not answer when it was asked last
}

// AgentPolls is how asking agents went the last time.
type AgentPolls struct {
	Listed   int `json:"listed"`   // by the leader, connected or not
	Asked    int `json:"asked"`    // all but those that are not asked for a while since they did not answer, and NotReached
	Answered int `json:"answered"` // /monitor/statistics
	// NotReached is the number of agents that were not asked for lack of time, and
	// NotReachedWhy the sentence when there are any. The next poll begins with them.
	NotReached    int    `json:"notReached"`
	NotReachedWhy string `json:"notReachedWhy,omitempty"`
	// Silent is the number of connected agents that did not answer, asked or not.
	Silent int `json:"silent"`
	// Containers are those in the responses.
	Containers samples.ContainerCounts `json:"containers"`
	// Problems are what went wrong, most frequent first, at most five; each with
	// one agent's sentence.
	Problems []AgentProblem `json:"problems,omitempty"`
	// OwnMetrics reports whether agents' own metrics are kept; OwnMetricsWhy is the
	// sentence when they are not.
	OwnMetrics    bool   `json:"ownMetrics"`
	OwnMetricsWhy string `json:"ownMetricsWhy,omitempty"`
	// OwnMetricsProblems are why agents that gave statistics gave no metrics of their
	// own, like Problems.
	OwnMetricsProblems []AgentProblem `json:"ownMetricsProblems,omitempty"`
}

// AgentProblem is a kind of failure of agents, with an example.
type AgentProblem struct {
	Category mesos.Category `json:"category"`
	Agents   int            `json:"agents"` // that failed in the last poll
	// Resting is the number of agents that are not asked for a while since they failed.
	Resting int    `json:"resting,omitempty"`
	Example string `json:"example"`
}

// PollStatus is one kind of poll.
type PollStatus struct {
	Poll        series.Poll   `json:"poll"`
	Interval    time.Duration `json:"intervalNs"` // the current one
	LastAttempt time.Time     `json:"lastAttempt"`
	LastSuccess time.Time     `json:"lastSuccess"`
	Next        time.Time     `json:"next"`
	Took        time.Duration `json:"tookNs"` // the last one
	Head        time.Duration `json:"headNs"` // the master's own part of it
	Bytes       int64         `json:"bytes"`  // over the wire
	Failures    uint64        `json:"failures"`
	// Err is the last attempt's error, nil after a success. It is remembered
	// until the next poll.
	Err error `json:"-"`
	// Recent are the latest polls, the oldest first. They are shared, and not changed.
	Recent []Result `json:"-"`
}

// PageOf returns what a kind of poll asks for, as sentences have it.
func PageOf(p series.Poll) string {
	switch p {
	case series.PollSnapshot:
		return "/metrics/snapshot"
	case series.PollState:
		return "/state"
	case series.PollRoles:
		return "/roles"
	case series.PollFollowers:
		return "the followers' /metrics/snapshot"
	case series.PollAgents:
		return "the agents"
	case series.PollSubscribe:
		return "the event stream"
	}
	return string(p)
}
