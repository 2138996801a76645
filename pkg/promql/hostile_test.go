package promql

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/memory"

	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// crowded returns a store with an hour of 10,000 tasks, a sample a minute, and six
// hours of 20 series "noisy", a sample each 15 s, all of whose values differ. The tests
// share it, and write nothing into it.
func crowded(t testing.TB) (m *memory.Store, end time.Time) {
	t.Helper()
	crowd := sharedCrowd()
	require.NoError(t, crowd.err)
	return crowd.m, crowd.end
}

type crowdedStore struct {
	m   *memory.Store
	end time.Time
	err error
}

var sharedCrowd = sync.OnceValue(func() (made crowdedStore) {
	const tasks, noisy, polls = 10_000, 20, 6 * 240
	c := newClock()
	m := memory.New(memory.Options{Now: c.Now})
	refs := make([]storage.SeriesRef, tasks+noisy)
	for poll := range polls {
		b := m.Batch(context.Background())
		now := c.Advance(15 * time.Second).UnixMilli()
		write := func(i int, metric string, v float64) {
			lset := historytest.Constant(historytest.TaskSeries(metric, i))
			ref, err := b.Append(refs[i], lset, now, v)
			made.err = errors.Join(made.err, err)
			refs[i] = ref
		}
		if poll >= polls-240 && poll%4 == 3 {
			for i := range tasks {
				write(i, "task", float64(i%7))
			}
		}
		for i := range noisy {
			write(tasks+i, "noisy", float64(poll*noisy+i))
		}
		made.err = errors.Join(made.err, b.Commit())
	}
	made.m, made.end = m, c.Now()
	return made
})

// peakHeap returns by how many bytes the heap grew beyond what is in use now, while work ran.
func peakHeap(work func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(40)) // as the plugin does
	runtime.GC()
	heap := func() int64 {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	before, peak := heap(), int64(0)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			peak = max(peak, heap()-before)
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	work()
	close(stop)
	<-stopped
	return peak
}

// What the engine does not count, does not look up from, or would do for minutes. Each ends
// with an answer or a sentence, in time, and in memory.
func TestHostileExpressions(t *testing.T) {
	m, end := crowded(t)
	const (
		timeout = 2 * time.Second
		// What is not to be interrupted may go on for a while after the time-out.
		beyond   = 3 * time.Second
		mostHeap = 300 << 20
	)
	tree := "1"
	for range 11 {
		tree = "(" + tree + "+" + tree + ")"
	}
	names := func(n int) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf("l%d", i)
		}
		return strings.Join(all, ",")
	}
	for _, attack := range []struct {
		what, expr string
		part       string // of the sentence; "" where it is answered
		instant    bool
	}{
		{"hundreds of selectors", strings.Repeat("task or ", 490) + "task", "selects more than 300000 series", false},
		{"hundreds of different selectors", func() string {
			var b strings.Builder
			for i := range 480 {
				fmt.Fprintf(&b, "task{x!='%d'} or ", i)
			}
			return b.String() + "task"
		}(), "selects more than 300000 series", true},
		{"every series", `{__name__=~".+"}`, "more than 5000000 samples at once", false},
		{"every series, counted", `count({__name__=~".+"})`, "", true},
		{"a series of each value", `count_values("v", noisy)`, "count_values over a range may make a series of each value", false},
		{"a series of each value, once", `count_values("v", noisy)`, "", true},
		{"room for all in each group", `topk by (task_id) (1e9, task)`, "topk by groups reserves room for 10000 series in each group", true},
		{"room for all in each group, computed", `bottomk by (task_id) (scalar(count(task)), task)`, "bottomk by groups reserves room", true},
		{"room for all", `topk(1e9, task)`, "", true},
		{"room for few in each group", `topk by (framework) (5, task)`, "", true},
		{"windows that are sorted", `quantile_over_time(0.5, noisy[6h])`, "", false}, // or it takes too long
		{"windows of a subquery that are sorted", `quantile_over_time(0.5, noisy[6h:1s])`, "quantile_over_time looks at", false},
		{"windows that are summed up", `sum_over_time(noisy[6h])`, "", false},
		{"a subquery of a subquery", `max_over_time(sum_over_time(task[1h:15s])[6h:15s])`, "", true},
		{"a moment repeated", `task @ end()`, "more than 5000000 samples at once", false},
		{"a regular expression on each series", `label_replace(task, "x", "$1", "task_id", "(.{0,900})[0-9].{0,50}")`, "label_replace would match a long regular expression", true},
		{"copies of labels", `label_join(task, "x", "-", ` + strings.TrimSuffix(strings.Repeat(`"task_id",`, 14), ",") + `)`, "", true},
		{"copies of labels in several", strings.TrimSuffix(strings.Repeat(`label_join(task, "x", "-", `+strings.TrimSuffix(strings.Repeat(`"task_id",`, 14), ",")+`) or `, 3), " or "), "gives new labels to 10000 series, more than fit", true},
		{"one to many", `task * on () group_left (x) vector(1)`, "", true},
		{"many to one over a range", `task * on (cluster) group_left () sum by (cluster) (task)`, "more than 5000000 samples at once", false},
		{"many to many", `task * on (cluster) task`, "found duplicate series", true},
		{"a huge list of labels", `sum by (` + names(2000) + `) (task)`, "sum by or without has 2000 labels and may have 100 at most", true},
		{"a huge list of labels to match", `task * on (` + names(2000) + `) task`, "has 2000 labels", true},
		{"iterators of all", `timestamp(task)`, "", true},
		{"buckets", `histogram_quantile(0.9, task)`, "", true},
		{"nothing for long", `absent_over_time(task[1h])`, "", true},
		{"sorted", `sort_desc(task)`, "", true},
		{"a tree of numbers", tree, "", false},
		{"a tree of vectors", strings.ReplaceAll(tree[len(tree)/4:len(tree)/2-1], "1", "vector(1)"), "", false},
		{"a window of centuries", `sum_over_time(noisy[200y])`, "", true},
	} {
		t.Run(attack.what, func(t *testing.T) {
			e := NewEngine(EngineOptions{Timeout: timeout})
			defer e.Close()
			r := Request{Store: m, Expr: attack.expr, Start: end.Add(-6 * time.Hour), End: end, Step: 2 * time.Second, Lookback: 150 * time.Second}
			ask := e.Range
			if attack.instant {
				ask = e.Instant
			}
			var (
				err  error
				took time.Duration
			)
			heap := peakHeap(func() {
				began := time.Now()
				_, err = ask(context.Background(), r)
				took = time.Since(began)
			})
			t.Logf("%s, %d MiB: %.150v", took.Round(time.Millisecond), heap>>20, err)
			require.Less(t, took, timeout+beyond)
			require.Less(t, heap, int64(mostHeap))
			switch {
			case KindOf(err) == ErrorTimeout: // on a busy machine, or where the engine is what stops it
			case attack.part != "":
				require.ErrorContains(t, err, attack.part)
			default:
				require.NoError(t, err)
			}
			requireEmpty(t, e)
		})
	}
}

// 150 light queries at once took 4 GB.
func TestManyLightQueriesAtOnce(t *testing.T) {
	m, end := crowded(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	failed := make(chan error, 150)
	heap := peakHeap(func() {
		var wait sync.WaitGroup
		for range cap(failed) {
			wait.Go(func() {
				_, err := e.Range(context.Background(), Request{
					Store: m, Expr: `task{framework="framework-07"} or noisy`, Start: end.Add(-time.Hour), End: end, Step: 10 * time.Second, Lookback: 150 * time.Second,
				})
				failed <- err
			})
		}
		wait.Wait()
	})
	for range cap(failed) {
		if err := <-failed; KindOf(err) != ErrorBusy { // a busy machine
			require.NoError(t, err)
		}
	}
	t.Logf("%d MiB", heap>>20)
	require.Less(t, heap, int64(250<<20))
	requireEmpty(t, e)
}

// A small query beside large ones is answered as if it were alone.
func TestSmallQueriesDoNotWaitForLargeOnes(t *testing.T) {
	m, end := crowded(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			for ctx.Err() == nil {
				_, _ = e.Range(ctx, Request{Store: m, Expr: `sum by (task) (rate(task[10m]))`, Start: end.Add(-time.Hour), End: end, Step: 10 * time.Second, Lookback: 150 * time.Second})
			}
		})
	}
	require.Eventually(t, func() bool { return e.people.lanes[2].waiting.Load() > 10 }, 10*time.Second, time.Millisecond)
	var slowest time.Duration
	for until := time.Now().Add(time.Second); time.Now().Before(until); {
		began := time.Now()
		_, err := e.Instant(context.Background(), Request{Store: m, Expr: `sum(noisy)`, End: end, Lookback: 40 * time.Second})
		require.NoError(t, err)
		slowest = max(slowest, time.Since(began))
	}
	cancel()
	wait.Wait()
	t.Logf("slowest %s", slowest)
	require.Less(t, slowest, 2*time.Second)
	requireEmpty(t, e)
}
