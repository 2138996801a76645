package mesos

import (
	stdjson "encoding/json"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// Of the tasks that ended, those since a moment are read, whole, and the latest ones of each
// framework; computed apart from the same answer.
func TestTasksThatEndedSinceAMomentAreRead(t *testing.T) {
	body := unpacked(t, "04-series/060-master-state.json.gz")
	type task struct {
		ID       string
		Statuses []struct{ Timestamp float64 }
	}
	var plain struct {
		Frameworks []struct {
			Completed []task `json:"completed_tasks"`
		}
		Removed []struct {
			Completed []task `json:"completed_tasks"`
		} `json:"completed_frameworks"`
	}
	require.NoError(t, stdjson.Unmarshal(body, &plain))
	for since, atLeast := range map[float64]int{0: 0, 1: 500, 1795246940: 10, 1e11: 0} {
		want := []string{}
		add := func(tasks []task) {
			for i, task := range tasks {
				if since > 0 && (task.Statuses[len(task.Statuses)-1].Timestamp >= since || i >= len(tasks)-endedLast) {
					want = append(want, task.ID)
				}
			}
		}
		for _, f := range plain.Frameworks {
			add(f.Completed)
		}
		for _, f := range plain.Removed {
			add(f.Completed)
		}
		require.GreaterOrEqual(t, len(want), atLeast)

		s := State{EndedSince: since}
		require.NoError(t, json.Unmarshal(body, &s))
		got := []string{}
		for _, f := range s.Frameworks {
			for _, task := range f.CompletedTasks {
				require.NotEmpty(t, task.Statuses)
				require.NotEmpty(t, task.Role)
				got = append(got, task.ID)
			}
		}
		for _, f := range s.CompletedFrameworks {
			require.NotZero(t, f.UnregisteredTime)
			for _, task := range f.CompletedTasks {
				got = append(got, task.ID)
			}
		}
		require.Equal(t, want, got, since)
	}
}

// Of a list that comes twice the last one counts, of tasks that have ended as of others.
func TestAListOfTasksThatComesTwiceIsTheLastOne(t *testing.T) {
	const list = `{"id":"%","statuses":[{"timestamp":7}]}`
	for _, last := range []string{`[` + list + `]`, `[]`, `null`} {
		var s State
		s.EndedSince = 5
		body := `{"frameworks":[{"tasks":[{"id":"a"}],"tasks":` + last + `,"completed_tasks":[{"id":"b","statuses":[{"timestamp":6}]},{"id":"c"}],"completed_tasks":` + last + `}]}`
		require.NoError(t, newFinite(strings.NewReader(body)).decode(&s))
		require.Len(t, s.Frameworks[0].CompletedTasks, len(s.Frameworks[0].Tasks), last)
		for i, task := range s.Frameworks[0].Tasks {
			require.Equal(t, task, s.Frameworks[0].CompletedTasks[i])
		}
	}
}
