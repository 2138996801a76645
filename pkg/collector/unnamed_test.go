package collector_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// An update names a task by its ID only. Where nothing else told of the task, its end counts for
// its agent at once, and for its role and labels as soon as /state tells them.
func TestAnEndCountsForItsRoleOnceThatIsKnown(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{TaskLabels: []string{"team"}})
	f.clock.Advance(5 * interval / 2)
	at := f.clock.Now()
	require.NoError(t, st.send(update(7, "TASK_RUNNING", at.Add(-1))))
	require.NoError(t, st.send(update(7, "TASK_FAILED", at)))
	counted := func() [3]float64 {
		now := f.clock.Now()
		return [3]float64{
			f.rec.sum(now, "mesos_agent_tasks_ended_total", "agent=agent1", "state=failed"), f.rec.sum(now, "mesos_role_tasks_ended_total", "role=prod", "state=failed"),
			f.rec.sum(now, "mesos_task_label_tasks_ended_total", "label_team=search", "state=failed"),
		}
	}
	f.clock.Advance(2 * time.Second)
	require.Equal(t, "failed", f.events.told("t7"))
	require.Empty(t, f.events.of(events.KindTask)[0].Role)
	f.set(func(f *fake) {
		one := ended(7, "TASK_FAILED", at)
		one.Statuses[0].Timestamp = one.Statuses[1].Timestamp - 1
		f.state.Frameworks[0].CompletedTasks = mesos.Ended{one}
	})
	f.clock.Advance(2 * interval)
	require.Equal(t, "failed, running", f.events.told("t7"), "/state tells the states before")
	require.Equal(t, [3]float64{1, 1, 1}, counted())
	f.clock.Advance(4 * interval)
	require.Equal(t, [3]float64{1, 1, 1}, counted())
}

// Where no /state tells the role, and nobody the agent's name, an end counts for the agent by its
// ID, and for no role.
func TestAnEndWhoseRoleStaysUnknown(t *testing.T) {
	f, st := follow(t, 1, collector.Settings{})
	f.clock.Advance(5 * interval / 2)
	e := update(7, "TASK_LOST", f.clock.Now())
	e.Update.Status.SlaveID = "S9"
	require.NoError(t, st.send(e))
	f.clock.Advance(interval)
	require.Equal(t, "lost", f.events.told("t7"))
	require.Empty(t, f.rec.find("mesos_agent_tasks_ended_total", "agent_id=S9"), "the name may be told")
	f.clock.Advance(6 * interval)
	require.Equal(t, 1.0, f.rec.sum(f.clock.Now(), "mesos_agent_tasks_ended_total", "agent_id=S9", "state=lost"))
	require.Zero(t, f.rec.sum(f.clock.Now(), "mesos_role_tasks_ended_total", "state=lost"))
}
