package mesos

import "time"

// This file is the shape of the operator event stream (POST /api/v1 SUBSCRIBE;
// include/mesos/v1/master/master.proto, Event), as far as anything here reads it. Agents,
// frameworks and tasks have the shape of /state, so that a model is made of both in the
// same way.

// StreamEventType is the type of a record of the stream.
type StreamEventType string

// The types of records. Others are passed over.
const (
	StreamSubscribed       StreamEventType = "SUBSCRIBED"
	StreamHeartbeat        StreamEventType = "HEARTBEAT"
	StreamTaskAdded        StreamEventType = "TASK_ADDED"
	StreamTaskUpdated      StreamEventType = "TASK_UPDATED"
	StreamAgentAdded       StreamEventType = "AGENT_ADDED"
	StreamAgentRemoved     StreamEventType = "AGENT_REMOVED"
	StreamFrameworkAdded   StreamEventType = "FRAMEWORK_ADDED"
	StreamFrameworkUpdated StreamEventType = "FRAMEWORK_UPDATED"
	StreamFrameworkRemoved StreamEventType = "FRAMEWORK_REMOVED"
)

// A StreamEvent is a record of the stream.
type StreamEvent struct {
	Type     StreamEventType
	Received time.Time // when the record was complete
	Bytes    int64     // of the record

	Subscribed *Subscribed   // SUBSCRIBED
	Task       *StreamTask   // TASK_ADDED
	Update     *StreamUpdate // TASK_UPDATED
	Agent      *Slave        // AGENT_ADDED
	Framework  *Framework    // FRAMEWORK_ADDED, FRAMEWORK_UPDATED; without tasks and executors
	// RemovedID is the ID of what AGENT_REMOVED or FRAMEWORK_REMOVED removed.
	RemovedID string
}

// Subscribed is the first record. Of the state that it brings, which is as large as
// /state, only what /state does not tell is kept.
type Subscribed struct {
	Target    string        // the address of the master that the stream is of
	Heartbeat time.Duration // between two heartbeats
	// Tasks are all tasks that the master knows, also those that have ended, with the
	// statuses that it has of them. They are pointers because a list of many structs that
	// grows takes several times their size.
	Tasks []*StreamTask
}

// StreamTask is a task as the stream tells it: Task.Statuses are those of Statuses.
type StreamTask struct {
	Task
	Statuses []StreamStatus // oldest first; none while it is staging
}

// StreamUpdate is a change of a task.
type StreamUpdate struct {
	FrameworkID string
	State       string // the task's latest state, which may be newer than the status'
	Status      StreamStatus
}

// StreamStatus is a status of a task with what /state does not tell of it.
type StreamStatus struct {
	TaskStatus
	TaskID     string
	SlaveID    string
	ExecutorID string
	UUID       string // base64; "" for what the master made up
	Source     string // SOURCE_EXECUTOR ...
	Reason     string // REASON_COMMAND_EXECUTOR_FAILED ...; "" for none
	Message    string // cut at MaxText
	Container  TaskContainer
}
