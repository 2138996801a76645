package mesos

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/zookeeper"
)

var threeMasters = []string{mesostest.Master, mesostest.Master2, mesostest.Master3}

func TestZooKeeperTellsTheLeaderAndTheFollowers(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Elect(cluster, "/mesos", threeMasters...)
	client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}, HTTP: authorized("Basic c2VjcmV0")})
	require.Empty(t, client.Masters(), "before anybody asked")

	state, err := client.State(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master), state.Target)
	metrics, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	require.True(t, metrics.Elected())
	begun, _, _ := zooKeeper.Sessions()
	require.Equal(t, 1, begun, "who leads is remembered")
	require.Zero(t, cluster.Count("", "/redirect"), "masters are not asked who leads")

	followers := client.Followers(t.Context())
	require.Equal(t, []string{cluster.Address(mesostest.Master2), cluster.Address(mesostest.Master3)}, addresses(followers))
	for _, follower := range followers {
		own, err := client.SnapshotOf(t.Context(), follower)
		require.NoError(t, err)
		require.False(t, own.Elected())
	}
	_, err = client.SnapshotOf(t.Context(), newTarget("http", "example.com", "5050"))
	require.ErrorContains(t, err, "not one of the cluster's masters")
	begun, ended, now := zooKeeper.Sessions()
	require.Equal(t, begun, ended, "every session says farewell")
	require.Zero(t, now, "nothing is kept open")
}

func TestZooKeeperTellsTheNextLeader(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Elect(cluster, "/mesos", threeMasters...)
	client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}})
	_, err := client.Snapshot(t.Context())
	require.NoError(t, err)

	// Killed; ZooKeeper has not noticed yet.
	cluster.Kill(mesostest.Master)
	_, err = client.Snapshot(t.Context())
	requireError(t, err, Network, cluster.Address(mesostest.Master))

	// Its session has ended; the next one leads, within the same poll.
	cluster.SetScene(mesostest.Scene{Name: "14-ha", Prefix: []string{"newleader-", "nonleader-5062-"}})
	zooKeeper.Elect(cluster, "/mesos", mesostest.Master2, mesostest.Master3)
	metrics, err := client.Snapshot(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master2), metrics.Target)
	require.Equal(t, []string{cluster.Address(mesostest.Master3)}, addresses(client.Followers(t.Context())))

	// The former leader returns at the end of the line.
	cluster.SetScene(mesostest.Scene{Name: "14-ha", Prefix: []string{"newleader-", "nonleader-5062-", "rejoined-"}})
	cluster.Revive(mesostest.Master)
	zooKeeper.Elect(cluster, "/mesos", mesostest.Master2, mesostest.Master3, mesostest.Master)
	require.Equal(t, []string{cluster.Address(mesostest.Master3), cluster.Address(mesostest.Master)}, addresses(client.Followers(t.Context())))

	// While ZooKeeper is away, the leader that answers leads on, and the
	// followers are those of before.
	zooKeeper.Kill()
	_, err = client.State(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{cluster.Address(mesostest.Master3), cluster.Address(mesostest.Master)}, addresses(client.Followers(t.Context())))
	client.Forget()
	_, err = client.State(t.Context())
	requireError(t, err, Network, zooKeeper.Address(), "connection refused")
	zooKeeper.Revive()
	_, err = client.State(t.Context())
	require.NoError(t, err)

	// All masters are gone.
	zooKeeper.Elect(cluster, "/mesos")
	client.Forget()
	_, err = client.State(t.Context())
	requireError(t, err, NoLeader, "No master is registered")
	require.Empty(t, client.Followers(t.Context()))
}

func TestAMasterThatZooKeeperNamesAndThatDoesNotLeadIsNoLeader(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Elect(cluster, "/mesos", mesostest.Master2, mesostest.Master)
	client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}})
	for _, ask := range []string{"/metrics/snapshot", "/state"} {
		requireError(t, questions(client)[ask](t), NoLeader, "does not lead")
	}
	cluster.SetScene(mesostest.Scene{Name: "14-ha", Prefix: []string{"noleader-"}})
	zooKeeper.Elect(cluster, "/mesos", mesostest.Master3)
	for _, page := range []string{"/state", "/roles"} {
		requireError(t, questions(client)[page](t), NoLeader, "no leading master", "ZooKeeper")
	}
}

func TestWhatZooKeeperCannotTellIsAnErrorThatSaysWhatToDo(t *testing.T) {
	const path = "/mesos"
	info := mesostest.MasterInfo
	for name, c := range map[string]struct {
		nodes    map[string]string
		digest   string
		category Category
		says     []string
	}{
		"no path":           {nil, "", NoLeader, []string{"has no /mesos", "--zk"}},
		"nobody":            {map[string]string{}, "", NoLeader, []string{"No master is registered under /mesos"}},
		"other children":    {map[string]string{"log_replicas": "", "json.info_x": "", "json.infos_0000000001": info("localhost", 1)}, "", NoLeader, []string{"No master is registered"}},
		"masters of 0.23":   {map[string]string{"info_0000000001": "\x0a\x02"}, "", Protocol, []string{"/mesos/info_0000000001 is no MasterInfo"}},
		"a text as of 0.23": {map[string]string{"info_0000000001": info("localhost", 5050)}, "", Protocol, []string{"/mesos/info_0000000001 is no MasterInfo"}},
		"no JSON":           {map[string]string{"json.info_0000000001": "<html>"}, "", Protocol, []string{"json.info_0000000001 is no MasterInfo"}},
		"no address":        {map[string]string{"json.info_0000000001": `{"id":"8cfec505"}`}, "", Protocol, []string{"is no MasterInfo"}},
		"a path in it":      {map[string]string{"json.info_0000000001": info("localhost/x", 5050)}, "", Protocol, []string{"is no MasterInfo"}},
		"credentials in it": {map[string]string{"json.info_0000000001": info("user:pw@localhost", 5050)}, "", Protocol, []string{"is no MasterInfo"}},
		"no port":           {map[string]string{"json.info_0000000001": info("localhost", 0)}, "", Protocol, []string{"is no MasterInfo"}},
		"cloud metadata":    {map[string]string{"json.info_0000000001": info("169.254.169.254", 80)}, "", NoLeader, []string{"169.254.169.254:80 leads", "--hostname"}},
		"protected":         {map[string]string{"json.info_0000000001": info("localhost", 5050)}, "mesos:s3cret", Auth, []string{"does not let the user of zkDigest read /mesos", "is written $$"}},
	} {
		t.Run(name, func(t *testing.T) {
			zooKeeper := mesostest.NewZooKeeper(t)
			zooKeeper.Set(path, c.nodes)
			zooKeeper.Protect(c.digest)
			client := newClient(t, Config{Masters: []string{zooKeeper.URL(path)}, ZooKeeper: ZooKeeperConfig{Digest: "mesos:wr0ng"}})
			_, err := client.State(t.Context())
			requireError(t, err, c.category, append(c.says, zooKeeper.Address())...)
			require.NotContains(t, err.Error(), "wr0ng")
			require.Empty(t, client.Followers(t.Context()))
		})
	}
}

func TestZooKeeperIsReadWithADigest(t *testing.T) {
	cluster := replay(t, "03-workload")
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Elect(cluster, "/mesos", mesostest.Master)
	zooKeeper.Protect("mesos:with:colons")
	client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}, ZooKeeper: ZooKeeperConfig{Digest: "mesos:with:colons"}})
	_, err := client.State(t.Context())
	require.NoError(t, err)
}

func TestTheSchemeOfMastersThatZooKeeperTellsIsConfigured(t *testing.T) {
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Register("/mesos", mesostest.MasterInfo("localhost", 5050))
	for scheme, want := range map[string]string{"": "http://localhost:5050", "http": "http://localhost:5050", "https": "https://localhost:5050"} {
		client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}, ZooKeeper: ZooKeeperConfig{Scheme: scheme}})
		leader, err := client.Leader(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, leader.URL.String())
	}
}

func TestOneServerOfZooKeeperIsEnough(t *testing.T) {
	cluster := replay(t, "03-workload")
	good := mesostest.NewZooKeeper(t)
	good.Elect(cluster, "/mesos", mesostest.Master)
	dead, frozen := mesostest.NewZooKeeper(t), mesostest.NewZooKeeper(t)
	dead.Kill()
	frozen.Freeze(true)
	all := "zk://" + strings.Join([]string{dead.Address(), frozen.Address(), good.Address()}, ",") + "/mesos"
	client := newClient(t, Config{Masters: []string{all}, Timeout: 2 * time.Second})
	_, err := client.State(t.Context())
	require.NoError(t, err)

	// The one that answered is asked first from now on.
	client.Forget()
	begin := time.Now()
	_, err = client.State(t.Context())
	require.NoError(t, err)
	require.Less(t, time.Since(begin), 500*time.Millisecond)

	good.Kill()
	client.Forget()
	_, err = client.State(t.Context())
	requireError(t, err, Network, "No answer from ZooKeeper", good.Address()+" (connection refused)", dead.Address()+" (connection refused)", frozen.Address()+" (within")
}

func TestAServerThatSaysNothingIsATimeOut(t *testing.T) {
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Freeze(true)
	client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}, Timeout: time.Second})
	begin := time.Now()
	_, err := client.State(t.Context())
	requireError(t, err, Timeout, "No answer from ZooKeeper", zooKeeper.Address()+" (within ") // the time that it took
	require.Less(t, time.Since(begin), 10*time.Second)
}

// TestWhatIsNotZooKeeperEndsNothing lets other servers stand in ZooKeeper's
// place: a library that trusts the first four bytes would reserve gigabytes, or
// panic.
func TestWhatIsNotZooKeeperEndsNothing(t *testing.T) {
	hello := string([]byte{0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0x27, 0x10, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 16}) + strings.Repeat("x", 16)
	// children is a response to the first request with so many children, and no name.
	children := func(count string) string {
		return hello + "\x00\x00\x00\x14" + "\x00\x00\x00\x01" + strings.Repeat("\x00", 12) + count
	}
	for name, c := range map[string]struct {
		says     string
		category Category
		part     string
	}{
		"a web server":           {"HTTP/1.1 400 Bad Request\r\n\r\n", NotMesos, "something else answers there"},
		"ssh":                    {"SSH-2.0-OpenSSH_9.2\r\n", NotMesos, "something else answers there"},
		"TLS":                    {"\x15\x03\x01\x00\x02\x02\x46", NotMesos, "something else answers there"},
		"an empty packet":        {"\x00\x00\x00\x00", NotMesos, "something else answers there"},
		"nothing":                {"", Network, "closed before the answer was complete"},
		"half a handshake":       {hello[:20], Network, "closed before the answer was complete"},
		"only a handshake":       {hello, Network, "closed before the answer was complete"},
		"an answer too short":    {hello + "\x00\x00\x00\x04\x00\x00\x00\x01", NotMesos, "something else answers there"},
		"an answer too long":     {hello + "\x7f\xff\xff\xff\x00\x00\x00\x01", NotMesos, "something else answers there"},
		"a time-out of nothing":  {hello[:8] + "\x00\x00\x00\x00" + hello[12:], NotMesos, "something else answers there"},
		"a negative time-out":    {hello[:8] + "\xff\xff\xff\xff" + hello[12:], NotMesos, "something else answers there"},
		"an endless password":    {hello[:20] + "\x7f\xff\xff\xff" + hello[24:], NotMesos, "something else answers there"},
		"endless children":       {children("\x7f\xff\xff\xff"), NotMesos, "something else answers there"},
		"many children":          {children("\x00\xff\xff\xff"), NotMesos, "something else answers there"},
		"less than no children":  {children("\xff\xff\xff\xfe"), NotMesos, "something else answers there"},
		"null children":          {children("\xff\xff\xff\xff"), Network, ""},
		"a child without a name": {children("\x00\x00\x00\x01"), NotMesos, "something else answers there"},
		"an answer without body": {hello + "\x00\x00\x00\x10" + "\x00\x00\x00\x01" + strings.Repeat("\x00", 12), Network, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			address := saying(t, c.says)
			client := newClient(t, Config{Masters: []string{"zk://" + address + "/mesos"}})
			runtime.ReadMemStats(&before)
			_, err := client.State(t.Context())
			runtime.ReadMemStats(&after)
			requireError(t, err, c.category, address, c.part)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
		})
	}
}

// saying is a server that says the same to everybody, and hangs up.
func saying(t *testing.T, text string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<10)) // the greeting, or closing would reset what is said
			fmt.Fprint(conn, text)
			conn.(*net.TCPConn).CloseWrite()
			_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
			for err == nil {
				_, err = conn.Read(make([]byte, 1<<10))
			}
			conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestClosingEndsASessionThatWaits(t *testing.T) {
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Freeze(true)
	client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}})
	failed := make(chan error, 1)
	go func() {
		_, err := client.State(context.Background())
		failed <- err
	}()
	require.Eventually(t, func() bool { _, _, now := zooKeeper.Sessions(); return now == 1 }, 5*time.Second, time.Millisecond)
	begin := time.Now()
	client.Close()
	require.Less(t, time.Since(begin), 500*time.Millisecond)
	require.ErrorIs(t, <-failed, ErrClosed)
	_, err := client.State(t.Context())
	require.ErrorIs(t, err, ErrClosed)
}

func TestCredentialsReachRegisteredMastersOnly(t *testing.T) {
	address, received := unconfigured(t)
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	zooKeeper := mesostest.NewZooKeeper(t)
	zooKeeper.Elect(cluster, "/mesos", threeMasters...)
	client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}, HTTP: authorized("Basic c2VjcmV0")})
	for path, ask := range questions(client) {
		for _, host := range threeMasters {
			cluster.Handle(host, path, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "//"+address+path)
				w.WriteHeader(http.StatusTemporaryRedirect)
			})
		}
		requireError(t, ask(t), NoLeader, "does not lead")
	}
	require.Zero(t, received.Load(), "what the other server received")
}

// nodes are znodes in memory, behind the interface that the reader knows.
type nodes struct {
	names    []string
	contents map[string]string
	closed   int
}

func (n *nodes) Children(string) ([]string, error) { return n.names, nil }
func (n *nodes) Close()                            { n.closed++ }
func (n *nodes) Data(path string) ([]byte, error) {
	content, ok := n.contents[path]
	if !ok {
		return nil, zookeeper.ErrNoNode
	}
	return []byte(content), nil
}

func TestTheLowestNumberLeads(t *testing.T) {
	at := func(host string) string {
		return fmt.Sprintf(`{"address":{"hostname":%q,"ip":"10.0.0.1","port":5050}}`, host)
	}
	for name, c := range map[string]struct {
		names []string // in the order of the server
		nodes map[string]string
		want  []string
	}{
		"numbers, not names": {
			[]string{"json.info_10000000000", "json.info_9999999999", "json.info_0000000010"},
			map[string]string{"json.info_10000000000": at("c"), "json.info_9999999999": at("b"), "json.info_0000000010": at("a")},
			[]string{"a:5050", "b:5050", "c:5050"},
		},
		"ZooKeeper's counter ran over": {
			[]string{"json.info_0000000001", "json.info_-2147483648"},
			map[string]string{"json.info_0000000001": at("b"), "json.info_-2147483648": at("a")},
			[]string{"a:5050", "b:5050"},
		},
		"the first goes while it is read": {
			[]string{"json.info_0000000001", "json.info_0000000002"},
			map[string]string{"json.info_0000000002": at("b")},
			[]string{"b:5050"},
		},
		"a master that came back before its old session ended": {
			[]string{"json.info_0000000003", "json.info_0000000002", "json.info_0000000001"},
			map[string]string{"json.info_0000000001": at("a"), "json.info_0000000002": at("b"), "json.info_0000000003": at("A")},
			[]string{"a:5050", "b:5050"},
		},
		"a follower that cannot be asked": {
			[]string{"json.info_0000000001", "json.info_0000000002", "json.info_0000000003", "json.info_0000000004"},
			map[string]string{"json.info_0000000001": at("a"), "json.info_0000000002": "{", "json.info_0000000003": at("127.0.0.1"), "json.info_0000000004": at("d")},
			[]string{"a:5050", "d:5050"},
		},
		"no host name": {
			[]string{"json.info_0000000001"},
			map[string]string{"json.info_0000000001": `{"address":{"ip":"fd00::1","port":5050}}`},
			[]string{"[fd00::1]:5050"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &nodes{names: c.names, contents: map[string]string{}}
			for znode, content := range c.nodes {
				fake.contents["/mesos/prod/"+znode] = content
			}
			r := &detector{Ensemble: &zookeeper.Ensemble{Servers: []string{"zk1:2181"}, Path: "/mesos/prod"}, scheme: "http", within: time.Second,
				open: func(context.Context, string) (znodes, error) { return fake, nil }}
			masters, err := r.masters(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, addresses(masters))
			require.Equal(t, 1, fake.closed)
		})
	}
}

// TestServersShareTheTime uses a clock of the test: five seconds for all.
func TestServersShareTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		var waited []time.Duration
		r := &detector{Ensemble: &zookeeper.Ensemble{Servers: []string{"zk1:2181", "zk2:2181", "zk3:2181"}, Path: "/mesos"}, scheme: "http", within: quickTimeout,
			open: func(ctx context.Context, server string) (znodes, error) {
				begin := time.Now()
				if server != "zk2:2181" { // refused at once
					<-ctx.Done()
				}
				asked, waited = append(asked, server), append(waited, time.Since(begin))
				return nil, fmt.Errorf("asking %s: %w", server, net.ErrClosed)
			}}
		_, err := r.masters(t.Context())
		requireError(t, err, Network, "zk1:2181 (within 1.7 s)", "zk2:2181 (", "zk3:2181 (within 3.3 s)")
		require.Equal(t, []string{"zk1:2181", "zk2:2181", "zk3:2181"}, asked)
		require.Equal(t, quickTimeout, (waited[0] + waited[1] + waited[2]).Round(time.Millisecond))
	})
}
