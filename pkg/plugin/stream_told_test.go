package plugin

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// A change that a master tells on its event stream is an event that a query answers, and
// a stream that breaks is opened again, without an event being told twice.
func TestWhatTheStreamTellsIsQueried(t *testing.T) {
	roles := mesostest.Scene{Name: "03-workload", Prefix: []string{"master-get_roles", "master-get_redirect"}}
	s := newFixture(t, map[string]any{"subscribe": "auto"}, mesostest.Step(0), roles)
	records := s.cluster.Records("subscribe")
	stream := s.cluster.Stream(mesostest.Master, records[0])
	s.start()
	stream.Await(1)
	s.clock.Advance(every)

	// The first task that fails in the recording, with all that is told before it.
	var failed struct {
		TaskUpdated struct {
			FrameworkID struct{ Value string } `json:"framework_id"`
			Status      struct {
				TaskID struct{ Value string } `json:"task_id"`
			}
		} `json:"task_updated"`
	}
	last := 0
	for n, record := range records[1:] {
		if bytes.Contains(record, []byte(`"TASK_UPDATED"`)) && bytes.Contains(record, []byte(`"TASK_FAILED"`)) {
			require.NoError(t, json.Unmarshal(record, &failed))
			last = n + 1
			break
		}
	}
	require.Positive(t, last)
	stream.Send(records[1 : last+1]...)
	id := failed.TaskUpdated.Status.TaskID.Value
	told := func() (found []events.Event) {
		found, _, err := s.source().events.Select(t.Context(), events.Filter{Limit: 100, Where: []events.Condition{
			{Field: events.FieldTaskID, Values: []string{id}}, {Field: events.FieldEvent, Values: []string{"failed"}},
		}})
		require.NoError(t, err)
		return found
	}
	require.Eventually(t, func() bool {
		s.clock.Advance(time.Second) // changes are noted within one
		return len(told()) == 1
	}, 10*time.Second, 10*time.Millisecond)
	e := told()[0]
	require.Equal(t, failed.TaskUpdated.FrameworkID.Value, e.FrameworkID)
	require.Equal(t, "executor", e.Source, "only the stream has it")
	require.NotEmpty(t, e.Agent)
	require.NotEmpty(t, e.Framework)

	stream.Break()
	require.Eventually(t, func() bool {
		s.clock.Advance(time.Second)
		return s.cluster.Count(mesostest.Master, "/api/v1") == 2
	}, 10*time.Second, 10*time.Millisecond)
	stream.Await(1)
	stream.Send(records[1 : last+1]...)
	s.clock.Advance(2 * every)
	require.Len(t, told(), 1)
	_, details := s.check()
	require.Contains(t, details, "event stream: open")
}
