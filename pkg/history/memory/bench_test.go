package memory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"community-mesos-datasource/pkg/promql"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
)

// benchStore writes a cluster's task series: per task two constants, a noisy
// integer, a noisy float and a counter, polls apart by step.
type benchStore struct {
	m     *Store
	clock *clock
	refs  []storage.SeriesRef
	value []float64
	rnd   *rand.Rand
}

var benchMetrics = []string{"mesos_task_cpus_allocated", "mesos_task_memory_allocated_bytes", "mesos_task_memory_used_bytes", "mesos_task_cpus_used", "mesos_task_cpu_seconds_total"}

func newBenchStore(series int) *benchStore {
	c := newClock()
	return &benchStore{m: New(Options{Now: c.Now}), clock: c,
		refs: make([]storage.SeriesRef, series), value: make([]float64, series), rnd: rand.New(rand.NewPCG(1, 1))}
}

func (s *benchStore) poll(tb testing.TB, step time.Duration) {
	now := s.clock.Advance(step).UnixMilli()
	b := s.m.Batch(context.Background())
	for i := range s.refs {
		switch i % len(benchMetrics) {
		case 0, 1:
			s.value[i] = float64(i%7 + 1)
		case 2:
			s.value[i] = float64(s.rnd.IntN(1<<20) << 10)
		case 3:
			s.value[i] = s.rnd.Float64()
		case 4:
			s.value[i] += float64(s.rnd.IntN(100)) / 100
		}
		ref := s.refs[i]
		if ref == 0 {
			ref, _ = b.Append(0, constant(taskSeries(benchMetrics[i%len(benchMetrics)], i/len(benchMetrics))), now, s.value[i])
		} else {
			ref, _ = b.Append(ref, nil, now, s.value[i])
		}
		s.refs[i] = ref
	}
	require.NoError(tb, b.Commit())
}

// BenchmarkAppend is a poll of series the store knows: ns/sample with commit.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("series=%d", n), func(b *testing.B) {
			s := newBenchStore(n)
			s.poll(b, 15*time.Second)
			b.ReportAllocs()
			for b.Loop() {
				s.poll(b, 15*time.Second)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/sample")
		})
	}
}

// BenchmarkCreate is the first poll: ns/series for labels, index and a sample.
func BenchmarkCreate(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		newBenchStore(n).poll(b, 15*time.Second)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/series")
}

// BenchmarkMemoryAccounting compares Stats().Bytes with the heap the store
// really takes: `accounted/heap` was measured
// as 1.16 right after the first poll and 1.01 after a day.
func BenchmarkMemoryAccounting(b *testing.B) {
	for _, polls := range []int{1, 30, 240, 1440} {
		b.Run(fmt.Sprintf("polls=%d", polls), func(b *testing.B) {
			const n = 20_000
			var accounted, heap float64
			for b.Loop() {
				before := liveHeap()
				s := newBenchStore(n)
				for range polls {
					s.poll(b, time.Minute)
				}
				heap = float64(liveHeap() - before - 16*n) // without the benchmark's own lists
				accounted = float64(s.m.Stats().Bytes)
				runtime.KeepAlive(s)
			}
			b.ReportMetric(accounted/heap, "accounted/heap")
			b.ReportMetric(heap/n, "heapB/series")
			b.ReportMetric(heap/n/float64(polls), "heapB/sample")
		})
	}
}

// BenchmarkMemoryOfAgents is the first poll of agents, whose series differ in their names, and
// some in a state: bytes of the heap per series, beside what is accounted.
func BenchmarkMemoryOfAgents(b *testing.B) {
	const agents, amounts, states = 10_000, 23, 7
	var accounted, heap float64
	for b.Loop() {
		before := liveHeap()
		c := newClock()
		m := New(Options{Now: c.Now})
		batch, at := m.Batch(context.Background()), c.Advance(time.Minute).UnixMilli()
		for agent := range agents {
			for n := range amounts + states {
				l := []string{"__name__", fmt.Sprint("mesos_agent_some_allocated_", n), "agent", fmt.Sprintf("agent%05d.example.com", agent), "agent_id", fmt.Sprintf("6c1b8a54-0000-4b6f-9d8e-0123456789ab-S%d", agent), "cluster", "production"}
				if n >= amounts {
					l = append(l, "state", fmt.Sprint("state", n))
				}
				_, err := batch.Append(0, constant(labels.FromStrings(l...)), at, float64(n))
				require.NoError(b, err)
			}
		}
		require.NoError(b, batch.Commit())
		batch = nil
		heap, accounted = float64(liveHeap()-before), float64(m.Stats().Bytes)
		runtime.KeepAlive(m)
	}
	b.ReportMetric(accounted/heap, "accounted/heap")
	b.ReportMetric(heap/agents/(amounts+states), "heapB/series")
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var st runtime.MemStats
	runtime.ReadMemStats(&st)
	return st.HeapAlloc
}

// BenchmarkQuery asks as panels and rules do: 2,000 tasks over 24 h at one
// sample a minute, and 50 framework sums as the collector writes them.
func BenchmarkQuery(b *testing.B) {
	s := newBenchStore(10_000)
	sums := make([]storage.SeriesRef, 50)
	for range 1440 {
		s.poll(b, time.Minute)
		batch := s.m.Batch(context.Background())
		for i := range sums {
			sums[i], _ = batch.Append(sums[i], constant(sample(t0, 0, "__name__", "mesos_framework_cpus_allocated", "cluster", "production", "framework", fmt.Sprint(i)).Labels), s.clock.Now().UnixMilli(), s.rnd.Float64())
		}
		require.NoError(b, batch.Commit())
	}
	engine := promql.NewEngine(promql.EngineOptions{})
	defer engine.Close()
	end := s.clock.Now()
	for _, test := range []struct {
		name, expr string
		instant    bool
	}{
		{"24h of 50 framework sums", `mesos_framework_cpus_allocated`, false},
		{"rule over 50 framework sums", `max by (framework) (mesos_framework_cpus_allocated) > 0.5`, true},
		{"24h sum by framework of 2000 tasks", `sum by (framework) (mesos_task_cpus_used)`, false},
		{"24h sum by framework of rate of 2000 tasks", `sum by (framework) (rate(mesos_task_cpu_seconds_total[5m]))`, false},
		{"instant sum by framework of 2000 tasks", `sum by (framework) (mesos_task_cpus_used)`, true},
		{"instant one task by its id", `mesos_task_cpus_used{task_id=~".*-00000777-.*"}`, true},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := promql.Request{Store: s.m, Expr: test.expr, Start: end.Add(-24 * time.Hour), End: end, Step: time.Minute, Lookback: 150 * time.Second}
				ask := engine.Range
				if test.instant {
					ask = engine.Instant
				}
				res, err := ask(context.Background(), r)
				require.NoError(b, err)
				require.NotZero(b, len(res.Vector)+len(res.Matrix))
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/query")
		})
	}
}
