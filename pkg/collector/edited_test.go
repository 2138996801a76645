package collector_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// begins adds a task to the cluster, which is staging.
func (f *fake) begins(n int) {
	one := task(n)
	one.State, one.Statuses = "TASK_STAGING", nil
	f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, one)
	f.state.Slaves[0].Used, f.state.Frameworks[0].Used = mesos.Resources{}, mesos.Resources{}
	f.agree()
}

// An edit of the settings ends the stream. What it told is not told again by the next /state,
// and what was not noted yet keeps its reason.
func TestAnEditWhileTheStreamTellsLosesAndDoublesNothing(t *testing.T) {
	for _, agents := range []int{1, 1000} {
		for name, again := range map[string]bool{"the same client": true, "another client": false} {
			f, st := follow(t, agents, collector.Settings{})
			f.clock.Advance(2*interval + time.Second)
			require.NoError(t, st.send(added(2)))
			f.set(func(f *fake) { f.begins(2) })
			f.clock.Advance(2 * time.Second)
			require.Equal(t, "staging", f.events.told("t2"))

			require.NoError(t, st.send(update(1, "TASK_FAILED", f.clock.Now()))) // not noted yet
			f.set(func(f *fake) {
				f.ends(1)
				f.state.Frameworks[0].CompletedTasks = mesos.Ended{ended(1, "TASK_FAILED", f.clock.Now())}
			})
			client := f.client()
			if !again {
				client = &collector.Both{Client: client}
			}
			f.Apply(collector.Settings{UID: "uid", TaskLabels: []string{"x"}}, client)
			f.clock.Advance(4 * interval)
			require.Equal(t, "staging", f.events.told("t2"), name)
			require.Equal(t, "failed", f.events.told("t1"), name)
			for _, e := range f.events.of(events.KindTask) {
				if e.TaskID == "t1" {
					require.Equal(t, "command_executor_failed", e.Reason, name)
				}
			}
			require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_model_drift_total"))
			require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_agent_tasks_ended_total", "state=failed"))
		}
	}
}

// A stream that ends before a /state has answered has told what its model does not have.
func TestAStreamThatIsCutTwiceWithinAPollTellsATaskOnce(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(5 * interval)
	st.breaks(t, f, failure(mesos.Network))
	f.clock.Advance(3 * time.Second)
	st.settles(t, 1)
	require.NoError(t, st.send(added(2)))
	f.set(func(f *fake) { f.begins(2) })
	f.clock.Advance(2 * time.Second)
	st.breaks(t, f, failure(mesos.Network))
	f.clock.Advance(4 * interval)
	require.Equal(t, "staging", f.events.told("t2"))
	require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_model_drift_total"))
}

// A stream of a new leader tells before its first /state is read, which tells it no second time.
func TestWhatAStreamOfANewLeaderTellsBeforeItsStateIsToldOnce(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(4*interval + time.Second)
	f.set(func(f *fake) { f.address, f.state.PID, f.state.ElectedTime = "master2:5050", "master@10.0.0.2:5050", 2 })
	st.breaks(t, f, failure(mesos.Network))
	f.clock.Advance(4 * time.Second)
	st.settles(t, 1, "of the new leader, before the next /state")
	require.NoError(t, st.send(added(2)))
	f.set(func(f *fake) { f.begins(2) })
	f.clock.Advance(2 * time.Second)
	require.Equal(t, "staging", f.events.told("t2"))
	f.clock.Advance(4 * interval)
	require.Equal(t, "staging", f.events.told("t2"))
	require.Len(t, f.events.of(events.KindMaster), 1)
}

// A task that the stream told while /state was on its way is not in its answer, and has not
// ended.
func TestATaskAddedWhileStateIsAskedForHasNotEndedWhereTheStreamBreaks(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(4*interval + 14*time.Second)
	require.NoError(t, st.send(added(2)))
	f.set(func(f *fake) { f.late["state"], f.refused = -2*time.Second, failure(mesos.Network) })
	st.breaks(t, f, failure(mesos.Network))
	f.clock.Advance(time.Second)
	f.set(func(f *fake) { f.late["state"] = 0; f.begins(2) })
	f.clock.Advance(4 * interval)
	require.Equal(t, "staging", f.events.told("t2"))
}
