package collector_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// What a recorded /state of 04-series lists, read by nothing but encoding/json.
type listed struct {
	agents, frameworks map[string]bool
	unreachable        map[string]bool // tasks
	running            map[string]bool // tasks
}

func listedIn(t *testing.T, step int) listed {
	t.Helper()
	var state struct {
		Slaves     []struct{ ID string }
		Frameworks []struct {
			ID               string
			Tasks            []struct{ ID, State string }
			UnreachableTasks []struct{ ID, State string } `json:"unreachable_tasks"`
		}
	}
	require.True(t, readJSON(t, filepath.Join("04-series", fmt.Sprintf("%03d-master-state", step)), &state))
	l := listed{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, a := range state.Slaves {
		l.agents[a.ID] = true
	}
	for _, f := range state.Frameworks {
		l.frameworks[f.ID] = true
		for _, task := range f.Tasks {
			l.running[f.ID+"/"+task.ID] = l.running[f.ID+"/"+task.ID] || task.State == "TASK_RUNNING"
		}
		for _, task := range f.UnreachableTasks {
			l.unreachable[f.ID+"/"+task.ID] = task.State == "TASK_UNREACHABLE"
		}
	}
	return l
}

// TestTheRecordedSeriesInTime replays 385 s of a real cluster: an agent is
// killed (60 s) and comes back (150 s), a framework tears itself down (185 s),
// another runs into its failover timeout (285 s), an agent unregisters (300 s)
// and comes back as a new one (325 s).
func TestTheRecordedSeriesInTime(t *testing.T) {
	const steps, every = 77, 5 * time.Second
	roles := mesostest.Scene{Name: "03-workload", Prefix: []string{"master-get_roles"}}
	w := watch(t, collector.Settings{PollInterval: every}, mesostest.Step(0), roles, redirect)
	require.NoError(t, w.Ready(t.Context()))
	for n := 1; n < steps; n++ {
		w.cluster.SetScene(mesostest.Step(n), roles, redirect)
		w.clock.Advance(every)
	}
	require.Equal(t, steps, w.cluster.Count(mesostest.Master, "/state"))

	const killed = "abbec842-7d73-4f70-8d69-201cee145933-S2" // agent 3
	gone, back := 0, 0
	for n := range steps {
		at, want := begin.Add(time.Duration(n)*every), listedIn(t, n)
		for _, s := range w.rec.find("mesos_agent_cpus_capacity") {
			_, open := s.at(at)
			require.Equal(t, want.agents[s.labels.Get("agent_id")], open, "step %d: %s", n, s.labels)
		}
		require.Equal(t, len(want.agents), w.rec.open(at, "mesos_agent_state"), "step %d", n)
		require.Equal(t, len(want.agents), w.rec.open(at, "mesos_agent_info"), "step %d", n)
		for _, name := range []string{"mesos_framework_cpus_allocated", "mesos_framework_calls_total"} {
			for _, s := range w.rec.find(name) {
				if name == "mesos_framework_calls_total" && s.samples[0].t == at.UnixMilli() && s.samples[0].v == 0 && n > 0 {
					continue // the 0 that a late counter begins with
				}
				_, open := s.at(at)
				require.Equal(t, want.frameworks[s.labels.Get("framework_id")], open, "step %d: %s", n, s.labels)
			}
		}
		for state, tasks := range map[string]map[string]bool{"unreachable": want.unreachable, "running": want.running} {
			for _, s := range w.rec.find("mesos_task_state", "state="+state) {
				_, open := s.at(at)
				require.Equal(t, tasks[s.labels.Get("framework_id")+"/"+s.labels.Get("task_id")], open, "step %d: %s", n, s.labels)
				require.NotEmpty(t, s.labels.Get("agent"), "the host name is remembered when the agent is not listed any more")
			}
		}
		if gone == 0 && !want.agents[killed] {
			gone = n
		}
		if gone > 0 && back == 0 && want.agents[killed] {
			back = n
		}
	}

	t.Run("the killed agent's series end when the master gives it up and go on under its ID", func(t *testing.T) {
		require.Greater(t, gone, 12) // it was killed at 60 s
		require.Greater(t, back, 30) // and started again at 150 s
		s := w.rec.one(t, "mesos_agent_cpus_capacity", "agent_id="+killed)
		text := s.text(begin)
		require.Equal(t, 1, strings.Count(text, "end"), text)
		require.Contains(t, text, fmt.Sprintf("%s 8, %s end, %s 8", time.Duration(gone-1)*every, time.Duration(gone)*every, time.Duration(back)*every))
		require.Contains(t, w.rec.one(t, "mesos_agent_state", "agent_id="+killed, "state=disconnected").text(begin), "1")
	})
	t.Run("the framework that tore itself down ends, in its entity and its counters", func(t *testing.T) {
		for _, name := range []string{"mesos_framework_cpus_allocated", "mesos_framework_info", "mesos_framework_calls_total"} {
			s := w.rec.one(t, name, "framework=temp-framework")
			require.Equal(t, 1, strings.Count(s.text(begin), "end"), "%s: %s", name, s.text(begin))
			require.True(t, strings.HasSuffix(s.text(begin), "end"), "%s: %s", name, s.text(begin))
		}
	})
	t.Run("a counter that Mesos adds at its first event begins with 0", func(t *testing.T) {
		found := 0
		for _, s := range w.rec.find("mesos_master_task_status_total") {
			if first := s.samples[0]; first.t > begin.UnixMilli() {
				require.Zero(t, first.v, s.labels)
				require.Equal(t, first.t+every.Milliseconds(), s.samples[1].t)
				require.Positive(t, s.samples[1].v, s.labels)
				found++
			}
		}
		require.Positive(t, found)
	})
}
