package collector_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

const captures = "../../testdata/captures"

// begin is when the time of tests begins.
var begin = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

// watched is a collector over recorded answers, with a clock and a sink of the
// test.
type watched struct {
	*collector.Collector
	cluster *mesostest.Cluster
	clock   *clocktest.Clock
	rec     *recorder
}

func watch(t *testing.T, s collector.Settings, scenes ...mesostest.Scene) *watched {
	t.Helper()
	return watchAs(t, "", s, scenes...)
}

// watchAs watches as a principal of scene 15-auth, written user:password.
func watchAs(t *testing.T, as string, s collector.Settings, scenes ...mesostest.Scene) *watched {
	t.Helper()
	cluster := mesostest.NewCluster(t, os.DirFS(captures), scenes...)
	return watchMasters(t, cluster, cluster.Masters(), as, s)
}

// watchMasters watches a cluster whose masters are configured in a way of the test.
func watchMasters(t *testing.T, cluster *mesostest.Cluster, masters []string, as string, s collector.Settings) *watched {
	t.Helper()
	clock := clocktest.New(begin)
	s.Subscribe = cmp.Or(s.Subscribe, collector.SubscribeNever) // nothing answers there
	// One request per connection: none outlives its test.
	transport := authorized{&http.Transport{DisableKeepAlives: true}, as}
	client, err := mesos.New(mesos.Config{Masters: masters, Now: clock.Now, HTTP: &http.Client{Transport: transport}})
	require.NoError(t, err)
	w := &watched{cluster: cluster, clock: clock, rec: newRecorder()}
	w.Collector = collector.New(collector.Config{Client: client, Sink: w.rec, Clock: clock, Settings: s, Jitter: func() float64 { return 0.5 }})
	w.Start()
	t.Cleanup(w.Stop)
	w.clock.Settle()
	return w
}

type authorized struct {
	next http.RoundTripper
	as   string
}

func (a authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	if user, password, ok := strings.Cut(a.as, ":"); ok {
		r = r.Clone(r.Context())
		r.SetBasicAuth(user, password)
	}
	return a.next.RoundTrip(r)
}

// readJSON reads a recorded body, packed or not.
func readJSON(t *testing.T, file string, into any) bool {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(captures, file+".json"))
	if err != nil {
		if raw, err = os.ReadFile(filepath.Join(captures, file+".json.gz")); err != nil {
			return false
		}
		packed, err := gzip.NewReader(bytes.NewReader(raw))
		require.NoError(t, err)
		raw, err = io.ReadAll(packed)
		require.NoError(t, err)
	}
	require.NoError(t, json.Unmarshal(raw, into))
	return true
}

// whole are the recordings that have both /state and /metrics/snapshot. The
// master answers one after the other, so where the cluster was changing, they
// differ: off says by how much /state is ahead of the snapshot, in the master's
// own units.
var whole = []struct {
	scene, prefix string
	off           map[string]float64
}{
	{scene: "01-empty-master", prefix: "master-"},
	{scene: "02-agents-idle", prefix: "master-"},
	{scene: "03-workload", prefix: "master-"},
	{scene: "06-agent-disconnected", prefix: "master-"},
	{scene: "07-agent-unreachable", prefix: "master-", off: map[string]float64{"cpus": 0.001, "mem": 1}}, // a task of the long lived framework
	{scene: "08-agent-returned", prefix: "master-"},
	{scene: "08b-scheduler-gone", prefix: "master-"},
	{scene: "08c-agent-unregistered", prefix: "master-"},
	{scene: "10-drain", prefix: "deactivated-"},
	{scene: "10-drain", prefix: "drained-"},
	{scene: "10-drain", prefix: "drained2-"},
	{scene: "10-drain", prefix: "draining-"},
	{scene: "10-drain", prefix: "third-draining-", off: map[string]float64{"cpus": -0.001, "mem": -1}}, // one task
	{scene: "10-drain", prefix: "quirk-master-", off: map[string]float64{"cpus": 0.3, "mem": 192}},     // three tasks in the loop of drops
	{scene: "11-maintenance", prefix: "scheduled-"},
	{scene: "11-maintenance", prefix: "down-"},
	{scene: "13-master-restart", prefix: "later-"},
	{scene: "14-ha", prefix: "leader-5050-"},
	{scene: "14-ha", prefix: "newleader-5061-"},
	{scene: "15-auth", prefix: "monitor-master-"},
}

// holdsAgainstRoles compares what roles are said to have, from /state, with what
// /roles says, which sums over what is below a role.
func holdsAgainstRoles(t *testing.T, scene, prefix string, rec *recorder) {
	var recorded struct {
		Roles []struct {
			Name      string
			Allocated map[string]any
		}
	}
	if !readJSON(t, filepath.Join(scene, prefix+"get_roles"), &recorded) && !readJSON(t, filepath.Join(scene, prefix+"roles"), &recorded) {
		return
	}
	for _, r := range recorded.Roles {
		want, _ := r.Allocated["cpus"].(float64)
		got := 0.0
		for _, below := range recorded.Roles {
			if below.Name == r.Name || strings.HasPrefix(below.Name, r.Name+"/") {
				got += rec.sum(begin, "mesos_role_cpus_allocated", "role="+below.Name)
			}
		}
		require.InDelta(t, want, got, 0.0005, "%s", r.Name)
	}
}

// TestSumsEqualTheMastersOwn holds sums of entity series against what the
// master itself counted. The expected side is read from the recorded snapshot
// here, by nothing but encoding/json.
func TestSumsEqualTheMastersOwn(t *testing.T) {
	for _, w := range whole {
		t.Run(w.scene+" "+w.prefix, func(t *testing.T) {
			var snapshot map[string]float64
			if !readJSON(t, filepath.Join(w.scene, w.prefix+"get_metrics_snapshot"), &snapshot) {
				require.True(t, readJSON(t, filepath.Join(w.scene, w.prefix+"metrics"), &snapshot), "no recorded snapshot")
			}
			c, rec := collectOnce(t, w.scene, w.prefix)
			for _, resource := range []struct {
				key, name, suffix string
				unit              float64
			}{
				{"cpus", "cpus", "", 1}, {"gpus", "gpus", "", 1},
				{"mem", "memory", "_bytes", 1048576}, {"disk", "disk", "_bytes", 1048576},
			} {
				used := (snapshot["master/"+resource.key+"_used"] + w.off[resource.key]) * resource.unit
				total := snapshot["master/"+resource.key+"_total"] * resource.unit
				sum := func(entity, measure string) float64 {
					return rec.sum(begin, "mesos_"+entity+"_"+resource.name+"_"+measure+resource.suffix)
				}
				tolerance := 0.0005 * resource.unit // Mesos rounds to thousandths
				require.InDelta(t, used, sum("framework", "allocated"), tolerance, "frameworks' %s", resource.key)
				require.InDelta(t, used, sum("agent", "allocated"), tolerance, "agents' %s", resource.key)
				require.InDelta(t, used, sum("cluster", "allocated"), tolerance, "the cluster's %s", resource.key)
				require.InDelta(t, total, sum("agent", "capacity"), tolerance, "agents' %s", resource.key)
				require.InDelta(t, total, sum("cluster", "capacity"), tolerance, "the cluster's %s", resource.key)
				if c.Roles != nil {
					require.InDelta(t, used, sum("role", "allocated"), tolerance, "roles' %s", resource.key)
				}
			}
			holdsAgainstRoles(t, w.scene, w.prefix, rec)
			if w.off != nil || w.scene == "03-workload" { // a task of 03 starts between the two answers
				return
			}
			for _, state := range []string{"staging", "starting", "running", "killing", "unreachable"} {
				want := snapshot["master/tasks_"+state]
				require.Equal(t, want, rec.sum(begin, "mesos_cluster_tasks", "state="+state), state)
				require.Equal(t, want, rec.sum(begin, "mesos_framework_tasks", "state="+state), state)
				require.Equal(t, want, rec.sum(begin, "mesos_role_tasks", "state="+state), state)
				if state != "unreachable" {
					require.Equal(t, want, rec.sum(begin, "mesos_agent_tasks", "state="+state), state)
				}
				require.Equal(t, want, rec.sum(begin, "mesos_task_state", "state="+state), state)
			}
			require.Equal(t, snapshot["master/slaves_active"], rec.sum(begin, "mesos_cluster_agents", "state=active"))
			require.Equal(t, snapshot["master/slaves_unreachable"], rec.sum(begin, "mesos_cluster_agents", "state=unreachable"))
			require.Equal(t, snapshot["master/frameworks_active"], rec.sum(begin, "mesos_cluster_frameworks", "state=active"))
		})
	}
}

// collectOnce polls recorded answers once.
func collectOnce(t *testing.T, scene, prefix string) (*cluster.Cluster, *recorder) {
	t.Helper()
	as := ""
	if scene == "15-auth" {
		as = "monitor:monitorpw"
	}
	w := watchAs(t, as, collector.Settings{UID: "uid"}, mesostest.Scene{Name: scene, Prefix: []string{prefix}}, redirect)
	w.clock.Settle()
	w.clock.Advance(5 * time.Second) // /roles is missing in some scenes and tried again
	require.NoError(t, w.Ready(t.Context()))
	require.NotNil(t, w.Cluster())
	return w.Cluster(), w.rec
}

// redirect is laid under scenes that have no recording of who leads.
var redirect = mesostest.Scene{Name: "03-workload", Prefix: []string{"master-get_redirect"}}
