package plugin

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

const cpusByFramework = `{"entity": "framework", "resource": "cpus", "measure": "allocated"}`

// works requires that queries are answered as in the recording of the workload.
func (s *fixture) works() {
	s.t.Helper()
	want := readState(s.t, "03-workload/master-get_state").cpusByFramework()
	got := s.latest(cpusByFramework)
	require.Len(s.t, got, len(want))
	for name, cpus := range want {
		require.InDelta(s.t, cpus, got[name], 0.0005, name)
	}
}

// stored requires that the samples of the poll of now are stored.
func (s *fixture) stored() {
	s.t.Helper()
	last := s.clock.Now().Sub(begin).Truncate(every)
	for name, points := range pointsOf(s.t, s.ask(`{"expr": "mesos_framework_cpus_allocated", "queryType": "promql"}`)) {
		require.Equal(s.t, last, points[len(points)-1].at, name)
	}
}

// A wrong query is an error that names what is wrong, and polling goes on.
func TestWrongQueriesNameTheMistake(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.works()
	cases := map[string]struct {
		query string
		want  []string
	}{
		"unknown entity":     {`{"entity": "node", "resource": "cpus", "measure": "allocated"}`, []string{"entity", `"node"`, "agent", "framework"}},
		"unknown resource":   {`{"entity": "agent", "resource": "ram", "measure": "allocated"}`, []string{"resource", `"ram"`, "memory"}},
		"unknown measure":    {`{"entity": "agent", "resource": "cpus", "measure": "taken"}`, []string{"measure", `"taken"`, "allocated"}},
		"unknown query type": {`{"queryType": "flux"}`, []string{"queryType", `"flux"`, "metrics", "promql"}},
		"not an object":      {`[1]`, []string{"query"}},
		"number as text":     {`{"entity": "agent", "resource": "cpus", "measure": "allocated", "top": "3"}`, []string{"top"}},
		"broken PromQL":      {`{"expr": "sum by (framework mesos_framework_cpus_allocated"}`, []string{"not valid PromQL", "line 1, column 19"}},
		"unknown function":   {`{"expr": "median(mesos_framework_cpus_allocated)"}`, []string{"unknown function", "median"}},
		"a range as answer":  {`{"expr": "mesos_framework_cpus_allocated[5m]"}`, []string{"range"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			response := s.ask(c.query)
			require.Error(t, response.Error)
			for _, part := range c.want {
				require.ErrorContains(t, response.Error, part)
			}
			require.Equal(t, backend.StatusBadRequest, response.Status)
			require.Equal(t, backend.ErrorSourceDownstream, response.ErrorSource)
			s.clock.Advance(every)
			s.works()
			s.stored()
		})
	}
}

// Wrong settings are an error of every query and of Save & test. Corrected
// settings are in force at once.
func TestWrongSettingsNameTheMistake(t *testing.T) {
	cases := map[string]struct {
		masters any
		url     string
		want    []string
	}{
		"a url":                     {url: "http://master1:5050", want: []string{"url must stay empty", "proxy", "jsonData.masters"}},
		"no scheme":                 {masters: []string{"master1:5050"}, want: []string{"master 1", "no scheme", "http://master1:5050"}},
		"another scheme":            {masters: []string{"http://m1:5050", "ftp://m2:5050"}, want: []string{"master 2", "ftp", "only http and https"}},
		"no host":                   {masters: []string{"http://:5050"}, want: []string{"has no host"}},
		"an endpoint":               {masters: []string{"http://m1:5050/master/state"}, want: []string{"/master/state, which is an endpoint", "such as http://m1:5050"}},
		"a query":                   {masters: []string{"http://m1:5050?x=1"}, want: []string{"a query or fragment"}},
		"a port that is none":       {masters: []string{"http://m1:99999"}, want: []string{`the port "99999"`, "65535"}},
		"nonsense":                  {masters: []string{"http://[::1"}, want: []string{"is not an address"}},
		"ZooKeeper without a path":  {masters: []string{"zk://zk1:2181"}, want: []string{"the path is missing", "zk://zk1:2181,zk2:2181/mesos"}},
		"ZooKeeper and a master":    {masters: []string{"zk://zk1:2181/mesos", "http://m1:5050"}, want: []string{"must stand alone"}},
		"a password of ZooKeeper":   {masters: []string{"zk://grafana:hunter2@zk1:2181/mesos"}, want: []string{"zkDigest", "secureJsonData"}},
		"a user and password in it": {masters: []string{"http://grafana:hunter2@m1:5050"}, want: []string{"basic authentication"}},
		"none":                      {masters: []string{}, want: []string{"masters is missing: name at least one"}},
		"an object":                 {masters: map[string]any{"a": "http://m1:5050"}, want: []string{"is not a list of addresses"}},
	}
	for name, c := range cases {
		for _, history := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, history: %t", name, history), func(t *testing.T) {
				s := newFixture(t, nil, workload)
				if history {
					s.start().works()
				}
				received := s.cluster.Count("", "")
				with := map[string]any{}
				if c.masters != nil {
					with["masters"] = c.masters
				}
				s.configure(with)
				s.edit(func(ds *backend.DataSourceInstanceSettings) { ds.URL = c.url })

				response := s.ask(cpusByFramework)
				health, _ := s.check()
				status, body := s.call("GET status", "")
				require.Error(t, response.Error)
				require.Equal(t, backend.HealthStatusError, health.Status)
				require.Equal(t, http.StatusBadRequest, status)
				for _, part := range c.want {
					require.ErrorContains(t, response.Error, part)
					require.Contains(t, health.Message, part)
				}
				require.Contains(t, string(body), `"status":"error"`)
				require.NotContains(t, s.heard(), "hunter2")
				require.Equal(t, received, s.cluster.Count("", ""), "nobody is asked by wrong settings")
				if !history {
					return
				}
				s.edit(func(ds *backend.DataSourceInstanceSettings) { ds.URL = "" })
				s.configure(nil)
				s.start().works()
				s.clock.Advance(2 * every)
				s.works()
				s.stored()
			})
		}
	}
}

// faults are servers that answer in place of a master.
var faults = map[string]struct {
	answer http.HandlerFunc
	pages  []string // those of polls if nil: who leads is still answered
	with   map[string]any
	want   []string
}{
	"a web server that is not Mesos": {
		answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "nginx")
			http.Error(w, "<html><h1>404 Not Found</h1></html>", http.StatusNotFound)
		},
		pages: pages, want: []string{"not a Mesos master", "check the address and port"},
	},
	"a web server that answers everything": {
		answer: func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<!doctype html><title>hello</title>")
		},
		pages: pages, want: []string{"with a web page, where Mesos names its leader", "https://dcos.example/mesos"},
	},
	"HTML for JSON": {
		answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>log in</html>") },
		want:   []string{"/state", "is a web page and not JSON"},
	},
	"gzip that ends early": {
		answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(halfGzip())
		},
		want: []string{"/state", "compressed data", "ended early"},
	},
	"what is said to be gzip and is not": {
		answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, `{"frameworks": []}`)
		},
		want: []string{"/state", "says gzip and is not"},
	},
	"200 with an empty body": {
		answer: func(http.ResponseWriter, *http.Request) {},
		want:   []string{"/state", "200 with an empty body"},
	},
	"numbers as strings": {
		answer: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/metrics/snapshot" {
				_, _ = io.WriteString(w, `{"master/elected": 1, "master/cpus_total": "24"}`)
				return
			}
			_, _ = io.WriteString(w, `{"version": "1.12.0", "elected_time": 1, "slaves": [{"id": "S0", "used_resources": {"cpus": "4", "mem": 1}}]}`)
		},
		want: []string{"/state", "a string at", "cpus", "a number belongs"},
	},
	"a server that never answers": {
		answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		with:   map[string]any{"timeout": 1},
		want:   []string{"did not answer", "within 1", "time-out"},
	},
	"a connection that breaks": {
		answer: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		pages:  pages, want: []string{"No answer from the master", "connection was closed"},
	},
}

// halfGzip is the first half of a compressed object of metrics.
var halfGzip = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = io.WriteString(zip, `{"master/elected": 1`) // a buffer takes everything
	for n := range 1_000 {
		_, _ = fmt.Fprintf(zip, `, "a/n%d": %d`, n, n*n)
	}
	_, _ = io.WriteString(zip, "}")
	_ = zip.Close()
	return packed.Bytes()[:packed.Len()/2]
})

// The panel's error names what is wrong with the answers of a master; when that
// is over, the next poll is stored.
func TestFaultsOfMastersAreTheErrorOfPanels(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFixture(t, fault.with, workload)
			broken := fault.pages
			if broken == nil {
				broken = polled
			}

			s.handle(fault.answer, broken...)
			before := s.start().source().collector
			response := s.ask(cpusByFramework)
			health, details := s.check()
			require.Error(t, response.Error)
			require.Equal(t, backend.StatusBadGateway, response.Status)
			require.Equal(t, backend.ErrorSourceDownstream, response.ErrorSource)
			require.Equal(t, backend.HealthStatusError, health.Status)
			for _, part := range fault.want {
				require.ErrorContains(t, response.Error, strings.ReplaceAll(part, "/state", "/")) // of whichever page was asked first
				require.Contains(t, details, part)
			}
			require.Contains(t, s.heard(), "A poll failed")

			s.handle(nil, broken...)
			s.clock.Advance(every)
			s.works()
			s.stored()

			t.Run("and a notice where there is history", func(t *testing.T) {
				if fault.pages == nil {
					broken = []string{"/state"} // what the panel shows comes of it
				}
				s.handle(fault.answer, broken...)
				s.clock.Advance(2*every - every/20) // data older than two polls
				s.handle(nil, broken...)
				response := s.ask(cpusByFramework)
				require.NoError(t, response.Error)
				for _, part := range fault.want {
					require.Contains(t, notices(response), part)
				}
				for name, points := range pointsOf(t, response) {
					require.Equal(t, every, points[len(points)-1].at, "%s: no flat line while nothing is known", name)
				}
				s.clock.Advance(3 * every) // polls that fail are up to twice as rare
				s.works()
			})
			require.Same(t, before, s.source().collector, "it was not replaced")
		})
	}
}

// Only /state is wrong: what the snapshot tells is known, and what is missing
// has its cause beside it.
func TestAFaultOfOnePageIsANotice(t *testing.T) {
	s := newFixture(t, nil, workload)
	s.handle(faults["HTML for JSON"].answer, "/state")
	s.start()
	require.Contains(t, notices(s.ask(cpusByFramework)), "is a web page and not JSON")
	health, _ := s.check()
	require.Equal(t, backend.HealthStatusError, health.Status)
	require.Contains(t, health.Message, "is a web page and not JSON")
	require.Len(t, s.latest(`{"expr": "mesos_master_cpus_capacity"}`), 1)
	require.Equal(t, 1, s.cluster.Count(mesostest.Master, "/metrics/snapshot"))
}
