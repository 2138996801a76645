package query

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

func TestSeriesAreCountedByNameNow(t *testing.T) {
	gone := append(flat(1, 20), flat(math.NaN(), 20)...)
	src := source(t, recordedStore(t,
		recorded{of("mesos_agent_cpus_capacity", "agent", "a1"), flat(8, 40)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "a2"), flat(8, 40)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "left"), gone},
		recorded{of("mesos_framework_info", "framework", "left"), gone},
		recorded{of("mesos_of_a_newer_mesos"), flat(1, 40)},
	))
	counts, err := SeriesCounts(t.Context(), src)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"mesos_agent_cpus_capacity": 2, "mesos_of_a_newer_mesos": 1}, counts.Series)
	require.Empty(t, counts.Warnings)
}

// A poll that is made every four minutes has its series also three minutes after it.
func TestSeriesOfSlowPollsAreCounted(t *testing.T) {
	seldom := append([]float64{1}, flat(math.NaN(), int(3*time.Minute/every))...)
	src := source(t, recordedStore(t, recorded{of("mesos_agent_cpus_used", "agent", "a1"), seldom}))
	src.Interval = func(p series.Poll) time.Duration {
		if p == series.PollAgents {
			return 4 * time.Minute
		}
		return every
	}
	counts, err := SeriesCounts(t.Context(), src)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"mesos_agent_cpus_used": 1}, counts.Series)
}

// Tasks are counted also while their history is not kept.
func TestCurrentTasksAreCounted(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_agent_cpus_capacity", "agent", "a1"), flat(8, 4)}))
	current := fakeCurrent{time: noon}
	for i := range 7 {
		current.series = append(current.series, samples.CurrentSeries{Labels: of("mesos_task_cpus_allocated", "task_id", fmt.Sprint(i)), Value: 1})
	}
	src.Status = func() collector.Status { return collector.Status{TaskSeriesWhy: "there are too many"} }
	src.CurrentTasks = func() CurrentTasks { return current }
	counts, err := SeriesCounts(t.Context(), src)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"mesos_agent_cpus_capacity": 1, "mesos_task_cpus_allocated": 7}, counts.Series)
}

// tooManyTasks has as many series as a query may select, and one more.
type tooManyTasks struct{ fakeCurrent }

func (tooManyTasks) Names() []string { return []string{"mesos_task_cpus_allocated"} }

func (m tooManyTasks) Series(string) []samples.CurrentSeries { return m.series }

func TestCountingHasABound(t *testing.T) {
	src := source(t, recordedStore(t, recorded{of("mesos_up"), flat(1, 4)}))
	one := labels.FromStrings(labels.MetricName, "mesos_task_cpus_allocated")
	many := tooManyTasks{fakeCurrent{time: noon, series: make([]samples.CurrentSeries, 300_001)}}
	for i := range many.series {
		many.series[i] = samples.CurrentSeries{Labels: one, Value: 1}
	}
	src.Status = func() collector.Status { return collector.Status{TaskSeriesWhy: "there are too many"} }
	src.CurrentTasks = func() CurrentTasks { return many }
	_, err := SeriesCounts(t.Context(), src)
	require.Equal(t, promql.ErrorRequest, promql.KindOf(err))
	require.ErrorContains(t, err, "300000 series")
}

func TestNamesThatAreCountedHaveABound(t *testing.T) {
	all := []recorded{{of("mesos_agent_info", "agent", "a1"), flat(1, 1)}, {of("mesos_agent_info", "agent", "a2"), flat(1, 1)}}
	for i := range maxCountedNames + 4 {
		all = append(all, recorded{of(fmt.Sprintf("mesos_key_%05d", i)), flat(1, 1)})
	}
	counts, err := SeriesCounts(t.Context(), source(t, recordedStore(t, all...)))
	require.NoError(t, err)
	require.Len(t, counts.Series, maxCountedNames)
	require.Equal(t, 2, counts.Series["mesos_agent_info"])
	require.Equal(t, []string{"10000 of 10005 names are counted, those with the most series."}, counts.Warnings)
}

// BenchmarkSeriesCounts is what opening the metrics browser costs the backend with 100,000
// series.
func BenchmarkSeriesCounts(b *testing.B) {
	var all []recorded
	for i := range 100_000 {
		all = append(all, recorded{of(fmt.Sprintf("mesos_name_%03d", i%400), "task_id", fmt.Sprint(i)), flat(1, 1)})
	}
	src := source(b, recordedStore(b, all...))
	for b.Loop() {
		counts, err := SeriesCounts(context.Background(), src)
		require.NoError(b, err)
		require.Len(b, counts.Series, 400)
	}
}
