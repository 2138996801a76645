package mesos

import (
	"bufio"
	"bytes"
	stdjson "encoding/json"
	"io"
	"io/fs"
	"math"
	"net/http"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

// recorded are all recorded bodies of a page of masters: file name -> JSON.
func recorded(t testing.TB, page string) map[string][]byte {
	t.Helper()
	bodies := map[string][]byte{}
	file, err := captures().Open("manifest.jsonl")
	require.NoError(t, err)
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row struct {
			File, Host, Method, Path string
			Status                   any
		}
		require.NoError(t, stdjson.Unmarshal(lines.Bytes(), &row))
		master := slices.Contains([]string{"127.0.0.1:5050", "127.0.0.1:5061", "127.0.0.1:5062"}, row.Host)
		if master && row.Method == http.MethodGet && row.Path == page && row.Status == 200.0 {
			bodies[row.File] = unpacked(t, row.File)
		}
	}
	require.NoError(t, lines.Err())
	short := map[string]string{"/state": "state", "/metrics/snapshot": "metrics"}[page]
	if short != "" {
		files, err := fs.Glob(captures(), "04-series/*-master-"+short+".json.gz")
		require.NoError(t, err)
		require.Greater(t, len(files), 70)
		for _, file := range files {
			bodies[file] = unpacked(t, file)
		}
	}
	require.NotEmpty(t, bodies)
	return bodies
}

func unpacked(t testing.TB, file string) []byte {
	body, err := fs.ReadFile(captures(), file)
	require.NoError(t, err)
	if strings.HasPrefix(path.Ext(file), ".gz") {
		unzipped, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(t, err)
		body, err = io.ReadAll(unzipped)
		require.NoError(t, err)
	}
	return body
}

// decodeBody decodes as a response would be.
func decodeBody(body []byte, into any) (Answer, error) {
	var answer Answer
	resp := &http.Response{Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body))}
	err := new(asker).decode(resp, newTarget("http", "master", "5050"), endpoint{path: "/page"}, 1<<30, time.Now(), &answer, into)
	return answer, err
}

func TestEveryRecordedSnapshotDecodesToTheSameNumbers(t *testing.T) {
	for file, body := range recorded(t, "/metrics/snapshot") {
		var expected map[string]float64
		require.NoError(t, stdjson.Unmarshal(body, &expected), file)
		var values readings
		answer, err := decodeBody(body, &values)
		require.NoError(t, err, file)
		require.Equal(t, expected, map[string]float64(values), file)
		require.EqualValues(t, len(body), answer.Plain, file)
	}
}

func TestEveryRecordedStateDecodes(t *testing.T) {
	for file, body := range recorded(t, "/state") {
		// The expected side reads the document generically.
		var expected struct {
			ID         string           `json:"id"`
			Slaves     []map[string]any `json:"slaves"`
			Recovered  []map[string]any `json:"recovered_slaves"`
			Frameworks []struct {
				Tasks       []map[string]any `json:"tasks"`
				Unreachable []map[string]any `json:"unreachable_tasks"`
				Executors   []map[string]any `json:"executors"`
				Used        map[string]any   `json:"used_resources"`
			} `json:"frameworks"`
		}
		require.NoError(t, stdjson.Unmarshal(body, &expected), file)
		var state State
		_, err := decodeBody(body, &state)
		require.NoError(t, err, file)
		require.Equal(t, expected.ID, state.ID, file)
		require.Len(t, state.Slaves, len(expected.Slaves), file)
		require.Len(t, state.RecoveredSlaves, len(expected.Recovered), file)
		require.Len(t, state.Frameworks, len(expected.Frameworks), file)
		for i, slave := range expected.Slaves {
			got := state.Slaves[i]
			require.Equal(t, slave["id"], got.ID, file)
			require.Equal(t, slave["active"], got.Active, file)
			require.EqualValues(t, slave["port"], got.Port, file)
			total := slave["resources"].(map[string]any)
			require.Equal(t, []any{total["cpus"], total["mem"], total["disk"]},
				[]any{got.Resources.CPUs, got.Resources.Mem, got.Resources.Disk}, file)
			require.Len(t, got.Attributes, len(slave["attributes"].(map[string]any)), file)
		}
		for i, framework := range expected.Frameworks {
			got := state.Frameworks[i]
			require.Equal(t, framework.Used["cpus"], got.Used.CPUs, file)
			require.Len(t, got.Executors, len(framework.Executors), file)
			require.Len(t, got.UnreachableTasks, len(framework.Unreachable), file)
			require.Len(t, got.Tasks, len(framework.Tasks), file)
			for j, task := range framework.Tasks {
				require.Equal(t, task["id"], got.Tasks[j].ID, file)
				require.Equal(t, task["state"], got.Tasks[j].State, file)
				require.Equal(t, task["resources"].(map[string]any)["mem"], got.Tasks[j].Resources.Mem, file)
				statuses, _ := task["statuses"].([]any)
				require.Len(t, got.Tasks[j].Statuses, len(statuses), file)
			}
		}
	}
}

func TestEveryRecordedSmallPageDecodes(t *testing.T) {
	for file, body := range recorded(t, "/roles") {
		var expected struct {
			Roles []struct {
				Name   string
				Weight float64
				Quota  map[string]map[string]float64
			}
		}
		// quota.role is a string beside the objects.
		require.NoError(t, stdjson.Unmarshal(bytes.ReplaceAll(body, []byte(`"quota":{"role":`), []byte(`"quota":{},"ignored":{"role":`)), &expected), file)
		var roles Roles
		_, err := decodeBody(body, &roles)
		require.NoError(t, err, file)
		require.Len(t, roles.Roles, len(expected.Roles), file)
		for i, role := range expected.Roles {
			require.Equal(t, role.Name, roles.Roles[i].Name, file)
			require.Equal(t, role.Weight, roles.Roles[i].Weight, file)
		}
	}
	for file, body := range recorded(t, "/version") {
		var version Version
		_, err := decodeBody(body, &version)
		require.NoError(t, err, file)
		require.Equal(t, "1.12.0", version.Version, file)
	}
	for file, body := range recorded(t, "/flags") {
		var flags Flags
		_, err := decodeBody(body, &flags)
		require.NoError(t, err, file)
		require.Contains(t, flags.Flags, "port", file)
	}
}

func TestAbsentAndZeroQuotaAreToldApart(t *testing.T) {
	var roles Roles
	_, err := decodeBody(recorded(t, "/roles")["02-agents-idle/master-get_roles.json"], &roles)
	require.NoError(t, err)
	byName := map[string]Role{}
	for _, role := range roles.Roles {
		byName[role.Name] = role
	}
	require.Nil(t, byName["batch"].Quota.Guarantee.CPUs)
	require.Equal(t, 4.0, *byName["batch"].Quota.Limit.CPUs)
	require.Nil(t, byName["batch"].Quota.Limit.Mem)
	require.Equal(t, 2048.0, *byName["prod"].Quota.Consumed.Mem)
	_, err = decodeBody([]byte(`{"roles":[{"quota":{"limit":{"gpus":0.0}}}]}`), &roles)
	require.NoError(t, err)
	require.Zero(t, *roles.Roles[0].Quota.Limit.GPUs)
}

func TestAttributesKeepTheirText(t *testing.T) {
	var state State
	_, err := decodeBody([]byte(`{"slaves":[{"attributes":{
		"rack":"r1","slots":3.0,"share":0.25,"big":1e21,"ports":"[1-2, 5-6]","odd":[1,"a"],"none":null}}]}`), &state)
	require.NoError(t, err)
	require.Equal(t, map[string]Attribute{
		"rack": "r1", "slots": "3", "share": "0.25", "big": "1e+21", "ports": "[1-2, 5-6]", "odd": `[1,"a"]`, "none": "null",
	}, state.Slaves[0].Attributes)
}

func TestOddNamesDoNotCostAPoll(t *testing.T) {
	var state State
	_, err := decodeBody([]byte("{\"frameworks\":[{\"name\":\"a\xffb\",\"name\":\"c\xfe\",\"failover_timeout\":Infinity,\"tasks\":[{\"name\":\"\\ud800\"}]}]}"), &state)
	require.NoError(t, err)
	require.Equal(t, "c\ufffd", state.Frameworks[0].Name)
}

func TestAnInfiniteMetricIsNoReading(t *testing.T) {
	var values readings
	_, err := decodeBody([]byte(`{"master/elected":1,"a/b":Infinity,"a/c":-Infinity,"a/d":2,"a/d":null}`), &values)
	require.NoError(t, err)
	require.Equal(t, readings{"master/elected": 1}, values)
}

func TestANumberBeyondDoublesCostsNoOther(t *testing.T) {
	var values readings
	_, err := decodeBody([]byte(`{"master/elected":1,"a/b":1e999,"a/c":-1e999}`), &values)
	require.NoError(t, err)
	require.Equal(t, readings{"master/elected": 1, "a/b": math.Inf(1), "a/c": math.Inf(-1)}, values)
}

func TestASingleEndlessValueIsNotKept(t *testing.T) {
	endless := io.MultiReader(strings.NewReader(`{"master/elected":1,"a/b`), zeros{}, strings.NewReader(`":1}`))
	resp := &http.Response{Header: http.Header{}, Body: io.NopCloser(endless)}
	var values readings
	err := new(asker).decode(resp, newTarget("http", "master", "5050"), endpoint{path: "/page"}, 1<<30, time.Now(), new(Answer), &values)
	requireError(t, err, Protocol, "single value of more than 16 MiB")
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestSizesAndTimesOfAnAnswerAreTold(t *testing.T) {
	cluster := replay(t, "09-protocol", "gzip_")
	cluster.Handle("127.0.0.1:5050", "/redirect", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "//"+r.Host)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	served := func(name string) int64 {
		info, err := fs.Stat(captures(), "09-protocol/"+name+".json.gz-as-served")
		require.NoError(t, err)
		return info.Size()
	}
	at := time.Unix(1795246645, 0)
	now := at // a second later each time it is looked at
	client := newClient(t, Config{Masters: cluster.Masters(), Now: func() time.Time {
		defer func() { now = now.Add(time.Second) }()
		return now
	}})
	_, err := client.Leader(t.Context())
	require.NoError(t, err)
	now = at
	state, err := client.State(t.Context())
	require.NoError(t, err)
	require.Equal(t, at.Add(time.Second), state.Sent, "before, since when tasks that ended are wanted")
	require.EqualValues(t, served("gzip_state"), state.Bytes, "as the master compressed it")
	require.EqualValues(t, len(recorded(t, "/state")["09-protocol/gzip-q0.json.gz"]), state.Plain)
	require.Equal(t, time.Second, state.Head)
	require.Equal(t, 2*time.Second, state.Took)
	require.Equal(t, "gzip", cluster.Requests()[1].Header.Get("Accept-Encoding"))
	metrics, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, served("gzip_metrics_snapshot"), metrics.Bytes)
}

// Of a /state that was read the client keeps when it was asked for, and not the answer, whose
// tasks take as much memory as a model.
func TestTheClientKeepsNoState(t *testing.T) {
	cluster := replay(t, "09-protocol", "gzip_")
	cluster.Handle("127.0.0.1:5050", "/redirect", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "//"+r.Host)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	client := newClient(t, Config{Masters: cluster.Masters()})
	freed := make(chan struct{})
	func() {
		state, err := client.State(t.Context())
		require.NoError(t, err)
		runtime.SetFinalizer(state, func(*State) { close(freed) })
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		select {
		case <-freed:
			return true
		default:
			return false
		}
	}, 30*time.Second, 10*time.Millisecond)
	require.NotNil(t, client.lastState.Load())
}

// Texts are cut in what polls read, too, where tasks that ended are read besides.
func TestLongTextsOfAStateAreCut(t *testing.T) {
	long := strings.Repeat("x", 5000)
	s := State{EndedSince: 1}
	_, err := decodeBody([]byte(`{"id":"`+long+`","slaves":[{"id":"s","hostname":"`+long+`","attributes":{"a":"`+long+`","`+long+`":"b"}}],`+
		`"frameworks":[{"name":"`+long+`","tasks":[{"id":"`+long+`"}],"labels":[{"key":"k","value":"`+long+`"}]}]}`), &s)
	require.NoError(t, err)
	texts := []string{s.ID, s.Slaves[0].Hostname, string(s.Slaves[0].Attributes["a"]), s.Frameworks[0].Name, s.Frameworks[0].Tasks[0].ID, s.Frameworks[0].Labels[0].Value}
	for name := range s.Slaves[0].Attributes {
		texts = append(texts, name)
	}
	for _, text := range texts {
		require.LessOrEqual(t, len(text), longestText)
	}
	require.Len(t, texts, 8)
}
