package mesos

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

func addresses(targets []Target) []string {
	var all []string
	for _, target := range targets {
		all = append(all, target.Address)
	}
	return all
}

func TestASingleMasterLeadsUnderItsConfiguredAddress(t *testing.T) {
	cluster := replay(t, "03-workload")
	client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master)}})

	leader, err := client.Leader(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master), leader.Address, "Mesos says localhost, which is the same")
	require.Empty(t, client.Followers(t.Context()))

	metrics, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	require.True(t, metrics.Elected())
	require.Equal(t, leader.Address, metrics.Target)
	require.Equal(t, 1, cluster.Count("", "/redirect"), "who leads is remembered")
}

func TestTheLeaderIsFoundAmongThreeMasters(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	masters := cluster.Masters()
	for i := range masters {
		// Whichever is asked first: followers name the leader, too.
		order := append(append([]string{}, masters[i:]...), masters[:i]...)
		client := newClient(t, Config{Masters: order})
		leader, err := client.Leader(t.Context())
		require.NoError(t, err)
		require.Equal(t, cluster.Address(mesostest.Master), leader.Address)
		require.ElementsMatch(t,
			[]string{cluster.Address(mesostest.Master2), cluster.Address(mesostest.Master3)},
			addresses(client.Followers(t.Context())))
	}
}

func TestFollowersAnswerTheirOwnSnapshotOnly(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	client := newClient(t, Config{Masters: cluster.Masters()})

	metrics, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, metrics.Values["master/slaves_active"])
	for _, follower := range client.Followers(t.Context()) {
		own, err := client.SnapshotOf(t.Context(), follower)
		require.NoError(t, err)
		require.False(t, own.Elected())
		require.Equal(t, follower.Address, own.Target)
	}
	_, err = client.SnapshotOf(t.Context(), newTarget("http", "example.com", "5050"))
	require.ErrorContains(t, err, "not one of the cluster's masters")
}

func TestADataEndpointOfAFollowerLeadsToTheLeader(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	client := newClient(t, Config{Masters: cluster.Masters()})
	follower := known(client.masters, cluster.Address(mesostest.Master2))
	client.leader = follower // as it was before a failover

	state, err := client.State(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master), state.Target)
	require.Equal(t, 1, cluster.Count(mesostest.Master2, "/state"))

	client.leader = follower
	metrics, err := client.Snapshot(t.Context())
	require.NoError(t, err, "a follower's zeros are told by master/elected")
	require.Equal(t, cluster.Address(mesostest.Master), metrics.Target)
}

func TestADeadLeaderIsLeftWithinTheSamePoll(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	client := newClient(t, Config{Masters: cluster.Masters()})
	_, err := client.Snapshot(t.Context())
	require.NoError(t, err)

	cluster.SetScene(mesostest.Scene{Name: "14-ha", Prefix: []string{"newleader-"}})
	cluster.Kill(mesostest.Master)
	metrics, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master2), metrics.Target)
	state, err := client.State(t.Context())
	require.NoError(t, err)
	require.Len(t, state.Slaves, 3)

	// The former leader returns as a follower.
	cluster.SetScene(mesostest.Scene{Name: "14-ha", Prefix: []string{"newleader-", "rejoined-"}})
	cluster.Revive(mesostest.Master)
	require.Contains(t, addresses(client.Followers(t.Context())), cluster.Address(mesostest.Master))
	client.Forget()
	leader, err := client.Leader(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master2), leader.Address)
}

func TestNoLeaderIsSaidAsMesosSaysIt(t *testing.T) {
	cluster := replay(t, "14-ha", "noleader-")
	client := newClient(t, Config{Masters: cluster.Masters()})
	for name, ask := range questions(client) {
		requireError(t, ask(t), NoLeader, "no leading master", "ZooKeeper")
		_ = name
	}
	require.Len(t, client.Followers(t.Context()), 3, "nobody is known to lead")
}

// questions are all that can be asked of a leader.
func questions(client *Client) map[string]func(t testing.TB) error {
	return map[string]func(t testing.TB) error{
		"/metrics/snapshot": func(t testing.TB) error { _, err := client.Snapshot(t.Context()); return err },
		"/state":            func(t testing.TB) error { _, err := client.State(t.Context()); return err },
		"/roles":            func(t testing.TB) error { _, err := client.Roles(t.Context()); return err },
		"/version":          func(t testing.TB) error { _, err := client.Version(t.Context()); return err },
		"/flags":            func(t testing.TB) error { _, err := client.Flags(t.Context()); return err },
	}
}

func TestAnElectedMasterWithoutQuorumIsRecovering(t *testing.T) {
	cluster := replay(t, "14-ha", "elected-norecovery-")
	client := newClient(t, Config{Masters: cluster.Masters()})
	_, err := client.State(t.Context())
	requireError(t, err, Recovering, "elected seconds ago")
	_, err = client.Snapshot(t.Context())
	requireError(t, err, Recovering, "replicated log", "quorum")
	_, err = client.State(t.Context())
	requireError(t, err, Recovering, "replicated log", "quorum")
}

func TestARestartedMasterIsRecoveringUntilAgentsComeBack(t *testing.T) {
	// Only /state and /metrics/snapshot of these moments were recorded.
	under := mesostest.Scene{Name: "01-empty-master"}
	for _, moment := range []struct {
		prefix string
		ready  bool
	}{
		{"boot00-", false}, {"boot02-", false}, {"boot04-", false}, {"boot06-", false}, {"after-", false}, {"later-", true},
	} {
		t.Run(moment.prefix, func(t *testing.T) {
			cluster := mesostest.NewCluster(t, captures(), mesostest.Scene{Name: "13-master-restart", Prefix: []string{moment.prefix}}, under)
			client := newClient(t, Config{Masters: cluster.Masters()})
			state, err := client.State(t.Context())
			if moment.ready {
				require.NoError(t, err)
				require.Len(t, state.Slaves, 3)
				return
			}
			requireError(t, err, Recovering, "none of its 3 agents")
		})
	}
}

func TestAnEmptyClusterIsNotRecovering(t *testing.T) {
	cluster := replay(t, "01-empty-master")
	client := newClient(t, Config{Masters: cluster.Masters()})
	_, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	state, err := client.State(t.Context())
	require.NoError(t, err, "elected 15 s before by the master's own clock")
	require.Empty(t, state.Slaves)
	roles, err := client.Roles(t.Context())
	require.NoError(t, err)
	require.Empty(t, roles.Roles)
}

// TestTheRecordedFailover replays what three masters said of themselves while
// their leader was killed (14-ha/failover-series), moment by moment.
func TestTheRecordedFailover(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	client := newClient(t, Config{Masters: cluster.Masters()})
	var leaders, troubles []string
	note := func(list *[]string, entry string) {
		if n := len(*list); n == 0 || (*list)[n-1] != entry {
			*list = append(*list, entry)
		}
	}
	for _, moment := range failoverMoments(t) {
		for host, said := range moment {
			port := cluster.Address(mesostest.Master)[strings.LastIndex(cluster.Address(mesostest.Master), ":"):]
			if strings.HasSuffix(said.location, ":5061") {
				port = cluster.Address(mesostest.Master2)[strings.LastIndex(cluster.Address(mesostest.Master2), ":"):]
			}
			cluster.Handle(host, "/redirect", func(w http.ResponseWriter, _ *http.Request) {
				if !said.alive {
					panic(http.ErrAbortHandler)
				}
				w.Header().Set("Location", "//localhost"+port)
				w.WriteHeader(said.redirect)
			})
			cluster.Handle(host, "/metrics/snapshot", func(w http.ResponseWriter, _ *http.Request) {
				if !said.alive {
					panic(http.ErrAbortHandler)
				}
				_ = json.NewEncoder(w).Encode(said.metrics)
			})
		}
		metrics, err := client.Snapshot(t.Context())
		if err != nil {
			note(&troubles, string(CategoryOf(err)))
			continue
		}
		require.EqualValues(t, 1, metrics.Values["master/elected"], "a follower's zeros")
		note(&leaders, metrics.Target)
	}
	require.Equal(t, []string{cluster.Address(mesostest.Master), cluster.Address(mesostest.Master2)}, leaders)
	require.Equal(t, []string{"network"}, troubles, "while followers still name the dead leader")
}

type said struct {
	alive    bool
	redirect int
	location string
	metrics  map[string]float64
}

// failoverMoments holds the responses of each master, a map per round of requests.
func failoverMoments(t *testing.T) []map[string]said {
	file, err := captures().Open("14-ha/failover-series/POLL.jsonl.gz")
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	var moments []map[string]said
	lines := bufio.NewScanner(unzipped)
	for lines.Scan() {
		var line struct {
			Master, Path, Location string
			Status                 any
			Metrics                map[string]float64
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		if line.Path == "/redirect" && line.Master == mesostest.Master {
			moments = append(moments, map[string]said{})
		}
		status, answered := line.Status.(float64)
		switch {
		case line.Path == "/redirect":
			moments[len(moments)-1][line.Master] = said{alive: answered, redirect: int(status), location: line.Location}
		case strings.HasPrefix(line.Path, "/metrics/snapshot"):
			now := moments[len(moments)-1]
			s := now[line.Master]
			s.alive, s.metrics = answered, line.Metrics
			now[line.Master] = s
		}
	}
	require.NoError(t, lines.Err())
	require.Greater(t, len(moments), 60)
	return moments
}

// unconfigured starts a server that is in no settings. Nothing may reach it.
func unconfigured(t *testing.T) (address string, received *atomic.Int64) {
	received = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		received.Add(1)
		fmt.Fprint(w, `{"master/elected":1}`)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), received
}

func TestCredentialsReachTheConfiguredMastersOnly(t *testing.T) {
	address, received := unconfigured(t)
	for name, location := range map[string]string{
		"as Mesos redirects":  "//" + address + "/master/state",
		"as others do":        "http://" + address + "/state",
		"with credentials":    "http://user:password@" + address + "/state",
		"Mesos' form and ...": "//user:password@" + address + "/state",
	} {
		t.Run(name, func(t *testing.T) {
			cluster := replay(t, "14-ha", "leader-", "nonleader-")
			redirect := func(status int) http.HandlerFunc {
				return func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Location", location)
					w.Header().Set("Set-Cookie", "session=1")
					w.WriteHeader(status)
				}
			}
			client := newClient(t, Config{Masters: cluster.Masters(), HTTP: authorized("Basic c2VjcmV0")})
			for _, status := range []int{301, 302, 303, 307, 308} {
				for path, ask := range questions(client) {
					for _, host := range []string{mesostest.Master, mesostest.Master2, mesostest.Master3} {
						cluster.Handle(host, path, redirect(status))
					}
					err := ask(t)
					require.Contains(t, []Category{NoLeader, NotMesos}, CategoryOf(err), "%v", err)
					require.NotContains(t, err.Error(), "password")
				}
			}
			for _, host := range []string{mesostest.Master, mesostest.Master2, mesostest.Master3} {
				cluster.Handle(host, "/metrics/snapshot", nil)
				cluster.Handle(host, "/redirect", redirect(307))
			}
			cluster.Handle(mesostest.Master, "/metrics/snapshot", redirect(307))
			client.Forget()
			_, err := client.Snapshot(t.Context())
			require.Contains(t, []Category{NoLeader, NotMesos}, CategoryOf(err), "%v", err)

			require.Zero(t, received.Load(), "what the other server received")
			for _, r := range cluster.Requests() {
				require.Equal(t, "Basic c2VjcmV0", r.Authorization)
				require.Empty(t, r.Header.Get("Cookie"))
			}
		})
	}
}

func TestALeaderThatIsNotConfiguredIsNamed(t *testing.T) {
	cluster := replay(t, "14-ha", "nonleader-")
	cluster.Handle(mesostest.Master2, "/redirect", toLeader("master9.example.com:5050"))
	cluster.Handle(mesostest.Master3, "/redirect", toLeader("master9.example.com:5050"))
	client := newClient(t, Config{Masters: cluster.Masters()})
	_, err := client.Leader(t.Context())
	requireError(t, err, NoLeader, "master9.example.com:5050", "add its address")
}

func toLeader(address string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "//"+address)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}

func TestALeaderUnderAnotherNameIsRecognisedByItsMetrics(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	for _, host := range []string{mesostest.Master, mesostest.Master2, mesostest.Master3} {
		cluster.Handle(host, "/redirect", toLeader("master1.cluster.internal:5050"))
	}
	client := newClient(t, Config{Masters: cluster.Masters()})
	leader, err := client.Leader(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master), leader.Address)

	// Without the right to read metrics: followers redirect /roles, the leader answers.
	for _, host := range []string{mesostest.Master, mesostest.Master2, mesostest.Master3} {
		cluster.Handle(host, "/metrics/snapshot", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	}
	client.Forget()
	leader, err = client.Leader(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master), leader.Address)
}

func TestASingleAddressStandsForTheClusterBehindIt(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master2)}})
	metrics, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	require.Contains(t, metrics.Target, "localhost:", "the leader's own word, with the configured scheme")
	require.Equal(t, []string{cluster.Address(mesostest.Master2)}, addresses(client.Followers(t.Context())))
	_, err = client.SnapshotOf(t.Context(), *client.leader)
	require.NoError(t, err)
}

func TestASingleMasterCannotPointAtMetadataServices(t *testing.T) {
	cluster := replay(t, "14-ha", "nonleader-")
	for _, address := range []string{"169.254.169.254:80", "[fe80::1]:80", "0.0.0.0:5050", "[::ffff:169.254.169.254]:80"} {
		cluster.Handle(mesostest.Master2, "/redirect", toLeader(address))
		client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master2)}})
		_, err := client.Leader(t.Context())
		requireError(t, err, NoLeader, "another machine")
	}
	require.False(t, askable("127.0.0.1", false))
	require.False(t, askable("localhost", false))
	require.True(t, askable("10.0.0.1", false))
}

func TestOneDeadMasterDoesNotHideTheOthers(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	cluster.Kill(mesostest.Master2)
	client := newClient(t, Config{Masters: []string{cluster.URL(mesostest.Master2), cluster.URL(mesostest.Master3), cluster.URL(mesostest.Master)}})
	_, err := client.State(t.Context())
	require.NoError(t, err)

	cluster.Kill(mesostest.Master3)
	cluster.Kill(mesostest.Master)
	_, err = client.State(t.Context())
	requireError(t, err, Network, "connection refused")
	_, err = client.Leader(t.Context())
	requireError(t, err, Network, "other masters")

	cluster.Revive(mesostest.Master)
	cluster.SetScene(mesostest.Scene{Name: "14-ha", Prefix: []string{"noleader-"}})
	_, err = client.Leader(t.Context())
	requireError(t, err, NoLeader, "other masters", "(network)")
}
