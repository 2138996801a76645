// Package history keeps samples and answers PromQL over them.
//
// Its files, from the ground up:
//
//	history.go         what a store is
//	memory.go          the store that keeps samples in memory: options, limits, figures
//	memory_series.go   one series: its chunks, and what an older query may see of it
//	memory_batch.go    writing: a batch is staged, then visible at once
//	memory_places.go   writing: where in a batch a series' newest sample is
//	memory_table.go    series by reference
//	memory_truncate.go forgetting: by age and by bytes
//	memory_query.go    reading: which series match
//	disk.go            the store in a directory: Prometheus' TSDB, and memory where that cannot
//	disk_trouble.go    when the directory must not be written, in sentences
//	disk_keeper.go     the goroutine that opens, moves, maps chunks and compacts
//	disk_open.go       opening; staleness for what was open
//	disk_mend.go       what is broken in the directory, before it is opened
//	disk_damage.go     what is found to be broken in a block later
//	disk_batch.go      writing
//	disk_query.go      reading
//	disk_blocks.go     reading: what is in blocks
//	chunk_iterator.go  reading: the samples of one series, in memory or in blocks
//	disk_move.go       from memory to disk
//	disk_late.go       samples that come late, because the clock was set back
//	disk_log.go        the TSDB's log
//	disk_files_*.go    what is asked of the file system itself
//	expr.go            parsing PromQL; which metrics an expression names
//	guard.go           expressions that are refused before they run
//	estimate.go        how many samples a query will touch
//	engine.go          running PromQL, bounded in time, samples and concurrency
//	errors.go          what can go wrong with a query, in sentences
//
// Histograms are not kept: every sample is a float.
package history

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/pkg/series"
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

// A Counter is a store that can tell how many series match without touching
// their samples. Estimate asks it to tell heavy queries from light ones; a
// store that is no Counter is asked for the series themselves.
type Counter interface {
	// CountSeries is the number of series that match all matchers and have
	// samples between mint and maxt (Unix milliseconds, both included).
	CountSeries(ctx context.Context, mint, maxt int64, matchers ...*labels.Matcher) (int, error)
}

// ErrClosed is the error of a store's methods after Close.
var ErrClosed = errors.New("the history is closed")

// ErrFull is the error of Append for a series that would be new, when the
// store's limit in bytes holds no more series. Series the store already has go
// on being written.
var ErrFull = errors.New("the history holds as many series as its memory limit allows: raise memoryLimit or lower maxSeries")

// Stats is how full a store is.
type Stats struct {
	Engine string // "memory" or "disk"
	Series int    // series that have samples now
	Bytes  int64  // of samples, labels and index, as far as the store can tell
	// Start is the time from which on samples are kept: a query that begins
	// before it sees only part. Zero while the store is empty.
	Start time.Time
	// TruncatedBy is the setting of bytes that moved Start, memoryLimit or
	// history_limit; "" where age did, or nothing yet.
	TruncatedBy string
	// Note is a sentence for the operator where something is not as configured
	// ("the directory is locked by another process: history is kept in memory").
	Note string
}
