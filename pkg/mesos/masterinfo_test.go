package mesos

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

// oldMasterInfo is the content of a master's znode before Mesos 0.24, as protoc's
// serializer writes the message of include/mesos/mesos.proto.
func oldMasterInfo(hostname, pid string, ip, port uint64) string {
	b := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "20150101-000000-16777343-5050-1")
	b = protowire.AppendVarint(protowire.AppendTag(b, 2, protowire.VarintType), ip)
	b = protowire.AppendVarint(protowire.AppendTag(b, 3, protowire.VarintType), port)
	if pid != "" {
		b = protowire.AppendString(protowire.AppendTag(b, 4, protowire.BytesType), pid)
	}
	if hostname != "" {
		b = protowire.AppendString(protowire.AppendTag(b, 5, protowire.BytesType), hostname)
	}
	return string(protowire.AppendString(protowire.AppendTag(b, 6, protowire.BytesType), "0.23.1"))
}

const loopback4 = 16777343 // 127.0.0.1 in network order, as a little-endian number

func TestAMasterInfoIsReadInBothForms(t *testing.T) {
	const jsonZnode, oldZnode = "json.info_0000000001", "info_0000000001"
	for name, c := range map[string]struct {
		znode, content string
		want           masterInfo
	}{
		"JSON":                        {jsonZnode, mesostest.MasterInfo("m1", 5050), masterInfo{"m1", "127.0.0.1", 5050}},
		"JSON without address":        {jsonZnode, `{"hostname": "m1", "pid": "master@10.0.0.4:5050", "port": 5050, "ip": 67108874}`, masterInfo{"m1", "10.0.0.4", 5050}},
		"JSON with a PID only":        {jsonZnode, `{"pid": "master@10.0.0.4:5050"}`, masterInfo{"", "10.0.0.4", 5050}},
		"protocol buffer":             {oldZnode, oldMasterInfo("m1", "master@10.0.0.4:5050", loopback4, 5050), masterInfo{"m1", "10.0.0.4", 5050}},
		"protocol buffer, no host":    {oldZnode, oldMasterInfo("", "master@10.0.0.4:5050", loopback4, 5050), masterInfo{"", "10.0.0.4", 5050}},
		"protocol buffer, IP only":    {oldZnode, oldMasterInfo("", "", loopback4, 5050), masterInfo{"", "127.0.0.1", 5050}},
		"protocol buffer, named PID":  {oldZnode, oldMasterInfo("", "master@m1.example:5050", loopback4, 5050), masterInfo{"m1.example", "127.0.0.1", 5050}},
		"protocol buffer, other port": {oldZnode, oldMasterInfo("m1", "", loopback4, 5051), masterInfo{"m1", "127.0.0.1", 5051}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readMasterInfo(c.znode, []byte(c.content))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	whole := oldMasterInfo("m1", "master@10.0.0.4:5050", loopback4, 5050)
	for n := range whole {
		got, err := readMasterInfo(oldZnode, []byte(whole[:n]))
		require.True(t, err != nil || got.hostname != "" || got.ip != "", "%d bytes: %v", n, got)
	}
}

// While a cluster is upgraded from 0.23 to 0.24, masters of both register beside each
// other, and the lowest number leads.
func TestMastersOfBothFormsHaveOneOrder(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	zooKeeper := mesostest.NewZooKeeper(t)
	portOf := func(host string) uint64 {
		_, port, err := net.SplitHostPort(cluster.Address(host))
		require.NoError(t, err)
		number, err := strconv.ParseUint(port, 10, 16)
		require.NoError(t, err)
		return number
	}
	zooKeeper.Set("/mesos", map[string]string{
		"log_replicas":         "",
		"info_0000000010":      oldMasterInfo("", "master@"+cluster.Address(mesostest.Master3), loopback4, portOf(mesostest.Master3)),
		"json.info_0000000009": cluster.MasterInfo(mesostest.Master2),
		"info_0000000008":      oldMasterInfo("127.0.0.1", "", loopback4, portOf(mesostest.Master)),
	})
	client := newClient(t, Config{Masters: []string{zooKeeper.URL("/mesos")}})
	state, err := client.State(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master), state.Target)
	require.Equal(t, []string{cluster.Address(mesostest.Master2), cluster.Address(mesostest.Master3)}, addresses(client.Followers(t.Context())))
}
