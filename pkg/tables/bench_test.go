package tables

import (
	"context"
	"fmt"
	"testing"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// largeView returns a view of this many agents and tasks, in 200 frameworks.
func largeView(agents, tasks int) *View {
	s := &mesos.State{PID: "master@10.0.0.1:5050", ElectedTime: 1}
	for i := range agents {
		s.Slaves = append(s.Slaves, mesos.Slave{
			ID: fmt.Sprintf("7c9c53b7-92f5-4a5d-8d4a-0c3c1a3b9f01-S%d", i), Hostname: fmt.Sprintf("agent%d.example.com", i), Active: true,
			Attributes: map[string]mesos.Attribute{"rack": mesos.Attribute(fmt.Sprint("r", i%40))},
			Resources:  mesos.Resources{CPUs: 64, Mem: 1 << 18}, Used: mesos.Resources{CPUs: 10, Mem: 10240},
		})
	}
	const frameworks = 200
	states := []string{"TASK_RUNNING", "TASK_RUNNING", "TASK_RUNNING", "TASK_STAGING"}
	for f := range frameworks {
		framework := mesos.Framework{
			ID: fmt.Sprintf("7c9c53b7-92f5-4a5d-8d4a-0c3c1a3b9f01-%04d", f), Name: fmt.Sprint("framework", f), Roles: []string{fmt.Sprint("role", f)}, Active: true, Connected: true,
		}
		for i := f; i < tasks; i += frameworks {
			framework.Tasks = append(framework.Tasks, mesos.Task{
				ID: fmt.Sprintf("web-%d.7c9c53b7-92f5-4a5d", i), Name: fmt.Sprint("web-", i%1000), FrameworkID: framework.ID, SlaveID: s.Slaves[i%agents].ID,
				State: states[i%len(states)], Role: framework.Roles[0], Resources: mesos.Resources{CPUs: 1, Mem: float64(64 + i%4096)},
				Labels:   []mesos.Label{{Key: "team", Value: fmt.Sprint("team", i%20)}},
				Statuses: []mesos.TaskStatus{{State: "TASK_RUNNING", Timestamp: 1795246000 + float64(i%1000)}},
			})
		}
		s.Frameworks = append(s.Frameworks, framework)
	}
	return &View{Model: &Model{Cluster: cluster.Build(s, nil)}, Now: now}
}

// The statements of the measurements that the choice of the engine was made by: 100,000 tasks
// on 10,000 agents.
func BenchmarkStatements(b *testing.B) {
	v := largeView(10_000, 100_000)
	engine := NewEngine()
	for name, sql := range map[string]string{
		"point":  "SELECT * FROM tasks WHERE task_id = 'web-77777.7c9c53b7-92f5-4a5d'",
		"agent":  "SELECT framework, state, count(*) FROM tasks WHERE agent = 'agent77.example.com' GROUP BY 1, 2",
		"group":  "SELECT framework, state, count(*), sum(cpus) FROM tasks GROUP BY framework, state",
		"join":   "SELECT a.attributes ->> 'rack', f.state, count(*), sum(t.cpus) FROM tasks t JOIN agents a ON a.agent_id = t.agent_id JOIN frameworks f ON f.framework_id = t.framework_id GROUP BY 1, 2",
		"top":    "SELECT task_id, memory_bytes FROM tasks ORDER BY memory_bytes DESC LIMIT 20",
		"window": "SELECT * FROM (SELECT framework, task_id, row_number() OVER (PARTITION BY framework ORDER BY memory_bytes DESC) AS n FROM tasks) WHERE n = 1",
		"labels": "SELECT labels ->> 'team', count(*) FROM tasks GROUP BY 1",
		"times":  "SELECT count(*) FROM tasks WHERE start_time > '2026-11-21T07:30:00.000Z'",
		"dump":   "SELECT task_id, name, state, framework, agent, cpus FROM tasks LIMIT 10000",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := engine.Run(context.Background(), Request{SQL: sql, View: v, Limit: 10_000}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
