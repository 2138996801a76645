package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// started is a host that runs on a free port until the test ends.
type started struct {
	url  string
	log  *lockedBuffer
	stop func() error // ends the host and waits for it
}

type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

const twoSources = `
apiVersion: 1
datasources:
  - name: One
    uid: one
    type: fake-datasource
    access: proxy
    isDefault: true
    editable: true
    basicAuth: true
    basicAuthUser: grafana
    jsonData: { masters: ["http://127.0.0.1:5050"], pollInterval: 15s }
    secureJsonData: { basicAuthPassword: geheim }
  - name: Sick
    uid: sick
    type: fake-datasource
    jsonData: { state: sick }
  - name: Other
    type: prometheus
`

// fixture writes a built plugin (this test binary), a page and provisioning files.
func fixture(t *testing.T, provisioning string) options {
	t.Helper()
	dir := t.TempDir()
	o := options{role: admin, plugin: filepath.Join(dir, "dist"), provisioning: filepath.Join(dir, "provisioning"), page: filepath.Join(dir, "page")}
	write := func(path, content string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
	}
	write(filepath.Join(o.plugin, "plugin.json"), `{"id":"fake-datasource","name":"Fake","executable":"gpx_fake","info":{"version":"1.2.3"}}`)
	write(filepath.Join(o.plugin, "module.js"), "define([], function(){})")
	write(filepath.Join(o.provisioning, "datasources", "a.yaml"), provisioning)
	write(filepath.Join(o.page, "index.html"), "<title>workbench</title>")
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, manifest{Executable: "gpx_fake"}.executable(o.plugin)))
	return o
}

func startHost(t *testing.T, o options) started {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	log := &lockedBuffer{}
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, o, writer, log)
		_ = writer.CloseWithError(io.EOF)
		ended <- err
	}()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		cancel()
		require.NoError(t, <-ended)
		t.Fatal("the host ended without a word")
	}
	stop := sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { require.NoError(t, stop()) })
	return started{url: strings.TrimSpace(strings.TrimPrefix(line, "ready ")), log: log, stop: stop}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (h started) ask(t *testing.T, method, path, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, string(content)}
}

// query sends the given query objects to POST /api/ds/query, from 1000 to 61000 ms.
func (h started) query(t *testing.T, queries string, headers ...string) answer {
	t.Helper()
	return h.ask(t, "POST", "/api/ds/query", `{"from":"1000","to":"61000","queries":[`+queries+`]}`, headers...)
}

// seenBy reads what the fake plugin saw out of the frame of a refId.
func seenBy(t *testing.T, a answer, refID string) seen {
	t.Helper()
	var body struct {
		Results map[string]struct {
			Status int
			Frames []struct {
				Schema struct {
					RefID  string
					Fields []struct{ Labels map[string]string }
				}
				Data struct{ Values [][]string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &body), a.body)
	result := body.Results[refID]
	require.Equal(t, 200, result.Status, a.body)
	require.Len(t, result.Frames, 1)
	require.Equal(t, map[string]string{"a": "b"}, result.Frames[0].Schema.Fields[0].Labels)
	var s seen
	require.NoError(t, json.Unmarshal([]byte(result.Frames[0].Data.Values[0][0]), &s))
	return s
}

func TestHost(t *testing.T) {
	o := fixture(t, twoSources)
	o.history, o.rules = "/var/lib/history", true
	host := startHost(t, o)

	t.Run("a query reaches the plugin as from Grafana", func(t *testing.T) {
		a := host.query(t, `{"refId":"B","queryType":"metrics","entity":"role","datasource":{"uid":"one"},"intervalMs":5000,"maxDataPoints":600}`,
			"X-Grafana-From-Expr", "true", "FromAlert", "true", "X-Unknown", "stays here")
		require.Equal(t, 200, a.status)
		s := seenBy(t, a, "B")
		require.Equal(t, int64(1), s.OrgID)
		require.Equal(t, "admin", s.Login)
		require.Equal(t, int64(1000), s.From)
		require.Equal(t, int64(61000), s.To)
		require.Equal(t, int64(600), s.MaxPoints)
		require.Equal(t, "5s", s.Interval)
		require.Equal(t, "metrics", s.Type)
		require.JSONEq(t, `{"refId":"B","queryType":"metrics","entity":"role","datasource":{"uid":"one"},"intervalMs":5000,"maxDataPoints":600}`, string(s.JSON))
		require.Equal(t, "one", s.Settings.UID)
		require.Equal(t, "One", s.Settings.Name)
		require.Equal(t, "", s.Settings.URL)
		require.True(t, s.Settings.BasicAuthEnabled)
		require.Equal(t, "grafana", s.Settings.BasicAuthUser)
		require.JSONEq(t, `{"masters":["http://127.0.0.1:5050"],"pollInterval":"15s"}`, string(s.Settings.JSONData))
		require.Equal(t, map[string]string{"basicAuthPassword": "geheim"}, s.Secrets)
		require.Equal(t, "true", s.Headers["http_X-Grafana-From-Expr"])
		require.Equal(t, "true", s.Headers["FromAlert"])
		require.NotContains(t, fmt.Sprint(s.Headers), "stays here")
	})

	t.Run("nobody else's request is a rule's", func(t *testing.T) {
		o := fixture(t, twoSources)
		o.role = viewer
		host := startHost(t, o)
		s := seenBy(t, host.query(t, `{"refId":"A","datasource":{"uid":"one"}}`, "FromAlert", "true"), "A")
		require.NotContains(t, s.Headers, "FromAlert")
		require.Equal(t, "viewer", s.Login)
		require.JSONEq(t, `[{"orgId":1,"name":"Main Org.","role":"Viewer"}]`, host.ask(t, "GET", "/api/user/orgs", "").body)
		require.Equal(t, 403, host.ask(t, "PUT", "/api/datasources/uid/one", `{}`).status)
	})

	t.Run("the plugin's environment is bare", func(t *testing.T) {
		s := seenBy(t, host.query(t, `{"refId":"A","datasource":{"uid":"one"}}`), "A")
		require.Contains(t, s.Env, "GF_PLUGIN_HISTORY_PATH=/var/lib/history")
		require.Contains(t, s.Env, "GF_VERSION="+grafanaVersion)
		for _, variable := range s.Env {
			name, _, _ := strings.Cut(variable, "=")
			require.True(t, strings.HasPrefix(name, "GF_") || strings.HasPrefix(name, "PLUGIN_") || name == "grafana_plugin_type", "unexpected variable %s", name)
		}
	})

	t.Run("what a query leaves out has Grafana's defaults", func(t *testing.T) {
		s := seenBy(t, host.query(t, `{"datasource":{"uid":"one"}}`), "A")
		require.Equal(t, int64(100), s.MaxPoints)
		require.Equal(t, "1s", s.Interval)
	})

	t.Run("relative times count from now", func(t *testing.T) {
		a := host.ask(t, "POST", "/api/ds/query", `{"from":"now-1h","to":"now","queries":[{"refId":"A","datasource":"one"}]}`)
		s := seenBy(t, a, "A")
		require.Equal(t, time.Hour.Milliseconds(), s.To-s.From)
		require.WithinDuration(t, time.Now(), time.UnixMilli(s.To), 10*time.Second)
	})

	t.Run("a failed query is 400 and leaves the good one its frames", func(t *testing.T) {
		a := host.query(t, `{"refId":"A","fail":"query","datasource":{"uid":"one"}},{"refId":"B","datasource":{"uid":"sick"}}`)
		require.Equal(t, 400, a.status)
		require.Contains(t, a.body, `"error":"the query's own cause"`)
		require.Contains(t, a.body, `"errorSource":"plugin"`)
		require.Equal(t, "sick", seenBy(t, a, "B").Settings.UID)
	})

	t.Run("errors have Grafana's shape", func(t *testing.T) {
		for name, c := range map[string]struct {
			method, path, body string
			status             int
			want               string
		}{
			"unknown data source in a query": {"POST", "/api/ds/query", `{"from":"now-1h","to":"now","queries":[{"datasource":{"uid":"x"}}]}`, 404, `{"message":"Data source not found"}`},
			"unknown data source in health":  {"GET", "/api/datasources/uid/x/health", "", 404, `{"message":"Data source not found"}`},
			"unknown data source in calls":   {"GET", "/api/datasources/uid/x/resources/status", "", 404, `{"message":"Data source not found"}`},
			"no queries":                     {"POST", "/api/ds/query", `{"from":"now-1h","to":"now","queries":[]}`, 400, `"messageId":"query.noQueries"`},
			"no JSON":                        {"POST", "/api/ds/query", `{`, 400, `{"message":"bad request data"}`},
			"a time that is none":            {"POST", "/api/ds/query", `{"from":"yesterdayish","to":"now","queries":[{"datasource":{"uid":"one"}}]}`, 400, `yesterdayish`},
			"an expression":                  {"POST", "/api/ds/query", `{"from":"now-1h","to":"now","queries":[{"refId":"C","datasource":{"uid":"__expr__"}}]}`, 400, `query C is an expression`},
			"a Go error of the plugin":       {"POST", "/api/ds/query", `{"from":"now-1h","to":"now","queries":[{"fail":"rpc","datasource":{"uid":"one"}}]}`, 500, `"message":"An error occurred within the plugin"`},
			"a broken resource":              {"GET", "/api/datasources/uid/one/resources/broken", "", 500, `"messageId":"plugin.requestFailureError"`},
			"an unknown path":                {"GET", "/api/dashboards", "", 404, `{"message":"Not found"}`},
		} {
			t.Run(name, func(t *testing.T) {
				a := host.ask(t, c.method, c.path, c.body)
				require.Equal(t, c.status, a.status)
				require.Contains(t, a.body, c.want)
				require.NotContains(t, a.body, "inner cause")
			})
		}
	})

	t.Run("health has status, message and details", func(t *testing.T) {
		good := host.ask(t, "GET", "/api/datasources/uid/one/health", "")
		require.Equal(t, 200, good.status)
		require.JSONEq(t, `{"status":"OK","message":"1 agent","details":{"verboseMessage":"leader a"}}`, good.body)
		bad := host.ask(t, "GET", "/api/datasources/uid/sick/health", "")
		require.Equal(t, 400, bad.status)
		require.JSONEq(t, `{"status":"ERROR","message":"no leader"}`, bad.body)
	})

	t.Run("a resource call keeps method, path, query, body and status", func(t *testing.T) {
		a := host.ask(t, "POST", "/api/datasources/uid/one/resources/label-values/x?label=role&match=a%20b", `{"q":1}`, "Cookie", "c=d", "X-Mine", "kept",
			"Authorization", "Bearer s3cret", "X-Grafana-Device-Id", "d", "Origin", "http://o", "Referer", "http://r", "X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1",
			"Connection", "X-Hop", "X-Hop", "h")
		require.Equal(t, http.StatusTeapot, a.status)
		require.Empty(t, a.header.Get("Set-Cookie"))
		require.Equal(t, "sandbox", a.header.Get("Content-Security-Policy"))
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(a.body), &got))
		require.Equal(t, "label-values/x", got["path"])
		require.Equal(t, "label-values/x?label=role&match=a%20b", got["url"])
		require.Equal(t, "POST", got["method"])
		require.Equal(t, `{"q":1}`, got["body"])
		require.Contains(t, got["headers"], "X-Mine")
		for _, name := range []string{"Cookie", "Authorization", "X-Grafana-Device-Id", "Origin", "Referer", "X-Forwarded-Proto", "X-Hop", "Connection", "User-Agent"} {
			require.NotContains(t, got["headers"], name)
		}
		headers := got["headers"].(map[string]any)
		require.Equal(t, []any{"http://r"}, headers["X-Grafana-Referer"])
		require.Equal(t, []any{"192.0.2.1, 127.0.0.1"}, headers["X-Forwarded-For"])
	})

	t.Run("secrets are named but never told", func(t *testing.T) {
		list := host.ask(t, "GET", "/api/datasources", "")
		one := host.ask(t, "GET", "/api/datasources/uid/one", "")
		require.Equal(t, 200, list.status)
		require.Contains(t, list.body, `"uid":"sick"`)
		require.NotContains(t, list.body, "prometheus")
		require.Contains(t, one.body, `"secureJsonFields":{"basicAuthPassword":true}`)
		for _, body := range []string{list.body, one.body, host.log.String()} {
			require.NotContains(t, body, "geheim")
		}
	})

	t.Run("saved settings reach the next query; read-only ones cannot be saved", func(t *testing.T) {
		a := host.ask(t, "PUT", "/api/datasources/uid/one", `{"name":"One","jsonData":{"masters":["http://b:5050"]},"secureJsonData":{"token":"x"}}`)
		require.Equal(t, 200, a.status, a.body)
		require.Contains(t, a.body, `"message":"Datasource updated"`)
		s := seenBy(t, host.query(t, `{"refId":"A","datasource":{"uid":"one"}}`), "A")
		require.JSONEq(t, `{"masters":["http://b:5050"]}`, string(s.Settings.JSONData))
		require.Equal(t, map[string]string{"basicAuthPassword": "geheim", "token": "x"}, s.Secrets)
		require.Equal(t, 403, host.ask(t, "PUT", "/api/datasources/uid/sick", `{}`).status)

		// What Grafana's store leaves alone, and what it does not.
		change := func(body string) answer { return host.ask(t, "PUT", "/api/datasources/uid/one", body) }
		now := func() seen { return seenBy(t, host.query(t, `{"refId":"A","datasource":{"uid":"one"}}`), "A") }
		require.Equal(t, 200, change(`{"name":"One","url":"http://a","user":"u","database":"d","basicAuthUser":"b"}`).status)
		s = now()
		require.Equal(t, []string{"http://a", "u", "d", "b"}, []string{s.Settings.URL, s.Settings.User, s.Settings.Database, s.Settings.BasicAuthUser})
		require.JSONEq(t, `{}`, string(s.Settings.JSONData), "jsonData that is not sent is emptied")
		require.Equal(t, 200, change(`{"secureJsonData":{"token":""}}`).status)
		s = now()
		require.Equal(t, []string{"http://a", "", "", "b"}, []string{s.Settings.URL, s.Settings.User, s.Settings.Database, s.Settings.BasicAuthUser}, "an empty url is not stored over another")
		require.Equal(t, "One", s.Settings.Name)
		require.Equal(t, map[string]string{"basicAuthPassword": "geheim", "token": ""}, s.Secrets, "an empty secret is stored as that")
		require.Contains(t, host.ask(t, "GET", "/api/datasources/uid/one", "").body, `"secureJsonFields":{"basicAuthPassword":true}`)

		// Each save has the version that it changes.
		require.Equal(t, 200, change(`{"version":5}`).status)
		old := change(`{"version":5}`)
		require.Equal(t, 409, old.status)
		require.JSONEq(t, `{"message":"Datasource has already been updated by someone else. Please reload and try again"}`, old.body)
		require.Equal(t, 200, change(`{"version":6}`).status)
		require.Equal(t, 400, host.ask(t, "PUT", "/api/datasources/uid/one", `{}`, "Content-Type", "text/plain").status)
	})

	t.Run("page and plugin are served, and nothing for other hosts", func(t *testing.T) {
		require.Contains(t, host.ask(t, "GET", "/", "").body, "workbench")
		require.Contains(t, host.ask(t, "GET", "/public/plugins/fake-datasource/module.js", "").body, "define")
		require.Equal(t, 404, host.ask(t, "GET", "/public/plugins/fake-datasource/../../provisioning/datasources/a.yaml", "").status)
		req, err := http.NewRequest("GET", host.url+"/api/datasources", nil)
		require.NoError(t, err)
		req.Host = "evil.example"
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 403, resp.StatusCode)
	})

	t.Run("a plugin that dies is started again", func(t *testing.T) {
		before := seenBy(t, host.query(t, `{"refId":"A","datasource":{"uid":"one"}}`), "A").Pid
		require.Equal(t, 500, host.query(t, `{"refId":"A","fail":"die","datasource":{"uid":"one"}}`).status)
		var after answer
		require.Eventually(t, func() bool {
			after = host.query(t, `{"refId":"A","datasource":{"uid":"one"}}`)
			return after.status == 200
		}, 10*time.Second, 50*time.Millisecond)
		require.NotEqual(t, before, seenBy(t, after, "A").Pid)
		require.Contains(t, host.log.String(), "The plugin's process has ended by itself and is started again.")
	})

	t.Run("the plugin ends with the host, within 3 s", func(t *testing.T) {
		pid := seenBy(t, host.query(t, `{"refId":"A","datasource":{"uid":"one"}}`), "A").Pid
		require.NoError(t, syscall.Kill(pid, 0))
		begin := time.Now()
		require.NoError(t, host.stop())
		require.Less(t, time.Since(begin), 3*time.Second)
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	})
}

func TestStartErrorsSayWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	port := taken.Addr().(*net.TCPAddr).Port

	for name, c := range map[string]struct {
		change func(*options)
		want   string
	}{
		"port in use":      {func(o *options) { o.port = port }, fmt.Sprintf("port %d is in use by another program", port)},
		"plugin not built": {func(o *options) { o.plugin = t.TempDir() }, "is it built?"},
		"backend not built": {func(o *options) {
			require.NoError(t, os.Remove(manifest{Executable: "gpx_fake"}.executable(o.plugin)))
		}, "is it built for this system?"},
		"no provisioning":    {func(o *options) { o.provisioning += "/none" }, "reading provisioning"},
		"empty provisioning": {func(o *options) { o.provisioning = t.TempDir() }, "no data source of type fake-datasource"},
		"not a plugin": {func(o *options) {
			path := manifest{Executable: "gpx_fake"}.executable(o.plugin)
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\nexit 3\n"), 0o755))
		}, "starting "},
	} {
		t.Run(name, func(t *testing.T) {
			o := fixture(t, twoSources)
			c.change(&o)
			err := run(t.Context(), o, io.Discard, io.Discard)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestHostEndsWhenItsStarterDoes(t *testing.T) {
	reader, writer := io.Pipe()
	ctx := untilClosed(t.Context(), reader)
	require.NoError(t, ctx.Err())
	require.NoError(t, writer.Close())
	<-ctx.Done()
}
