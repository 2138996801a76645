package catalogue

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

// text returns a metric as PromQL writes it.
func text(m Metric) string {
	return m.Series.Name + m.Labels.String()
}

func TestResolve(t *testing.T) {
	type want struct {
		text   string
		factor float64
	}
	const mb, ms = 1048576, 0.001
	const id = "5c5bd4a2-0b3f-4a0e-9d5e-f2a4b4a7c6aa-0003"
	framework := `framework="a b/ü", framework_id="` + id + `"`
	fw := "master/frameworks/a%20b%2F%C3%BC/" + id + "/"

	for origin, cases := range map[Origin]map[string]want{
		Master: {
			"master/cpus_total":              {`mesos_master_cpus_capacity{}`, 1},
			"master/gpus_used":               {`mesos_master_gpus_allocated{}`, 1},
			"master/cpus_percent":            {`mesos_master_cpus_allocated_ratio{}`, 1},
			"master/mem_total":               {`mesos_master_memory_capacity_bytes{}`, mb},
			"master/mem_used":                {`mesos_master_memory_allocated_bytes{}`, mb},
			"master/mem_percent":             {`mesos_master_memory_allocated_ratio{}`, 1},
			"master/cpus_revocable_total":    {`mesos_master_cpus_revocable_capacity{}`, 1},
			"master/disk_revocable_used":     {`mesos_master_disk_revocable_allocated_bytes{}`, mb},
			"master/mem_revocable_percent":   {`mesos_master_memory_revocable_allocated_ratio{}`, 1},
			"master/uptime_secs":             {`mesos_master_uptime_seconds{}`, 1},
			"master/dropped_messages":        {`mesos_master_dropped_messages_total{}`, 1},
			"master/slaves_active":           {`mesos_master_agents_active{}`, 1},
			"master/messages_register_slave": {`mesos_master_messages_register_agent_total{}`, 1},
			"master/tasks_running":           {`mesos_master_tasks_running{}`, 1},
			"master/tasks_finished":          {`mesos_cluster_tasks_ended_total{state="finished"}`, 1},
			"master/tasks_gone_by_operator":  {`mesos_cluster_tasks_ended_total{state="gone_by_operator"}`, 1},
			"master/task_lost/source_slave/reason_slave_removed": {
				`mesos_master_task_status_total{reason="agent_removed", source="agent", state="lost"}`, 1},
			"master/task_gone_by_operator/source_master/reason_slave_removed_by_operator": {
				`mesos_master_task_status_total{reason="agent_removed_by_operator", source="master", state="gone_by_operator"}`, 1},
			"master/slave_removals":                                               {`mesos_master_agent_removals_total{}`, 1},
			"master/slave_removals/reason_unhealthy":                              {`mesos_master_agent_removals_by_reason_total{reason="unhealthy"}`, 1},
			"master/operations/pending":                                           {`mesos_master_operations{state="pending"}`, 1},
			"master/operations/create_disk/failed":                                {`mesos_master_operations_by_type{state="failed", type="create_disk"}`, 1},
			"master/operations/total":                                             {`mesos_master_operations_all{}`, 1},
			"master/operations/reserve/total":                                     {`mesos_master_operations_all_by_type{type="reserve"}`, 1},
			fw + "subscribed":                                                     {`mesos_framework_subscribed{` + framework + `}`, 1},
			fw + "calls":                                                          {`mesos_framework_calls_total{` + framework + `}`, 1},
			fw + "calls/accept":                                                   {`mesos_framework_calls_by_type_total{` + framework + `, type="accept"}`, 1},
			fw + "events":                                                         {`mesos_framework_events_total{` + framework + `}`, 1},
			fw + "events/offers":                                                  {`mesos_framework_events_by_type_total{` + framework + `, type="offers"}`, 1},
			fw + "operations":                                                     {`mesos_framework_operations_total{` + framework + `}`, 1},
			fw + "operations/launch_group":                                        {`mesos_framework_operations_by_type_total{` + framework + `, type="launch_group"}`, 1},
			fw + "offers/declined":                                                {`mesos_framework_offers_declined_total{` + framework + `}`, 1},
			fw + "tasks/active/task_running":                                      {`mesos_framework_reported_tasks{` + framework + `, state="running"}`, 1},
			fw + "tasks/terminal/task_gone_by_operator":                           {`mesos_framework_tasks_ended_total{` + framework + `, state="gone_by_operator"}`, 1},
			fw + "roles/analytics/etl/suppressed":                                 {`mesos_framework_role_suppressed{` + framework + `, role="analytics/etl"}`, 1},
			"frameworks/ops/team/messages_received":                               {`mesos_master_framework_messages_received_total{principal="ops/team"}`, 1},
			"frameworks/marathon/messages_processed":                              {`mesos_master_framework_messages_processed_total{principal="marathon"}`, 1},
			"allocator/mesos/allocation_runs":                                     {`mesos_allocator_mesos_allocation_runs_total{}`, 1},
			"allocator/mesos/allocation_run_ms":                                   {`mesos_allocator_mesos_allocation_run_last_seconds{}`, ms},
			"allocator/mesos/allocation_run_ms/count":                             {`mesos_allocator_mesos_allocation_run_window_samples{}`, 1},
			"allocator/mesos/allocation_run_ms/min":                               {`mesos_allocator_mesos_allocation_run_min_seconds{}`, ms},
			"allocator/mesos/allocation_run_ms/max":                               {`mesos_allocator_mesos_allocation_run_max_seconds{}`, ms},
			"allocator/mesos/allocation_run_ms/p50":                               {`mesos_allocator_mesos_allocation_run_seconds{quantile="0.5"}`, ms},
			"allocator/mesos/allocation_run_ms/p9999":                             {`mesos_allocator_mesos_allocation_run_seconds{quantile="0.9999"}`, ms},
			"registrar/state_fetch_ms":                                            {`mesos_registrar_state_fetch_last_seconds{}`, ms},
			"log_storage/diff_ms":                                                 {`mesos_log_storage_diff_last_seconds{}`, ms},
			"registrar/registry_size_bytes":                                       {`mesos_registrar_registry_size_bytes{}`, 1},
			"registrar/log/ensemble_size":                                         {`mesos_registrar_log_ensemble_size{}`, 1},
			"allocator/event_queue_dispatches":                                    {`mesos_allocator_event_queue_dispatches{}`, 1},
			"allocator/mesos/event_queue_dispatches":                              {`mesos_allocator_mesos_event_queue_dispatches{}`, 1},
			"allocator/mesos/resources/cpus/total":                                {`mesos_allocator_cpus_capacity{}`, 1},
			"allocator/mesos/resources/disk/offered_or_allocated":                 {`mesos_allocator_disk_offered_or_allocated_bytes{}`, mb},
			"allocator/mesos/roles/analytics/etl/shares/dominant":                 {`mesos_role_dominant_share_ratio{role="analytics/etl"}`, 1},
			"allocator/mesos/roles/*/shares/dominant":                             {`mesos_role_dominant_share_ratio{role="*"}`, 1},
			"allocator/mesos/offer_filters/roles/a/b/active":                      {`mesos_allocator_mesos_offer_filters_roles_active{role="a/b"}`, 1},
			"allocator/mesos/quota/roles/a/resources/cpus/b/resources/cpus/limit": {`mesos_allocator_quota_cpus_limit{role="a/resources/cpus/b"}`, 1},
			"allocator/mesos/quota/roles/prod/resources/mem/guarantee":            {`mesos_allocator_quota_memory_guarantee_bytes{role="prod"}`, mb},
			"allocator/mesos/quota/roles/prod/resources/gpus/consumed":            {`mesos_allocator_quota_gpus_consumed{role="prod"}`, 1},
			"allocator/mesos/quota/roles/prod/resources/ports/consumed":           {`mesos_allocator_quota_other_consumed{resource="ports", role="prod"}`, 1},
			"allocator/mesos/quota/roles//resources/disk/consumed":                {`mesos_allocator_quota_disk_consumed_bytes{role="/"}`, mb},
			"system/cpus_total":                                                   {`mesos_master_system_cpus{}`, 1},
			"system/load_1min":                                                    {`mesos_master_system_load1{}`, 1},
			"system/load_15min":                                                   {`mesos_master_system_load15{}`, 1},
			"system/mem_total_bytes":                                              {`mesos_master_system_memory_total_bytes{}`, 1},
		},
		Agent: {
			"slave/cpus_total":                             {`mesos_agent_reported_cpus_capacity{}`, 1},
			"slave/mem_revocable_used":                     {`mesos_agent_reported_memory_revocable_allocated_bytes{}`, mb},
			"slave/disk_percent":                           {`mesos_agent_reported_disk_allocated_ratio{}`, 1},
			"slave/uptime_secs":                            {`mesos_agent_uptime_seconds{}`, 1},
			"slave/tasks_failed":                           {`mesos_agent_tasks_failed_total{}`, 1},
			"slave/tasks_running":                          {`mesos_agent_tasks_running{}`, 1},
			"system/load_5min":                             {`mesos_agent_system_load5{}`, 1},
			"system/mem_free_bytes":                        {`mesos_agent_system_memory_free_bytes{}`, 1},
			"gc/path_removals_failed":                      {`mesos_agent_gc_path_removals_failed_total{}`, 1},
			"containerizer/fetcher/cache_size_total_bytes": {`mesos_agent_containerizer_fetcher_cache_size_total_bytes{}`, 1},
			"containerizer/mesos/disk/project_ids_total":   {`mesos_agent_containerizer_mesos_disk_project_ids_all{}`, 1},
			"containerizer/docker/image_pull_ms/p95":       {`mesos_agent_containerizer_docker_image_pull_seconds{quantile="0.95"}`, ms},
			"port_mapping/per_cpu_egress_rate_limit":       {`mesos_agent_port_mapping_per_cpu_egress_rate_limit_bytes_per_second{}`, 1},
			"resource_providers/org.apache.mesos.rp.local.storage.lvm/operations/create_disk/finished": {
				`mesos_agent_resource_providers_operations_finished_total{name="lvm", operation="create_disk", type="org.apache.mesos.rp.local.storage"}`, 1},
			"resource_providers/a.b/csi_plugin/rpcs_pending": {`mesos_agent_resource_providers_csi_plugin_rpcs_pending{name="b", type="a"}`, 1},
		},
	} {
		for key, want := range cases {
			m := Resolve(origin, key)
			require.Equal(t, want.text, text(m), key)
			require.Equal(t, want.factor, m.Factor, key)
			require.NotEqual(t, Untyped, m.Series.Type, key)
			require.Equal(t, strings.HasPrefix(key, fw), m.FrameworkID == id, key)
		}
	}
}

func TestFollowersAreAskedAboutTheirProcess(t *testing.T) {
	var keys []string
	for _, e := range loaded().patterns[Master].entries {
		if Resolve(Master, e.text).Process {
			keys = append(keys, e.text)
		}
	}
	slices.Sort(keys)
	require.Equal(t, []string{
		"master/elected",
		"master/event_queue_dispatches", "master/event_queue_http_requests", "master/event_queue_messages",
		"master/uptime_secs",
		"registrar/log/ensemble_size", "registrar/log/recovered",
		"system/cpus_total", "system/load_15min", "system/load_1min", "system/load_5min", "system/mem_free_bytes", "system/mem_total_bytes",
	}, keys)
}

func TestEntitySeriesGetNoLabelOfWhoAnswered(t *testing.T) {
	for _, key := range []string{"master/tasks_failed", "master/frameworks/x/1/calls", "allocator/mesos/roles/prod/shares/dominant"} {
		require.True(t, Resolve(Master, key).Entity, key)
	}
	for _, key := range []string{"master/tasks_running", "allocator/mesos/quota/roles/prod/resources/cpus/limit", "new/key"} {
		require.False(t, Resolve(Master, key).Entity, key)
	}
	require.False(t, Resolve(Agent, "slave/uptime_secs").Entity)
}

func TestUnknownKeysAreNamedAfterThemselves(t *testing.T) {
	for key, want := range map[string]string{
		"a/b_ms":               `mesos_a_b_ms{key="a/b_ms"}`,
		"master/New-Slave.x":   `mesos_master_new_agent_x{key="master/New-Slave.x"}`,
		"master/ü":             `mesos_master__{key="master/ü"}`,
		"x/total":              `mesos_x_total{key="x/total"}`,
		"":                     `mesos_{}`,
		"up":                   `mesos_up{key="up"}`, // not to be taken for the plugin's own
		"master/agents_active": `mesos_master_agents_active{key="master/agents_active"}`,
	} {
		m := Resolve(Master, key)
		require.Equal(t, want, text(m), key)
		require.Equal(t, Untyped, m.Series.Type, key)
		require.Equal(t, None, m.Series.Unit, key)
		require.Equal(t, 1.0, m.Factor, key)
		require.Equal(t, m.Labels.Has(keyLabel), slices.Contains(m.Series.Labels, keyLabel), key)
	}
	require.Equal(t, `mesos_agent_gc_new{key="gc/new"}`, text(Resolve(Agent, "gc/new")))
	require.Equal(t, `mesos_agent_new{key="slave/new"}`, text(Resolve(Agent, "slave/new")))
	require.Equal(t, `mesos_new_module{key="new/module"}`, text(Resolve(Agent, "new/module")))
	require.Equal(t, `mesos_new_module{key="new/module"}`, text(Resolve("nobody", "new/module")))
}

func TestKeysOfOneNameAreToldApart(t *testing.T) {
	for key, want := range map[string]string{
		"a/b_c": `mesos_a_b_c{key="a/b_c"}`,
		"a/b/c": `mesos_a_b_c{key="a/b/c"}`,
		"A/b.c": `mesos_a_b_c{key="A/b.c"}`,
		// Known ones whose labels are spelled as others' are: Mesos writes the first.
		"master/task_lost/source_slave/reason_slave_x": `mesos_master_task_status_total{reason="agent_x", source="agent", state="lost"}`,
		"master/task_lost/source_agent/reason_slave_x": `mesos_master_task_status_total{key="master/task_lost/source_agent/reason_slave_x", reason="agent_x", source="agent", state="lost"}`,
		"master/task_lost/source_slave/reason_AGENT_x": `mesos_master_task_status_total{key="master/task_lost/source_slave/reason_AGENT_x", reason="agent_x", source="agent", state="lost"}`,
		"allocator/mesos/roles//shares/dominant":       `mesos_role_dominant_share_ratio{role="/"}`,
		"allocator/mesos/roles///shares/dominant":      `mesos_role_dominant_share_ratio{key="allocator/mesos/roles///shares/dominant", role="/"}`,
	} {
		require.Equal(t, want, text(Resolve(Master, key)), key)
	}
}

// What a key becomes is a function of the key, and no two keys become one series:
// keys of random parts, of which many look like others after spelling.
func TestNoTwoKeysBecomeOneSeries(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	part := func() string {
		var text strings.Builder
		for range 1 + random.IntN(4) {
			text.WriteString(pick("a", "B", "b", "_", ".", "-", "/", "slave", "agent", "_agent", "slaves", "ü", "total", "ms", strings.Repeat("x", 300)))
		}
		return text.String()
	}
	kinds := []func() string{
		part,
		func() string { return "master/" + part() },
		func() string { return "slave/" + part() },
		func() string {
			return "master/task_" + pick("lost", "LOST", "gone") + "/source_" + part() + "/reason_" + part()
		},
		func() string { return "allocator/mesos/roles/" + pick("", "/", part()) + "/shares/dominant" },
		func() string { return "frameworks/" + part() + "/messages_received" },
	}
	for _, origin := range []Origin{Master, Agent} {
		keys := map[string]string{}
		for range 20_000 {
			key := kinds[random.IntN(len(kinds))]()
			id := text(Resolve(origin, key))
			require.Equal(t, id, text(Resolve(origin, key)), key)
			if other, taken := keys[id]; taken {
				require.Equal(t, other, key, id)
			}
			keys[id] = key
		}
	}
}

// Every recorded key is known and maps to its own series.
func TestRecordedSnapshots(t *testing.T) {
	origins := map[Origin]int{}
	err := filepath.WalkDir(filepath.Join("..", "testdata", "captures"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(d.Name(), "metrics") {
			return err
		}
		snapshot, ok := readSnapshot(t, path)
		if !ok {
			return nil
		}
		origin := Agent
		if _, ok := snapshot["master/elected"]; ok {
			origin = Master
		}
		origins[origin]++
		keys := slices.Collect(maps.Keys(snapshot))
		same := map[string]string{}
		for _, key := range keys {
			m := Resolve(origin, key)
			id := text(m)
			if m.Series.Type == Untyped {
				t.Errorf("%s: %s is not known", path, key)
			}
			if other, taken := same[id]; taken || m.Labels.Has(keyLabel) {
				t.Errorf("%s: %s and %s are both %s", path, key, other, id)
			}
			same[id] = key
			m.Labels.Range(func(l labels.Label) {
				if !slices.Contains(m.Series.Labels, l.Name) {
					t.Errorf("%s: %s has the label %s, which %s has not", path, key, l.Name, m.Series.Name)
				}
			})
		}
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, origins[Master], 100)
	require.Greater(t, origins[Agent], 100)
}

// readSnapshot reads a recorded /metrics/snapshot; false where the file is
// something else: an error's text, jsonp, headers.
func readSnapshot(t *testing.T, path string) (map[string]float64, bool) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	var body io.Reader = f
	if strings.HasSuffix(path, ".gz") || strings.HasSuffix(path, ".gz-as-served") {
		body, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	var snapshot map[string]float64
	if json.NewDecoder(body).Decode(&snapshot) != nil || len(snapshot) < 10 {
		return nil, false
	}
	return snapshot, true
}

// The keys of Mesos' own sources (testdata/metrics-catalogue.json says which
// revision) are all here, with the same type and the same release.
func TestEveryKeyOfMesosIsKnown(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "metrics-catalogue.json"))
	require.NoError(t, err)
	var source struct {
		Metrics []struct {
			Key, Source, Type, Unit, Since string
		}
	}
	require.NoError(t, json.Unmarshal(data, &source))
	require.Len(t, source.Metrics, 335)

	some := strings.NewReplacer("<operation_type>", "reserve", "<state>", "failed", "<source>", "master", "<reason>", "slave_x",
		"<encoded_framework_name>", "a%20b", "<task_state>", "task_failed", "<role>", "a/b", "<resource>", "mem")
	units := map[string]struct {
		unit   Unit
		factor float64
	}{
		"cpus": {CPUs, 1}, "gpus": {GPUs, 1}, "MB": {Bytes, 1048576}, "cpus|gpus|MB": {Bytes, 1048576}, "bytes": {Bytes, 1},
		"ratio(0-1)": {Ratio, 1}, "seconds": {Seconds, 1}, "ms": {Seconds, 0.001}, "count": {Count, 1}, "bool": {Bool, 1},
		"load": {None, 1}, "bytes/s": {BytesPS, 1},
	}
	used := map[string]bool{}
	for _, want := range source.Metrics {
		key := regexp.MustCompile(`<[a-z_]+>`).ReplaceAllString(some.Replace(want.Key), "x")
		m := Resolve(Origin(want.Source), key)
		require.NotEqual(t, Untyped, m.Series.Type, want.Key)
		require.Equal(t, want.Type == "counter", m.Series.Type == Counter, want.Key)
		require.Contains(t, units, want.Unit, want.Key)
		require.Equal(t, units[want.Unit].unit, m.Series.Unit, want.Key)
		require.InDelta(t, units[want.Unit].factor, m.Factor, 0, want.Key)
		e, _ := loaded().patterns[Origin(want.Source)].find(key)
		require.Equal(t, want.Since, e.since, want.Key)
		used[want.Source+" "+e.text] = true
	}
	// Conversely, no key here is missing in Mesos. The catalogue of Mesos has
	// <resource> once where a series is needed for each.
	for origin, p := range loaded().patterns {
		for _, e := range p.entries {
			if strings.HasPrefix(e.text, "allocator/mesos/quota/") {
				continue
			}
			require.True(t, used[string(origin)+" "+e.text], "%s: %s", origin, e.text)
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, origin := range []Origin{Master, Agent} {
		for _, e := range loaded().patterns[origin].entries {
			f.Add(string(origin), e.text)
		}
	}
	f.Add("", "")
	f.Add("master", "master/frameworks/%FF%zz//roles//suppressed")
	name := regexp.MustCompile(`^[a-z_:][a-z0-9_:]*$`)
	f.Fuzz(func(t *testing.T, origin, key string) {
		m := Resolve(Origin(origin), key)
		require.Regexp(t, name, m.Series.Name)
		m.Labels.Range(func(l labels.Label) {
			require.Regexp(t, name, l.Name)
			require.NotEmpty(t, l.Value)
			require.True(t, utf8.ValidString(l.Value), "%q", l.Value)
			require.Contains(t, m.Series.Labels, l.Name)
		})
		require.Equal(t, m, Resolve(Origin(origin), key), "the same every time")
		require.NotEqual(t, text(m), text(Resolve(Origin(origin), key+"/")))
	})
}

func BenchmarkResolve(b *testing.B) {
	// The keys of the biggest recorded snapshot.
	f, err := os.Open(filepath.Join("..", "testdata", "captures", "04-series", "074-master-metrics.json.gz"))
	require.NoError(b, err)
	body, err := gzip.NewReader(f)
	require.NoError(b, err)
	var snapshot map[string]float64
	require.NoError(b, json.NewDecoder(body).Decode(&snapshot))
	require.NoError(b, f.Close())
	keys := slices.Collect(maps.Keys(snapshot))
	for b.Loop() {
		for _, key := range keys {
			Resolve(Master, key)
		}
	}
	b.ReportMetric(float64(len(keys)), "keys")
}
