package history

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"community-mesos-datasource/pkg/series"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" { // started by a test: see disk_kill_test.go
		os.Exit(writeUntilKilled(dir))
	}
	// A TSDB that panics while it is closed leaves its log open.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/prometheus/prometheus/tsdb/wlog.(*WL).run"))
}

// t0 is when the tests' clocks begin.
var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A clock is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: t0} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// A point is a sample of a series given by its labels.
type point struct {
	labels labels.Labels
	t      time.Time
	v      float64
}

func sample(t time.Time, v float64, namesAndValues ...string) point {
	return point{labels.FromStrings(namesAndValues...), t, v}
}

// commit writes points as one poll.
func commit(t testing.TB, sink series.Sink, points ...point) {
	t.Helper()
	b := sink.Batch(context.Background())
	for _, p := range points {
		_, err := b.Append(0, func() labels.Labels { return p.labels }, p.t.UnixMilli(), p.v)
		require.NoError(t, err, "%s at %s", p.labels, p.t)
	}
	require.NoError(t, b.Commit())
}

// taskSeries makes the labels a task's series have, some 400 bytes of them.
func taskSeries(metric string, task int) labels.Labels {
	return labels.FromStrings("__name__", metric, "cluster", "production",
		"agent", fmt.Sprintf("agent-%04d.rack-%02d.example.com", task%500, task%20),
		"agent_id", fmt.Sprintf("c8b1b2a6-2f1c-4e0f-9d5e-8a2f3c1d4e5f-S%d", task%500),
		"framework", fmt.Sprintf("framework-%02d", task%50),
		"framework_id", fmt.Sprintf("c8b1b2a6-2f1c-4e0f-9d5e-8a2f3c1d4e5f-%04d", task%50),
		"role", fmt.Sprintf("role-%02d", task%10),
		"task", fmt.Sprintf("service-%03d", task%300),
		"task_id", fmt.Sprintf("service-%03d.instance-%08d-2f1c-4e0f-9d5e-8a2f3c1d4e5f", task%300, task))
}

func constant(l labels.Labels) func() labels.Labels { return func() labels.Labels { return l } }

// matchers parses a series selector.
func matchers(t testing.TB, selector string) []*labels.Matcher {
	t.Helper()
	m, err := ParseMatchers(selector)
	require.NoError(t, err)
	return m
}
