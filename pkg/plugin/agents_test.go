package plugin

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// recordedAgents are the IDs of the recorded agents on ports 5051 to 5053.
const recordedAgents = "abbec842-7d73-4f70-8d69-201cee145933-S"

// newAgentFixture returns a fixture that asks agents, behind a router as DC/OS has one.
func newAgentFixture(t *testing.T, with map[string]any, scenes ...mesostest.Scene) *fixture {
	t.Helper()
	var s *fixture
	router := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, page, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/agent/"), "/")
		var n int
		if _, err := fmt.Sscanf(id, recordedAgents+"%d", &n); err != nil {
			http.NotFound(w, r)
			return
		}
		ask, _ := http.NewRequestWithContext(r.Context(), r.Method, s.cluster.URL(fmt.Sprintf("127.0.0.1:%d", 5051+n))+"/"+page+asked(r), nil)
		ask.Header = r.Header.Clone()
		ask.Close = true
		resp, err := http.DefaultTransport.RoundTrip(ask)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		for key := range resp.Header {
			w.Header().Set(key, resp.Header.Get(key))
		}
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body)
	}))
	t.Cleanup(router.Close)
	keys := map[string]any{"agentStatistics": true, "agentAddress": router.URL + "/agent/{id}"}
	for key, value := range with {
		keys[key] = value
	}
	s = newFixture(t, keys, scenes...)
	return s
}

// asked returns the query of a request, with its question mark.
func asked(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return "?" + r.URL.RawQuery
}

func TestMeasuredUseIsAnswered(t *testing.T) {
	s := newAgentFixture(t, nil, workload).start()
	s.clock.Advance(every)
	// Computed from the recording by another program.
	efficiency := s.latest(`{"entity": "framework", "resource": "memory", "measure": "efficiency"}`)
	require.InDelta(t, 136413184.0/536870912, efficiency["marathon"], 1e-9)
	require.InDelta(t, 1817010176.0/536870912, efficiency["chronos"], 1e-9, "it may be more than what was allocated")
	require.Equal(t, map[string]float64{
		"agent1.fixture.test": 113704960, "agent2.fixture.test": 357171200, "agent3.fixture.test": 3044888576,
	}, s.latest(`{"entity": "agent", "resource": "memory", "measure": "used"}`))
	require.Len(t, s.latest(`{"entity": "task", "resource": "memory", "measure": "used", "groupBy": ["task_id"]}`), 22)
	require.NotContains(t, notices(s.ask(`{"entity": "framework", "resource": "memory", "measure": "used"}`)), "agentStatistics")

	health, details := s.check()
	require.Equal(t, backend.HealthStatusOk, health.Status)
	require.NotContains(t, health.Message, "warning")
	require.Contains(t, details, "agents: 3 of 3 answered, 26 of 26 containers read, every 10s, ")
}

func TestAgentsThatDoNotAnswerAreToldAndCostNothingElse(t *testing.T) {
	s := newAgentFixture(t, nil, workload)
	s.cluster.Handle("127.0.0.1:5052", "/monitor/statistics", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	s.start().clock.Advance(every)
	_, details := s.check()
	require.Contains(t, details, "agents: 2 of 3 answered")
	require.Contains(t, details, "Warning: 1 agent gave no statistics (auth), one of them: The agent at ")
	require.Contains(t, details, "agentBasicAuthUser")
	require.Len(t, s.latest(`{"entity": "agent", "resource": "memory", "measure": "used"}`), 2)
	require.Len(t, s.latest(`{"entity": "agent", "resource": "memory", "measure": "allocated"}`), 3)
	// The efficiency is that of those who answered, and is said to be.
	response := s.ask(`{"entity": "cluster", "resource": "memory", "measure": "efficiency"}`)
	require.Contains(t, notices(response), "Use was measured for ")
}

// Whoever may read the one's credentials, in a log of an agent say, is not let
// in at the other.
func TestMastersAndAgentsGetTheirOwnCredentialsOnly(t *testing.T) {
	s := newAgentFixture(t, map[string]any{"agentBasicAuthUser": "for-agents", "httpHeaderName1": "X-Secret"}, workload)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.BasicAuthEnabled, ds.BasicAuthUser = true, "for-masters"
		ds.DecryptedSecureJSONData = map[string]string{
			"basicAuthPassword": "secret-of-masters", "agentBasicAuthPassword": "secret-of-agents", "httpHeaderValue1": "header-of-masters",
		}
	})
	s.start().clock.Advance(3 * every)
	basic := func(pair string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(pair)) }
	asked := map[string]int{}
	for _, r := range s.cluster.Requests() {
		if r.Host == mesostest.Master {
			require.Equal(t, basic("for-masters:secret-of-masters"), r.Authorization, r.Path)
			require.Equal(t, "header-of-masters", r.Header.Get("X-Secret"), r.Path)
		} else {
			require.Equal(t, basic("for-agents:secret-of-agents"), r.Authorization, r.Path)
			require.Empty(t, r.Header.Get("X-Secret"), r.Path)
		}
		asked[r.Host]++
	}
	require.Len(t, asked, 4, "the master and three agents")
	s.check()
	for _, secret := range []string{"secret-of-masters", "secret-of-agents", "header-of-masters"} {
		require.NotContains(t, s.heard(), secret)
	}

	t.Run("without credentials of their own agents get none", func(t *testing.T) {
		s := newAgentFixture(t, map[string]any{"httpHeaderName1": "X-Secret"}, workload)
		s.edit(func(ds *backend.DataSourceInstanceSettings) {
			ds.BasicAuthEnabled, ds.BasicAuthUser = true, "for-masters"
			ds.DecryptedSecureJSONData = map[string]string{"basicAuthPassword": "secret-of-masters", "httpHeaderValue1": "header-of-masters"}
		})
		s.start().clock.Advance(every)
		agents := 0
		for _, r := range s.cluster.Requests() {
			if r.Host != mesostest.Master {
				require.Empty(t, r.Authorization)
				require.Empty(t, r.Header.Get("X-Secret"))
				agents++
			}
		}
		require.Positive(t, agents)
	})
}

// The agents' own settings are in force at once, and their errors are named.
func TestAgentSettingsAreEdited(t *testing.T) {
	s := newAgentFixture(t, map[string]any{"agentStatistics": false}, workload).start()
	s.clock.Advance(every)
	require.Zero(t, s.cluster.Count("127.0.0.1:5051", "/monitor/statistics"))
	require.Contains(t, notices(s.ask(`{"entity": "agent", "resource": "memory", "measure": "used"}`)), "agentStatistics")

	s.configure(map[string]any{"agentStatistics": true, "agentAddress": "http://{hostname}:{port}", "agentHosts": `nobody\.example\.com`})
	s.start().clock.Advance(2 * every)
	_, details := s.check()
	require.Contains(t, details, "agents: 3 of 3 agents gave no statistics. One of them: The agent \"agent")
	require.Contains(t, details, "does not match agentHosts")
	require.Zero(t, s.cluster.Count("127.0.0.1:5051", "/monitor/statistics"))
}
