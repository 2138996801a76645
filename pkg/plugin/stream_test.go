package plugin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// toldByStream returns how often tasks came into a state, by reason, in records of the
// stream, as the JSON has it.
func toldByStream(t *testing.T, records [][]byte, state string) map[string]int {
	t.Helper()
	type status struct {
		State  string
		Reason string
		UUID   string
	}
	type id struct{ Value string }
	seen, reasons := map[string]bool{}, map[string]int{}
	add := func(framework, task string, s status) {
		if key := framework + "/" + task; s.State == state && !seen[key] {
			seen[key] = true
			reasons[strings.ToLower(strings.TrimPrefix(s.Reason, "REASON_"))]++
		}
	}
	for _, raw := range records {
		var r struct {
			TaskUpdated struct {
				FrameworkID id `json:"framework_id"`
				Status      struct {
					status
					TaskID id `json:"task_id"`
				}
			} `json:"task_updated"`
			TaskAdded struct { // those of an agent that came back have ended meanwhile
				Task struct {
					FrameworkID id `json:"framework_id"`
					TaskID      id `json:"task_id"`
					Statuses    []status
				}
			} `json:"task_added"`
		}
		require.NoError(t, json.Unmarshal(raw, &r))
		added := r.TaskAdded.Task
		for _, one := range added.Statuses {
			add(added.FrameworkID.Value, added.TaskID.Value, one)
		}
		add(r.TaskUpdated.FrameworkID.Value, r.TaskUpdated.Status.TaskID.Value, r.TaskUpdated.Status.status)
	}
	return reasons
}

// counted asks for the number of events in the time of the recording and since, by a field.
func (s *fixture) counted(by, event string) map[string]int {
	s.t.Helper()
	asked := s.asked(fmt.Sprintf(`{"queryType":"events","format":"count","kinds":["task"],"groupBy":[%q],"limit":1000,"filters":[{"label":"event","operator":"=","value":%q}]}`, by, event))
	asked.TimeRange.From = begin.Add(-time.Hour)
	answer, err := s.plugin.QueryData(s.t.Context(), &backend.QueryDataRequest{PluginContext: s.context(), Queries: []backend.DataQuery{asked}})
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Responses["A"].Error)
	counts := map[string]int{}
	for _, frame := range answer.Responses["A"].Frames {
		for _, field := range frame.Fields {
			value, err := field.FloatAt(0)
			require.NoError(s.t, err)
			counts[field.Labels[by]] += int(value)
		}
	}
	return counts
}

// A recorded stream goes over HTTP, through the model and the log on disk, to queries.
func TestTheRecordedStreamGoesToQueries(t *testing.T) {
	s := newFixture(t, map[string]any{"subscribe": "auto"}, mesostest.Step(0), redirect, roles)
	records := s.cluster.Records("subscribe")
	stream := s.cluster.Stream(mesostest.Master, records[0])
	s.start()
	stream.Await(1)
	want := toldByStream(t, records[1:], "TASK_FAILED")
	require.Greater(t, len(want), 2, "reasons")

	s.cluster.SetScene(mesostest.Step(76), redirect, roles)
	stream.Send(records[1:]...)
	s.untilCounted("failed", want)
	s.untilCounted("finished", toldByStream(t, records[1:], "TASK_FINISHED"))
	for name, up := range s.latest(`{"expr": "mesos_up"}`) {
		require.Equal(t, 1.0, up, name)
	}

	// What breaks and comes back tells nothing twice. The next stream begins minutes later:
	// of the tasks that ran at the end of the scene, stagefail.32 of Spark ETL has failed
	// meanwhile (its completed_tasks have it twice), and no other.
	stream.Begin(s.cluster.Records("subscribe-drain")[0])
	want[""]++
	stream.Write([]byte("5000\n{\"type\":\"TASK_UPD"))
	stream.Break()
	s.clock.Advance(3 * every)
	stream.Await(1)
	s.untilCounted("failed", want)
}

// untilCounted lets time go by until all that was sent is in the log.
func (s *fixture) untilCounted(event string, want map[string]int) {
	s.t.Helper()
	var got map[string]int
	require.Eventually(s.t, func() bool {
		s.clock.Advance(time.Second)
		got = s.counted("reason", event)
		return fmt.Sprint(got) == fmt.Sprint(want)
	}, 20*time.Second, 20*time.Millisecond, "%v instead of %v", &got, want)
}

func TestARefusedStreamIsSaidAndPollingGoesOn(t *testing.T) {
	s := newFixture(t, map[string]any{"subscribe": "auto"}, workload)
	stream := s.cluster.Stream(mesostest.Master, s.cluster.Records("subscribe")[0])
	stream.Refuse(http.StatusForbidden, "")
	s.start()
	s.clock.Advance(3 * every)
	health, details := s.check()
	require.Equal(t, backend.HealthStatusOk, health.Status)
	require.Contains(t, health.Message+details, "/api/v1")
	up := s.latest(`{"expr": "mesos_up"}`)
	require.Len(t, up, 4, "%v", up)
	for name, value := range up {
		require.Equal(t, !strings.Contains(name, "subscribe"), value == 1, name)
	}
}

// A master with more subscribers than it allows closes its oldest stream: polling goes on, and the
// data source says why it has none.
func TestAStreamThatIsClosedForAnotherSubscriberIsSaid(t *testing.T) {
	s := newFixture(t, map[string]any{"subscribe": "auto"}, workload)
	stream := s.cluster.Stream(mesostest.Master, s.cluster.Records("subscribe")[0])
	s.start()
	stream.Await(1)
	s.clock.Advance(every)
	stream.Break()
	var told string
	require.Eventually(t, func() bool {
		health, details := s.check()
		told = health.Message + details
		return health.Status == backend.HealthStatusOk && strings.Contains(told, "more subscribers than it allows (--max_operator_event_stream_subscribers)")
	}, 20*time.Second, 20*time.Millisecond, "%s", &told)
	require.Contains(t, s.source().statusAnswer().Problems["subscribe"], "--max_operator_event_stream_subscribers")
	s.clock.Advance(2 * every)
	stream.Await(1)
	up := s.latest(`{"expr": "mesos_up"}`)
	require.Len(t, up, 4, "%v", up)
	for name, value := range up {
		require.Equal(t, 1.0, value, name)
	}
}
