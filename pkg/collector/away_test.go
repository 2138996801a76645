package collector_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// An agent that a new leader has given up comes back later with its tasks: they were
// unreachable, and run.
func TestTasksOfAnAgentThatANewLeaderGaveUpRunAgain(t *testing.T) {
	for _, late := range []time.Duration{5 * time.Minute, 40 * time.Minute} {
		f := start(t, collector.Settings{}, func(f *fake) {
			f.state.ElectedTime = float64(begin.Add(-time.Hour).Unix())
			f.state.Slaves = append(f.state.Slaves, agent(2))
			x := task(2)
			x.SlaveID = "S2"
			f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, x)
		})
		f.clock.Advance(2 * interval)
		x := task(5)
		f.set(func(f *fake) {
			x.SlaveID = "S2"
			x.Statuses = []mesos.TaskStatus{{State: "TASK_RUNNING", Timestamp: float64(f.clock.Now().Unix())}}
			f.state.Frameworks[0].Tasks = append(f.state.Frameworks[0].Tasks, x)
		})
		f.clock.Advance(2 * interval)
		require.Equal(t, "running", f.events.told("t5"))
		slaves, tasks := f.state.Slaves, f.state.Frameworks[0].Tasks
		f.set(func(f *fake) {
			now := float64(f.clock.Now().Unix())
			f.address, f.state.PID, f.state.ElectedTime = "master2:5050", "master@10.0.0.2:5050", now
			a := slaves[0]
			a.RegisteredTime = now + 2
			f.state.Slaves = []mesos.Slave{a}
			f.state.RecoveredSlaves = []mesos.RecoveredSlave{{ID: "S2", Hostname: "agent2"}}
			f.state.Frameworks[0].RegisteredTime = now + 3
			f.state.Frameworks[0].Tasks = tasks[:1]
		})
		f.clock.Advance(2 * time.Minute)
		f.set(func(f *fake) { // --agent_reregister_timeout
			f.state.RecoveredSlaves, f.state.UnreachableSlaves = nil, 1
		})
		f.clock.Advance(late)
		require.Equal(t, "unreachable", f.events.told("t2"))
		require.Equal(t, "running, unreachable", f.events.told("t5"))
		back := f.clock.Now()
		f.set(func(f *fake) {
			now := float64(back.Unix())
			f.state.UnreachableSlaves = 0
			b := slaves[1]
			again := now + 0.0003
			b.RegisteredTime, b.ReregisteredTime = now, &again
			f.state.Slaves = append(f.state.Slaves, b)
			f.state.Frameworks[0].Tasks = tasks
		})
		f.clock.Advance(5 * time.Minute)
		require.Equal(t, "unreachable, running", f.events.told("t2"))
		require.Equal(t, "running, unreachable, running", f.events.told("t5"))
		require.Empty(t, f.events.told("t1"))
		all := f.events.of(events.KindTask)
		require.False(t, all[len(all)-1].Time.Before(back))
	}
}

// A task whose end was not known before a restart, and that is listed after it, runs again.
func TestATaskThatIsBackAfterARestartRunsAgain(t *testing.T) {
	f := start(t, collector.Settings{ClusterName: "c"}, func(f *fake) {
		f.watched = begin.Add(-time.Minute)
		f.before = []events.Event{logged("t1", "running", begin.Add(-5*time.Minute)), logged("t1", "unknown", begin.Add(-4*time.Minute))}
	})
	f.clock.Advance(4 * interval)
	require.Equal(t, "running, unknown, running", f.events.told("t1"))
}
