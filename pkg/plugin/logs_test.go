package plugin

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

const (
	agent1 = "127.0.0.1:5051"
	// unhealthyTask is the sandbox of a task that has failed.
	unhealthyTask = "/var/lib/mesos/agent1/slaves/abbec842-7d73-4f70-8d69-201cee145933-S0/frameworks/abbec842-7d73-4f70-8d69-201cee145933-0005/executors/marathon.web-unhealthy.1/runs/eec88d36-a33e-4a87-bb12-32afbe8967ec"
)

func somebody(role string) *backend.User { return &backend.User{Login: "jo", Role: role} }

// newLogFixture returns a fixture whose agent 1 has these files, asked by a Viewer who may.
func newLogFixture(t *testing.T, with map[string]any, files map[string]string) (*fixture, *mesostest.FileServer) {
	t.Helper()
	keys := map[string]any{"agentStatistics": false, "sandboxLogs": "viewer"}
	for key, value := range with {
		keys[key] = value
	}
	s := newAgentFixture(t, keys, workload)
	s.user = somebody("Viewer")
	server := mesostest.NewFileServer(files)
	s.cluster.Serve(agent1, server)
	return s.start(), server
}

// linesOf returns the lines of a log frame, each as severity, time and text.
func linesOf(t *testing.T, response backend.DataResponse) []string {
	t.Helper()
	require.NoError(t, response.Error)
	require.Len(t, response.Frames, 1)
	frame := response.Frames[0]
	require.Equal(t, data.FrameTypeLogLines, frame.Meta.Type)
	lines := []string{}
	for i := range frame.Rows() {
		at, ok := frame.Fields[0].ConcreteAt(i)
		require.True(t, ok)
		lines = append(lines, fmt.Sprintf("%s %s %s", frame.Fields[2].At(i), strings.TrimPrefix(fmt.Sprint(at), "2026-11-21 "), frame.Fields[1].At(i)))
	}
	return lines
}

func TestTheLogOfATaskIsRead(t *testing.T) {
	s, _ := newLogFixture(t, nil, map[string]string{
		unhealthyTask + "/stdout": "starting\n",
		unhealthyTask + "/stderr": "2026-11-21T08:00:01Z WARN slow\n2026-11-21T08:00:02Z ERROR out of luck\n  at line 3\n",
	})
	response := s.ask(`{"queryType": "logs", "taskId": "marathon.web-unhealthy.1", "file": "stderr"}`)
	require.Equal(t, []string{
		"warning 08:00:01 +0000 UTC 2026-11-21T08:00:01Z WARN slow",
		"error 08:00:02 +0000 UTC 2026-11-21T08:00:02Z ERROR out of luck",
		"unknown 08:00:02.000000001 +0000 UTC   at line 3",
	}, linesOf(t, response))
	frame := response.Frames[0]
	require.Equal(t, []string{"timestamp", "body", "severity", "id", "labels"}, []string{
		frame.Fields[0].Name, frame.Fields[1].Name, frame.Fields[2].Name, frame.Fields[3].Name, frame.Fields[4].Name})
	require.Regexp(t, "^eec88d36-a33e-4a87-bb12-32afbe8967ec/stderr@31-[0-9a-f]{8}$", frame.Fields[3].At(1))
	require.JSONEq(t, `{"agent": "agent1.fixture.test", "agent_id": "abbec842-7d73-4f70-8d69-201cee145933-S0", "file": "stderr", "framework": "marathon",
		"framework_id": "abbec842-7d73-4f70-8d69-201cee145933-0005", "role": "prod", "task": "web-unhealthy", "task_id": "marathon.web-unhealthy.1"}`, fmt.Sprintf("%s", frame.Fields[4].At(1)))
	require.Empty(t, notices(response))
}

// Who may read logs is decided by the role alone, and by who has none.
func TestWhoMayReadLogs(t *testing.T) {
	s, _ := newLogFixture(t, nil, map[string]string{unhealthyTask + "/stdout": "x\n"})
	const query = `{"queryType": "logs", "taskId": "marathon.web-unhealthy.1"}`
	files := func() int {
		return s.cluster.Count(agent1, "/files/browse") + s.cluster.Count(agent1, "/files/read") + s.cluster.Count(agent1, "/state")
	}
	// What is allowed by setting and user.
	for _, c := range []struct {
		setting string
		user    *backend.User
		allowed bool
		says    string
	}{
		{"viewer", somebody("Viewer"), true, ""},
		{"viewer", somebody("Editor"), true, ""},
		{"viewer", somebody("Admin"), true, ""},
		{"viewer", somebody("None"), false, "with the role viewer or more: yours is none of"},
		{"viewer", somebody(""), false, "with the role viewer or more"},
		{"viewer", somebody("admin"), false, "with the role viewer or more"},
		{"viewer", nil, false, "logged in only"},
		{"viewer", &backend.User{Role: "Viewer"}, false, "logged in only"}, // anonymous access
		{"viewer", &backend.User{Role: "Admin"}, false, "logged in only"},
		{"viewer", &backend.User{Login: "grafana_scheduler", Role: "Admin"}, false, "logged in only"},
		{"viewer", &backend.User{Login: "service", Name: "service", Role: "Admin"}, false, "public dashboards"}, // as Grafana 12.4 asks for visitors of public dashboards
		{"editor", somebody("Viewer"), false, "with the role editor or more: yours is Viewer (jsonData.sandboxLogs)"},
		{"editor", somebody("Editor"), true, ""},
		{"editor", somebody("Admin"), true, ""},
		{"admin", somebody("Viewer"), false, "with the role admin or more"},
		{"admin", somebody("Editor"), false, "with the role admin or more"},
		{"admin", somebody("Admin"), true, ""},
		{"admin", nil, false, "logged in only"},
		{"none", somebody("Admin"), false, "jsonData.sandboxLogs: admin, editor or viewer"},
		{"none", nil, false, "jsonData.sandboxLogs"},
		{"", somebody("Admin"), false, "jsonData.sandboxLogs"}, // not set
	} {
		name := fmt.Sprint(c.setting, " ", c.user)
		keys := map[string]any{"agentAddress": s.agentAddress(t)}
		if c.setting != "" {
			keys["sandboxLogs"] = c.setting
		}
		s.configure(keys)
		s.user = c.user
		before := files()
		response := s.ask(query)
		tasks, body := s.call("GET logs/tasks?limit=1", "")
		list, listed := s.call("GET logs/files?taskId=marathon.web-unhealthy.1", "")
		if c.allowed {
			require.Len(t, linesOf(t, response), 1, name)
			require.Equal(t, []int{200, 200}, []int{tasks, list}, "%s: %s %s", name, body, listed)
			continue
		}
		require.ErrorContains(t, response.Error, c.says, name)
		require.Equal(t, backend.StatusForbidden, response.Status, name)
		require.Equal(t, []int{403, 403}, []int{tasks, list}, name)
		require.NotContains(t, string(body)+string(listed), "marathon", name)
		require.Equal(t, before, files(), "%s: no agent was asked", name)
	}
}

// agentAddress returns the setting of that name.
func (s *fixture) agentAddress(t *testing.T) string {
	t.Helper()
	var keys struct{ AgentAddress string }
	require.NoError(t, json.Unmarshal(s.ds.JSONData, &keys))
	return keys.AgentAddress
}

// A rule has no answer, whatever user Grafana sends with it.
func TestRulesReadNoLogs(t *testing.T) {
	s, _ := newLogFixture(t, nil, map[string]string{unhealthyTask + "/stdout": "x\n"})
	s.user = somebody("Admin")
	for _, header := range []string{"FromAlert", "http_X-Grafana-From-Expr"} {
		answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{
			PluginContext: s.context(), Headers: map[string]string{header: "true"},
			Queries: []backend.DataQuery{s.asked(`{"queryType": "logs", "taskId": "marathon.web-unhealthy.1"}`)},
		})
		require.NoError(t, err)
		require.ErrorContains(t, answer.Responses["A"].Error, "rules and expressions cannot compute with", header)
	}
	require.Zero(t, s.cluster.Count(agent1, "/files/read"))
}

// Agents get the credentials for agents with requests for files as well, and masters none of them.
func TestFilesAreAskedForWithTheCredentialsForAgents(t *testing.T) {
	s, _ := newLogFixture(t, map[string]any{"agentBasicAuthUser": "for-agents"}, map[string]string{unhealthyTask + "/stdout": "x\n"})
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.BasicAuthEnabled, ds.BasicAuthUser, ds.Updated = true, "for-masters", ds.Updated.Add(time.Second)
		ds.DecryptedSecureJSONData = map[string]string{"basicAuthPassword": "secret-of-masters", "agentBasicAuthPassword": "secret-of-agents"}
	})
	s.cluster.Reset()
	s.start()
	require.Len(t, linesOf(t, s.ask(`{"queryType": "logs", "taskId": "marathon.web-unhealthy.1"}`)), 1)
	asked := map[string]bool{}
	for _, r := range s.cluster.Requests() {
		want := "for-masters:secret-of-masters"
		if r.Host != mesostest.Master {
			want = "for-agents:secret-of-agents"
			asked[strings.Split(r.Path, "?")[0]] = true
		}
		require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte(want)), r.Authorization, r.Path)
	}
	require.Equal(t, map[string]bool{"/state": true, "/files/browse": true, "/files/read": true}, asked)
	require.NotContains(t, s.heard(), "secret-of")
}

// Only agents that the leader lists are asked, by the rules for addresses.
func TestFilesOfOtherHostsAreNotRead(t *testing.T) {
	s, _ := newLogFixture(t, nil, map[string]string{unhealthyTask + "/stdout": "x\n"})
	response := s.ask(`{"queryType": "logs", "taskId": "x", "frameworkId": "y", "agentId": "169.254.169.254"}`)
	require.ErrorContains(t, response.Error, "the leader does not list it")
	s.configure(map[string]any{"sandboxLogs": "viewer"}) // by their own addresses: on this machine, as the master is
	s.configure(map[string]any{"sandboxLogs": "viewer", "agentHosts": "nowhere"})
	response = s.ask(`{"queryType": "logs", "taskId": "marathon.web-unhealthy.1"}`)
	require.ErrorContains(t, response.Error, "does not match agentHosts")
}

// A task that has ended is found by the agent on which it ran.
func TestLogsOfATaskThatHasEnded(t *testing.T) {
	const ended = "/var/lib/mesos/agent1/slaves/abbec842-7d73-4f70-8d69-201cee145933-S0/frameworks/abbec842-7d73-4f70-8d69-201cee145933-0003/executors/chronos.fail.12/runs/c5191e62-5109-47b3-bfc6-905d2127ea76"
	s, server := newLogFixture(t, nil, map[string]string{ended + "/stderr": "2026-11-21T08:00:00Z ERROR no\n"})
	response := s.ask(`{"queryType": "logs", "taskId": "chronos.fail.12", "file": "stderr",
		"frameworkId": "abbec842-7d73-4f70-8d69-201cee145933-0003", "agentId": "abbec842-7d73-4f70-8d69-201cee145933-S0"}`)
	require.Len(t, linesOf(t, response), 1)
	require.Contains(t, fmt.Sprintf("%s", response.Frames[0].At(4, 0)), `"framework":"chronos"`)
	server.Remove(ended + "/stderr")
	response = s.ask(`{"queryType": "logs", "taskId": "chronos.fail.12", "file": "stderr",
		"frameworkId": "abbec842-7d73-4f70-8d69-201cee145933-0003", "agentId": "abbec842-7d73-4f70-8d69-201cee145933-S0"}`)
	require.ErrorContains(t, response.Error, "it deletes sandboxes some time after the end of their tasks")
	response = s.ask(`{"queryType": "logs", "taskId": "chronos.fail.9999",
		"frameworkId": "abbec842-7d73-4f70-8d69-201cee145933-0003", "agentId": "abbec842-7d73-4f70-8d69-201cee145933-S0"}`)
	require.ErrorContains(t, response.Error, `does not list the task "chronos.fail.9999"`)
}

func TestTasksAndTheirFilesAreListed(t *testing.T) {
	s, server := newLogFixture(t, nil, map[string]string{
		unhealthyTask + "/stdout": "x\n", unhealthyTask + "/stderr": "", unhealthyTask + "/logs/a.log": "xyz", unhealthyTask + "/secret": "s",
	})
	server.PutOther(unhealthyTask+"/pipe.log", "prw-r--r--")
	status, body := s.call("GET logs/tasks?search=UNHEALTHY", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"status": "success", "data": [{"taskId": "marathon.web-unhealthy.1", "name": "web-unhealthy", "framework": "marathon",
		"frameworkId": "abbec842-7d73-4f70-8d69-201cee145933-0005", "agent": "agent1.fixture.test", "agentId": "abbec842-7d73-4f70-8d69-201cee145933-S0",
		"role": "prod", "state": "running"}]}`, string(body))
	status, body = s.call("GET logs/files?taskId=marathon.web-unhealthy.1", "")
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"status": "success", "data": [
		{"name": "stderr", "bytes": 0, "modified": "2026-11-21T07:36:17Z"}, {"name": "stdout", "bytes": 2, "modified": "2026-11-21T07:36:17Z"}], "directories": ["logs"]}`, string(body))
	status, body = s.call("GET logs/files?taskId=marathon.web-unhealthy.1&directory=logs", "")
	require.Equal(t, 200, status)
	require.Contains(t, string(body), `"name":"logs/a.log","bytes":3`)
	for _, directory := range []string{"..", "/etc", "logs/..", ".", ".hidden"} {
		status, body = s.call("GET logs/files?taskId=marathon.web-unhealthy.1&directory="+directory, "")
		require.Equal(t, 400, status, directory)
		require.Contains(t, string(body), "below the task's sandbox", directory)
	}
	status, body = s.call("GET logs/tasks?limit=2", "")
	require.Equal(t, 200, status)
	require.Equal(t, 2, strings.Count(string(body), `"taskId"`))
	status, _ = s.call("GET logs/tasks?limit=x", "")
	require.Equal(t, 400, status)
}

// tailOf returns the texts of the lines of a message.
func tailOf(t *testing.T, message []byte) (texts, ids []string) {
	t.Helper()
	var m struct {
		Frames []*data.Frame `json:"frames"`
		Append bool          `json:"append"`
		Error  string        `json:"error"`
	}
	require.NoError(t, json.Unmarshal(message, &m))
	require.Empty(t, m.Error)
	require.True(t, m.Append)
	for _, frame := range m.Frames {
		for i := range frame.Rows() {
			texts = append(texts, frame.At(1, i).(string))
			ids = append(ids, frame.At(3, i).(string))
		}
	}
	return texts, ids
}

func TestALogIsFollowedWhileItIsWatched(t *testing.T) {
	s, server := newLogFixture(t, nil, map[string]string{unhealthyTask + "/stdout": "one\ntwo\nthr"})
	stdout := func(name, content string) { server.Put(unhealthyTask+"/"+name, content, 1795246577) }
	const query = `{"queryType": "logs", "taskId": "marathon.web-unhealthy.1", "live": true}`
	response := s.ask(query)
	require.Equal(t, []string{"one", "two"}, textsOf(linesOf(t, response)))
	path, raw := channelOf(t, response)
	require.Regexp(t, "^tail/[0-9a-f]{32}$", path)
	none, _ := channelOf(t, s.ask(strings.Replace(query, "true", "false", 1)))
	require.Empty(t, none)

	subscribe := func(path string, raw []byte) backend.SubscribeStreamStatus {
		answer, err := s.plugin.SubscribeStream(t.Context(), &backend.SubscribeStreamRequest{PluginContext: s.context(), Path: path, Data: raw})
		require.NoError(t, err)
		return answer.Status
	}
	require.Equal(t, backend.SubscribeStreamStatusOK, subscribe(path, raw))
	require.Equal(t, backend.SubscribeStreamStatusNotFound, subscribe(path, []byte(strings.Replace(string(raw), "marathon.web", "marathon.api", 1))))
	require.Equal(t, backend.SubscribeStreamStatusNotFound, subscribe(path+"0", raw))
	for _, user := range []*backend.User{nil, {Role: "Admin"}, somebody("None"), somebody("")} {
		s.user = user
		require.Equal(t, backend.SubscribeStreamStatusPermissionDenied, subscribe(path, raw), "%v", user)
		var told packets
		err := s.plugin.RunStream(t.Context(), &backend.RunStreamRequest{PluginContext: s.context(), Path: path, Data: raw}, backend.NewStreamSender(&told))
		require.Error(t, err)
		require.Equal(t, err.Error(), told.errorOf(t), "who watches is told as well")
	}
	s.user = somebody("Viewer")

	var sent packets
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- s.plugin.RunStream(ctx, &backend.RunStreamRequest{PluginContext: s.context(), Path: path, Data: raw}, backend.NewStreamSender(&sent))
	}()
	// shown is what a panel has: the first answer, then lines by their IDs.
	shown, order := map[string]string{}, []string{}
	read := 0
	next := func(n int) string {
		t.Helper()
		require.Eventually(t, func() bool { return sent.count() >= n }, 5*time.Second, time.Millisecond)
		for ; read < n; read++ {
			texts, ids := tailOf(t, sent.all[read])
			for i, id := range ids {
				if _, ok := shown[id]; !ok {
					order = append(order, id)
				}
				shown[id] = texts[i]
			}
		}
		var all []string
		for _, id := range order {
			all = append(all, shown[id])
		}
		return strings.Join(all, " ")
	}
	step := func() {
		s.clock.Settle()
		s.clock.Advance(tailEvery)
		s.clock.Settle()
	}
	require.Equal(t, "one two", next(1))
	stdout("stdout", "one\ntwo\nthree\nfour\n")
	step()
	require.Equal(t, "one two three four", next(2))
	step() // nothing was written
	stdout("stdout", "one\ntwo\nthree\nfour\nfive\nsi")
	step()
	require.Equal(t, "one two three four five", next(3), "a line without its end waits for it")
	stdout("stdout", "one\ntwo\nthree\nfour\nfive\nsix\n")
	step()
	require.Equal(t, "one two three four five six", next(4))
	// It is rotated, with a line that was written before and lines that were after.
	stdout("stdout.1", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n")
	stdout("stdout", "eight\n")
	step()
	require.Equal(t, "one two three four five six seven eight", next(5))
	// Its sandbox is deleted.
	server.Remove(unhealthyTask + "/stdout")
	server.Remove(unhealthyTask + "/stdout.1")
	step()
	require.Eventually(t, func() bool { return sent.count() >= 6 }, 5*time.Second, time.Millisecond)
	require.Contains(t, string(sent.all[5]), "has no such file")
	step() // said once
	require.Equal(t, 6, sent.count())

	// Who may read logs is asked again and again.
	s.configure(map[string]any{"agentAddress": s.agentAddress(t), "sandboxLogs": "none"})
	_ = s.ask(`{"queryType": "promql", "expr": "1"}`)
	cancelled := make(chan struct{})
	go func() {
		defer close(cancelled)
		for {
			select {
			case err := <-ended:
				ended <- err
				return
			case <-time.After(time.Millisecond):
				s.clock.Advance(tailEvery)
			}
		}
	}()
	<-cancelled
	require.ErrorContains(t, <-ended, "jsonData.sandboxLogs")
	require.Contains(t, sent.errorOf(t), "jsonData.sandboxLogs")
}

// Grafana compares edits by the second: a channel of logs that began between two edits within
// one does not bring the first one's settings back. What is wrong with the settings is a
// message, and the channel goes on when they are right again.
func TestAFollowedLogHasTheSettingsInForce(t *testing.T) {
	s, server := newLogFixture(t, map[string]any{"clusterName": "one"}, map[string]string{unhealthyTask + "/stdout": "one\n"})
	path, raw := channelOf(t, s.ask(`{"queryType": "logs", "taskId": "marathon.web-unhealthy.1", "live": true}`))
	out, ended, leave := s.runs(path, raw)
	defer leave()
	require.Eventually(t, func() bool { return out.count() > 0 }, 10*time.Second, time.Millisecond)
	keys := map[string]any{}
	require.NoError(t, json.Unmarshal(s.ds.JSONData, &keys))
	keys["clusterName"] = "two"
	edited, err := json.Marshal(keys)
	require.NoError(t, err)
	s.edit(func(ds *backend.DataSourceInstanceSettings) { ds.JSONData = edited }) // Updated stays
	_, err = s.registry.For(t.Context(), s.context())
	require.NoError(t, err)
	for range 5 {
		s.clock.Settle()
		s.clock.Advance(tailEvery)
		require.Equal(t, "two", s.source().settings.ClusterName)
	}

	right := map[string]any{"agentAddress": s.agentAddress(t), "sandboxLogs": "viewer"}
	s.configure(map[string]any{"masters": []string{"ftp://x"}})
	wrong := s.ask(liveQuery).Error
	require.Error(t, wrong)
	passes := func(done func() bool) {
		t.Helper()
		require.Eventually(t, func() bool { s.clock.Advance(tailEvery); return done() }, 10*time.Second, time.Millisecond)
	}
	passes(func() bool { return out.errorOf(t) == wrong.Error() })
	n := out.count()
	for range 5 {
		s.clock.Settle()
		s.clock.Advance(tailEvery)
	}
	require.Equal(t, n, out.count(), "it is told once")
	require.Empty(t, ended)
	s.configure(right)
	s.works()
	server.Put(unhealthyTask+"/stdout", "one\ntwo\n", 1795246577)
	passes(func() bool { return out.count() > n && out.errorOf(t) == "" })
	require.Empty(t, ended)
}

// textsOf returns the texts of lines, without severity and time.
func textsOf(lines []string) (texts []string) {
	for _, line := range lines {
		parts := strings.Fields(line)
		texts = append(texts, parts[len(parts)-1])
	}
	return texts
}

// Agents get credentials for logs as well, so the same is warned of as with agentStatistics.
func TestCredentialsForLogsAreWarnedOf(t *testing.T) {
	warned := func(keys string) string {
		ds := instance(`{"masters": ["http://master1:5050"], "agentBasicAuthUser": "grafana"` + keys + `}`)
		ds.DecryptedSecureJSONData = map[string]string{"agentBasicAuthPassword": "x"}
		s, err := ParseSettings(ds)
		require.NoError(t, err)
		return strings.Join(s.Warnings, " ")
	}
	require.Contains(t, warned(`, "sandboxLogs": "admin"`), "agentHosts")
	require.NotContains(t, warned(`, "sandboxLogs": "admin", "agentHosts": "a.*"`), "agentHosts")
	require.NotContains(t, warned(``), "agentHosts")
}
