package samples

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// full takes no samples while full is set.
type full struct {
	*written
	full bool
}

func (f *full) Room(time.Duration) int { return 1_000_000 }

func (f *full) Batch(context.Context) series.Batch { return f }

func (f *full) Commit() error {
	if f.full {
		return errors.New("disk full")
	}
	return nil
}

// What was refused between two /state is past when a /state is written, also where the
// event stream has ended and nothing is written between them any more.
func TestWhatWasRefusedBetweenTwoStatesEndsWithTheNext(t *testing.T) {
	sink := &full{written: newWritten()}
	w := NewWriter(sink)
	w.cluster = "c"
	ctx := context.Background()
	at := func(second int64) *cluster.Cluster {
		state := large(2, 4)
		state.Sent = time.Unix(second, 0)
		return cluster.Build(state, nil)
	}
	health := Health{Poll: series.PollState, OK: true}
	require.NoError(t, w.State(ctx, at(100), Settings{MaxSeries: 1_000_000}, health))

	sink.full = true
	require.ErrorContains(t, w.Sums(ctx, at(115), false, &mesos.Metrics{}), "disk full")
	require.ErrorContains(t, w.Model(ctx, at(115), Change{Tasks: func(string, string) bool { return true }}, Settings{MaxSeries: 1_000_000}), "disk full")
	require.Positive(t, w.Kept().Dropped)
	require.Contains(t, w.Kept().DroppedWhy, "disk full")

	sink.full = false
	require.NoError(t, w.State(ctx, at(130), Settings{MaxSeries: 1_000_000}, health))
	require.Zero(t, w.Kept().Dropped)
	require.Empty(t, w.Kept().DroppedWhy)
}

// small takes some series and no more.
type small struct {
	*written
	room    int
	refused int // samples
}

func (s *small) Room(time.Duration) int { return s.room }

func (s *small) Batch(context.Context) series.Batch { return s }

func (s *small) Append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	if ref == 0 && s.refs[lset().String()] == 0 && len(s.refs) >= s.room {
		s.refused++
		return 0, fmt.Errorf("no room: %w", series.ErrFull)
	}
	return s.written.Append(ref, lset, t, v)
}

// limited returns a cluster, and a writer of it into a sink that has room for so many series.
func limited(agents, tasks, room int) (*cluster.Cluster, *small, *Writer) {
	state := large(agents, tasks)
	state.Sent = time.Unix(100, 0)
	sink := &small{written: newWritten(), room: room}
	w := NewWriter(sink)
	w.cluster = "c"
	return cluster.Build(state, nil), sink, w
}

// Where there is no room for a cluster, series of single agents are left out, and what is of
// the cluster, of frameworks and of roles is whole.
func TestSumsAreWholeWhereThereIsNoRoomForAllAgents(t *testing.T) {
	namesIn := func(room int) (names map[string]int, dropped int) {
		m, sink, w := limited(1000, 2000, room)
		require.NoError(t, w.State(t.Context(), m, Settings{MaxSeries: room}, Health{Poll: series.PollState, OK: true}))
		names = map[string]int{}
		for of := range sink.refs {
			names[of[strings.Index(of, `__name__="`):strings.IndexByte(of, ',')]]++
		}
		return names, w.Kept().Dropped
	}
	all, _ := namesIn(1_000_000)
	some, dropped := namesIn(5_000)
	require.Positive(t, dropped)
	left := 0
	for name, n := range all {
		switch {
		case strings.Contains(name, "mesos_agent_"):
			left += n - some[name]
		case !strings.Contains(name, "mesos_task_"):
			require.Equal(t, n, some[name], name)
		}
	}
	require.Positive(t, left)
}

// The sums of what containers use come last in a poll of agents, and have their place where there is none for what is of
// single agents.
func TestSumsOfUseAreKeptWhereThereIsNoRoomForAllAgents(t *testing.T) {
	m, sink, w := limited(100, 200, 1_000_000)
	settings := Settings{TaskSeries: TaskSeriesAlways, MaxSeries: 1_000_000, AgentStatistics: true}
	require.NoError(t, w.State(t.Context(), m, settings, Health{Poll: series.PollState, OK: true}))
	sink.room = len(sink.refs) + 500
	require.NoError(t, w.ReserveTotals(t.Context(), m.Time, m, settings))
	sums, tasks := NewAgentSums(), m.Tasks()
	for _, agent := range m.Agents {
		answer := &mesos.Statistics{}
		answer.Sent = m.Time
		for i := range tasks {
			if one := &tasks[i]; one.Agent == agent {
				c := mesos.Container{FrameworkID: one.Framework.ID, ExecutorID: one.ID}
				c.Readings.Set(mesos.StatisticOf("timestamp"), 100)
				c.Readings.Set(mesos.StatisticOf("mem_rss_bytes"), 1<<20)
				c.Readings.Set(mesos.StatisticOf("mem_total_bytes"), 1<<20)
				answer.Containers = append(answer.Containers, c)
			}
		}
		require.NoError(t, w.Agent(t.Context(), AgentAnswer{Agent: agent, Statistics: answer}, m, settings, time.Minute, m.Time, sums))
	}
	require.NoError(t, w.AgentTotals(t.Context(), m.Time, sums, true, Health{Poll: series.PollAgents, OK: true}))
	require.Positive(t, w.Kept().Dropped, "there is no room for all")
	found := map[string]int{}
	for of, samples := range sink.all {
		for _, name := range []string{"mesos_cluster_memory_used_bytes", "mesos_framework_memory_used_bytes", "mesos_agent_memory_used_bytes"} {
			if strings.Contains(of, `"`+name+`"`) && !strings.HasSuffix(samples, "end, ") {
				found[name]++
			}
		}
	}
	require.Equal(t, 1, found["mesos_cluster_memory_used_bytes"])
	require.Equal(t, len(m.Frameworks), found["mesos_framework_memory_used_bytes"])
	require.Less(t, found["mesos_agent_memory_used_bytes"], len(m.Agents))
}

// What the sink refused is offered again with each /state, and seldom between them; it is left out all the same.
func TestARefusedSeriesIsOfferedSeldomBetweenStates(t *testing.T) {
	m, sink, w := limited(1000, 2000, 5_000)
	settings := Settings{TaskSeries: TaskSeriesNever, MaxSeries: 5_000}
	require.NoError(t, w.State(t.Context(), m, settings, Health{Poll: series.PollState, OK: true}))
	require.Positive(t, w.Kept().Dropped)

	offered := func(second int64) int {
		of := *m
		of.Time = time.Unix(second, 0)
		before := sink.refused
		require.NoError(t, w.Model(t.Context(), &of, Change{Tasks: func(string, string) bool { return false }}, settings))
		require.ErrorIs(t, w.refused[series.PollModel].why, series.ErrFull)
		require.Positive(t, w.refused[series.PollModel].samples)
		return sink.refused - before
	}
	for i := range int64(offeredAgain - 1) {
		require.Zero(t, offered(115+15*i), "%d", i)
	}
	require.Positive(t, offered(230))
	require.Zero(t, offered(245))

	sink.room = 1_000_000
	m.Time = time.Unix(260, 0)
	require.NoError(t, w.State(t.Context(), m, settings, Health{Poll: series.PollState, OK: true}))
	require.Zero(t, w.Kept().Dropped)
}
