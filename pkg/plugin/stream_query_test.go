package plugin

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// What the event stream of the leader tells is what a query for events answers: of a
// recorded stream, each task's end that a record tells, by agent and state.
func TestTheEventStreamIsAnswered(t *testing.T) {
	s := newFixture(t, map[string]any{"subscribe": "auto"}, workload)
	for page, file := range map[string]string{"/state": "001-master-state", "/metrics/snapshot": "001-master-metrics"} {
		body, err := os.ReadFile(filepath.Join(captures, "04-series", file+".json.gz"))
		require.NoError(t, err)
		s.handle(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(body)
		}, page)
	}
	records := s.cluster.Records("subscribe")
	stream := s.cluster.Stream(mesostest.Master, records[0])
	s.start()
	stream.Await(1)

	type id struct{ Value string }
	type status struct {
		Task      id `json:"task_id"`
		Agent     id `json:"agent_id"`
		State     string
		Timestamp float64
	}
	want, ends := map[string]float64{}, map[string]bool{}
	var from float64
	end := func(framework id, state string, s status) {
		if state != s.State || !strings.Contains("TASK_FINISHED TASK_FAILED", state) || ends[framework.Value+s.Task.Value] {
			return
		}
		ends[framework.Value+s.Task.Value] = true
		want["agent_id="+s.Agent.Value+", event="+strings.ToLower(strings.TrimPrefix(state, "TASK_"))]++
		if from == 0 {
			from = s.Timestamp
		}
		from = min(from, s.Timestamp)
	}
	for _, record := range records[1:] {
		var r struct {
			Update struct {
				Framework id `json:"framework_id"`
				State     string
				Status    status
			} `json:"task_updated"`
			Added struct { // also with the tasks of an agent that is back
				Task struct {
					Framework id `json:"framework_id"`
					State     string
					Statuses  []status
				}
			} `json:"task_added"`
		}
		require.NoError(t, json.Unmarshal(record, &r))
		if u := r.Update; u.State != "" {
			end(u.Framework, u.State, u.Status)
		}
		if task := r.Added.Task; len(task.Statuses) > 0 {
			end(task.Framework, task.State, task.Statuses[len(task.Statuses)-1])
		}
	}
	require.Greater(t, len(ends), 300)

	stream.Send(records[1:]...)
	counted := func() map[string]float64 { // until now, since what comes long after its time has that of its receipt
		answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{
			PluginContext: s.context(), Queries: []backend.DataQuery{{
				RefID: "A", TimeRange: backend.TimeRange{From: time.UnixMicro(int64(from * 1e6)), To: s.clock.Now()},
				JSON: json.RawMessage(`{"queryType":"events","format":"count","kinds":["task"],"groupBy":["agent_id","event"],
					"filters":[{"label":"event","operator":"=","value":["finished","failed"]},{"label":"source","operator":"=","value":["executor","agent"]}]}`),
			}},
		})
		require.NoError(t, err)
		require.NoError(t, answer.Responses["A"].Error)
		got := map[string]float64{}
		for _, field := range answer.Responses["A"].Frames[0].Fields {
			got[field.Labels.String()] = field.At(0).(float64)
		}
		return got
	}
	require.Eventually(t, func() bool {
		s.clock.Advance(time.Second)
		return len(counted()) == len(want) && sum(counted()) >= sum(want)
	}, 30*time.Second, 20*time.Millisecond)
	require.Equal(t, want, counted())
}

func sum(of map[string]float64) (total float64) {
	for _, v := range of {
		total += v
	}
	return total
}
