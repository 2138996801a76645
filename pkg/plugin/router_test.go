package plugin

import (
	"net/http"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

const (
	mastersToken = "token=not-for-agents"
	agentsToken  = "token=for-agents"
)

// routerFixture returns a fixture of a cluster behind routers as DC/OS has one: the
// leader below /mesos, agents below /agent/{id}, with a token each.
func routerFixture(t *testing.T, with map[string]any) (s *fixture, masters, agents *mesostest.Router) {
	t.Helper()
	s = newFixture(t, nil, workload)
	s.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "//10.0.0.1:5050") // which only the router reaches
		w.WriteHeader(http.StatusTemporaryRedirect)
	}, "/redirect")
	masters = mesostest.NewRouter(t, s.cluster, mastersToken, map[string]string{"/mesos": mesostest.Master})
	agents = mesostest.NewRouter(t, s.cluster, agentsToken, map[string]string{
		"/agent/" + recordedAgents + "0": "127.0.0.1:5051", "/agent/" + recordedAgents + "1": "127.0.0.1:5052", "/agent/" + recordedAgents + "2": "127.0.0.1:5053",
	})
	keys := map[string]any{
		"masters": []string{masters.URL() + "/mesos/"}, "httpHeaderName1": "Authorization",
		"agentStatistics": true, "agentAddress": agents.URL() + "/agent/{id}",
	}
	for key, value := range with {
		keys[key] = value
	}
	s.configure(keys)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{"httpHeaderValue1": mastersToken, "agentHeaderValue1": agentsToken}
	})
	return s, masters, agents
}

func TestAClusterBehindARouterIsPolled(t *testing.T) {
	s, masters, agents := routerFixture(t, map[string]any{"agentHeaders": []string{"Authorization"}, "agentHosts": `nobody\.example`})
	s.start().clock.Advance(3 * every)
	require.Equal(t, map[string]float64{
		"agent1.fixture.test": 113704960, "agent2.fixture.test": 357171200, "agent3.fixture.test": 3044888576,
	}, s.latest(`{"entity": "agent", "resource": "memory", "measure": "used"}`))
	require.Len(t, s.latest(`{"entity": "agent", "resource": "memory", "measure": "allocated"}`), 3)
	require.NotEmpty(t, s.latest(`{"queryType": "metrics", "metric": "mesos_master_cpus_capacity"}`))
	leader := strings.TrimPrefix(masters.URL(), "http://") + "/mesos"
	health, details := s.check()
	require.Equal(t, backend.HealthStatusOk, health.Status, health.Message)
	require.Contains(t, health.Message, "leader "+leader)
	require.Contains(t, details, "agents: 3 of 3 answered")
	require.NotContains(t, details, "agentHosts", "the router is the operator's choice")

	passed, refused := masters.Requests()
	require.Empty(t, refused)
	pages := map[string]int{}
	for _, r := range passed {
		pages[r.Path]++
	}
	require.Equal(t, map[string]int{"/mesos/redirect": 1, "/mesos/maintenance/schedule": 1, "/mesos/metrics/snapshot": 4, "/mesos/state": 4, "/mesos/roles": 4}, pages)
	_, refused = agents.Requests()
	require.Empty(t, refused)
	require.NotContains(t, s.heard(), "not-for-agents")
	require.NotContains(t, s.heard(), agentsToken)
}

// Without agentHeaders agents get no token, also where their router is the masters'.
func TestTheMastersTokenIsNotOfferedToAgents(t *testing.T) {
	s, _, agents := routerFixture(t, nil)
	s.start().clock.Advance(every)
	passed, refused := agents.Requests()
	require.Empty(t, passed)
	require.NotEmpty(t, refused)
	for _, r := range refused {
		require.Empty(t, r.Authorization)
	}
	_, details := s.check()
	require.Contains(t, details, "agentHeaders")
}
