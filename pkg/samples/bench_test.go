package samples

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// large is a cluster of the size the project measures itself by.
func large(agents, tasks int) *mesos.State {
	name := "large"
	s := &mesos.State{Version: "1.12.0", PID: "master@10.0.0.1:5050", ElectedTime: 1, Cluster: &name, Flags: map[string]string{}}
	for n := range agents {
		s.Slaves = append(s.Slaves, mesos.Slave{
			ID: fmt.Sprintf("6c1b8a54-0000-4b6f-9d8e-0123456789ab-S%d", n), Hostname: fmt.Sprintf("agent%05d.example.com", n),
			Active: true, Version: "1.12.0", Attributes: map[string]mesos.Attribute{"rack": mesos.Attribute(fmt.Sprint("r", n%40))},
			Resources: mesos.Resources{CPUs: 32, Mem: 131072, Disk: 1e6}, Used: mesos.Resources{CPUs: 10, Mem: 10240},
		})
	}
	const frameworks = 50
	for n := range frameworks {
		s.Frameworks = append(s.Frameworks, mesos.Framework{
			ID: fmt.Sprintf("6c1b8a54-0000-4b6f-9d8e-0123456789ab-%04d", n), Name: fmt.Sprintf("framework-%d", n),
			Active: true, Connected: true, Roles: []string{"prod"},
		})
	}
	for n := range tasks {
		f := &s.Frameworks[n%frameworks]
		f.Tasks = append(f.Tasks, mesos.Task{
			ID: fmt.Sprintf("service-%d.6c1b8a54-1111-4b6f-9d8e-%012d", n%500, n), Name: fmt.Sprintf("service-%d", n%500),
			FrameworkID: f.ID, SlaveID: s.Slaves[n%agents].ID, State: "TASK_RUNNING", Role: "prod",
			Resources: mesos.Resources{CPUs: 1, Mem: 1024}, Statuses: []mesos.TaskStatus{{State: "TASK_RUNNING", Timestamp: 1.7e9}},
		})
	}
	return s
}

// BenchmarkPoll measures the cost of a poll of /state after it is read: the model and
// its samples into the history in memory. Task series beyond any limit are
// written in one of the two.
func BenchmarkPoll(b *testing.B) {
	for name, keep := range map[string]string{"entities": TaskSeriesAuto, "entities and tasks": TaskSeriesAlways} {
		b.Run(name, func(b *testing.B) {
			now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
			store := memory.New(memory.Options{Now: func() time.Time { return now }})
			defer store.Close()
			w := NewWriter(store)
			w.cluster = "large"
			state := large(10_000, 100_000)
			settings := Settings{TaskSeries: keep, MaxSeries: 300_000}
			var model *cluster.Cluster
			poll := func() {
				now = now.Add(time.Minute)
				state.Sent = now
				model = cluster.Build(state, model)
				require.NoError(b, w.State(context.Background(), model, settings, Health{Poll: series.PollState, OK: true}))
			}
			poll() // the first makes labels and series
			b.ReportAllocs()
			for b.Loop() {
				poll()
			}
			b.ReportMetric(float64(store.Stats().Series), "series")
		})
	}
}

// BenchmarkAgents measures the cost of a poll of the agents after it is read.
func BenchmarkAgents(b *testing.B) {
	now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	began := now
	store := memory.New(memory.Options{Now: func() time.Time { return now }})
	defer store.Close()
	w := NewWriter(store)
	w.cluster = "large"
	state := large(1_000, 10_000)
	settings := Settings{TaskSeries: TaskSeriesAlways, MaxSeries: 10_000_000, AgentStatistics: true}
	answers := map[string]*mesos.Statistics{}
	for _, f := range state.Frameworks {
		for _, t := range f.Tasks {
			if answers[t.SlaveID] == nil {
				answers[t.SlaveID] = &mesos.Statistics{}
			}
			a := answers[t.SlaveID]
			a.Containers = append(a.Containers, mesos.Container{FrameworkID: f.ID, ExecutorID: t.ID})
		}
	}
	poll := func() {
		now = now.Add(time.Minute)
		state.Sent = now
		model := cluster.Build(state, nil)
		require.NoError(b, w.State(context.Background(), model, settings, Health{Poll: series.PollState, OK: true}))
		sums := NewAgentSums()
		for _, agent := range model.Agents {
			a := answers[agent.ID]
			a.Sent = now
			for i := range a.Containers {
				r := &a.Containers[i].Readings
				for s := range mesos.NumStatistics {
					r.Set(mesos.Statistic(s), 1000+now.Sub(began).Seconds())
				}
				r.Set(mesos.StatisticOf("timestamp"), float64(now.Unix()))
			}
			require.NoError(b, w.Agent(context.Background(), AgentAnswer{Agent: agent, Statistics: a}, model, settings, time.Minute, now, sums))
		}
		require.NoError(b, w.AgentTotals(context.Background(), now, sums, true, Health{Poll: series.PollAgents, OK: true}))
		require.Equal(b, 10_000, sums.Containers().Read)
		require.Empty(b, w.Kept().LeftOut)
	}
	poll()
	b.ReportAllocs()
	for b.Loop() {
		poll()
	}
	b.ReportMetric(float64(store.Stats().Series), "series")
}

// BenchmarkModel measures what the event stream costs each pollInterval besides reading
// it: 1,500 changes of tasks are applied to the model, which is written.
func BenchmarkModel(b *testing.B) {
	for name, keep := range map[string]string{"entities": TaskSeriesAuto, "entities and tasks": TaskSeriesAlways} {
		b.Run(name, func(b *testing.B) {
			now := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
			store := memory.New(memory.Options{Now: func() time.Time { return now }})
			defer store.Close()
			w := NewWriter(store)
			w.cluster = "large"
			state := large(10_000, 100_000)
			state.Sent = now
			settings := Settings{TaskSeries: keep, MaxSeries: 300_000}
			model := cluster.Build(state, nil)
			require.NoError(b, w.State(context.Background(), model, settings, Health{Poll: series.PollState, OK: true}))
			turn := 0
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(15 * time.Second)
				var changes []mesos.StreamEvent
				for n := range 750 {
					turn++
					task := state.Frameworks[n%50].Tasks[0]
					task.ID, task.State, task.Statuses = fmt.Sprintf("new-%d", turn), "TASK_STAGING", nil
					changes = append(changes,
						mesos.StreamEvent{Type: mesos.StreamTaskAdded, Received: now, Task: &mesos.StreamTask{Task: task}},
						mesos.StreamEvent{Type: mesos.StreamTaskUpdated, Received: now, Update: &mesos.StreamUpdate{
							FrameworkID: task.FrameworkID, State: "TASK_FINISHED", Status: mesos.StreamStatus{TaskID: task.ID, UUID: "u",
								TaskStatus: mesos.TaskStatus{State: "TASK_FINISHED", Timestamp: float64(now.Unix())}},
						}})
				}
				model = model.With(changes, now)
				change := Change{Tasks: func(_, id string) bool { return strings.HasPrefix(id, "new-") }}
				require.NoError(b, w.Sums(context.Background(), model, false, &mesos.Metrics{}))
				require.NoError(b, w.Model(context.Background(), model, change, settings))
			}
			b.ReportMetric(float64(store.Stats().Series), "series")
		})
	}
}
