package mesos

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

func TestALocationNamesAMasterHoweverItIsWritten(t *testing.T) {
	masters, _, err := parseMasters([]string{
		"http://m1:5050", "http://m2:5050", "https://m3", "https://proxy/m4", "https://proxy/m5", "https://only/mesos", "http://[2001:db8::1]:5050",
	})
	require.NoError(t, err)
	for header, want := range map[string]string{
		"//m2:5050":                              "m2:5050",
		"http://m2:5050":                         "m2:5050",
		"http://M2:5050/":                        "m2:5050",
		"http://m2:5050/redirect":                "m2:5050",
		"http://m2:5050/master/redirect":         "m2:5050",
		"https://m2:5050":                        "m2:5050",
		"https://m3":                             "m3:443",
		"https://m3:443/":                        "m3:443",
		"//[2001:db8::1]:5050":                   "[2001:db8::1]:5050",
		"https://proxy/m5/":                      "proxy:443/m5",
		"https://proxy/m4/redirect":              "proxy:443/m4",
		"https://only":                           "only:443/mesos",
		"https://proxy/":                         "", // which of two?
		"https://proxy/m44":                      "",
		"https://only/login":                     "",
		"http://m2:5050/login":                   "",
		"http://m2:5050/?next=/redirect":         "",
		"http://m2:5050/#x":                      "",
		"http://m2:5051":                         "",
		"http://m2.example:5050":                 "",
		"http://user:s3cret@m2:5050":             "",
		"ftp://m2:5050":                          "",
		"":                                       "",
		"/redirect":                              "m1:5050", // relative to the master that answers
		"/elsewhere":                             "",
		"http://m2:99999":                        "",
		"//]0:5050":                              "",
		"https://proxy/m5/mesos/master/redirect": "",
	} {
		got := ""
		if at, ok := readLocation(header, masters[0]); ok {
			if master := at.master(masters, redirectPage); master != nil {
				got = master.Address
			}
			require.NotContains(t, at.String(), "s3cret")
			require.NotContains(t, at.String(), "?")
		}
		require.Equal(t, want, got, header)
	}
}

// redirects answers with a redirect.
func redirects(status int, location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(status)
	}
}

// Before 0.23, and behind some proxies, Locations have a scheme.
func TestALeaderIsNamedWithAScheme(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	leader := "http://" + strings.Replace(cluster.Address(mesostest.Master), "127.0.0.1", "localhost", 1)
	for _, host := range []string{mesostest.Master, mesostest.Master2, mesostest.Master3} {
		cluster.Handle(host, "/redirect", redirects(307, leader))
	}
	for _, page := range []string{"/state", "/roles"} {
		cluster.Handle(mesostest.Master2, page, redirects(307, leader+page))
	}
	client := newClient(t, Config{Masters: cluster.Masters()})
	follower := known(client.masters, cluster.Address(mesostest.Master2))
	for name, ask := range questions(client) {
		client.leader = follower // as it was before a failover
		require.NoError(t, ask(t), name)
	}
	client.Forget()
	found, err := client.Leader(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master), found.Address)
	require.ElementsMatch(t, []string{cluster.Address(mesostest.Master2), cluster.Address(mesostest.Master3)}, addresses(client.Followers(t.Context())))
}

func TestANonLeadingMasterIsNoLeaderHoweverItRedirects(t *testing.T) {
	cluster := replay(t, "14-ha", "nonleader-")
	for _, location := range []string{
		"//m9.example:5050/master/state", "http://m9.example:5050/state", "http://m9.example:5050", "https://proxy.example/m9/state",
	} {
		cluster.Handle(mesostest.Master2, "/redirect", toLeader(cluster.Address(mesostest.Master2)))
		cluster.Handle(mesostest.Master2, "/state", redirects(307, location))
		client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master2)}})
		_, err := client.State(t.Context())
		requireError(t, err, NoLeader, "does not lead and points to another one for /state")
		require.True(t, moved(err))
		require.GreaterOrEqual(t, cluster.Count(mesostest.Master2, "/redirect"), 2, "the leader is looked for again")
		cluster.Reset()
	}
}

func TestRedirectsOfOthersSayWhereTheyLead(t *testing.T) {
	received := new(atomic.Int64)
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received.Add(1) }))
	t.Cleanup(other.Close)
	host := strings.TrimPrefix(other.URL, "http://")
	for name, c := range map[string]struct {
		page     string
		status   int
		location string
		category Category
		says     []string
	}{
		"a login page":             {"/redirect", 307, other.URL + "/login?next=%2Fredirect&token=s3cret", NotMesos, []string{"(307) to " + other.URL + "/login,", "it leads to a login"}},
		"a login page with its":    {"/redirect", 307, other.URL + "/redirect?token=s3cret", NotMesos, []string{other.URL + "/redirect,"}},
		"found":                    {"/redirect", 302, other.URL, NotMesos, []string{"(302) to " + other.URL}},
		"a login page for a page":  {"/state", 302, other.URL + "/login", NotMesos, []string{"(302) to " + other.URL + "/login, as Mesos does not"}},
		"https":                    {"/state", 301, "https://127.0.0.1:8443/state", TLS, []string{"to https://127.0.0.1:8443/state", "write https:// in the address"}},
		"https of the leader":      {"/redirect", 308, "https://127.0.0.1/redirect", TLS, []string{"to https://127.0.0.1:443/redirect", "write https://"}},
		"a user in it":             {"/redirect", 307, "http://user:s3cret@" + host, NotMesos, []string{"(307) to nowhere"}},
		"a slash that was missing": {"/state", 307, "/state/", NotMesos, []string{"redirects are not followed"}},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := replay(t, "03-workload")
			cluster.Handle(mesostest.Master, c.page, redirects(c.status, c.location))
			client := newClient(t, Config{Masters: cluster.Masters(), HTTP: authorized("Basic c2VjcmV0")})
			_, err := client.State(t.Context())
			requireError(t, err, c.category, c.says...)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
	require.Zero(t, received.Load(), "what the other server received")
}

const token = "token=abc"

// behindARouter is a recorded cluster behind a router that has the leader below
// /mesos, and names a leader that only the router can reach.
func behindARouter(t *testing.T, paths map[string]string) (*mesostest.Cluster, *mesostest.Router) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	for _, host := range []string{mesostest.Master, mesostest.Master2, mesostest.Master3} {
		cluster.Handle(host, "/redirect", toLeader("10.0.0.1:5050"))
	}
	return cluster, mesostest.NewRouter(t, cluster, token, paths)
}

func TestAPathBeforeTheMasterIsKept(t *testing.T) {
	for _, path := range []string{"/mesos", "/service/a%2Fb/mesos%20prod"} {
		cluster, router := behindARouter(t, map[string]string{path: mesostest.Master})
		for _, slash := range []string{"", "/"} {
			client := newClient(t, Config{Masters: []string{router.URL() + path + slash}, HTTP: authorized(token)})
			for name, ask := range questions(client) {
				require.NoError(t, ask(t), name)
			}
			leader, err := client.Leader(t.Context())
			require.NoError(t, err)
			require.Equal(t, strings.TrimPrefix(router.URL(), "http://")+path, leader.Address)
			require.Empty(t, client.Followers(t.Context()))
			_, err = client.SnapshotOf(t.Context(), leader)
			require.NoError(t, err)
		}
		passed, refused := router.Requests()
		require.Empty(t, refused)
		for _, r := range passed {
			require.True(t, strings.HasPrefix(r.Path, path+"/"), r.Path)
		}
		require.Equal(t, 2, cluster.Count(mesostest.Master, "/redirect"), "who leads is remembered")
	}
}

func TestAPathWithoutALeaderBehindItSaysSo(t *testing.T) {
	cluster, router := behindARouter(t, map[string]string{"/mesos": mesostest.Master2, "/other": mesostest.Master})
	client := newClient(t, Config{Masters: []string{router.URL() + "/mesos"}, HTTP: authorized(token)})
	_, err := client.Snapshot(t.Context())
	requireError(t, err, NoLeader, "/mesos does not lead", "router before it")

	wrong := newClient(t, Config{Masters: []string{router.URL() + "/dcos"}, HTTP: authorized(token)})
	_, err = wrong.State(t.Context())
	requireError(t, err, NotMesos, "/dcos has no /redirect (404)", "below the path /dcos")

	denied := newClient(t, Config{Masters: []string{router.URL() + "/mesos"}})
	_, err = denied.State(t.Context())
	requireError(t, err, Auth, "/mesos", "(401)")

	cluster.Kill(mesostest.Master2)
	_, err = client.State(t.Context())
	requireError(t, err, Network, "/mesos", "502")
}

func TestSeveralMastersBehindPaths(t *testing.T) {
	_, router := behindARouter(t, map[string]string{"/m1": mesostest.Master2, "/m2": mesostest.Master, "/m3": mesostest.Master3})
	client := newClient(t, Config{Masters: []string{router.URL() + "/m1", router.URL() + "/m2/", router.URL() + "/m3"}, HTTP: authorized(token)})
	state, err := client.State(t.Context())
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(state.Target, "/m2"), "the one that leads by its own metrics: %s", state.Target)
	require.Len(t, client.Followers(t.Context()), 2)
}

func TestALoadBalancerThatChangesTheMasterIsLeftForTheLeader(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	var balancer *mesostest.Router
	balanced := map[string]string{"": mesostest.Master}
	balancer = mesostest.NewRouter(t, cluster, token, balanced)
	client := newClient(t, Config{Masters: []string{balancer.URL()}, HTTP: authorized(token)})
	for _, host := range []string{mesostest.Master, mesostest.Master2, mesostest.Master3} {
		cluster.Handle(host, "/redirect", toLeader(strings.Replace(cluster.Address(mesostest.Master), "127.0.0.1", "localhost", 1)))
	}
	_, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	require.Equal(t, strings.TrimPrefix(balancer.URL(), "http://"), client.leader.Address)

	balancer.Change(func() { balanced[""] = mesostest.Master2 })
	state, err := client.State(t.Context())
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(state.Target, "localhost:"), "the leader's own address: %s", state.Target)
}
