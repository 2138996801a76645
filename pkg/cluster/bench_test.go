package cluster

import (
	"fmt"
	"testing"
	"time"

	"community-mesos-datasource/pkg/mesos"
)

// large returns a /state with this many agents and tasks.
func large(agents, tasks int) *mesos.State {
	s := &mesos.State{PID: "master@10.0.0.1:5050", ElectedTime: 1}
	for i := range agents {
		s.Slaves = append(s.Slaves, mesos.Slave{
			ID: fmt.Sprintf("7c9c53b7-92f5-4a5d-8d4a-0c3c1a3b9f01-S%d", i), Hostname: fmt.Sprintf("agent%d.example.com", i), Active: true,
			RegisteredTime: 10, Resources: mesos.Resources{CPUs: 64, Mem: 1 << 18}, Used: mesos.Resources{CPUs: 10, Mem: 10240},
		})
	}
	for f := range 20 {
		framework := mesos.Framework{
			ID: fmt.Sprintf("7c9c53b7-92f5-4a5d-8d4a-0c3c1a3b9f01-%04d", f), Name: fmt.Sprint("framework", f), Roles: []string{fmt.Sprint("role", f)}, Active: true, Connected: true,
			Used: mesos.Resources{CPUs: float64(tasks / 20), Mem: 1024 * float64(tasks/20)},
		}
		for i := f; i < tasks; i += 20 {
			framework.Tasks = append(framework.Tasks, mesos.Task{
				ID: fmt.Sprintf("task.%d.7c9c53b7-92f5-4a5d", i), Name: "task", FrameworkID: framework.ID, SlaveID: s.Slaves[i%agents].ID,
				State: "TASK_RUNNING", Role: framework.Roles[0], Resources: mesos.Resources{CPUs: 1, Mem: 1024},
				Statuses: []mesos.TaskStatus{{State: "TASK_RUNNING", Timestamp: 100}},
			})
		}
		s.Frameworks = append(s.Frameworks, framework)
	}
	return s
}

// churn returns changes: tasks that come, run and end, a third each.
func churn(s *mesos.State, n int) []mesos.StreamEvent {
	var all []mesos.StreamEvent
	for i := 0; len(all) < n; i++ {
		f := &s.Frameworks[i%len(s.Frameworks)]
		old := &f.Tasks[(i/len(s.Frameworks))%len(f.Tasks)]
		all = append(all,
			mesos.StreamEvent{Type: mesos.StreamTaskUpdated, Update: &mesos.StreamUpdate{FrameworkID: f.ID, State: "TASK_FINISHED",
				Status: mesos.StreamStatus{TaskID: old.ID, UUID: "u", TaskStatus: mesos.TaskStatus{State: "TASK_FINISHED", Timestamp: 200}}}},
			mesos.StreamEvent{Type: mesos.StreamTaskAdded, Task: &mesos.StreamTask{Task: mesos.Task{
				ID: fmt.Sprint("new.", i), Name: "task", FrameworkID: f.ID, SlaveID: old.SlaveID, State: "TASK_STAGING", Role: old.Role, Resources: old.Resources}}},
			mesos.StreamEvent{Type: mesos.StreamTaskUpdated, Update: &mesos.StreamUpdate{FrameworkID: f.ID, State: "TASK_RUNNING",
				Status: mesos.StreamStatus{TaskID: fmt.Sprint("new.", i), UUID: "u", TaskStatus: mesos.TaskStatus{State: "TASK_RUNNING", Timestamp: 201}}}})
	}
	return all
}

// The cost of a model by events: 10,000 agents, 100,000 tasks, and what 15 s of 100 changes
// a second are; and of their events; and of two /state compared.
func BenchmarkLarge(b *testing.B) {
	s := large(10_000, 100_000)
	base := Build(s, nil)
	changes := churn(s, 1500)
	after := base.With(changes, time.Unix(300, 0))
	b.Run("With", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			base.With(changes, time.Unix(300, 0))
		}
	})
	b.Run("EventsOf", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			base.EventsOf(changes[:100], nil)
		}
	})
	b.Run("Happened", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Happened(base, after, nil)
		}
	})
	b.Run("Drift", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Drift(after, after, base)
		}
	})
}
