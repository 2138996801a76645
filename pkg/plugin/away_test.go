package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// However long the plugin is away, the master tells how tasks ended, as far as it keeps them.
func TestHowTasksEndedDuringALongAbsenceIsRead(t *testing.T) {
	s := newFixture(t, nil, workload).onDisk(t.TempDir())
	state := askedState(t, s)
	s.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(state)
	}, "/state")
	framework := frameworkWithTasks(state)
	listed := framework["tasks"].([]any)
	status := func(state string) any { return statusAt(s.clock.Now(), state) }
	// More than are read whatever their time is.
	const many = 40
	var tasks []map[string]any
	for i := range many {
		task := maps.Clone(listed[0].(map[string]any))
		task["id"], task["name"], task["state"] = fmt.Sprint("away", i), "away", "TASK_RUNNING"
		task["statuses"] = []any{status("TASK_RUNNING")}
		tasks = append(tasks, task)
		framework["tasks"] = append(framework["tasks"].([]any), task)
	}
	s.start()
	s.clock.Advance(3 * every)
	closed, cancel := context.WithTimeout(t.Context(), closeWithin)
	defer cancel()
	s.registry.Close(closed)

	s.clock.Advance(10 * time.Minute)
	framework["tasks"] = listed
	for _, task := range tasks {
		task["state"], task["statuses"] = "TASK_FAILED", append(task["statuses"].([]any), status("TASK_FAILED"))
		framework["completed_tasks"] = append(framework["completed_tasks"].([]any), task)
	}
	s.clock.Advance(3 * time.Hour)
	path := s.registry.historyPath
	s.registry = NewRegistry(&logRecorder{fixture: s}, s.clock)
	s.registry.KeepHistoryIn(path, "")
	s.plugin = New(s.registry)
	s.start()
	s.clock.Advance(5 * every)
	require.Equal(t, many, s.counted("task", "failed")["away"])
	require.Zero(t, s.counted("task", "unknown")["away"])
}

// askedState returns what the leader answers to /state.
func askedState(t *testing.T, s *fixture) (state map[string]any) {
	t.Helper()
	res, err := http.Get(s.cluster.URL(mesostest.Master) + "/state")
	require.NoError(t, err)
	defer res.Body.Close()
	require.NoError(t, json.NewDecoder(res.Body).Decode(&state))
	return state
}

// frameworkWithTasks returns the first framework of a /state that has tasks.
func frameworkWithTasks(state map[string]any) map[string]any {
	frameworks := state["frameworks"].([]any)
	at := slices.IndexFunc(frameworks, func(f any) bool { return len(f.(map[string]any)["tasks"].([]any)) > 0 })
	return frameworks[at].(map[string]any)
}

// statusAt returns a status of a task as /state has it.
func statusAt(at time.Time, state string) any {
	return map[string]any{"state": state, "timestamp": float64(at.UnixMilli()) / 1000}
}
