package query

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/events/sqlite"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// The recorded event stream of scene 05 goes through the client, the model and a log into
// answers, which are compared with what the records say, read here as JSON.

type recordedID struct {
	Value string `json:"value"`
}

type recordedStatus struct {
	Task      recordedID `json:"task_id"`
	Agent     recordedID `json:"agent_id"`
	State     string     `json:"state"`
	Reason    string     `json:"reason"`
	Timestamp float64    `json:"timestamp"`
}

func (s recordedStatus) time() time.Time { return time.UnixMicro(int64(s.Timestamp * 1e6)) }

// recordedEndings returns, of each task that ended, the first record that says so: an
// update, or the task itself when its agent is back. The update of a framework that was
// removed has the status TASK_KILLED whatever the task's state is.
func recordedEndings(t *testing.T, stream []byte) (all []recordedStatus) {
	type ending struct{ framework, task, state string }
	seen := map[ending]bool{}
	add := func(framework recordedID, state string, s recordedStatus) {
		key := ending{framework.Value, s.Task.Value, state}
		if strings.Contains("TASK_FINISHED TASK_FAILED TASK_KILLED TASK_LOST", state) && !seen[key] {
			seen[key] = true
			s.State = state
			all = append(all, s)
		}
	}
	for len(stream) > 0 {
		length, rest, _ := bytes.Cut(stream, []byte("\n"))
		n, err := strconv.Atoi(string(length))
		require.NoError(t, err)
		var record struct {
			Updated *struct {
				Framework recordedID     `json:"framework_id"`
				State     string         `json:"state"`
				Status    recordedStatus `json:"status"`
			} `json:"task_updated"`
			Added *struct {
				Task struct {
					Framework recordedID       `json:"framework_id"`
					State     string           `json:"state"`
					Statuses  []recordedStatus `json:"statuses"`
				} `json:"task"`
			} `json:"task_added"`
		}
		require.NoError(t, json.Unmarshal(rest[:n], &record))
		stream = rest[n:]
		if u := record.Updated; u != nil {
			add(u.Framework, u.State, u.Status)
		}
		if a := record.Added; a != nil && len(a.Task.Statuses) > 0 {
			add(a.Task.Framework, a.Task.State, a.Task.Statuses[len(a.Task.Statuses)-1])
		}
	}
	return all
}

func TestARecordedStreamIsAnswered(t *testing.T) {
	packed, err := os.Open(filepath.Join(captures, "05-subscribe/subscribe.json.recordio.gz"))
	require.NoError(t, err)
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	require.NoError(t, err)
	stream, err := io.ReadAll(unpacked)
	require.NoError(t, err)

	src, _ := eventful(t)
	endings := recordedEndings(t, stream)
	from, to := endings[0].time(), endings[0].time()
	for _, u := range endings {
		from, to = earlier(from, u.time()), later(to, u.time())
	}
	log := sqlite.New(sqlite.Options{Now: func() time.Time { return from.Add(-time.Hour) }})
	t.Cleanup(func() { require.NoError(t, log.Close()) })
	_, err = log.Append(context.Background(), eventsOfStream(t, stream))
	require.NoError(t, err)
	src.Events = log
	src.Now = func() time.Time { return to.Add(time.Second) }
	src.Status = func() collector.Status {
		return collector.Status{Polls: []collector.PollStatus{{Poll: series.PollSubscribe, LastSuccess: to}}}
	}
	answer := func(query string, o Options) data.Frames {
		response := Run(context.Background(), src, backend.DataQuery{
			RefID: "A", JSON: json.RawMessage(query), TimeRange: backend.TimeRange{From: from.Truncate(time.Second), To: to.Add(time.Second)},
		}, o)
		require.NoError(t, response.Error)
		readable(t, response.Frames)
		return response.Frames
	}

	counts, reasons := map[string]float64{}, map[string]float64{}
	for _, u := range endings {
		state := strings.ToLower(strings.TrimPrefix(u.State, "TASK_"))
		counts[data.Labels{"agent_id": u.Agent.Value, "event": state}.String()]++
		reasons[strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(u.Reason, "REASON_")), "slave", "agent")]++
	}
	ended := `"kinds":["task"],"filters":[{"label":"event","operator":"=","value":["finished","failed","killed","lost"]}]`
	got := map[string]float64{}
	for _, field := range answer(`{"queryType":"events","format":"count",`+ended+`,"groupBy":["agent_id","event"]}`, Options{Alert: true})[0].Fields {
		got[field.Labels.String()] = field.At(0).(float64)
	}
	require.Equal(t, counts, got)
	require.Greater(t, len(counts), 5)

	told := map[string]float64{}
	rows := rowsOf(answer(`{"queryType":"events","format":"table","limit":10000,`+ended+`}`, Options{})[0])
	for _, row := range rows {
		told[row["reason"]]++
		require.NotEmpty(t, row["framework_id"])
		require.NotEmpty(t, row["task_id"])
	}
	require.Equal(t, reasons, told)
	marks := answer(`{"queryType":"events","limit":10000,`+ended+`}`, Options{})[0]
	require.Equal(t, len(endings), marks.Rows())
}

// eventsOfStream returns the events that a model tells of a recorded stream.
func eventsOfStream(t *testing.T, stream []byte) []events.Event {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", strings.TrimPrefix(server.URL, "http:"))
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/api/v1", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(stream)
	})
	client, err := mesos.New(mesos.Config{Masters: []string{server.URL}})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	var changes []mesos.StreamEvent
	var received time.Time // as far as the records tell
	require.Error(t, client.Subscribe(context.Background(), func(e mesos.StreamEvent) error {
		if e.Update != nil {
			received = later(received, recordedStatus{Timestamp: e.Update.Status.Timestamp}.time())
		}
		e.Received = received
		changes = append(changes, e)
		return nil
	}), "the recording ends")
	var model *cluster.Cluster
	return model.EventsOf(changes, nil)
}
