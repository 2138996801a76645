package mesos

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// pages is a server with some pages, which counts requests.
type pages struct {
	*httptest.Server
	mu    sync.Mutex
	has   map[string]http.HandlerFunc
	asked []string
}

func servePages(t *testing.T, has map[string]http.HandlerFunc) *pages {
	t.Helper()
	p := &pages{has: has}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.URL.Path)
		page := p.has[r.URL.Path]
		p.mu.Unlock()
		switch {
		case page != nil:
			page(w, r)
		case r.URL.Path == "/redirect":
			w.Header().Set("Location", "//"+r.Host)
			w.WriteHeader(http.StatusTemporaryRedirect)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// become replaces the pages, as a new version of Mesos does.
func (p *pages) become(has map[string]http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.has = has
}

// take returns the paths requested since the last call, without /redirect.
func (p *pages) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := slices.DeleteFunc(p.asked, func(path string) bool { return path == "/redirect" })
	p.asked = nil
	return asked
}

// oldMaster has the pages of 0.22, newMaster those of 0.25 and later.
var (
	oldMaster = map[string]http.HandlerFunc{
		"/state.json": js(`{"version": "0.22.2", "id": "m", "pid": "master@10.0.0.1:5050", "leader": "master@10.0.0.1:5050", "cluster": "old", "flags": {},
			"slaves": [{"id": "S1", "hostname": "agent1", "pid": "slave(1)@10.0.0.9:5051", "active": true, "resources": {"cpus": 8, "mem": 1024, "disk": 10}}], "frameworks": []}`),
		"/roles.json": js(`{"roles": [{"name": "*", "weight": 1, "resources": {"cpus": 0, "mem": 0, "disk": 0}, "frameworks": []}]}`),
	}
	newMaster = map[string]http.HandlerFunc{"/state": oldMaster["/state.json"], "/roles": oldMaster["/roles.json"]}
)

func TestPagesOfOldMastersAreFoundUnderTheirOldNames(t *testing.T) {
	master := servePages(t, oldMaster)
	client := newClient(t, Config{Masters: []string{master.URL}})
	ask := func() {
		t.Helper()
		state, err := client.State(t.Context())
		require.NoError(t, err)
		require.Equal(t, "0.22.2", state.Version)
		require.Len(t, state.Slaves, 1)
		roles, err := client.Roles(t.Context())
		require.NoError(t, err)
		require.Len(t, roles.Roles, 1)
	}
	ask()
	require.Equal(t, []string{"/state", "/state.json", "/roles", "/roles.json"}, master.take())
	ask()
	require.Equal(t, []string{"/state.json", "/roles.json"}, master.take(), "which name it has is remembered")

	master.become(newMaster)
	ask()
	require.Equal(t, []string{"/state.json", "/state", "/roles.json", "/roles"}, master.take(), "a master of a later version")
	ask()
	require.Equal(t, []string{"/state", "/roles"}, master.take())
}

func TestAMasterWithoutAPageUnderEitherNameIsNamedByTheNewOne(t *testing.T) {
	master := servePages(t, nil)
	client := newClient(t, Config{Masters: []string{master.URL}})
	_, err := client.State(t.Context())
	requireError(t, err, NotMesos, "has no /state (404), nor /state.json of Mesos before 0.25, so this is not a Mesos master")
	_, err = client.Roles(t.Context())
	requireError(t, err, NotMesos, "has no /roles (404), nor /roles.json of Mesos before 0.25: quota, weight and reservations of roles are missing")
	_, err = client.Flags(t.Context())
	requireError(t, err, NotMesos, "has no /flags (404): Mesos before 0.26 has none")
}

// A page that a leader may lack is no reason to look for another one.
func TestAPageThatIsMissingCostsNoSearchForTheLeader(t *testing.T) {
	cluster := replay(t, "03-workload")
	for _, page := range []string{"/roles", "/flags", "/version"} {
		cluster.Handle(mesostest.Master, page, func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) })
	}
	client := newClient(t, Config{Masters: cluster.Masters()})
	for range 3 {
		for _, page := range []string{"/roles", "/flags", "/version"} {
			requireError(t, questions(client)[page](t), NotMesos, "has no "+page+" (404)")
		}
		_, err := client.State(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, 1, cluster.Count(mesostest.Master, "/redirect"))
	require.Zero(t, cluster.Count(mesostest.Master, "/state.json"), "no second request where the first is answered")
}

func TestAnErrorOfAnOldPageNamesIt(t *testing.T) {
	has := maps.Clone(oldMaster)
	has["/state.json"] = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	master := servePages(t, has)
	client := newClient(t, Config{Masters: []string{master.URL}})
	_, err := client.State(t.Context())
	requireError(t, err, Protocol, "failed at /state.json (500)")
}

func TestStatisticsOfOldAgentsAreFoundUnderTheirOldName(t *testing.T) {
	agent := servePages(t, map[string]http.HandlerFunc{
		"/agent/S1/monitor/statistics.json": js(`[{"executor_id": "e", "framework_id": "f", "executor_name": "", "source": "", "statistics": {"timestamp": 1, "mem_rss_bytes": 7}}]`),
	})
	agents := newAgents(t, AgentsConfig{Config: Config{Masters: []string{agent.URL}}, Address: agent.URL + "/agent/{id}"}, AgentAddress{ID: "S1"})
	for range 2 {
		statistics, err := agents.Statistics(t.Context(), "S1")
		require.NoError(t, err)
		require.Len(t, statistics.Containers, 1)
	}
	const path = "/agent/S1/monitor/statistics"
	require.Equal(t, []string{path, path + ".json", path + ".json"}, agent.take())

	agent.become(nil) // as while it starts
	_, err := agents.Statistics(t.Context(), "S1")
	requireError(t, err, NotMesos, "has no /monitor/statistics (404)")
}
