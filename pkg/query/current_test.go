package query

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/samples"
)

// crowd is a Mesos master with so many tasks.
type crowd struct{ tasks int }

func (c crowd) State(context.Context) (*mesos.State, error) {
	name := "crowd"
	s := &mesos.State{Answer: mesos.Answer{Target: "m:5050", Sent: time.Now()}, Version: "1.12.0", PID: "master@10.0.0.1:5050", Cluster: &name, Flags: map[string]string{}}
	for n := range 1000 {
		s.Slaves = append(s.Slaves, mesos.Slave{ID: fmt.Sprintf("6c1b8a54-0000-4b6f-9d8e-0123456789ab-S%d", n), Hostname: fmt.Sprintf("agent%05d.example.com", n), Active: true})
	}
	f := mesos.Framework{ID: "6c1b8a54-0000-4b6f-9d8e-0123456789ab-0000", Name: "marathon", Active: true, Roles: []string{"prod"}}
	for n := range c.tasks {
		f.Tasks = append(f.Tasks, mesos.Task{
			ID: fmt.Sprintf("service-%d.6c1b8a54-1111-4b6f-9d8e-%012d", n%500, n), Name: fmt.Sprintf("service-%d", n%500),
			FrameworkID: f.ID, SlaveID: s.Slaves[n%1000].ID, State: "TASK_RUNNING", Role: "prod", Resources: mesos.Resources{CPUs: float64(n%64) + 1},
		})
	}
	s.Frameworks = []mesos.Framework{f}
	return s, nil
}

func (crowd) Snapshot(context.Context) (*mesos.Metrics, error) {
	return &mesos.Metrics{Answer: mesos.Answer{Target: "m:5050", Sent: time.Now()}, Values: map[string]float64{"master/elected": 1}}, nil
}

func (crowd) Roles(context.Context) (*mesos.Roles, error) {
	return &mesos.Roles{Answer: mesos.Answer{Target: "m:5050", Sent: time.Now()}}, nil
}
func (crowd) Flags(context.Context) (*mesos.Flags, error) { return &mesos.Flags{}, nil }
func (crowd) Followers(context.Context) []mesos.Target    { return nil }
func (crowd) Close()                                      {}
func (crowd) SnapshotOf(context.Context, mesos.Target) (*mesos.Metrics, error) {
	return nil, context.Canceled
}

// crowded is a source whose tasks have no history, and the collector behind it.
func crowded(t testing.TB, tasks int) (Source, *collector.Collector) {
	t.Helper()
	store := memory.New(memory.Options{})
	c := collector.New(collector.Config{Client: crowd{tasks}, Sink: store, Settings: collector.Settings{
		UID: "crowd", TaskSeries: collector.TaskSeriesNever, PollInterval: time.Hour,
	}})
	c.Start()
	engine := promql.NewEngine(promql.EngineOptions{})
	t.Cleanup(func() {
		c.Stop()
		engine.Close()
		_ = store.Close()
	})
	require.NoError(t, c.Ready(context.Background()))
	require.Eventually(t, func() bool { return c.CurrentTasks() != nil }, 10*time.Second, time.Millisecond)
	return Source{Engine: engine, Store: store, Status: c.Status, Interval: c.Interval, CurrentTasks: CurrentOf(c)}, c
}

const fewOfMany = `{"expr":"topk(5, mesos_task_cpus_allocated)","instant":true}`

// allocated returns how many bytes a function allocates.
func allocated(f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}

func TestCurrentTasksAreBuiltOnceForAllWhoAsk(t *testing.T) {
	src, _ := crowded(t, 20_000)
	view := src.CurrentTasks()
	ask := func() {
		q := asked(fewOfMany)
		q.TimeRange.To = time.Now()
		q.TimeRange.From = q.TimeRange.To.Add(-time.Hour)
		response := Run(context.Background(), src, q, Options{Alert: true})
		require.NoError(t, response.Error)
		require.Len(t, response.Frames[0].Fields, 5)
	}
	first := allocated(func() { view.Series("mesos_task_memory_allocated_bytes") })
	again := allocated(func() { view.Series("mesos_task_memory_allocated_bytes") })
	require.Less(t, again, first/100, "what is built stays for the next")
	ask()

	before := view.Series("mesos_task_cpus_allocated")
	results := make([]*labels.Labels, 8)
	var wait sync.WaitGroup
	for i := range results {
		wait.Go(func() { results[i] = &src.CurrentTasks().Series("mesos_task_cpus_allocated")[0].Labels })
	}
	wait.Wait()
	for _, one := range results {
		require.Same(t, &before[0].Labels, one, "all who ask share them")
	}
}

func TestEightWhoAskAtOnceAllocateLittleMoreThanOne(t *testing.T) {
	built := func(askers int) float64 {
		src, _ := crowded(t, 20_000)
		return allocated(func() {
			var wait sync.WaitGroup
			for range askers {
				wait.Go(func() { src.CurrentTasks().Series("mesos_task_cpus_allocated") })
			}
			wait.Wait()
		})
	}
	require.Less(t, built(8), 1.5*built(1))
}

func TestCurrentTasksAreReadAsAnyStore(t *testing.T) {
	src, _ := crowded(t, 2_000)
	view := src.CurrentTasks()
	store := currentStore{view}
	at := view.Time().UnixMilli()
	ctx := t.Context()
	equal := func(name, value string) *labels.Matcher {
		return labels.MustNewMatcher(labels.MatchEqual, name, value)
	}
	one := []*labels.Matcher{equal(labels.MetricName, "mesos_task_cpus_allocated"), equal("task", "service-7")}

	n, err := store.CountSeries(ctx, at-1, at+1, one...)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	n, err = store.CountSeries(ctx, at+1, math.MaxInt64, one...)
	require.NoError(t, err)
	require.Zero(t, n, "it is of one moment")

	q, err := store.Querier(0, math.MaxInt64)
	require.NoError(t, err)
	defer q.Close()
	set := q.Select(ctx, true, nil, equal("task", "service-7"), labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, "mesos_task_cpus_allocated|mesos_task_state"))
	var last labels.Labels
	var it chunkenc.Iterator
	n = 0
	for set.Next() {
		s := set.At()
		require.Negative(t, labels.Compare(last, s.Labels()), "sorted")
		last = s.Labels()
		it = s.Iterator(it)
		require.Equal(t, chunkenc.ValFloat, it.Seek(at))
		require.Equal(t, at, it.AtT())
		require.Equal(t, chunkenc.ValNone, it.Next())
		require.Equal(t, chunkenc.ValNone, s.Iterator(it).Seek(at+1))
		n++
	}
	require.NoError(t, set.Err())
	require.Equal(t, 8, n)

	values, _, err := q.LabelValues(ctx, "task", nil)
	require.NoError(t, err)
	require.Len(t, values, 500)
	values, _, err = q.LabelValues(ctx, "state", nil)
	require.NoError(t, err)
	require.Equal(t, []string{"running"}, values)
	values, _, err = q.LabelValues(ctx, labels.MetricName, nil, equal("task", "service-7"))
	require.NoError(t, err)
	require.Subset(t, values, []string{"mesos_task_cpus_allocated", "mesos_task_state"})
	names, _, err := q.LabelNames(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"__name__", "agent", "agent_id", "cluster", "framework", "framework_id", "role", "state", "task", "task_id"}, names)

	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, q.Select(ended, true, nil, one...).Err(), context.Canceled)
}

// BenchmarkCurrentTasks is an instant query for a few of 100,000 tasks whose
// history is not kept: alone, and eight at once.
func BenchmarkCurrentTasks(b *testing.B) {
	src, _ := crowded(b, 100_000)
	for _, at := range []int{1, 8} {
		b.Run(fmt.Sprintf("%d at once", at), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var wait sync.WaitGroup
				for range at {
					wait.Go(func() {
						q := asked(fewOfMany)
						q.TimeRange.To = time.Now()
						q.TimeRange.From = q.TimeRange.To.Add(-time.Hour)
						if response := Run(context.Background(), src, q, Options{}); response.Error != nil {
							b.Error(response.Error)
						}
					})
				}
				wait.Wait()
			}
		})
	}
}

// Only current values of single tasks are kept: a rule that needs more than these has
// an error, everybody else a notice.
func TestARuleThatNeedsTheHistoryOfTasksHasAnErrorWhereItIsNotKept(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_cluster_cpus_capacity"), flat(8, 60)}))
	const why = "History of tasks is not kept."
	src.Status = func() collector.Status { return collector.Status{TaskSeriesWhy: why} }
	now := fakeCurrent{time: noon.Add(-every), series: []samples.CurrentSeries{
		{Labels: of("mesos_task_cpus_allocated", "task", "a", "task_id", "1"), Value: 2},
	}}
	src.CurrentTasks = func() CurrentTasks { return now }
	for _, query := range []string{
		`"expr":"sum(changes(mesos_task_start_time_seconds[1h]))","instant":true`,
		`"expr":"sum(max_over_time(mesos_task_cpus_allocated[6h]))","instant":true`,
		`"expr":"sum(mesos_task_cpus_allocated offset 5m)","instant":true`,
		`"expr":"sum(mesos_task_cpus_allocated @ 0)","instant":true`,
		`"expr":"max_over_time(sum(mesos_executor_cpus_allocated)[1h:1m])","instant":true`,
		`"expr":"sum(mesos_task_cpus_allocated)","range":true`,
		`"entity":"task","resource":"cpus","measure":"allocated","range":true`,
		`"entity":"task","resource":"cpus","measure":"allocated","forecast":"1h","instant":true`,
		`"expr":"count({task_id!=\"\"})","instant":true`,
		`"expr":"count({__name__=~\"mesos_task_.+\"})","instant":true`,
		`"expr":"count({__name__=~\".*_cpus_allocated\",task_id=\"\"})","instant":true`,
		`"expr":"count({cluster=\"c\"})","instant":true`,
	} {
		for _, o := range []Options{{Alert: true}, {Expression: true}} {
			response := Run(context.Background(), src, asked("{"+query+"}"), o)
			require.ErrorContains(t, response.Error, why, query)
			require.ErrorContains(t, response.Error, "only their current values are kept", query)
		}
		response := answered(t, src, "{"+query+"}", Options{})
		require.Contains(t, texts(response), why, query)
	}
	for query, want := range map[string]float64{
		`"expr":"sum(mesos_task_cpus_allocated)","instant":true`:                                                       2,
		`"expr":"count({__name__=~\"mesos_.+\",__name__!~\"mesos_(task|executor)_.*\"})","instant":true`:               1,
		`"expr":"count({__name__=~\".+\",master=~\".+\"}) or vector(7)","instant":true`:                                7,
		`"expr":"sum(avg_over_time(mesos_cluster_cpus_capacity[5m])) + sum(mesos_task_cpus_allocated)","instant":true`: 10,
	} {
		response := answered(t, src, "{"+query+"}", Options{Alert: true})
		require.Equal(t, want, response.Frames[0].Fields[0].At(0), query)
	}
	src.Status = func() collector.Status { return collector.Status{TaskSeries: true} }
	answered(t, src, `{"expr":"sum(mesos_task_cpus_allocated)","range":true}`, Options{Alert: true})
}
