package mesos

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// The same through a real server of ZooKeeper: that of Debian's package
// zookeeper, or an unpacked distribution whose directory is ZOOKEEPER_HOME. It
// takes java. Without them this is skipped.

// classPath is where the server's classes are; "" where there are none.
func classPath() string {
	if home := os.Getenv("ZOOKEEPER_HOME"); home != "" {
		return filepath.Join(home, "lib", "*")
	}
	const debian = "/usr/share/java/zookeeper.jar" // names all it needs in its manifest
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	return ""
}

// realZooKeeper starts a server with its data in a directory of the test, and
// stops it when the test ends.
func realZooKeeper(t *testing.T) (address string, stop func()) {
	t.Helper()
	classes := classPath()
	java, err := exec.LookPath("java")
	if classes == "" || err != nil {
		t.Skip("there is no ZooKeeper to test with: install java and Debian's package zookeeper, or set ZOOKEEPER_HOME")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address = free.Addr().String()
	require.NoError(t, free.Close())
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)

	dir := t.TempDir()
	config := filepath.Join(dir, "zoo.cfg")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil,
		"tickTime=200\ndataDir=%s\nclientPort=%s\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n", filepath.Join(dir, "data"), port), 0o600))
	server := exec.Command(java, "-Xmx128m", "-cp", classes, "org.apache.zookeeper.server.ZooKeeperServerMain", config)
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	server.Dir, server.Stdout, server.Stderr = dir, log, log
	require.NoError(t, server.Start())
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = server.Wait() // it is killed
		log.Close()
	}()
	stop = func() {
		_ = server.Process.Kill()
		<-exited
	}
	t.Cleanup(stop)

	deadline := time.Now().Add(time.Minute)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		session, err := openSession(ctx, new(net.Dialer).DialContext, address, "")
		if err == nil {
			session.close()
			cancel()
			return address, stop
		}
		cancel()
		select {
		case <-exited:
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("ZooKeeper ended: %s", said)
		case <-time.After(100 * time.Millisecond):
		}
		require.True(t, time.Now().Before(deadline), "ZooKeeper does not answer: %v", err)
	}
}

// contender is a master that runs for leader, as Mesos does: an ephemeral znode
// with a number, and the ACL that leaves reading open.
type contender struct{ conn *zk.Conn }

func contend(t *testing.T, address, path, info string, acl []zk.ACL, digest string) *contender {
	t.Helper()
	// Short: its end is waited for.
	conn, events, err := zk.Connect([]string{address}, time.Second, zk.WithLogger(silent{}), zk.WithLogInfo(false))
	require.NoError(t, err)
	c := &contender{conn}
	t.Cleanup(func() {
		conn.Close()
		for range events {
		}
	})
	if digest != "" {
		require.NoError(t, conn.AddAuth("digest", []byte(digest)))
	}
	if _, err := conn.Create(path, nil, zk.FlagPersistent, acl); err != zk.ErrNodeExists {
		require.NoError(t, err)
	}
	_, err = conn.Create(path+"/json.info_", []byte(info), zk.FlagEphemeral|zk.FlagSequence, acl)
	require.NoError(t, err)
	return c
}

// readable is EVERYONE_READ_CREATOR_ALL of Mesos.
func readable() []zk.ACL {
	return append(zk.WorldACL(zk.PermRead), zk.AuthACL(zk.PermAll)...)
}

func TestARealZooKeeper(t *testing.T) {
	address, stop := realZooKeeper(t)
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	client := newClient(t, Config{Masters: []string{"zk://" + address + "/mesos"}})
	ask := func() (*State, error) {
		client.Forget()
		return client.State(t.Context())
	}

	_, err := ask()
	requireError(t, err, NoLeader, "has no /mesos")

	const digest = "mesos:s3cret"
	var masters []*contender
	for _, host := range threeMasters {
		masters = append(masters, contend(t, address, "/mesos", cluster.MasterInfo(host), readable(), digest))
	}
	state, err := ask()
	require.NoError(t, err, "Mesos leaves reading open, also where --zk has a password")
	require.Equal(t, cluster.Address(mesostest.Master), state.Target)
	require.Equal(t, []string{cluster.Address(mesostest.Master2), cluster.Address(mesostest.Master3)}, addresses(client.Followers(t.Context())))

	// The leader's session ends, and with it its znode.
	masters[0].conn.Close()
	cluster.Kill(mesostest.Master)
	cluster.SetScene(mesostest.Scene{Name: "14-ha", Prefix: []string{"newleader-", "nonleader-5062-"}})
	state, err = client.State(t.Context())
	require.NoError(t, err, "within the same poll")
	require.Equal(t, cluster.Address(mesostest.Master2), state.Target)
	require.Equal(t, []string{cluster.Address(mesostest.Master3)}, addresses(client.Followers(t.Context())))

	masters[1].conn.Close()
	masters[2].conn.Close()
	_, err = ask()
	requireError(t, err, NoLeader, "No master is registered")

	stop()
	_, err = ask()
	requireError(t, err, Network, "No answer from ZooKeeper", address+" (connection refused)")
}

func TestARealZooKeeperThatWantsADigest(t *testing.T) {
	address, _ := realZooKeeper(t)
	cluster := replay(t, "03-workload")
	const digest = "mesos:s3cret"
	contend(t, address, "/mesos", cluster.MasterInfo(mesostest.Master), zk.AuthACL(zk.PermAll), digest)
	for given, category := range map[string]Category{"": Auth, "mesos:wr0ng": Auth, digest: ""} {
		client := newClient(t, Config{Masters: []string{"zk://" + address + "/mesos"}, ZooKeeper: ZooKeeperConfig{Digest: given}})
		_, err := client.State(t.Context())
		if category == "" {
			require.NoError(t, err)
			continue
		}
		requireError(t, err, category, "zkDigest")
		require.NotContains(t, err.Error(), "wr0ng")
	}
}

// TestARealSessionLeavesNothingBehind asks the server itself who is connected.
func TestARealSessionLeavesNothingBehind(t *testing.T) {
	address, _ := realZooKeeper(t)
	client := newClient(t, Config{Masters: []string{"zk://" + address + "/mesos"}})
	contend(t, address, "/mesos", mesostest.MasterInfo("localhost", 5050), zk.WorldACL(zk.PermAll), "")
	for range 20 {
		client.Forget()
		_, err := client.Leader(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, "2", connections(t, address), "the contender, and this question")
}

// connections asks a server for the number of its connections; srvr is the one
// word that every server answers.
func connections(t *testing.T, address string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "srvr")
	said, err := io.ReadAll(conn)
	require.NoError(t, err)
	_, after, found := strings.Cut(string(said), "Connections: ")
	require.True(t, found, "%s", said)
	number, _, _ := strings.Cut(after, "\n")
	return number
}
