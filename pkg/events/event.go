// Package events is what happened in a cluster: tasks that changed their state, agents
// and frameworks that came and went, leaders, maintenance, and gaps of collection.
//
// Its files: event.go what an event is; field.go its fields by name; log.go what keeps
// events, and how they are asked for.
package events

import "time"

// Kind is what an event is about.
// +enum
type Kind string

// The kinds.
const (
	KindTask        Kind = "task"        // A task changed its state
	KindAgent       Kind = "agent"       // An agent came, went, or changed its state
	KindFramework   Kind = "framework"   // A framework came, went, or changed its state
	KindMaster      Kind = "master"      // Another master leads
	KindMaintenance Kind = "maintenance" // A maintenance window began or ended
	KindCollection  Kind = "collection"  // The cluster was not watched for a while
)

// Kinds are all kinds.
var Kinds = []Kind{KindTask, KindAgent, KindFramework, KindMaster, KindMaintenance, KindCollection}

// Severity is how much an event should worry.
// +enum
type Severity string

// The severities, in rising order.
const (
	Info    Severity = "info"    // As it should be
	Warning Severity = "warning" // Something to look at
	Error   Severity = "error"   // Something failed or was lost
)

// Severities are all severities, in rising order.
var Severities = []Severity{Info, Warning, Error}

// What is what happened to the subject of an event. For a task it is its new state, in
// the spelling of the label state (running, failed, killed, lost, ...).
type What string

// What happens to agents, frameworks, masters, maintenance and collection.
const (
	Added        What = "added"        // agent, framework: the leader lists it for the first time
	Removed      What = "removed"      // agent, framework: it unregistered, or was torn down
	Lost         What = "lost"         // agent: it is not listed any more, and the leader does not say why
	Disconnected What = "disconnected" // agent, framework
	Unreachable  What = "unreachable"  // agent: the leader has given it up
	Back         What = "back"         // agent, framework: after disconnected or unreachable
	Deactivated  What = "deactivated"  // agent
	Reactivated  What = "reactivated"  // agent: after deactivated, draining or drained
	Draining     What = "draining"     // agent
	Drained      What = "drained"      // agent
	Gone         What = "gone"         // agent: an operator marked it gone
	FailedOver   What = "failed_over"  // framework: its scheduler registered again
	NewLeader    What = "leader"       // master: it leads now
	WindowBegan  What = "begun"        // maintenance
	WindowEnded  What = "ended"        // maintenance
	Gap          What = "gap"          // collection
	OtherCluster What = "cluster"      // collection: another cluster is watched from here on
	Restricted   What = "restricted"   // collection: the principal sees less than before
	Unrestricted What = "unrestricted" // collection: the principal sees more than before
)

// An Event is something that happened at a moment, or lasted from a moment on. Texts
// that are not known are "".
type Event struct {
	// ID identifies the event: made of kind, subject and Mesos' own time or the
	// status' uuid, so that an event learned twice is one.
	ID   string
	Kind Kind
	What What

	// Time is when it happened. Where Mesos does not tell it, that was between
	// NotBefore and Time, the two moments at which it was looked; else NotBefore is
	// zero. Of a new leader, which lasts to its first answer, NotBefore is the latest
	// answer of the leader before, and Time when it was elected.
	Time, NotBefore time.Time
	// End is when it ended, of an event that lasts (a maintenance window, draining,
	// an unreachable agent, a gap). Zero: it has not, or it does not last.
	End time.Time
	// Opens is the key of what the event begins, "" where it does not last. Closes
	// are the keys of what it ends: the log sets End of the events that opened them.
	Opens  string
	Closes []string

	Severity Severity

	// Cluster is the name of the cluster, as the label cluster has it.
	Cluster string

	Agent, AgentID         string // host name, ID
	Framework, FrameworkID string
	Role                   string
	Task, TaskID           string

	// Of a task's status, as Mesos says it: reason and source in the spelling of the
	// labels (executor_terminated, executor). Masters tell them on the event stream only.
	Reason, Source string
	// Message is a sentence: the status' own, or ours where Mesos has none.
	Message string
	// Labels are those of a task that taskLabels names: label_* to value.
	Labels map[string]string
}
