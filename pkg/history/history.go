// Package history keeps samples and answers PromQL over them.
//
// Its files: history.go says what a store is; memory.go keeps samples in
// memory; engine.go runs PromQL over any store, bounded in time, samples and
// concurrency.
package history

import (
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/community/mesos-datasource/pkg/series"
)

// A Store keeps samples. It is written through series.Sink, one batch per
// poll, and read as any Prometheus storage. All methods may be called from
// several goroutines.
type Store interface {
	series.Sink
	storage.Queryable

	// Stats tells how full the store is. It is cheap enough for every request.
	Stats() Stats
	// Close releases what the store holds. Queries after Close answer an error.
	Close() error
}

// Stats is how full a store is.
type Stats struct {
	Engine string // "memory" or "disk"
	Series int    // series that have samples now
	Bytes  int64  // of samples, labels and index, as far as the store can tell
	// Start is the time from which on samples are kept: a query that begins
	// before it sees only part. Zero while the store is empty.
	Start time.Time
	// Truncated tells that Start moved because of bytes, not of age.
	Truncated bool
	// Note is a sentence for the operator where something is not as configured
	// ("the directory is locked by another process: history is kept in memory").
	Note string
}
