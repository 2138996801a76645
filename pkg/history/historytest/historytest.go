// Package historytest holds what the tests of the history's engines share: a
// clock set by hand, samples by their labels, and batches of them.
package historytest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/series"
)

// T0 is when the tests' clocks begin.
var T0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A Clock is set by hand.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows T0.
func NewClock() *Clock { return NewClockAt(T0) }

// NewClockAt returns a clock that shows now.
func NewClockAt(now time.Time) *Clock { return &Clock{now: now} }

// Now returns the time the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d, which may be negative, and returns the new time.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// A Point is a sample of a series given by its labels.
type Point struct {
	Labels labels.Labels
	T      time.Time
	V      float64
}

// Sample returns the value v at t of the series with these labels.
func Sample(t time.Time, v float64, namesAndValues ...string) Point {
	return Point{labels.FromStrings(namesAndValues...), t, v}
}

// Commit writes points as one poll.
func Commit(t testing.TB, sink series.Sink, points ...Point) {
	t.Helper()
	b := sink.Batch(context.Background())
	for _, p := range points {
		_, err := b.Append(0, Constant(p.Labels), p.T.UnixMilli(), p.V)
		require.NoError(t, err, "%s at %s", p.Labels, p.T)
	}
	require.NoError(t, b.Commit())
}

// TaskSeries returns labels as a task's series have them, some 400 bytes.
func TaskSeries(metric string, task int) labels.Labels {
	return labels.FromStrings("__name__", metric, "cluster", "production",
		"agent", fmt.Sprintf("agent-%04d.rack-%02d.example.com", task%500, task%20),
		"agent_id", fmt.Sprintf("c8b1b2a6-2f1c-4e0f-9d5e-8a2f3c1d4e5f-S%d", task%500),
		"framework", fmt.Sprintf("framework-%02d", task%50),
		"framework_id", fmt.Sprintf("c8b1b2a6-2f1c-4e0f-9d5e-8a2f3c1d4e5f-%04d", task%50),
		"role", fmt.Sprintf("role-%02d", task%10),
		"task", fmt.Sprintf("service-%03d", task%300),
		"task_id", fmt.Sprintf("service-%03d.instance-%08d-2f1c-4e0f-9d5e-8a2f3c1d4e5f", task%300, task))
}

// Constant returns a function that returns l, as series.Batch.Append takes it.
func Constant(l labels.Labels) func() labels.Labels { return func() labels.Labels { return l } }

// Matchers parses a series selector.
func Matchers(t testing.TB, selector string) []*labels.Matcher {
	t.Helper()
	m, err := parser.NewParser(parser.Options{}).ParseMetricSelector(selector)
	require.NoError(t, err)
	return m
}

// A Pair is the time (Unix milliseconds) and the value of a sample.
type Pair struct {
	T int64
	V float64
}

// Read returns all samples a query sees now, by the text of the labels.
func Read(t testing.TB, s storage.Queryable, selector string) map[string][]Pair {
	t.Helper()
	q, err := s.Querier(math.MinInt64, math.MaxInt64)
	require.NoError(t, err)
	defer q.Close()
	return ReadSet(t, q.Select(context.Background(), false, nil, Matchers(t, selector)...))
}

// ReadSet returns the samples of a set, by the text of the labels.
func ReadSet(t testing.TB, set storage.SeriesSet) map[string][]Pair {
	t.Helper()
	out := map[string][]Pair{}
	var it chunkenc.Iterator
	for set.Next() {
		s := set.At()
		it = s.Iterator(it)
		key := s.Labels().String()
		out[key] = nil
		for it.Next() != chunkenc.ValNone {
			ts, v := it.At()
			out[key] = append(out[key], Pair{ts, v})
		}
		require.NoError(t, it.Err())
	}
	require.NoError(t, set.Err())
	return out
}
