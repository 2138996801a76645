package plugin

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/experimental"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// playSeries replays the 385 s of 04-series and polls at each second sample.
func playSeries(t *testing.T) (s *fixture, states []recordedState) {
	t.Helper()
	const samples = 77
	for n := 0; n < samples; n += 2 {
		states = append(states, readState(t, fmt.Sprintf("04-series/%03d-master-state", n)))
		if n == 0 {
			s = newFixture(t, map[string]any{"webUrl": "https://mesos.example.com"}, mesostest.Step(0), roles, redirect)
			_, err := s.registry.For(t.Context(), s.context())
			require.NoError(t, err)
			s.clock.Settle()
			continue
		}
		s.cluster.SetScene(mesostest.Step(n), roles, redirect)
		s.clock.Advance(every)
	}
	require.Equal(t, len(states), s.cluster.Count(mesostest.Master, "/state"))
	return s, states
}

const (
	cpusByAgent      = `{"entity": "agent", "resource": "cpus", "measure": "allocated", "groupBy": ["agent", "agent_id"]}`
	tasksByFramework = `{"entity": "framework", "resource": "tasks", "measure": "active", "groupBy": ["framework", "framework_id", "state"]}`
	// Those that end, return and become unreachable, for a file of readable size.
	fewTasks = `{"entity": "framework", "resource": "tasks", "measure": "active", "groupBy": ["framework", "framework_id", "state"], "filters": [
		{"label": "framework", "operator": "=", "value": ["temp-framework", "marathon", "Spark ETL (nightly)"]},
		{"label": "state", "operator": "=", "value": ["running", "unreachable"]}]}`
	agentsByState = `{"metric": "mesos_cluster_agents"}`
)

// Over the recorded time agents are killed, bounce, unregister and return, and
// frameworks tear themselves down, die and register again. What panels show of it is
// in the golden files; that these are right is held against the recorded
// /state of each moment.
func TestTheRecordedSeriesAsPanelsShowIt(t *testing.T) {
	s, states := playSeries(t)
	t.Run("what ends", func(t *testing.T) { whatEndsInPanels(t, s, states) })
	at := func(i int) time.Duration { return time.Duration(i) * every }

	t.Run("cpus allocated per agent", func(t *testing.T) {
		want := map[string][]point{}
		for i, state := range states {
			for _, a := range state.Slaves {
				want[a.Hostname+"|"+a.ID] = append(want[a.Hostname+"|"+a.ID], point{at(i), a.UsedResources.CPUs})
			}
		}
		samePoints(t, want, pointsOf(t, s.ask(cpusByAgent)))
	})
	t.Run("tasks by state per framework", func(t *testing.T) {
		want := map[string][]point{}
		for i, state := range states {
			for _, f := range state.Frameworks {
				counts := map[string]float64{"staging": 0, "starting": 0, "running": 0, "killing": 0, "unreachable": 0}
				for _, task := range slices.Concat(f.Tasks, f.UnreachableTasks) {
					// Not counted are those that have ended: finished ones whose end the
					// framework has not acknowledged, and, of frameworks that do not
					// know of partitions, lost ones among the unreachable.
					state := strings.ToLower(strings.TrimPrefix(task.State, "TASK_"))
					if _, live := counts[state]; live {
						counts[state]++
					}
				}
				for state, n := range counts {
					name := f.Name + "|" + f.ID + "|" + state
					want[name] = append(want[name], point{at(i), n})
				}
			}
		}
		samePoints(t, want, pointsOf(t, s.ask(tasksByFramework)))
	})
	t.Run("agents by state", func(t *testing.T) {
		got := pointsOf(t, s.ask(agentsByState))
		want := map[string][]point{}
		for i, state := range states {
			counts := map[string]float64{"active": 0, "disconnected": 0, "unreachable": state.UnreachableSlaves, "recovered": float64(len(state.RecoveredSlaves)),
				"deactivated": 0, "draining": 0, "drained": 0}
			for _, a := range state.Slaves {
				if a.Active {
					counts["active"]++
				} else {
					counts["disconnected"]++
				}
			}
			for state, n := range counts {
				want[state] = append(want[state], point{at(i), n})
			}
		}
		bare := map[string][]point{}
		for name, points := range got { // name: cluster, state
			bare[name[strings.LastIndex(name, "|")+1:]] = points
		}
		samePoints(t, want, bare)
	})

	for name, query := range map[string]string{
		"series-cpus-by-agent": cpusByAgent, "series-tasks-by-framework": fewTasks, "series-agents-by-state": agentsByState,
	} {
		t.Run("golden "+name, func(t *testing.T) {
			response := s.ask(query)
			slices.SortFunc(response.Frames, byLabels)
			experimental.CheckGoldenJSONResponse(t, "testdata", name+".golden", &response, os.Getenv("UPDATE_GOLDEN") != "")
		})
	}
}

// whatEndsInPanels is the same once more in words, for the moments that matter (04-series/EVENTS.tsv):
// agent 3 killed at 60 s and started again at 150 s, a framework's teardown at
// 185 s.
func whatEndsInPanels(t *testing.T, s *fixture, states []recordedState) {
	const agent3 = "abbec842-7d73-4f70-8d69-201cee145933-S2"
	listed := func(i int) bool {
		return slices.ContainsFunc(states[i].Slaves, func(a recordedAgent) bool { return a.ID == agent3 })
	}
	gone, back := 0, 0
	for i := range states {
		if gone == 0 && !listed(i) {
			gone = i
		}
		if gone > 0 && back == 0 && listed(i) {
			back = i
		}
	}
	require.Greater(t, time.Duration(gone)*every, time.Minute)
	require.Greater(t, time.Duration(back)*every, 150*time.Second)

	var times []time.Duration
	for name, points := range pointsOf(t, s.ask(cpusByAgent)) {
		if strings.HasSuffix(name, agent3) {
			require.Empty(t, times, "one series before and after, under one ID")
			for _, p := range points {
				times = append(times, p.at)
			}
		}
	}
	require.Contains(t, times, time.Duration(gone-1)*every)
	for i := gone; i < back; i++ {
		require.NotContains(t, times, time.Duration(i)*every, "no flat line while the agent is away")
	}
	require.Contains(t, times, time.Duration(back)*every)

	unreachable := map[string]float64{}
	for name, points := range pointsOf(t, s.ask(`{"entity": "cluster", "resource": "tasks", "measure": "unreachable"}`)) {
		for _, p := range points {
			unreachable[name] = max(unreachable[name], p.value)
		}
	}
	require.Len(t, unreachable, 1)
	require.Positive(t, slices.Collect(maps.Values(unreachable))[0])

	torn := pointsOf(t, s.ask(`{"entity": "framework", "resource": "cpus", "measure": "allocated", "filters": [{"label": "framework", "operator": "=", "value": "temp-framework"}]}`))
	require.Len(t, torn, 1)
	points := torn["temp-framework"]
	require.Less(t, points[len(points)-1].at, 195*time.Second)
	require.Greater(t, points[len(points)-1].at, 165*time.Second)
	require.Less(t, 185*time.Second, s.clock.Now().Sub(begin))
}

// samePoints compares to the thousandths that Mesos rounds to.
func samePoints(t *testing.T, want, got map[string][]point) {
	t.Helper()
	for name := range got {
		require.Contains(t, want, name)
	}
	for name, points := range want {
		require.Len(t, got[name], len(points), name)
		for i, p := range points {
			require.Equal(t, p.at, got[name][i].at, name)
			require.InDelta(t, p.value, got[name][i].value, 0.0005, "%s at %s", name, p.at)
		}
	}
}
