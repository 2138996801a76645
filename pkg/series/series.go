// Package series defines what a sample is and where samples go.
//
// Every other package may import it, and it imports none of them. Labels are Prometheus' own type, so that a sample travels from
// the collector to a PromQL answer without being translated on the way.
package series

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// Poll names a kind of poll: what is asked together, on one schedule. It is
// the value of the label `poll` of mesos_up and its relatives.
type Poll string

// The kinds of poll.
const (
	PollSnapshot  Poll = "snapshot"  // the leader's /metrics/snapshot
	PollState     Poll = "state"     // the leader's /state
	PollRoles     Poll = "roles"     // the leader's /roles, asked right after /state
	PollAgents    Poll = "agents"    // agents' /monitor/statistics and /metrics/snapshot
	PollFollowers Poll = "followers" // followers' own /metrics/snapshot
	PollSubscribe Poll = "subscribe" // the operator event stream
)

// PollModel is how series are brought that are written of the model whenever it
// changes: by /state, and while the event stream keeps the model up to date, with each
// snapshot. It has no label poll.
const PollModel Poll = "model"

// Stale is the value that ends a series at a moment (Prometheus' staleness
// marker, model/value): PromQL sees no sample from there on, until a new one.
var Stale = math.Float64frombits(value.StaleNaN)

// IsStale reports whether v is the staleness marker. Other NaNs are not.
func IsStale(v float64) bool { return value.IsStaleNaN(v) }

// Ref is a sink's own name for a series, valid until the sink forgets the
// series; 0 is no reference.
type Ref = storage.SeriesRef

// A Sink takes samples, one batch per poll.
type Sink interface {
	// Batch begins a batch. It must end with Commit or Rollback.
	Batch(ctx context.Context) Batch
	// Room returns how many series the sink has room for now, when their samples
	// come at this interval; 0 is any number. It may change from batch to batch: a
	// disk that fails leaves the room that memory has.
	Room(interval time.Duration) int
}

// ErrNotCollecting is the error of a batch that is not committed because another process
// collects for the same sink. It says nothing of the storage.
var ErrNotCollecting = errors.New("another Grafana polls this cluster: the samples are not kept")

// ErrFull is the error of Append for a series that would be new, when the sink's
// limit in bytes holds no more series. Series the sink already has go on being
// written.
var ErrFull = errors.New("the history holds as many series as its memory limit allows: raise memoryLimit or lower maxSeries")

// A Batch is the samples of one poll: all of them become visible at Commit, or
// none do. A Batch belongs to one goroutine.
type Batch interface {
	// Append adds the value v at t (Unix milliseconds) to the series ref names.
	// Where ref is 0 or the sink has forgotten it, lset is called and its series
	// is found or made. The returned reference is for the next Append.
	//
	// Errors are Prometheus' own: storage.ErrOutOfOrderSample,
	// ErrDuplicateSampleForTimestamp, ErrOutOfBounds; or ErrFull. An error for one
	// sample does not spoil the batch.
	Append(ref Ref, lset func() labels.Labels, t int64, v float64) (Ref, error)
	Commit() error
	Rollback() error
}
