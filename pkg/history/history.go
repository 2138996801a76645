// Package history keeps samples. PromQL over them is package promql.
//
// This package defines what a store is (history.go) and what all stores have in
// common (sample.go); the stores are packages of their own:
//
//	memory       in memory: chunks and postings as in the head of Prometheus' TSDB
//	disk         in a directory: Prometheus' TSDB, and memory where that cannot be written
//	chunks       what both read: the samples of one series, chunk by chunk
//	historytest  what their tests share
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

	// Stats returns how full the store is. It is cheap enough for every request.
	Stats() Stats
	// Close releases what the store holds. Queries after Close answer an error.
	Close() error
}

// A Counter is a store that counts the series that match without reading their
// samples. promql weighs queries by it; a store that is no Counter is asked for the
// series themselves.
type Counter interface {
	// CountSeries returns about how many series match all matchers and have
	// samples at one moment between mint and maxt (Unix milliseconds, both
	// included): at least as many as have samples at the same moment.
	CountSeries(ctx context.Context, mint, maxt int64, matchers ...*labels.Matcher) (int, error)
}

// ErrClosed is the error of a store's methods after Close.
var ErrClosed = errors.New("the history is closed")

// ErrDamaged is the cause of a query's error when samples on disk cannot be
// read. The store leaves them out from then on, so the next query succeeds.
var ErrDamaged = errors.New("samples on disk are damaged")

// ErrBatchEnded is the error of a batch's methods after Commit or Rollback.
var ErrBatchEnded = errors.New("the batch has ended: begin another for more samples")

// Stats holds how full a store is.
type Stats struct {
	Engine string // "memory" or "disk"
	Series int    // series that have samples now
	Bytes  int64  // of samples, labels and index, as far as the store can tell
	// Start is the time from which on samples are kept: a query that begins
	// before it sees only part. Zero while the store is empty.
	Start time.Time
	// StartsBefore reports whether there may be samples before Start, or any where it is zero, which were not looked for.
	StartsBefore bool
	// TruncatedBy is the setting of bytes that moved Start, memoryLimit or
	// history_limit; "" where age did, or nothing yet.
	TruncatedBy string
	// Note is a sentence for the operator where something is not as configured
	// ("the directory is locked by another process: history is kept in memory").
	Note string
}
