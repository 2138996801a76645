package mesos

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

func TestWhoLeadsIsReadFromTheAnswer(t *testing.T) {
	agents := []Slave{{ID: "S1"}}
	for name, c := range map[string]struct {
		state State
		want  leadership
	}{
		"itself":                 {State{PID: "master@10.0.0.1:5050", Leader: "master@10.0.0.1:5050"}, leading},
		"another":                {State{PID: "master@10.0.0.1:5050", Leader: "master@10.0.0.2:5050"}, notLeading},
		"another port":           {State{PID: "master@10.0.0.1:5050", Leader: "master@10.0.0.1:5051"}, notLeading},
		"another, elected once":  {State{PID: "master@10.0.0.1:5050", Leader: "master@10.0.0.2:5050", ElectedTime: 1.7e9}, notLeading},
		"another, with agents":   {State{PID: "master@10.0.0.1:5050", Leader: "master@10.0.0.2:5050", Slaves: agents}, notLeading},
		"without the prefix":     {State{PID: "master@10.0.0.1:5050", Leader: "10.0.0.1:5050"}, leading},
		"IPv6":                   {State{PID: "master@[2001:db8::1]:5050", Leader: "master@[2001:db8:0::1]:5050"}, leading},
		"IPv4 as IPv6":           {State{PID: "master@[::ffff:10.0.0.1]:5050", Leader: "master@10.0.0.1:5050"}, leading},
		"this machine":           {State{PID: "master@127.0.0.1:5050", Leader: "master@localhost:5050"}, leading},
		"a name":                 {State{PID: "master@Master1.example.com:5050", Leader: "master@master1.example.com:5050"}, leading},
		"a short name":           {State{PID: "master@master1:5050", Leader: "master@master1.example.com:5050"}, unproven},
		"another name":           {State{PID: "master@master1:5050", Leader: "master@master2:5050"}, notLeading},
		"a name and an address":  {State{PID: "master@master1:5050", Leader: "master@10.0.0.2:5050"}, unproven},
		"told apart by ID":       {State{ID: "a", LeaderInfo: &MasterInfo{ID: "b"}, PID: "master@master1:5050", Leader: "master@10.0.0.2:5050"}, notLeading},
		"the same by ID":         {State{ID: "a", LeaderInfo: &MasterInfo{ID: "a"}, PID: "master@master1:5050", Leader: "master@10.0.0.2:5050"}, leading},
		"nobody":                 {State{PID: "master@10.0.0.1:5050"}, notLeading},
		"nobody, elected once":   {State{PID: "master@10.0.0.1:5050", ElectedTime: 1.7e9}, notLeading},
		"no word, but agents":    {State{PID: "master@10.0.0.1:5050", Slaves: agents}, unproven},
		"no address of its own":  {State{Leader: "master@10.0.0.1:5050"}, unproven},
		"no address, but the ID": {State{ID: "a", LeaderInfo: &MasterInfo{ID: "b"}, Leader: "master@10.0.0.1:5050"}, notLeading},
	} {
		require.Equal(t, c.want, leadershipOf(&c.state), name)
	}
}

// stateOf is /state of a master of 0.28.
func stateOf(pid, more string) http.HandlerFunc {
	return js(fmt.Sprintf(`{"version": "0.28.0", "id": "m", "pid": %q, "cluster": "test", "flags": {}, "activated_slaves": 0, "slaves": [], "frameworks": [], "orphan_tasks": []%s}`, pid, more))
}

const elsewhere = `, "leader": "master@10.0.0.1:5050"`

func TestAnEmptyStateOfAMasterThatDoesNotLeadIsNoCluster(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	client := newClient(t, Config{Masters: cluster.Masters()})
	for name, said := range map[string]string{
		"it names another":             elsewhere,
		"it names another, was leader": elsewhere + `, "elected_time": 1448273613.7`,
		"it knows of none":             "",
		"it knows of none, was leader": `, "elected_time": 1448273613.7`,
		"it cannot be told, and its metrics say that it does not lead": `, "leader": "master@master2.example.com:5050", "elected_time": 1448273613.7`,
	} {
		cluster.Handle(mesostest.Master2, "/state", stateOf("master@10.0.0.2:5050", said))
		client.leader = known(client.masters, cluster.Address(mesostest.Master2)) // as it was before a failover
		state, err := client.State(t.Context())
		require.NoError(t, err, name)
		require.Equal(t, cluster.Address(mesostest.Master), state.Target, "%s: the leader is looked for at once", name)
		require.Len(t, state.Slaves, 3)
	}
}

func TestAFollowerAtTheVeryFirstPollHasNoCluster(t *testing.T) {
	for name, said := range map[string]string{"it names another": elsewhere, "it knows of none": ""} {
		cluster := replay(t, "14-ha", "nonleader-")
		for _, host := range []string{mesostest.Master2, mesostest.Master3} {
			cluster.Handle(host, "/redirect", toLeader(cluster.Address(mesostest.Master2)))
			cluster.Handle(host, "/state", stateOf("master@10.0.0.2:5050", said))
		}
		client := newClient(t, Config{Masters: cluster.Masters()})
		_, err := client.State(t.Context())
		requireError(t, err, NoLeader, "does not lead", cluster.Address(mesostest.Master2))
		require.Nil(t, client.leader, "%s: the next poll looks for the leader", name)
	}
}

func TestAnEmptyStateWithoutElectionIsConfirmedByTheMetrics(t *testing.T) {
	for elected, category := range map[string]Category{"1": "", "0": NoLeader} {
		cluster := replay(t, "01-empty-master")
		cluster.Handle(mesostest.Master, "/state", stateOf("master@10.0.0.2:5050", `, "leader": "master@10.0.0.2:5050"`))
		cluster.Handle(mesostest.Master, "/metrics/snapshot", js(`{"master/elected": `+elected+`, "master/uptime_secs": 5000}`))
		client := newClient(t, Config{Masters: cluster.Masters()})
		_, err := client.State(t.Context())
		require.Equal(t, category, CategoryOf(err), "elected %s: %v", elected, err)
	}
}

// The snapshot before said that the master does not lead, whatever /state says.
func TestAnEmptyStateAgainstTheLastSnapshotIsNoCluster(t *testing.T) {
	cluster := replay(t, "01-empty-master")
	client := newClient(t, Config{Masters: cluster.Masters()})
	cluster.Handle(mesostest.Master, "/metrics/snapshot", js(`{"master/elected": 0, "master/uptime_secs": 5000}`))
	_, err := client.Snapshot(t.Context())
	requireError(t, err, NoLeader)
	_, err = client.State(t.Context())
	requireError(t, err, NoLeader, "does not lead")
	cluster.Handle(mesostest.Master, "/metrics/snapshot", js(`{"master/elected": 1, "master/uptime_secs": 5000}`))
	_, err = client.State(t.Context())
	require.NoError(t, err, "an empty cluster with an elected leader")
}

func TestRolesOfAMasterThatLostTheLeadershipAreNotUsed(t *testing.T) {
	cluster := replay(t, "14-ha", "leader-", "nonleader-")
	client := newClient(t, Config{Masters: cluster.Masters()})
	_, err := client.State(t.Context())
	require.NoError(t, err)
	old := known(client.masters, cluster.Address(mesostest.Master2))
	client.leader, client.subscribed = old, old.Address // it led when /state was read
	cluster.Handle(mesostest.Master2, "/roles", js(`{"roles": [{"name": "*", "weight": 1, "resources": {"cpus": 0}, "frameworks": []}]}`))
	roles, err := client.Roles(t.Context())
	require.NoError(t, err)
	require.Equal(t, cluster.Address(mesostest.Master), roles.Target)
}

func TestAgentsOfAnOldMasterComeBackAfterAnElection(t *testing.T) {
	cluster := replay(t, "01-empty-master")
	now := time.Unix(1_700_000_300, 0)
	client := newClient(t, Config{Masters: cluster.Masters(), Now: func() time.Time { return now }})
	led := `, "leader": "master@10.0.0.2:5050", "elected_time": %d`
	answer := func(elected int, agents string) {
		body := fmt.Sprintf(`{"version": "0.28.0", "id": "m", "pid": "master@10.0.0.2:5050", "frameworks": [], "slaves": [%s]`+led+`}`, agents, elected)
		cluster.Handle(mesostest.Master, "/state", func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Date"] = nil
			js(body)(w, r)
		})
	}
	answer(1_600_000_000, `{"id": "S1"}, {"id": "S2"}`)
	_, err := client.State(t.Context())
	require.NoError(t, err)
	answer(1_700_000_200, "")
	_, err = client.State(t.Context())
	requireError(t, err, Recovering, "none of the 2 agents")
	now = now.Add(10 * time.Minute)
	_, err = client.State(t.Context())
	require.NoError(t, err, "the leader has given them up")
	answer(1_600_000_000, "")
	now = now.Add(-10 * time.Minute)
	_, err = client.State(t.Context())
	require.NoError(t, err, "no election in between")
}
