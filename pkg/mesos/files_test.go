package mesos

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

const recordedSandbox = "/var/lib/mesos/agent1/slaves/abbec842-7d73-4f70-8d69-201cee145933-S0/frameworks/abbec842-7d73-4f70-8d69-201cee145933-0006/executors/default/runs/4411e7c7-6e4a-4daf-ae88-88def9576323"

func recordedFile(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile("testdata/files/" + name)
	require.NoError(t, err)
	return string(content)
}

// newFiles returns a client of one agent that has these files, and the agent.
func newFiles(t testing.TB, handlers map[string]http.HandlerFunc) *Agents {
	t.Helper()
	mux := http.NewServeMux()
	for path, handler := range handlers {
		mux.HandleFunc(path, handler)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return newAgents(t, AgentsConfig{Config: Config{Masters: []string{server.URL}}, Address: server.URL + "/agent/{id}"}, AgentAddress{ID: "S1"})
}

func TestRecordedFilesAreRead(t *testing.T) {
	agents := newFiles(t, map[string]http.HandlerFunc{
		"/agent/S1/files/browse": func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, recordedSandbox, r.URL.Query().Get("path"))
			_, _ = w.Write([]byte(recordedFile(t, "agent1-files_browse1.json")))
		},
		"/agent/S1/files/read": func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, recordedSandbox+"/stdout", r.URL.Query().Get("path"))
			name := "agent1-files_read1-stdout.json"
			if r.URL.Query().Get("offset") == "-1" {
				name = "agent1-files_read1-stdout-size.json"
			}
			_, _ = w.Write([]byte(recordedFile(t, name)))
		},
	})
	files, err := agents.Browse(t.Context(), "S1", recordedSandbox)
	require.NoError(t, err)
	require.Equal(t, []File{
		{Path: recordedSandbox + "/stderr", Name: "stderr", Size: 203, Modified: 1795246470, Mode: "-rw-r--r--"},
		{Path: recordedSandbox + "/stdout", Name: "stdout", Size: 4535, Modified: 1795246577, Mode: "-rw-r--r--"},
	}, files)
	require.True(t, files[0].Regular())
	require.False(t, files[0].Directory())

	whole := recordedFile(t, "agent1-files_download1-stdout.txt")
	part, err := agents.Read(t.Context(), "S1", recordedSandbox+"/stdout", 0, 2000)
	require.NoError(t, err)
	require.Equal(t, whole[:2000], string(part.Data))
	require.Zero(t, part.Offset)
	size, err := agents.Size(t.Context(), "S1", recordedSandbox+"/stdout")
	require.NoError(t, err)
	require.EqualValues(t, len(whole), size)
}

// The server of tests answers as the recorded agent did.
func TestTheFileServerOfTestsIsAsRecorded(t *testing.T) {
	server := mesostest.NewFileServer(nil)
	server.Put(recordedSandbox+"/stdout", recordedFile(t, "agent1-files_download1-stdout.txt"), 1795246577)
	server.Put(recordedSandbox+"/stderr", "I20261121 07:34:30.620436 24977 executor.cpp:210] Version: 1.12.0\n"+
		"I20261121 07:34:30.620906 24977 executor.cpp:286] Using URL http://127.0.0.1:5051/slave(1)/api/v1/executor for the executor API endpoint\n", 1795246470)
	ask := func(handler http.HandlerFunc, query string) (int, string) {
		w := httptest.NewRecorder()
		handler(w, httptest.NewRequest("GET", "/?"+query, nil))
		return w.Code, w.Body.String()
	}
	for query, name := range map[string]string{
		"path=" + recordedSandbox + "/stdout&offset=0&length=2000": "agent1-files_read1-stdout.json",
		"path=" + recordedSandbox + "/stdout&offset=-1":            "agent1-files_read1-stdout-size.json",
		"path=" + recordedSandbox + "/stderr&offset=0&length=2000": "agent1-files_read1-stderr.json",
	} {
		status, body := ask(server.Read, query)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, recordedFile(t, name), body, query)
	}
	_, body := ask(server.Browse, "path="+recordedSandbox)
	require.JSONEq(t, recordedFile(t, "agent1-files_browse1.json"), body)
	for _, handler := range []http.HandlerFunc{server.Read, server.Browse} {
		status, body := ask(handler, "path=/nope&offset=0")
		require.Equal(t, http.StatusNotFound, status)
		require.Empty(t, body)
	}
}

func TestBytesOfAFileAreKeptAsTheyAre(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	content := string(all) + "ü日\U0001F600" + strings.Repeat("x", 2000) // longer than names are kept
	server := mesostest.NewFileServer(map[string]string{"/s/stdout": content})
	agents := newFiles(t, map[string]http.HandlerFunc{"/agent/S1/files/read": server.Read})
	part, err := agents.Read(t.Context(), "S1", "/s/stdout", 0, MaxRead)
	require.NoError(t, err)
	require.Equal(t, content, string(part.Data))

	escaped := newFiles(t, map[string]http.HandlerFunc{"/agent/S1/files/read": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":"a\t\"\/\\\b\f\r\u00fc\ud83d\ude00\ud83dx","offset":3}`))
	}})
	part, err = escaped.Read(t.Context(), "S1", "/s/stdout", 3, MaxRead)
	require.NoError(t, err)
	require.Equal(t, "a\t\"/\\\b\f\rü\U0001F600\uFFFDx", string(part.Data))
	require.EqualValues(t, 3, part.Offset)
}

func TestAPartIsNeverLongerThanAskedFor(t *testing.T) {
	agents := newFiles(t, map[string]http.HandlerFunc{"/agent/S1/files/read": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":"0123456789","offset":0}`))
	}})
	part, err := agents.Read(t.Context(), "S1", "/s/stdout", 0, 4)
	require.NoError(t, err)
	require.Equal(t, "0123", string(part.Data))
}

func TestSandboxesOfRecordedAgents(t *testing.T) {
	agents := recordedAgents(t, replay(t, "03-workload"), nil)
	const framework = "abbec842-7d73-4f70-8d69-201cee145933-000"
	for name, c := range map[string]struct {
		agent, framework, task string
		container              string
		group                  bool
	}{
		"a command task":                {"S1", "5", "marathon.web-unhealthy.1", "eec88d36-a33e-4a87-bb12-32afbe8967ec", false},
		"one with letters of the world": {"S1", "5", "marathon.übersetzer-日本.2", "a66a886f-61b7-480a-9485-8bc1fce600de", false},
		"one of an executor of others":  {"S1", "6", "43", "4411e7c7-6e4a-4daf-ae88-88def9576323", true},
		"one of a custom executor":      {"S1", "4", "Spark ETL (nightly).stage.33", "b85e4250-0d11-46e7-a452-36f004003872", false},
		"one that has ended":            {"S1", "3", "chronos.fail.12", "c5191e62-5109-47b3-bfc6-905d2127ea76", false},
	} {
		s, err := agents.Sandbox(t.Context(), c.agent, framework+c.framework, c.task, false)
		require.NoError(t, err, name)
		require.Equal(t, c.container, s.Container, name)
		require.Equal(t, c.group, s.Group, name)
		require.True(t, strings.HasPrefix(s.Directory, "/var/lib/mesos/agent1/slaves/"), name)
		require.True(t, strings.HasSuffix(s.Directory, "/runs/"+c.container), name)
	}
	for _, task := range []string{"nope", "chronos.fail.12"} { // of another framework
		_, err := agents.Sandbox(t.Context(), "S1", framework+"5", task, false)
		require.True(t, Missing(err), "%v", err)
		require.ErrorContains(t, err, `does not list the task "`+task+`"`)
	}
}

// An agent lists the last 150 executors that ended, and has files of others.
func TestSandboxesOfTasksThatAgentsListNoMore(t *testing.T) {
	server := mesostest.NewFileServer(map[string]string{
		"/frameworks/F1/executors/web.7/runs/latest/stderr":             "no route\n",
		"/frameworks/F1/executors/pod/runs/latest/tasks/web.1/stderr":   "another's\n",
		"/frameworks/F1/executors/ended-pod/runs/latest/stderr":         "another's\n",
		"/frameworks/F1/executors/web.12/runs/latest/stderr":            "another's\n",
		"/frameworks/F2/executors/hidden/runs/latest/stderr":            "another team's\n",
		"/frameworks/F3/executors/without-executors/runs/latest/stderr": "another team's\n",
		"/frameworks/F4/executors/without-tasks/runs/latest/stderr":     "another team's\n",
	})
	browsed := 0
	state := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"frameworks":[
			{"id":"F1","executors":[
				{"id":"web.9","container":"c9","directory":"/runs/c9","tasks":[{"id":"web.9"}]},
				{"id":"pod","type":"DEFAULT","container":"c1","directory":"/runs/c1","tasks":[{"id":"web.1"}]},
				{"id":"other","container":"c2","directory":"","tasks":[{"id":"web.12"}]}]},
			{"id":"F3","executors":[],"completed_executors":[]},
			{"id":"F4","executors":[{"id":"e","container":"c4","directory":"/runs/c4","tasks":[],"queued_tasks":[],"completed_tasks":[]}]}],
		"completed_frameworks":[
			{"id":"F1","completed_executors":[{"id":"ended-pod","container":"c3","directory":"/runs/c3","completed_tasks":[{"id":"web.2"}]}]}]}`))
	}
	agents := newFiles(t, map[string]http.HandlerFunc{"/agent/S1/state": state, "/agent/S1/files/browse": func(w http.ResponseWriter, r *http.Request) {
		browsed++
		server.Browse(w, r)
	}})
	s, err := agents.Sandbox(t.Context(), "S1", "F1", "web.7", true)
	require.NoError(t, err)
	require.Equal(t, Sandbox{Directory: "/frameworks/F1/executors/web.7/runs/latest", Container: "web.7", Latest: true}, s)
	for _, c := range []struct{ framework, task string }{{"F1", "web.8"}, {"F1", "../executors/web.7"}, {"F1", "."}, {"F1", ""}} {
		_, err := agents.Sandbox(t.Context(), "S1", c.framework, c.task, true)
		require.True(t, Missing(err), "%v: %v", c, err)
		require.ErrorContains(t, err, "does not list the task")
		require.ErrorContains(t, err, "has no files of it")
	}

	// Nothing else is looked for.
	browsed = 0
	for _, c := range []struct {
		framework, task string
		known           bool
		want            string
	}{
		{"F1", "web.7", false, "and neither the leader nor the event log has a task of that ID"},
		{"F1", "pod", true, "an executor of that ID without the task"},
		{"F1", "ended-pod", true, "an executor of that ID without the task"},
		{"F1", "web.12", true, "or the task in another executor"},
		// What the principal may not view is left out of /state.
		{"F2", "hidden", true, "view_frameworks, view_tasks and view_executors in the agent's ACLs"},
		{"F3", "without-executors", true, "view_frameworks, view_tasks and view_executors in the agent's ACLs"},
		{"F4", "without-tasks", true, "view_frameworks, view_tasks and view_executors in the agent's ACLs"},
		{"..", "web.7", true, "view_frameworks, view_tasks and view_executors in the agent's ACLs"},
	} {
		_, err := agents.Sandbox(t.Context(), "S1", c.framework, c.task, c.known)
		require.True(t, Missing(err), "%v: %v", c, err)
		require.ErrorContains(t, err, `does not list the task "`+c.task+`"`)
		require.ErrorContains(t, err, c.want)
	}
	require.Zero(t, browsed)

	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }
	refused := newFiles(t, map[string]http.HandlerFunc{"/agent/S1/state": state, "/agent/S1/files/browse": refuse})
	_, err = refused.Sandbox(t.Context(), "S1", "F1", "web.7", true)
	require.ErrorContains(t, err, "access_sandboxes")
	require.False(t, Missing(err))

	refused = newFiles(t, map[string]http.HandlerFunc{"/agent/S1/state": refuse, "/agent/S1/files/browse": server.Browse})
	_, err = refused.Sandbox(t.Context(), "S1", "F1", "web.7", true)
	require.ErrorContains(t, err, "does not allow")
	require.ErrorContains(t, err, "view_frameworks, view_tasks and view_executors")
	require.False(t, Missing(err))
}

// A task of Mesos' default executor has a directory of its own whatever the executor is called.
func TestAnExecutorOfAGroupMayBeCalledAsATaskOfIt(t *testing.T) {
	agents := newFiles(t, map[string]http.HandlerFunc{"/agent/S1/state": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"frameworks":[{"id":"F1","executors":[{"id":"t1","type":"DEFAULT","container":"c1","directory":"/runs/c1","tasks":[{"id":"t1"},{"id":"t2"}]}]}]}`))
	}})
	s, err := agents.Sandbox(t.Context(), "S1", "F1", "t1", false)
	require.NoError(t, err)
	require.Equal(t, Sandbox{Directory: "/runs/c1", Container: "c1", Group: true}, s)
}

func TestWhatIsWrongWithFilesIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		missing bool
		want    string
	}{
		"no such file":          {404, "", true, "has no such file (any more)"},
		"not allowed":           {403, "", false, "access_sandboxes"},
		"no credentials":        {401, "", false, "agentBasicAuthUser"},
		"not a list":            {200, `{"a": 1}`, false, "where a list of files belongs"},
		"no JSON":               {200, `<html>`, false, "is a web page"},
		"a path that is none":   {200, `[{"path": 3}]`, false, "belongs"},
		"the end of the answer": {200, `[{"path": "/s/std`, false, "ended early"},
	} {
		agents := newFiles(t, map[string]http.HandlerFunc{"/agent/S1/files/browse": func(w http.ResponseWriter, _ *http.Request) {
			if c.status == 401 {
				w.Header().Set("WWW-Authenticate", `Basic realm="mesos-agent-readonly"`)
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}})
		_, err := agents.Browse(t.Context(), "S1", "/s")
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, c.missing, Missing(err), name)
		require.NotContains(t, err.Error(), "path=", name)
	}
}

// The files of a sandbox as agents of all versions answer them: which paths there are, what an
// executor tells of itself, how JSON is written (src/files/files.cpp and src/slave/http.cpp at
// the tags of these versions).
func TestFilesOfEveryVersion(t *testing.T) {
	const directory = "/tmp/mesos/slaves/20140621-1-S1/frameworks/F1/executors/e1/runs/c1"
	for _, v := range []struct {
		version      string
		pages        []string // what is behind /files/browse
		typed        bool     // an executor tells its type
		escaped      bool     // slashes are escaped, until stout took RapidJSON
		sizeIsOffset bool     // behind the end of a file
	}{
		{"0.19", []string{".json"}, false, true, true},
		{"0.24", []string{".json"}, false, true, true},
		{"0.28", []string{"", ".json"}, false, true, true},
		{"1.4", []string{"", ".json"}, true, true, false},
		{"1.8", []string{""}, true, false, false},
	} {
		t.Run(v.version, func(t *testing.T) {
			kind := ""
			if v.typed {
				kind = `"type":"CUSTOM",`
			}
			text := func(s string) string {
				if v.escaped {
					return strings.ReplaceAll(s, "/", `\/`)
				}
				return s
			}
			asked := map[string]int{}
			handlers := map[string]http.HandlerFunc{}
			for _, end := range v.pages {
				handle := func(page string, answer func(w http.ResponseWriter, r *http.Request)) {
					path := "/agent/S1" + page + end
					handlers[path] = func(w http.ResponseWriter, r *http.Request) {
						asked[page+end]++
						answer(w, r)
					}
				}
				handle("/state", func(w http.ResponseWriter, _ *http.Request) {
					_, _ = w.Write([]byte(text(`{"id":"S1","frameworks":[{"id":"F1","executors":[{"id":"e1","name":"","source":"","container":"c1","directory":"` + directory + `",` + kind +
						`"tasks":[{"id":"t1"}],"queued_tasks":[],"completed_tasks":[{"id":"t0"}]}],"completed_executors":[]}],"completed_frameworks":[]}`)))
				})
				handle("/files/browse", func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Query().Get("path") != directory {
						http.NotFound(w, r)
						return
					}
					_, _ = w.Write([]byte(text(`[{"gid":"root","mode":"-rw-r--r--","mtime":1403345000,"nlink":1,"path":"` + directory + `/stdout","size":12,"uid":"root"}]`)))
				})
				handle("/files/read", func(w http.ResponseWriter, r *http.Request) {
					answers := map[string]string{"-1": `{"data":"","offset":12}`, "0": `{"data":"a/b\nend\u001b\n","offset":0}`, "20": `{"data":"","offset":20}`}
					if v.sizeIsOffset {
						answers["20"] = answers["-1"]
					}
					if r.URL.Query().Get("path") != directory+"/stdout" {
						http.NotFound(w, r)
						return
					}
					_, _ = w.Write([]byte(text(answers[r.URL.Query().Get("offset")])))
				})
			}
			agents := newFiles(t, handlers)
			for _, task := range []string{"t1", "t0"} {
				sandbox, err := agents.Sandbox(t.Context(), "S1", "F1", task, false)
				require.NoError(t, err)
				// Where no type is told, the task may have a directory of its own: who asks looks.
				require.Equal(t, Sandbox{Directory: directory, Container: "c1", Group: !v.typed}, sandbox)
			}
			files, err := agents.Browse(t.Context(), "S1", directory)
			require.NoError(t, err)
			require.Equal(t, []File{{Path: directory + "/stdout", Name: "stdout", Size: 12, Modified: 1403345000, Mode: "-rw-r--r--"}}, files)
			size, err := agents.Size(t.Context(), "S1", directory+"/stdout")
			require.NoError(t, err)
			require.EqualValues(t, 12, size)
			part, err := agents.Read(t.Context(), "S1", directory+"/stdout", 0, MaxRead)
			require.NoError(t, err)
			require.Equal(t, "a/b\nend\x1b\n", string(part.Data))
			part, err = agents.Read(t.Context(), "S1", directory+"/stdout", 20, MaxRead)
			require.NoError(t, err)
			require.Empty(t, part.Data)
			_, err = agents.Read(t.Context(), "S1", directory+"/stderr", 0, MaxRead)
			require.True(t, Missing(err), "%v", err)
			_, err = agents.Browse(t.Context(), "S1", directory+"/tasks/t1")
			require.True(t, Missing(err), "%v", err)
			require.Positive(t, asked["/files/read"+v.pages[0]])
			if len(v.pages) > 1 {
				// The old path is tried where the other says that there is no such file.
				require.LessOrEqual(t, asked["/files/read"+v.pages[1]], 1)
			}
		})
	}
}

// Of several runs of a task's ID on one agent it is the latest.
func TestTheLatestRunOfATaskIsRead(t *testing.T) {
	executor := func(container string) string {
		return `{"id":"e","container":"` + container + `","directory":"/runs/` + container + `","completed_tasks":[{"id":"t1"}]}`
	}
	var state string
	agents := newFiles(t, map[string]http.HandlerFunc{"/agent/S1/state": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(state)) }})
	ended := `"completed_executors":[` + executor("c1") + `,` + executor("c2") + `,{"id":"e","container":"c3","directory":"","completed_tasks":[{"id":"t1"}]}]`
	for name, c := range map[string]struct{ state, want string }{
		"ended":               {`{"frameworks":[{"id":"F1",` + ended + `}]}`, "c2"},
		"one runs":            {`{"frameworks":[{"id":"F1","executors":[` + executor("c4") + `],` + ended + `}]}`, "c4"},
		"the framework ended": {`{"completed_frameworks":[{"id":"F1","completed_executors":[` + executor("c0") + `]},{"id":"F1",` + ended + `}]}`, "c2"},
	} {
		state = c.state
		sandbox, err := agents.Sandbox(t.Context(), "S1", "F1", "t1", false)
		require.NoError(t, err, name)
		require.Equal(t, c.want, sandbox.Container, name)
	}
}

func TestWhatNoFileHasIsNotTaken(t *testing.T) {
	var size, modified string
	agents := newFiles(t, map[string]http.HandlerFunc{"/agent/S1/files/browse": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"mode":"-rw-r--r--","path":"/s/stdout","size":` + size + `,"mtime":` + modified + `}]`))
	}})
	for _, c := range []struct{ size, modified, odd string }{
		{"1e300", "1795248000", "the size 1e+300"},
		{"-5", "1795248000", "the size -5"},
		{"9e18", "1795248000", "the size 9e+18"},
		{"20", "1e12", "its last write 1e+12 seconds after 1970"},
		{"20", "-1e12", "its last write -1e+12 seconds after 1970"},
		{"20", "1e300", "its last write 1e+300 seconds after 1970"},
		{"20", "-1", ""},
		{"1125899906842624", "253402300799", ""},
	} {
		size, modified = c.size, c.modified
		files, err := agents.Browse(t.Context(), "S1", "/s")
		require.NoError(t, err)
		require.Equal(t, c.odd, files[0].Odd)
		if c.odd != "" {
			require.Zero(t, files[0].Size)
			require.Zero(t, files[0].Modified)
		}
	}
}
