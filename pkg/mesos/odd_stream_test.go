package mesos

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

// collect reads a stream to its end.
func collect(t *testing.T, stream string) (all []StreamEvent, err error) {
	t.Helper()
	client := streaming(t, func(write func([]byte), _ <-chan struct{}) { write([]byte(stream)) })
	err = client.Subscribe(t.Context(), func(e StreamEvent) error { all = append(all, e); return nil })
	return all, err
}

// What is no record ends the stream, and costs nothing that came before; what is one is read,
// however odd.
func TestOddRecordsOfAStream(t *testing.T) {
	const beat = `{"type":"HEARTBEAT"}`
	task := func(rest string) string {
		return `{"type":"TASK_ADDED","task_added":{"task":{"task_id":{"value":"t"}` + rest + `}}}`
	}
	agent := func(rest string) string {
		return `{"type":"AGENT_ADDED","agent_added":{"agent":{"agent_info":{"id":{"value":"a"}` + rest + `}}}}`
	}
	update := func(rest string) string {
		return `{"type":"TASK_UPDATED","task_updated":{"status":{"task_id":{"value":"t"}` + rest + `}}}`
	}
	for name, odd := range map[string]string{
		"leading zeros":             "0000000020\n" + beat,
		"white space at the end":    record(beat + "   \n"),
		"a type twice":              record(`{"type":"TASK_ADDED","type":"HEARTBEAT"}`),
		"a type nobody knows":       record(`{"type":"heartbeat"}`),
		"more than its type says":   record(`{"type":"HEARTBEAT","agent_removed":{"agent_id":{"value":"x"}},"task_added":null}`),
		"nulls of a task":           record(task(`,"name":null,"resources":null,"labels":null,"statuses":null,"container":null,"limits":null,"user":null`)),
		"null elements":             record(task(`,"resources":[null],"statuses":[null,{}],"labels":{"labels":[null,{}]}`)),
		"an infinite limit":         record(task(`,"limits":{"cpus":{"value":Infinity},"mem":null}`)),
		"no framework":              record(update(`,"state":"TASK_RUNNING"`)),
		"a time that is none":       record(update(`,"timestamp":NaN`)),
		"a huge message":            record(update(`,"message":"` + strings.Repeat("x", 5<<20) + `"`)),
		"bytes that are no UTF-8":   record(update(`,"message":"` + "a\xffb" + `"`)),
		"nulls of an agent":         record(agent(`,"hostname":null,"port":null,"attributes":[null],"domain":null}, "drain_info":null, "active":null, "registered_time":null, "total_resources":null, "x":{`)),
		"nulls of a framework":      record(`{"type":"FRAMEWORK_ADDED","framework_added":{"framework":{"framework_info":{"id":{"value":"f"},"roles":null,"capabilities":[null,{}],"labels":null,"failover_timeout":Infinity,"checkpoint":null},"active":null,"registered_time":null}}}`),
		"the largest of all times":  record(`{"type":"FRAMEWORK_ADDED","framework_added":{"framework":{"framework_info":{"id":{"value":"f"}},"registered_time":{"nanoseconds":9223372036854775807}}}}`),
		"another body than its own": record(`{"type":"AGENT_REMOVED","task_added":{"task":{}},"agent_removed":{"agent_id":{"value":"x"}}}`),
	} {
		got, err := collect(t, record(begin)+odd+record(beat))
		require.Len(t, got, 3, "%s: %v", name, err)
		require.Equal(t, Network, CategoryOf(err), name)
	}
	for name, broken := range map[string]string{
		"a length of 0":           "0\n",
		"a line break of Windows": "20\r\n" + beat,
		"a blank before":          " 20\n" + beat,
		"an empty line":           "\n20\n" + beat,
		"a plus":                  "+20\n" + beat,
		"hexadecimal":             "0x14\n" + beat,
		"two values":              record(beat + beat),
		"a list":                  record(`[]`),
		"a text":                  record(`"HEARTBEAT"`),
		"null":                    record(`null`),
		"an empty object":         record(`{}`),
		"no type":                 record(`{"type":null}`),
		"a number for a type":     record(`{"type":5}`),
		"a task that is null":     record(`{"type":"TASK_ADDED","task_added":{"task":null}}`),
		"an ID that is a text":    record(`{"type":"TASK_ADDED","task_added":{"task":{"task_id":"t"}}}`),
		"too large a number":      record(task(`,"resources":[{"name":"cpus","scalar":{"value":1e999}}]`)),
		"too deep":                record(`{"type":"HEARTBEAT","x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`),
		"a byte order mark":       "23\n\xef\xbb\xbf" + beat,
	} {
		got, err := collect(t, record(begin)+broken+record(beat))
		require.Len(t, got, 1, "%s: %v", name, err)
		require.Equal(t, Protocol, CategoryOf(err), "%s: %v", name, err)
	}
}

// A proxy that connects to the master again by itself loses what was told meanwhile.
func TestASecondBeginningEndsAStream(t *testing.T) {
	got, err := collect(t, record(begin)+record(`{"type":"HEARTBEAT"}`)+record(begin)+record(`{"type":"HEARTBEAT"}`))
	require.Len(t, got, 2)
	require.Equal(t, Protocol, CategoryOf(err))
	require.ErrorContains(t, err, "has a second SUBSCRIBED, so that a part of it is missing")
}

// An amount that is not told is not 0.
func TestAmountsThatTheStreamDoesNotTell(t *testing.T) {
	for resources, want := range map[string]Resources{
		`[{"name":"cpus","scalar":{"value":2}},{"name":"mem","scalar":{"value":Infinity}}]`:                                            {CPUs: 2, Unknown: KindMem},
		`[{"name":"cpus","scalar":{"value":2}},{"name":"cpus","scalar":{"value":null}},{"name":"disk","scalar":{"value":5}}]`:          {CPUs: 2, Disk: 5, Unknown: KindCPUs},
		`[{"name":"gpus","type":"SCALAR"},{"name":"cpus","scalar":{"value":1},"revocable":{}},{"name":"disk","scalar":{},"role":"r"}]`: {CPUsRevocable: 1, Unknown: KindGPUs | KindDisk},
		`[{"name":"mem","scalar":null,"revocable":{}},{"name":"ports","ranges":{"range":[{"begin":1,"end":2}]}}]`:                      {Unknown: KindMem},
		`null`: unknown,
		`[]`:   {},
	} {
		got, err := collect(t, record(begin)+record(`{"type":"TASK_ADDED","task_added":{"task":{"task_id":{"value":"t"},"resources":`+resources+`}}}`))
		require.Len(t, got, 2, "%s: %v", resources, err)
		require.Equal(t, want, got[1].Task.Resources, resources)
	}
}

// Attributes have the text that /state has of them.
func TestAttributesOfTheStream(t *testing.T) {
	got, err := collect(t, record(begin)+record(`{"type":"AGENT_ADDED","agent_added":{"agent":{"agent_info":{"id":{"value":"a"},"attributes":[`+
		`{"name":"rack","type":"TEXT","text":{"value":"r1"}},{"name":"half","type":"SCALAR","scalar":{"value":0.5}},`+
		`{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":1,"end":2},{"begin":5,"end":5}]}},`+
		`{"name":"zones","type":"SET","set":{"item":["a","b"]}}]}}}}`))
	require.Len(t, got, 2, "%v", err)
	require.Equal(t, map[string]Attribute{"rack": "r1", "half": "0.5", "ports": "[1-2, 5-5]", "zones": "{a, b}"}, got[1].Agent.Attributes)
}

// odd is a master that answers SUBSCRIBE with handle.
func odd(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "//"+r.Host)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/api/v1", handle)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	client := newClient(t, Config{Masters: []string{server.URL}, Timeout: 5 * time.Second})
	t.Cleanup(client.Close)
	return client
}

func TestOddResponsesToSubscribe(t *testing.T) {
	stream := record(begin) + record(`{"type":"HEARTBEAT"}`)
	raw := func(head, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			connection, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(connection, head+"\r\n\r\n"+body)
			_ = connection.Close()
		}
	}
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, body, code) }
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	}
	followed := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed++ }))
	defer elsewhere.Close()
	chunk := fmt.Sprintf("%x\r\n%s\r\n", len(stream), stream)
	for name, c := range map[string]struct {
		answer   http.HandlerFunc
		events   int
		category Category
		says     string
	}{
		"HTTP/1.0": {raw("HTTP/1.0 200 OK\r\nContent-Type: application/json", stream), 2, Network, "ended: the master stopped"},
		"a length": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(stream)))
			_, _ = io.WriteString(w, stream)
		}, 2, Network, "ended: the master stopped"},
		"a chunk without end": {raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", chunk+"ffff\r\n5\n{"), 2, Network, "ended: the master stopped"},
		"a chunk that is none": {raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", chunk+"zz\r\n"), 2, Network,
			"broke (invalid byte in chunk length): check the network between Grafana's server and the master"},
		"gzip that nobody asked for": {func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
			w.Header().Set("Content-Encoding", "gzip")
			packed := gzip.NewWriter(w)
			_, _ = io.WriteString(packed, stream)
			_ = packed.Flush()
		}, 0, NotMesos, "proxies on the way"},
		"no content":               {status(http.StatusNoContent, ""), 0, NotMesos, "204"},
		"accepted":                 {status(http.StatusAccepted, stream), 0, NotMesos, "202"},
		"a redirect to itself":     {func(w http.ResponseWriter, r *http.Request) { redirect("//"+r.Host+"/api/v1")(w, r) }, 0, NotMesos, "redirects are not followed"},
		"a redirect elsewhere":     {redirect(elsewhere.URL + "/api/v1"), 0, NoLeader, "points to another one"},
		"a redirect to a secret":   {redirect("http://169.254.169.254/latest/meta-data"), 0, NotMesos, "redirects are not followed"},
		"too many requests":        {status(http.StatusTooManyRequests, ""), 0, Network, "429"},
		"no leader":                {status(http.StatusServiceUnavailable, "No leader elected"), 0, NoLeader, "no leading master"},
		"a master that has failed": {status(http.StatusInternalServerError, ""), 0, Protocol, "500"},
	} {
		client, events := odd(t, c.answer), 0
		err := client.Subscribe(t.Context(), func(StreamEvent) error { events++; return nil })
		require.Equal(t, c.category, CategoryOf(err), "%s: %v", name, err)
		require.ErrorContains(t, err, c.says, name)
		require.Equal(t, c.events, events, name)
	}
	require.Zero(t, followed)
}
