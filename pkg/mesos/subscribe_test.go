package mesos

import (
	"bytes"
	"context"
	"encoding/base64"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// streams are the recorded event streams.
var streams = []string{"subscribe", "subscribe-drain", "subscribe-leader-killed", "subscribe-operator-actions"}

func recordedStream(t testing.TB, name string) []byte {
	return unpacked(t, "05-subscribe/"+name+".json.recordio.gz")
}

// streaming is a master that answers SUBSCRIBE with serve, which writes and flushes.
func streaming(t testing.TB, serve func(write func([]byte), gone <-chan struct{})) *Client {
	mux := http.NewServeMux()
	var server *httptest.Server
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", strings.TrimPrefix(server.URL, "http:"))
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/api/v1", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || string(body) != `{"type":"SUBSCRIBE"}` {
			http.Error(w, "not as Mesos wants it", http.StatusUnsupportedMediaType)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		serve(func(part []byte) {
			_, _ = w.Write(part)
			w.(http.Flusher).Flush()
		}, r.Context().Done())
	})
	server = httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client := newClient(t, Config{Masters: []string{server.URL}, Timeout: 5 * time.Second})
	t.Cleanup(client.Close)
	return client
}

func record(json string) string { return strconv.Itoa(len(json)) + "\n" + json }

const begin = `{"type":"SUBSCRIBED","subscribed":{"get_state":{"get_tasks":{}},"heartbeat_interval_seconds":15.0}}`

// rawRecords splits a stream by nothing but the lengths.
func rawRecords(t testing.TB, stream []byte) (all []map[string]any) {
	for len(stream) > 0 {
		length, rest, _ := bytes.Cut(stream, []byte("\n"))
		n, err := strconv.Atoi(string(length))
		require.NoError(t, err)
		if n > len(rest) {
			return all // the recording ends in the middle
		}
		one := map[string]any{}
		require.NoError(t, stdjson.Unmarshal(rest[:n], &one))
		all, stream = append(all, one), rest[n:]
	}
	return all
}

// at returns what is at a path of JSON, nil for nothing.
func at(value any, path ...string) any {
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func TestRecordedStreamsAreReadWhole(t *testing.T) {
	for _, name := range streams {
		stream := recordedStream(t, name)
		client := streaming(t, func(write func([]byte), _ <-chan struct{}) {
			for rest := stream; len(rest) > 0; { // chunks have nothing to do with records
				n := min(len(rest), 1+rand.IntN(40_000))
				write(rest[:n])
				rest = rest[n:]
			}
		})
		var got []StreamEvent
		err := client.Subscribe(t.Context(), func(e StreamEvent) error { got = append(got, e); return nil })
		require.Equal(t, Network, CategoryOf(err), "%v", err)
		want := rawRecords(t, stream)
		require.Len(t, got, len(want), name)
		for i, w := range want {
			g := got[i]
			require.Equal(t, w["type"], string(g.Type))
			require.False(t, g.Received.IsZero())
			text := func(path ...string) string { s, _ := at(w, path...).(string); return s }
			switch g.Type {
			case StreamSubscribed:
				byID := map[[3]string]*StreamTask{} // an ID may have run before
				for j := range g.Subscribed.Tasks {
					one := g.Subscribed.Tasks[j]
					byID[[3]string{one.FrameworkID, one.ID, one.State}] = one
				}
				tasks := 0
				for _, list := range []string{"tasks", "completed_tasks", "unreachable_tasks", "orphan_tasks"} {
					of, _ := at(w, "subscribed", "get_state", "get_tasks", list).([]any)
					for _, one := range of {
						sameTask(t, one, byID[[3]string{at(one, "framework_id", "value").(string), at(one, "task_id", "value").(string), at(one, "state").(string)}])
					}
					tasks += len(of)
				}
				require.Len(t, g.Subscribed.Tasks, tasks)
				require.NotZero(t, tasks)
				require.Equal(t, 15*time.Second, g.Subscribed.Heartbeat)
			case StreamTaskAdded:
				sameTask(t, at(w, "task_added", "task"), g.Task)
			case StreamTaskUpdated:
				require.Equal(t, text("task_updated", "framework_id", "value"), g.Update.FrameworkID)
				require.Equal(t, text("task_updated", "state"), g.Update.State)
				sameStatus(t, at(w, "task_updated", "status"), &g.Update.Status)
			case StreamAgentAdded:
				require.Equal(t, text("agent_added", "agent", "agent_info", "id", "value"), g.Agent.ID)
				nanoseconds, _ := at(w, "agent_added", "agent", "registered_time", "nanoseconds").(float64)
				require.InDelta(t, nanoseconds/1e9, g.Agent.RegisteredTime, 1e-6)
				used := map[string]float64{} // an agent that has nothing allocated tells no list
				allocated, _ := at(w, "agent_added", "agent", "allocated_resources").([]any)
				for _, r := range allocated {
					used[at(r, "name").(string)] += at(r, "scalar", "value").(float64)
				}
				require.InDelta(t, used["cpus"], g.Agent.Used.CPUs, 1e-9)
				require.InDelta(t, used["mem"], g.Agent.Used.Mem, 1e-9)
				require.Zero(t, g.Agent.Used.Unknown)
				require.Zero(t, g.Agent.Offered.Unknown)
			case StreamAgentRemoved:
				require.Equal(t, text("agent_removed", "agent_id", "value"), g.RemovedID)
			case StreamFrameworkAdded:
				require.Equal(t, text("framework_added", "framework", "framework_info", "id", "value"), g.Framework.ID)
				require.True(t, g.Framework.Active && g.Framework.Connected)
				for field, got := range map[string]float64{"registered_time": g.Framework.RegisteredTime, "reregistered_time": g.Framework.ReregisteredTime} {
					nanoseconds, _ := at(w, "framework_added", "framework", field, "nanoseconds").(float64)
					require.NotZero(t, nanoseconds)
					require.InDelta(t, nanoseconds/1e9, got, 1e-6, field)
				}
			case StreamFrameworkRemoved:
				require.Equal(t, text("framework_removed", "framework_info", "id", "value"), g.RemovedID)
			}
		}
	}
}

func sameTask(t *testing.T, want any, got *StreamTask) {
	t.Helper()
	text := func(path ...string) string { s, _ := at(want, path...).(string); return s }
	require.Equal(t, text("task_id", "value"), got.ID)
	require.Equal(t, text("name"), got.Name)
	require.Equal(t, text("framework_id", "value"), got.FrameworkID)
	require.Equal(t, text("executor_id", "value"), got.ExecutorID)
	require.Equal(t, text("agent_id", "value"), got.SlaveID)
	require.Equal(t, text("state"), got.State)
	sums, role := map[string]float64{}, ""
	resources, _ := at(want, "resources").([]any)
	for _, r := range resources {
		amount, _ := at(r, "scalar", "value").(float64)
		sums[r.(map[string]any)["name"].(string)] += amount
		role, _ = at(r, "allocation_info", "role").(string)
	}
	require.Equal(t, role, got.Role)
	require.InDelta(t, sums["cpus"], got.Resources.CPUs, 1e-9)
	require.InDelta(t, sums["mem"], got.Resources.Mem, 1e-9)
	require.InDelta(t, sums["disk"], got.Resources.Disk, 1e-9)
	statuses, _ := at(want, "statuses").([]any)
	require.Len(t, got.Statuses, len(statuses))
	for i, s := range statuses {
		sameStatus(t, s, &got.Statuses[i])
	}
	labels, _ := at(want, "labels", "labels").([]any)
	require.Len(t, got.Labels, len(labels))
}

func sameStatus(t *testing.T, want any, got *StreamStatus) {
	t.Helper()
	text := func(path ...string) string { s, _ := at(want, path...).(string); return s }
	require.Equal(t, text("state"), got.State)
	require.Equal(t, text("reason"), got.Reason)
	require.Equal(t, text("source"), got.Source)
	require.Equal(t, text("message"), got.Message)
	require.Equal(t, text("task_id", "value"), got.TaskID)
	require.Equal(t, text("agent_id", "value"), got.SlaveID)
	require.Equal(t, at(want, "timestamp"), got.Timestamp)
	_, err := base64.StdEncoding.DecodeString(got.UUID)
	require.NoError(t, err)
	require.Equal(t, text("uuid"), got.UUID)
	if healthy := at(want, "healthy"); healthy != nil {
		require.Equal(t, healthy, *got.Healthy)
	} else {
		require.Nil(t, got.Healthy)
	}
}

// An agent of the stream and of the /state after it are the same.
func TestAnAgentOfTheStreamHasTheShapeOfState(t *testing.T) {
	var state State
	_, err := decodeBody(unpacked(t, "04-series/076-master-state.json.gz"), &state)
	require.NoError(t, err)
	client := streaming(t, func(write func([]byte), _ <-chan struct{}) { write(recordedStream(t, "subscribe")) })
	compared := 0
	_ = client.Subscribe(t.Context(), func(e StreamEvent) error {
		if e.Type != StreamAgentAdded {
			return nil
		}
		for _, s := range state.Slaves {
			if s.ID == e.Agent.ID {
				compared++
				s.Resources.CPUsRevocable = 0 // which the agent estimates only later, and no event tells
				require.Equal(t, s.Resources, e.Agent.Resources)
				require.Equal(t, s.Reserved, e.Agent.Reserved)
				require.Equal(t, s.Attributes, e.Agent.Attributes)
				require.Equal(t, s.Domain, e.Agent.Domain)
				require.Equal(t, []any{s.Hostname, s.Port, s.PID, s.Version, s.Active}, []any{e.Agent.Hostname, e.Agent.Port, e.Agent.PID, e.Agent.Version, e.Agent.Active})
			}
		}
		return nil
	})
	require.Equal(t, 2, compared)
}

func TestABrokenStreamEndsInASentence(t *testing.T) {
	heartbeat := record(`{"type":"HEARTBEAT"}`)
	for name, c := range map[string]struct {
		stream   string
		events   int
		category Category
		says     string
	}{
		"ended between records":  {record(begin) + heartbeat, 2, Network, "ended: the master stopped"},
		"ended inside a record":  {record(begin) + "20000\n{\"type\":\"TASK_A", 1, Network, "ended"},
		"ended inside a length":  {record(begin) + "20", 1, Network, "ended"},
		"no byte":                {"", 0, Network, "ended"},
		"a record of 100 MB":     {record(begin) + "104857600\n{", 1, Protocol, "longer than the limit of 16 MiB"},
		"a length without end":   {record(begin) + strings.Repeat("9", 50), 1, Protocol, "too many digits"},
		"a negative length":      {record(begin) + "-1\n", 1, Protocol, "not a number"},
		"a web page":             {"<html>hello</html>", 0, NotMesos, "does not begin with a record"},
		"JSON without a length":  {`{"type":"SUBSCRIBED"}`, 0, NotMesos, "does not begin with a record"},
		"broken JSON":            {record(begin) + record(`{"type":`), 1, Protocol, "cannot be read"},
		"a length that is short": {record(begin) + "10\n" + `{"type":"HEARTBEAT"}`, 1, Protocol, "cannot be read"},
		"a length that is long":  {record(begin) + "25\n" + `{"type":"HEARTBEAT"}` + "\n\n12\n", 1, Protocol, "cannot be read"},
		"another beginning":      {heartbeat, 0, NotMesos, `begins with "HEARTBEAT"`},
		"a task without an ID":   {record(begin) + record(`{"type":"TASK_ADDED","task_added":{"task":{}}}`), 1, Protocol, "lacks what it is about"},
		"numbers as texts":       {record(begin) + record(`{"type":"TASK_UPDATED","task_updated":{"status":{"task_id":{"value":"t"},"timestamp":"now"}}}`), 1, Protocol, "another type"},
		"what nobody knows":      {record(begin) + record(`{"type":"SOMETHING_NEW","something_new":{"a":[1,{"b":2}]}}`) + heartbeat, 3, Network, "ended"},
	} {
		client := streaming(t, func(write func([]byte), _ <-chan struct{}) { write([]byte(c.stream)) })
		events := 0
		err := client.Subscribe(t.Context(), func(StreamEvent) error { events++; return nil })
		require.Equal(t, c.category, CategoryOf(err), "%s: %v", name, err)
		require.ErrorContains(t, err, c.says, name)
		require.Equal(t, c.events, events, name)
	}
}

func TestAStreamWithoutHeartbeatsEnds(t *testing.T) {
	quick := strings.Replace(begin, "15.0", "0.02", 1)
	for name, after := range map[string]string{"silent": "", "stuck inside a record": "50\n{"} {
		client := streaming(t, func(write func([]byte), gone <-chan struct{}) {
			write([]byte(record(quick) + after))
			<-gone
		})
		err := client.Subscribe(t.Context(), func(StreamEvent) error { return nil })
		require.Equal(t, Timeout, CategoryOf(err), name)
		require.ErrorContains(t, err, "no whole record for 50 ms", name)
	}

	client := streaming(t, func(_ func([]byte), gone <-chan struct{}) { <-gone })
	client.timeout = 50 * time.Millisecond
	err := client.Subscribe(t.Context(), func(StreamEvent) error { return nil })
	require.Equal(t, Timeout, CategoryOf(err))
	require.ErrorContains(t, err, "did not begin within 50 ms")
	require.ErrorContains(t, err, "raise the time-out (jsonData.timeout)")
}

func TestAStreamThatComesEverLaterEnds(t *testing.T) {
	const interval = 15 * time.Second
	start := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	late := func(arrivals func(n int) time.Duration, beats int) (most time.Duration) {
		h := &heartbeats{interval: interval}
		for n := range beats {
			most = max(most, h.behind(start.Add(arrivals(n))))
		}
		return most
	}
	const day = 24 * 60 * 4
	for name, c := range map[string]struct {
		arrivals func(n int) time.Duration
		least    time.Duration
		most     time.Duration
	}{
		"in time":            {func(n int) time.Duration { return time.Duration(n) * interval }, 0, 0},
		"a timer with drift": {func(n int) time.Duration { return time.Duration(n) * (interval + 10*time.Millisecond) }, 0, time.Second},
		"now and then late":  {func(n int) time.Duration { return time.Duration(n)*interval + time.Duration(n%7)*time.Second }, 0, 7 * time.Second},
		"the first was late": {func(n int) time.Duration {
			return time.Duration(n)*interval + map[bool]time.Duration{true: 9 * time.Second}[n == 0]
		}, 0, 0},
		"slower by a twentieth": {func(n int) time.Duration { return time.Duration(n) * interval * 21 / 20 }, time.Hour, 2 * time.Hour},
		"slower by a hundredth": {func(n int) time.Duration { return time.Duration(n) * interval * 101 / 100 }, 10 * time.Minute, 15 * time.Minute},
	} {
		got := late(c.arrivals, day)
		require.GreaterOrEqual(t, got, c.least, name)
		require.LessOrEqual(t, got, c.most, name)
	}

	client := streaming(t, func(write func([]byte), gone <-chan struct{}) {
		write([]byte(record(strings.Replace(begin, "15.0", "0.1", 1))))
		for {
			select {
			case <-gone:
				return
			case <-time.After(150 * time.Millisecond): // each in time for the watchdog
				write([]byte(record(`{"type":"HEARTBEAT"}`)))
			}
		}
	})
	require.Equal(t, Timeout, CategoryOf(client.Subscribe(t.Context(), func(StreamEvent) error { return nil })))
}

// What bounds a whole request must not end a stream.
func TestTheTimeoutOfTheHTTPClientDoesNotEndTheStream(t *testing.T) {
	client := streaming(t, func(write func([]byte), _ <-chan struct{}) {
		write([]byte(record(begin)))
		time.Sleep(700 * time.Millisecond)
		write([]byte(record(`{"type":"HEARTBEAT"}`)))
	})
	client.http.Timeout = 500 * time.Millisecond
	events := 0
	err := client.Subscribe(t.Context(), func(StreamEvent) error { events++; return nil })
	require.Equal(t, Network, CategoryOf(err), "%v", err)
	require.Equal(t, 2, events)
}

func TestTheStreamEndsWithItsReaderAndItsClient(t *testing.T) {
	endless := func(write func([]byte), gone <-chan struct{}) {
		write([]byte(record(begin)))
		<-gone
	}
	mine := errors.New("the buffer is full")
	client := streaming(t, endless)
	require.ErrorIs(t, client.Subscribe(t.Context(), func(StreamEvent) error { return mine }), mine)

	ctx, cancel := context.WithCancel(t.Context())
	err := client.Subscribe(ctx, func(StreamEvent) error { cancel(); return nil })
	require.ErrorIs(t, err, context.Canceled)

	began := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- client.Subscribe(t.Context(), func(StreamEvent) error { close(began); return nil })
	}()
	<-began
	client.Close()
	require.Error(t, <-ended)
	require.ErrorIs(t, client.Subscribe(t.Context(), nil), ErrClosed)
}

func TestWhoMayNotSubscribeIsTold(t *testing.T) {
	for _, c := range []struct {
		status   int
		body     string
		category Category
		says     string
	}{
		{http.StatusUnauthorized, "", Auth, "401"},
		{http.StatusForbidden, "", Forbidden, "/api/v1"},
		{http.StatusNotFound, "", NotMesos, "event stream is since 1.1"},
		{http.StatusNotImplemented, "", NotMesos, "does not know SUBSCRIBE"},
		{http.StatusBadRequest, "Expecting 'type' to be present", NotMesos, "does not know SUBSCRIBE"},
		{http.StatusMethodNotAllowed, "", Forbidden, "subscribe: never"},
		{http.StatusServiceUnavailable, "Master has not finished recovery", Recovering, "recovered"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/redirect" {
				w.Header().Set("Location", "//"+r.Host)
				w.WriteHeader(http.StatusTemporaryRedirect)
				return
			}
			http.Error(w, c.body, c.status)
		}))
		client := newClient(t, Config{Masters: []string{server.URL}})
		err := client.Subscribe(t.Context(), func(StreamEvent) error { return nil })
		require.Equal(t, c.category, CategoryOf(err), "%d: %v", c.status, err)
		require.ErrorContains(t, err, c.says)
		client.Close()
		server.Close()
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte(record(begin) + record(`{"type":"HEARTBEAT"}`)))
	f.Add(recordedStream(f, "subscribe")[:100_000])
	for _, one := range rawRecords(f, recordedStream(f, "subscribe"))[1:400] {
		raw, _ := stdjson.Marshal(one)
		f.Add([]byte(record(string(raw))))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := newRecordReader(bytes.NewReader(stream))
		for range 100 {
			var e StreamEvent
			size, err := r.next(1<<20, &e)
			if err != nil {
				return
			}
			require.LessOrEqual(t, size, int64(len(stream)))
			_ = e.whole()
		}
	})
}

func BenchmarkStream(b *testing.B) {
	stream := recordedStream(b, "subscribe")
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		r := newRecordReader(bytes.NewReader(stream))
		for n := 0; ; n++ {
			var e StreamEvent
			if _, err := r.next(1<<30, &e); err != nil {
				require.Equal(b, fmt.Sprint(io.EOF), err.Error())
				require.Greater(b, n, 1000)
				break
			}
		}
	}
}

// A record takes memory of its own size, not a buffer of its own.
func TestRecordsOfAStreamShareABuffer(t *testing.T) {
	const n = 500
	r := newRecordReader(strings.NewReader(record(begin) + strings.Repeat(record(`{"type":"HEARTBEAT"}`), n)))
	read := func() {
		var e StreamEvent
		_, err := r.next(1<<20, &e)
		require.NoError(t, err)
	}
	read()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		read()
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(n*windowSize/2))
}
