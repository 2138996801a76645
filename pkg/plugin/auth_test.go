package plugin

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// auth is a master and an agent that want credentials. Of its two principals
// one may see everything, the other has ACLs that hide most of the cluster.
var auth = mesostest.Scene{Name: "15-auth"}

const masterCPUs = `{"expr": "mesos_master_cpus_capacity"}`

// keepsSecret requires that a password was used where it belongs, and is in
// nothing that left the plugin: answers, errors, details, logs.
func (s *fixture) keepsSecret(user, password string) {
	s.t.Helper()
	packed := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	for _, secret := range []string{password, packed} {
		require.NotContains(s.t, s.heard(), secret)
	}
	require.NotEmpty(s.t, s.cluster.Requests())
	for _, r := range s.cluster.Requests() {
		require.Equal(s.t, mesostest.Master, r.Host, "only the master is asked")
		require.Equal(s.t, "Basic "+packed, r.Authorization, r.Path)
	}
}

func TestWithoutValidCredentialsPanelsSayWhatIsWanted(t *testing.T) {
	cases := map[string]struct{ user, password string }{
		"none":           {},
		"wrong password": {"monitor", "not-the-pass-word"},
		"unknown user":   {"nobody", "not-the-pass-word"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t, nil, auth)
			if c.user != "" {
				s.as(c.user, c.password)
			}
			s.start()
			response := s.ask(cpusByFramework)
			health, details := s.check()
			require.Equal(t, backend.StatusBadGateway, response.Status)
			require.Equal(t, backend.HealthStatusError, health.Status)
			for _, said := range []string{response.Error.Error(), health.Message, details} {
				require.Contains(t, said, "requires valid credentials")
				require.Contains(t, said, "(401)")
				require.Contains(t, said, "basic authentication")
			}
			if c.user != "" {
				s.keepsSecret(c.user, c.password)
			}

			// The right ones are in force with the next request.
			s.as("monitor", "monitorpw")
			s.cluster.Reset()
			s.start().clock.Advance(every)
			require.NotEmpty(t, s.latest(cpusByFramework))
			s.keepsSecret("monitor", "monitorpw")
		})
	}
}

func TestARestrictedPrincipalIsToldWhatItMayNotSee(t *testing.T) {
	s := newFixture(t, nil, auth)
	s.as("limited", "limitedpw")
	s.start()

	// /state is 200, with the forbidden left out: a part, and said to be one.
	for _, query := range []string{cpusByFramework, `{"entity": "cluster", "resource": "cpus", "measure": "allocated"}`} {
		response := s.ask(query)
		require.NoError(t, response.Error)
		require.Contains(t, notices(response), "sees part of the cluster only")
	}
	require.Empty(t, s.latest(`{"entity": "cluster", "resource": "cpus", "measure": "allocated"}`), "not a part that looks like the whole")

	// /metrics/snapshot is 403.
	response := s.ask(masterCPUs)
	require.NoError(t, response.Error)
	for _, part := range []string{"does not allow this principal to read /metrics/snapshot", "(403)", "get_endpoints"} {
		require.Contains(t, notices(response), part)
	}
	health, details := s.check()
	require.Equal(t, backend.HealthStatusOk, health.Status, "it can still be of use")
	require.Contains(t, health.Message, "The principal sees part of the cluster only")
	require.Contains(t, details, "/metrics/snapshot: The master")
	require.Contains(t, details, "(403)")
	s.keepsSecret("limited", "limitedpw")
}

func TestAPrincipalThatMaySeeNothingIsToldSo(t *testing.T) {
	s := newFixture(t, nil, auth)
	s.as("limited", "limitedpw")
	s.handle(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "403 Forbidden.", http.StatusForbidden) }, "/state", "/roles")
	s.start()
	response := s.ask(cpusByFramework)
	health, details := s.check()
	require.Equal(t, backend.HealthStatusError, health.Status)
	for _, said := range []string{response.Error.Error(), health.Message, details} {
		require.Contains(t, said, "does not allow this principal")
		require.Contains(t, said, "(403)")
	}
	s.keepsSecret("limited", "limitedpw")
}

func TestAnUnrestrictedPrincipalSeesAll(t *testing.T) {
	s := newFixture(t, nil, auth)
	s.as("monitor", "monitorpw")
	s.start()
	want := readState(t, "15-auth/monitor-master-get_state").cpusByFramework()
	require.InDeltaMapValues(t, want, s.latest(cpusByFramework), 0.0005)
	require.Len(t, s.latest(masterCPUs), 1)
	response := s.ask(cpusByFramework)
	require.Empty(t, notices(response))
	health, _ := s.check()
	require.Equal(t, backend.HealthStatusOk, health.Status)
	require.Contains(t, health.Message, "Mesos 1.12.0, leader "+s.cluster.Address(mesostest.Master))
	require.NotContains(t, health.Message, "part")
	s.keepsSecret("monitor", "monitorpw")
}

// DC/OS wants a header of its own.
func TestASecretHeaderIsSentAndNotShown(t *testing.T) {
	s := newFixture(t, map[string]any{"httpHeaderName1": "Authorization"}, auth)
	s.edit(func(ds *backend.DataSourceInstanceSettings) {
		ds.DecryptedSecureJSONData = map[string]string{"httpHeaderValue1": "token=not-for-anybody"}
	})
	s.start()
	require.ErrorContains(t, s.ask(cpusByFramework).Error, "(401)")
	s.check()
	for _, r := range s.cluster.Requests() {
		require.Equal(t, "token=not-for-anybody", r.Authorization)
	}
	require.NotContains(t, s.heard(), "not-for-anybody")
}

// Whatever points elsewhere, a host that is none of the masters gets no request
// and so no credentials. Agents are among those.
func TestCredentialsGoToMastersOnly(t *testing.T) {
	three := mesostest.Scene{Name: "14-ha", Prefix: []string{"leader-", "nonleader-"}}
	cases := map[string]struct {
		scene  mesostest.Scene
		page   string
		answer func(w http.ResponseWriter, other string)
	}{
		"a redirect to the leader that leads elsewhere": {auth, "/state", func(w http.ResponseWriter, other string) {
			w.Header().Set("Location", "//"+other+"/master/state")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}},
		"a redirect as of any web server": {auth, "/metrics/snapshot", func(w http.ResponseWriter, other string) {
			w.Header().Set("Location", "http://"+other+"/login")
			w.WriteHeader(http.StatusFound)
		}},
		"a leader that is none of the masters": {three, "/redirect", func(w http.ResponseWriter, other string) {
			w.Header().Set("Location", "//"+other)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
			defer other.Close()
			s := newFixture(t, nil, c.scene)
			for _, host := range []string{mesostest.Master, mesostest.Master2, mesostest.Master3} {
				s.cluster.Handle(host, c.page, func(w http.ResponseWriter, _ *http.Request) {
					c.answer(w, strings.TrimPrefix(other.URL, "http://"))
				})
			}
			s.as("monitor", "monitorpw")
			s.start()
			s.clock.Advance(5 * every)
			require.Zero(t, asked.Load())
			require.Positive(t, s.cluster.Count(mesostest.Master, c.page))
			for _, r := range s.cluster.Requests() {
				require.Contains(t, []string{mesostest.Master, mesostest.Master2, mesostest.Master3}, r.Host)
				require.NotEmpty(t, r.Authorization)
			}
			s.ask(cpusByFramework)
			s.check()
			require.NotContains(t, s.heard(), "monitorpw")
		})
	}
}
