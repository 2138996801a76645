package disk

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// BenchmarkPanel queries 24 hours of polls every 15 s as a panel does, at a
// step of two minutes, from memory and from disk, where they are in several
// blocks and the head. Beside it the same through the TSDB's own querier.
func BenchmarkPanel(b *testing.B) {
	const agents = 100
	c, dir := newClock(), b.TempDir()
	disk := openDisk(b, Options{Dir: dir, Now: c.Now, Retention: 15 * 24 * time.Hour})
	memory := memory.New(memory.Options{Now: c.Now})
	var points []point
	for i := range agents {
		agent := fmt.Sprintf("agent%03d", i)
		points = append(points,
			sample(t0, 0, "__name__", "mesos_agent_cpus_allocated", "agent", agent),
			sample(t0, 0, "__name__", "mesos_agent_cpus_capacity", "agent", agent))
	}
	for poll := range 24 * 240 {
		at := c.Advance(15 * time.Second)
		for i := range points {
			points[i].T = at
			points[i].V = 16
			if i%2 == 0 {
				points[i].V = float64((poll*7+i)%160) / 10
			}
		}
		commit(b, disk, points...)
		commit(b, memory, points...)
	}
	onDisk(b, disk)
	h, _ := disk.current()
	require.Eventually(b, func() bool { return len(h.db.Blocks()) > 2 }, 10*time.Second, time.Millisecond)
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	for _, query := range []struct{ name, expr string }{
		{"allocated", `sum by (agent)(mesos_agent_cpus_allocated)`},
		{"utilization", `sum by (agent)(mesos_agent_cpus_allocated) / sum by (agent)(mesos_agent_cpus_capacity)`},
	} {
		for _, store := range []struct {
			name string
			storage.Queryable
		}{{"memory", memory}, {"disk", disk}, {"tsdb", h.db}} {
			b.Run(query.name+"/"+store.name, func(b *testing.B) {
				for b.Loop() {
					res, err := engine.Range(context.Background(), promql.Request{
						Store: store.Queryable, Expr: query.expr, Start: c.Now().Add(-24 * time.Hour), End: c.Now(), Step: 2 * time.Minute, Lookback: 40 * time.Second,
					})
					require.NoError(b, err)
					require.Len(b, res.Matrix, agents)
				}
			})
		}
	}
}

// BenchmarkMonth queries 30 days of polls every 15 s as a panel of a thousand pixels does, at a
// step of an hour, and for comparison the last day at the step that it has: for the first time, and
// as a refresh. It takes minutes to begin: 52 million samples are written first.
func BenchmarkMonth(b *testing.B) {
	const series, days = 100, 30
	c := newClock()
	disk := openDisk(b, Options{Dir: b.TempDir(), Now: c.Now, Retention: 40 * 24 * time.Hour})
	var points []point
	for i := range series {
		agent := fmt.Sprintf("agent%03d", i)
		points = append(points,
			sample(t0, 0, "__name__", "mesos_agent_cpus_allocated", "agent", agent),
			sample(t0, 0, "__name__", "mesos_agent_cpus_capacity", "agent", agent),
			sample(t0, 0, "__name__", "mesos_agent_tasks_ended_total", "agent", agent))
	}
	for poll := range days * 24 * 240 {
		at := c.Advance(15 * time.Second)
		for i := range series {
			allocated, capacity, ended := &points[3*i], &points[3*i+1], &points[3*i+2]
			allocated.T, capacity.T, ended.T = at, at, at
			allocated.V, capacity.V = float64((poll/4*7+i)%160)/10, 16 // changes once a minute
			if poll%(20+i) == 0 {
				ended.V++
			}
		}
		commit(b, disk, points...)
	}
	onDisk(b, disk)
	h, _ := disk.current()
	waitForBlocks := func() bool { return len(h.db.Blocks()) < days*24/2/3 } // merged
	require.Eventually(b, waitForBlocks, time.Minute, 10*time.Millisecond)
	b.Logf("%d blocks", len(h.db.Blocks()))
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	for _, query := range []struct{ name, expr string }{
		{"gauge", `sum by (agent)(mesos_agent_cpus_allocated)`},
		{"gauge that does not change", `sum by (agent)(mesos_agent_cpus_capacity)`},
		{"quotient", `sum by (agent)(mesos_agent_cpus_allocated) / sum by (agent)(mesos_agent_cpus_capacity)`},
		{"increase", `sum by (agent)(increase(mesos_agent_tasks_ended_total[%s]))`},
		{"maximum", `max by (agent)(max_over_time(mesos_agent_cpus_allocated[%s]))`},
	} {
		for _, panel := range []struct {
			name       string
			span, step time.Duration
		}{{"1 day", 24 * time.Hour, 2 * time.Minute}, {"7 days", 7 * 24 * time.Hour, 15 * time.Minute}, {"30 days", days * 24 * time.Hour, time.Hour}} {
			b.Run(query.name+"/"+panel.name, func(b *testing.B) {
				expr := query.expr
				if strings.Contains(expr, "%s") {
					expr = fmt.Sprintf(expr, (panel.step + 15*time.Second).String())
				}
				ask := func(b *testing.B, store storage.Queryable) {
					res, err := engine.Range(context.Background(), promql.Request{
						Store: store, Expr: expr, Start: c.Now().Add(-panel.span), End: c.Now(), Step: panel.step, Lookback: 37500 * time.Millisecond,
					})
					require.NoError(b, err)
					require.Len(b, res.Matrix, series)
				}
				b.Run("first", func(b *testing.B) {
					for b.Loop() {
						ask(b, struct {
							storage.Queryable
							history.Counter
						}{disk, disk}) // of which nothing is kept
					}
				})
				b.Run("again", func(b *testing.B) {
					ask(b, disk)
					for b.Loop() {
						ask(b, disk)
					}
				})
			})
		}
	}
}

// BenchmarkCommit writes polls of series that are known already.
func BenchmarkCommit(b *testing.B) {
	const n = 20_000
	c := newClock()
	d := openDisk(b, Options{Dir: b.TempDir(), Now: c.Now, every: time.Hour})
	names := make([]func() labels.Labels, n)
	for i := range names {
		names[i] = constant(taskSeries("mesos_task_cpus_allocated", i))
	}
	refs := make([]series.Ref, n)
	poll := func() {
		at := c.Advance(15 * time.Second).UnixMilli()
		batch := d.Batch(context.Background())
		for i := range refs {
			var err error
			refs[i], err = batch.Append(refs[i], names[i], at, 1)
			require.NoError(b, err)
		}
		require.NoError(b, batch.Commit())
	}
	poll()
	b.ReportAllocs()
	for b.Loop() {
		poll()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/sample")
}
