package tables

import (
	"os"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

// draining is a moment at which an agent drained, with 20 s for its tasks.
var draining = mesostest.Scene{Name: "10-drain", Prefix: []string{"third-draining-"}}

// What is written here was read by hand in the responses: master-get_state.json.gz and
// master-get_roles.json of 03-workload, third-draining-get_state.json.gz of 10-drain.
func TestValuesOfColumns(t *testing.T) {
	workload := recordedView(t, workload)
	drained := recordedView(t, draining, roles, redirect)
	for _, c := range []struct {
		view *View
		sql  string
		want [][]any
	}{
		{workload, "SELECT container_id, ip_addresses, status_time, source, reason FROM tasks WHERE task_id IN ('exec-sleep', 'marathon.web.4') ORDER BY task_id", [][]any{
			{"67ba1517-09a9-4762-8191-943f61a3f2e0", `["127.0.0.1"]`, "2026-11-21T07:35:24.356Z", nil, nil},
			{"94b160b1-814f-4448-a89b-eadf218f8253", `["127.0.0.1"]`, "2026-11-21T07:34:31.716Z", nil, nil},
		}},
		// Tasks of one executor are in one container.
		{workload, "SELECT container_id, count(*) FROM tasks WHERE framework = 'Long Lived Framework (C++)' GROUP BY 1", [][]any{
			{"4411e7c7-6e4a-4daf-ae88-88def9576323", 4.0},
		}},
		{workload, "SELECT cpus_limit, memory_limit_bytes FROM tasks WHERE task_id = 'exec-sleep'", [][]any{{nil, nil}}},
		{workload, "SELECT agent, first_registered_time, registered_time FROM agents WHERE first_registered_time != registered_time", [][]any{
			{"agent3.fixture.test", "2026-11-21T07:33:26.646Z", "2026-11-21T07:34:03.955Z"},
		}},
		{workload, "SELECT count(*) FROM agents WHERE drain_grace_seconds IS NULL AND drain_marks_gone IS NULL AND drain_time IS NULL", [][]any{{3.0}}},
		{drained, "SELECT agent, drain_time, drain_grace_seconds, drain_marks_gone FROM agents WHERE drain_marks_gone IS NOT NULL", [][]any{
			{"agent2.fixture.test", "2026-11-21T07:52:19.178Z", 20.0, false},
		}},
		{workload, "SELECT registered_time, first_registered_time, failover_timeout_seconds, checkpoint, capabilities, labels FROM frameworks WHERE framework = 'marathon'", [][]any{{
			"2026-11-21T07:34:27.929Z", "2026-11-21T07:34:27.929Z", 604800.0, true,
			`["MULTI_ROLE","RESERVATION_REFINEMENT","PARTITION_AWARE","REGION_AWARE","TASK_KILLING_STATE"]`, `{"team":"web","empty":""}`,
		}}},
		{workload, "SELECT framework_id, framework, user, principal, roles, hostname, webui_url, registered_time, removed_time FROM completed_frameworks", [][]any{
			{"abbec842-7d73-4f70-8d69-201cee145933-0009", "mesos-execute instance", "root", nil, `["*"]`, nil, nil, "2026-11-21T07:35:24.378Z", "2026-11-21T07:35:24.898Z"},
			{"abbec842-7d73-4f70-8d69-201cee145933-0010", "mesos-execute instance", "root", nil, `["adhoc"]`, nil, nil, "2026-11-21T07:35:24.437Z", "2026-11-21T07:35:25.764Z"},
		}},
		{workload, "SELECT type, count(*) FROM executors GROUP BY 1 ORDER BY 1", [][]any{{nil, 1.0}, {"custom", 3.0}}},
		{workload, "SELECT hostname, start_time, elected_time, build_time, build_user, git_sha FROM masters ORDER BY leading DESC", [][]any{
			{"localhost", "2026-11-21T07:32:45.868Z", "2026-11-21T07:32:45.880Z", "2026-11-21T07:02:28.000Z", "root", "c1b42f79d157aa900be5cbb0c1023f1479962aa7"},
			{nil, nil, nil, nil, nil, nil},
		}},
	} {
		require.Equal(t, c.want, answerRows(ask(t, c.view, c.sql)), c.sql)
	}
}

// The event stream tells who made a status and why, which /state does not: SUBSCRIBED of
// 05-subscribe lists the statuses that 03-workload has.
func TestTheSourceOfAStatusIsThatOfTheEventStream(t *testing.T) {
	v := recordedView(t, workload)
	var subscribed mesos.StreamEvent
	require.NoError(t, json.Unmarshal(mesostest.NewCluster(t, os.DirFS("../../testdata/captures"), workload).Records("subscribe")[0], &subscribed))
	v.Model = &Model{Cluster: v.Cluster.With([]mesos.StreamEvent{subscribed}, now)}
	require.Equal(t, [][]any{
		{"executor", "task_health_check_status_updated", nil, true, "94b160b1-814f-4448-a89b-eadf218f8253", `["127.0.0.1"]`, "2026-11-21T07:34:31.716Z"},
	}, answerRows(ask(t, v, "SELECT source, reason, message, healthy, container_id, ip_addresses, status_time FROM tasks WHERE task_id = 'marathon.web.4'")))
}

// limited is a /state with limits, users and images of tasks, as Mesos 1.12 writes them
// (src/common/http.cpp; images as in public-fixtures): an infinite limit is a bare Infinity, which
// is read as null.
const limited = `{"id": "m", "slaves": [{"id": "S1", "hostname": "a"}], "frameworks": [{"id": "F1", "name": "f", "tasks": [
	{"id": "both", "slave_id": "S1", "state": "TASK_RUNNING", "resources": {"cpus": 1, "mem": 32}, "limits": {"cpus": 2.5, "mem": 64.0}, "user": "www",
		"container": {"type": "DOCKER", "docker": {"image": "nginx:1.27", "network": "HOST", "parameters": [{"key": "image", "value": "no"}]}}},
	{"id": "infinite", "slave_id": "S1", "state": "TASK_RUNNING", "resources": {"cpus": 1, "mem": 32}, "limits": {"cpus": null, "mem": 128.0},
		"container": {"type": "MESOS", "mesos": {"image": {"type": "DOCKER", "docker": {"name": "mesosphere/net-toolbox"}, "cached": true}}, "network_infos": []}},
	{"id": "none", "slave_id": "S1", "state": "TASK_RUNNING", "resources": {"cpus": 1, "mem": 32}}]}]}`

func TestLimitsUsersAndImagesOfTasks(t *testing.T) {
	state := new(mesos.State)
	require.NoError(t, json.Unmarshal([]byte(limited), state))
	model := cluster.Build(state, nil)
	const sql = "SELECT task_id, cpus_limit, memory_limit_bytes, user, image FROM tasks ORDER BY task_id"
	want := [][]any{{"both", 2.5, 67108864.0, "www", "nginx:1.27"}, {"infinite", nil, 134217728.0, nil, "mesosphere/net-toolbox"}, {"none", nil, nil, nil, nil}}
	require.Equal(t, want, answerRows(ask(t, &View{Model: &Model{Cluster: model}, Now: now}, sql)))

	// As the event stream writes a task.
	var added mesos.StreamEvent
	require.NoError(t, json.Unmarshal([]byte(`{"type": "TASK_ADDED", "task_added": {"task": {"task_id": {"value": "streamed"}, "framework_id": {"value": "F1"},
		"agent_id": {"value": "S1"}, "state": "TASK_STAGING", "limits": {"cpus": {"value": null}, "mem": {"value": 256.0}},
		"user": "root", "container": {"type": "DOCKER", "docker": {"image": "redis:8"}}}}}`), &added))
	model = model.With([]mesos.StreamEvent{added}, now.Add(time.Second))
	require.Equal(t, append(want, []any{"streamed", nil, 268435456.0, "root", "redis:8"}), answerRows(ask(t, &View{Model: &Model{Cluster: model}, Now: now}, sql)))
}
