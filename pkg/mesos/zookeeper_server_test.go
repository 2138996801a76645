package mesos

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/zookeeper/zookeepertest"
)

// The same through a real server of ZooKeeper; without one this is skipped (zookeepertest).

// contender is a master that runs for leader, as Mesos does: an ephemeral znode
// with a number, and the ACL that leaves reading open.
type contender struct{ conn *zk.Conn }

func contend(t *testing.T, address, path, info string, acl []zk.ACL, digest string) *contender {
	t.Helper()
	// Short: its end is waited for.
	conn, events, err := zk.Connect([]string{address}, time.Second, zk.WithLogger(noLog{}), zk.WithLogInfo(false))
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

// noLog is the library's log.
type noLog struct{}

func (noLog) Printf(string, ...any) {}

// readable is EVERYONE_READ_CREATOR_ALL of Mesos.
func readable() []zk.ACL {
	return append(zk.WorldACL(zk.PermRead), zk.AuthACL(zk.PermAll)...)
}

func TestARealZooKeeper(t *testing.T) {
	server := zookeepertest.Start(t)
	address := server.Address
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

	server.Stop()
	_, err = ask()
	requireError(t, err, Network, "No answer from ZooKeeper", address+" (connection refused)")
}

func TestARealZooKeeperThatWantsADigest(t *testing.T) {
	address := zookeepertest.Start(t).Address
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
	address := zookeepertest.Start(t).Address
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
