package events

import (
	"context"
	"time"
)

// A Log keeps events. Its methods may be called from several goroutines.
type Log interface {
	// Append adds events and returns those that it did not have: an event whose ID it
	// has is left out, but completes what was not known of it (its exact time, reason,
	// source, message, end). All of them are kept, or none is and there is an error.
	// Without events it does what is due: see the implementation.
	Append(ctx context.Context, all []Event) (added []Event, err error)
	// Select returns the events that match, the newest first, at most Limit; more is
	// how many match beyond them.
	Select(ctx context.Context, f Filter) (found []Event, more int, err error)
	// Count returns how many of the events that match happened in the filter's time, in
	// each group of equal values of these fields, by falling count; at most limit groups.
	// What only lasted into that time does not count.
	Count(ctx context.Context, f Filter, by []Field, limit int) ([]Group, error)
	// Values returns the values that a field has among the events that match and
	// happened in the filter's time, sorted; at most limit.
	Values(ctx context.Context, f Filter, field Field, limit int) ([]string, error)
	Stats() Stats
}

// Field names a text field of events, as filters, columns and labels spell it.
type Field string

// The fields.
const (
	FieldKind        Field = "kind"
	FieldEvent       Field = "event" // Event.What
	FieldSeverity    Field = "severity"
	FieldAgent       Field = "agent"
	FieldAgentID     Field = "agent_id"
	FieldFramework   Field = "framework"
	FieldFrameworkID Field = "framework_id"
	FieldRole        Field = "role"
	FieldTask        Field = "task"
	FieldTaskID      Field = "task_id"
	FieldReason      Field = "reason"
	FieldSource      Field = "source"
	FieldMessage     Field = "message"
	FieldCluster     Field = "cluster"
)

// Fields are all fields. Labels of tasks are fields by their names (label_team).
var Fields = []Field{
	FieldKind, FieldEvent, FieldSeverity, FieldAgent, FieldAgentID, FieldFramework, FieldFrameworkID,
	FieldRole, FieldTask, FieldTaskID, FieldReason, FieldSource, FieldMessage, FieldCluster,
}

// A Filter chooses events. The zero of a part chooses all.
type Filter struct {
	// From and To bound the time: events that happened, or lasted, in it. Both
	// moments belong to it.
	From, To time.Time
	Kinds    []Kind
	// Least is the least severity.
	Least Severity
	// Where must all hold.
	Where []Condition
	Limit int
}

// A Condition is a condition on one field. A field that an event does not have is "".
type Condition struct {
	Field  Field
	Values []string // any of them, or none of them
	Not    bool
	// Pattern: Values are regular expressions (RE2), anchored at both ends.
	Pattern bool
}

// A Group is how many events have these values of the fields that were asked for.
type Group struct {
	Values []string
	Count  int
	Last   time.Time
}

// Stats is what a log holds.
type Stats struct {
	Events int
	Bytes  int64
	// Start is the time of the oldest event, zero where there is none.
	Start time.Time
	// Since is the moment from which the log has every event that was learned: when it
	// was created, or the time of the oldest event kept once any was dropped. Zero:
	// not known yet.
	Since time.Time
	// Watched is when events were added last, to some seconds, by this process or one
	// before: Append is called at each poll, also without events. Zero: never, or not kept.
	Watched time.Time
	// Where is "disk" or "memory".
	Where string
	// Problem is why events are in memory although a directory was given, or why the
	// latest could not be kept; "" for none.
	Problem string
}
