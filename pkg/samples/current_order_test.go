package samples

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// The current series are sorted whatever agents are called and in whichever order tasks are
// listed, and none is missing.
func TestCurrentSeriesAreSorted(t *testing.T) {
	hosts := []string{"b", "a", "ab", "", "a\xff", "a\u00e9", "a.example.com", "a-1", "a-10", "a-2", "a"}
	rnd := rand.New(rand.NewPCG(3, 5))
	state := &mesos.State{Version: "1.12.0"}
	for i, host := range hosts {
		state.Slaves = append(state.Slaves, mesos.Slave{ID: fmt.Sprintf("S%d", i), Hostname: host, Active: true})
	}
	f := mesos.Framework{ID: "F", Name: "f", Active: true, Connected: true}
	const tasks = 400
	for i := range tasks {
		f.Tasks = append(f.Tasks, mesos.Task{
			ID: fmt.Sprintf("t%d", rnd.IntN(1<<40)), Name: fmt.Sprint(i % 7), SlaveID: fmt.Sprintf("S%d", rnd.IntN(len(hosts)+1)), // one is not listed
			State: "TASK_RUNNING", Role: "r", Resources: mesos.Resources{CPUs: float64(i)},
		})
	}
	state.Frameworks = []mesos.Framework{f}
	current := Current{Model: cluster.Build(state, nil), cluster: "c"}
	for _, name := range []string{"mesos_task_cpus_allocated", "mesos_task_state"} {
		all := current.Series(name)
		if len(all) != tasks {
			t.Errorf("%s: %d series", name, len(all))
		}
		if !slices.IsSortedFunc(all, func(a, b CurrentSeries) int { return labels.Compare(a.Labels, b.Labels) }) {
			t.Errorf("%s is not sorted", name)
		}
		seen := map[string]bool{}
		for _, s := range all {
			seen[s.Labels.Get("task_id")] = true
		}
		if len(seen) != tasks {
			t.Errorf("%s: %d tasks", name, len(seen))
		}
	}
}

// BenchmarkCurrentSeries builds the series of 200,000 tasks on 35,000 agents.
func BenchmarkCurrentSeries(b *testing.B) {
	state := &mesos.State{Version: "1.12.0"}
	for i := range 35_000 {
		state.Slaves = append(state.Slaves, mesos.Slave{ID: fmt.Sprintf("7c9c53b7-92f5-4a5d-8d4a-0c3c1a3b9f01-S%d", i), Hostname: fmt.Sprintf("agent-%05d.example.com", i), Active: true})
	}
	for n := range 100 {
		f := mesos.Framework{ID: fmt.Sprintf("7c9c53b7-92f5-4a5d-8d4a-0c3c1a3b9f01-%04d", n), Name: fmt.Sprintf("framework%d", n), Active: true, Connected: true, Roles: []string{"role"}}
		for i := range 2000 {
			f.Tasks = append(f.Tasks, mesos.Task{
				ID: fmt.Sprintf("service-%d.%08x", n, i), Name: fmt.Sprintf("service-%d", n), SlaveID: state.Slaves[(n*2000+i)*7919%35_000].ID,
				State: "TASK_RUNNING", Resources: mesos.Resources{CPUs: 0.5},
			})
		}
		state.Frameworks = append(state.Frameworks, f)
	}
	current := Current{Model: cluster.Build(state, nil), cluster: "c"}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(current.Series("mesos_task_cpus_allocated")); n != 200_000 {
			b.Fatal(n)
		}
	}
}
