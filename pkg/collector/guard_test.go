package collector_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// errorOf returns the error of a kind of poll in the status.
func errorOf(f *faked, p series.Poll) error {
	for _, s := range f.Status().Polls {
		if s.Poll == p {
			return s.Err
		}
	}
	return nil
}

func TestAPanicIsTheErrorOfItsPollAndTheNextGoesOn(t *testing.T) {
	followers := func(f *fake) {
		f.targets, f.follower = []mesos.Target{{Address: "master2:5050"}}, quiet
	}
	for what, poll := range map[string]series.Poll{
		"state": series.PollState, "roles": series.PollRoles, "snapshot": series.PollSnapshot, "follower": series.PollFollowers,
	} {
		t.Run(what, func(t *testing.T) {
			f := start(t, collector.Settings{}, followers)
			f.clock.Advance(4 * interval)
			f.set(func(f *fake) { f.panics[what] = true })
			f.clock.Advance(8 * interval)
			require.ErrorContains(t, errorOf(f, poll), "The plugin failed while polling "+string(poll)+" (made up: "+what+")")
			now := f.clock.Now()
			v, known := f.rec.one(t, "mesos_up", "poll="+string(poll)).at(now)
			require.True(t, known)
			require.Zero(t, v)
			for _, other := range []series.Poll{series.PollState, series.PollSnapshot} {
				if other != poll {
					require.Equal(t, 1.0, f.rec.sum(now, "mesos_up", "poll="+string(other)), "%s goes on", other)
				}
			}
			f.set(func(f *fake) { f.panics = map[string]bool{} })
			f.clock.Advance(9 * interval)
			require.NoError(t, errorOf(f, poll))
			require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll="+string(poll)))
		})
	}
}

// The writer holds its lock and has half a batch when the sink panics.
func TestAPanicWhileSamplesAreWrittenLeavesNoHalfBatch(t *testing.T) {
	f := start(t, collector.Settings{})
	f.rec.set(func(r *recorder) { r.panics = "mesos_agent_gpus_capacity" })
	f.set(func(f *fake) { f.state.Slaves[0].Resources.GPUs = 1 }) // so there is a new series
	f.clock.Advance(2 * interval)
	require.ErrorContains(t, errorOf(f, series.PollState), "made up: mesos_agent_gpus_capacity")
	require.Equal(t, "0s 4, 15s end, 30s end", f.rec.one(t, "mesos_agent_cpus_capacity").text(begin), "no value of the polls that panicked")
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=snapshot"))

	f.rec.set(func(r *recorder) { r.panics = "" })
	f.clock.Advance(3 * interval)
	require.NoError(t, errorOf(f, series.PollState))
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_agent_gpus_capacity"))
	require.Equal(t, 4.0, f.rec.sum(f.clock.Now(), "mesos_agent_cpus_capacity"))
}

func TestAnAgentWhoseAnswerPanicsCostsItsOwnGap(t *testing.T) {
	f, agents := startAgents(t, 3, collector.Settings{}, func(_ *fake, a *fakeAgents) { a.panics = "S2" })
	f.clock.Advance(2*interval - 1)
	now := f.clock.Now()
	require.Equal(t, 2, f.rec.open(now, "mesos_agent_memory_used_bytes"))
	require.Equal(t, 1.0, f.rec.sum(now, "mesos_up", "poll=agents"))
	polls := f.Status().AgentPolls
	require.Len(t, polls.Problems, 1)
	require.Contains(t, polls.Problems[0].Example, "made up: S2")
	agents.set(func(a *fakeAgents) { a.panics = "" })
	f.clock.Advance(9 * interval)
	require.Equal(t, 3, f.rec.open(f.clock.Now(), "mesos_agent_memory_used_bytes"))
}

func TestAClientThatPanicsWhenItIsClosedEndsNothing(t *testing.T) {
	f := start(t, collector.Settings{}, func(f *fake) { f.panics["close"] = true })
	next := newFake(f.clock)
	next.panics["close"] = true
	f.Apply(collector.Settings{UID: "uid"}, next)
	f.clock.Advance(2 * interval)
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_up", "poll=state"))
	f.Stop()
	require.Equal(t, []int{1, 1}, []int{f.closings(), next.closings()})
}
