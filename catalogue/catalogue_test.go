package catalogue

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/series"
)

// The rules that every series follows.

func TestSeriesAreSortedAndNamedOnce(t *testing.T) {
	all := All()
	require.NotEmpty(t, all)
	for i, s := range all {
		if i > 0 {
			require.Less(t, all[i-1].Name, s.Name)
		}
		found, ok := Lookup(s.Name)
		require.True(t, ok, s.Name)
		require.Equal(t, s, *found)
	}
	_, ok := Lookup("mesos_nothing")
	require.False(t, ok)
}

func TestPromlintFindsNothing(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(exposition(All()))).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

// exposition writes a sample of each series in Prometheus' text format.
func exposition(all []Series) string {
	var text strings.Builder
	for _, s := range all {
		fmt.Fprintf(&text, "# HELP %s %s\n# TYPE %s %s\n%s{cluster=%q", s.Name, s.Help, s.Name, s.Type, s.Name, "prod")
		for _, label := range s.Labels {
			fmt.Fprintf(&text, ",%s=%q", label, "0.5") // a quantile must be a number
		}
		text.WriteString("} 1\n")
	}
	return text.String()
}

func TestPromlintIsAsked(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(exposition([]Series{{Name: "mesos_things_total", Type: Gauge, Help: "Things."}}))).Lint()
	require.NoError(t, err)
	require.Len(t, problems, 1)
}

func TestEverySeriesIsComplete(t *testing.T) {
	var (
		types     = []Type{Counter, Gauge, Summary}
		units     = []Unit{CPUs, GPUs, Bytes, Seconds, Ratio, Count, Bool, Time, BytesPS, None}
		resources = []string{"", "cpus", "gpus", "memory", "disk"}
		entities  = []string{"", "cluster", "agent", "framework", "role", "task", "executor"}
		name      = regexp.MustCompile(`^mesos_[a-z][a-z0-9_]*[a-z0-9]$`)
		labelName = regexp.MustCompile(`^[a-z][a-z_]*$`)
		release   = regexp.MustCompile(`^(<=0\.19\.0|\d+\.\d+\.0|unreleased .*)$`)
	)
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			require.Regexp(t, name, s.Name)
			require.NotContains(t, s.Name, "slave")
			require.NotContains(t, s.Name, "__")
			require.Contains(t, types, s.Type, "untyped is for keys nobody knows")
			require.Contains(t, units, s.Unit)
			require.Contains(t, resources, s.Resource)
			require.Contains(t, entities, s.Entity)
			require.NotEmpty(t, s.Group)
			require.NotEmpty(t, s.Source)
			require.Regexp(t, `^[A-Z0-9].*\.$`, s.Help, "a sentence")
			require.NotContains(t, s.Help+s.Source, "|", "it would end a cell of docs/metrics.md")
			require.NotContains(t, s.Help+s.Name, "{", "nothing left to fill in")

			seen := map[string]bool{"cluster": true}
			for _, label := range s.Labels {
				require.Regexp(t, labelName, label)
				require.False(t, seen[label], "label %s twice", label)
				seen[label] = true
			}
			for _, open := range s.OpenLabels {
				require.Regexp(t, `^[a-z]+_\*$`, open)
			}
			if s.Entity != "" {
				require.NotContains(t, s.Labels, "master")
			}
			if len(s.Keys) > 0 || strings.HasPrefix(s.Source, "/state") || strings.HasPrefix(s.Source, "/roles") {
				require.Regexp(t, release, s.Since)
			}
		})
	}
}

func TestUnitsAreInTheName(t *testing.T) {
	suffixes := map[Unit]string{Bytes: "_bytes", Seconds: "_seconds", Ratio: "_ratio", Time: "_seconds", BytesPS: "_bytes_per_second"}
	for _, s := range All() {
		bare := s.Name
		if s.Type == Counter {
			var ok bool
			bare, ok = strings.CutSuffix(s.Name, "_total")
			require.True(t, ok, s.Name)
		} else {
			require.False(t, strings.HasSuffix(s.Name, "_total"), s.Name)
		}
		if suffix, ok := suffixes[s.Unit]; ok {
			require.True(t, strings.HasSuffix(bare, suffix) || strings.Contains(bare, suffix+"_"), "%s is in %s", s.Name, s.Unit)
			continue
		}
		for _, suffix := range suffixes {
			require.False(t, strings.HasSuffix(bare, suffix), "%s is in %s", s.Name, s.Unit)
		}
	}
}

// Queries are compiled to the amounts of the table of entities, so each must
// exist under exactly this name.
func TestEntitiesHaveTheirMeasures(t *testing.T) {
	measures := map[string][]string{
		"cluster":   {"capacity", "allocated", "offered", "reserved"},
		"agent":     {"capacity", "allocated", "offered", "reserved", "revocable_capacity", "revocable_allocated"},
		"framework": {"allocated", "offered"},
		"role":      {"allocated", "offered", "reserved", "quota_limit", "quota_guarantee", "quota_consumed"},
		"task":      {"allocated"},
		"executor":  {"allocated"},
	}
	units := map[string]Unit{"cpus": CPUs, "gpus": GPUs, "memory": Bytes, "disk": Bytes}
	for entity, list := range measures {
		for _, measure := range list {
			for resource, unit := range units {
				name := "mesos_" + entity + "_" + resource + "_" + measure
				if unit == Bytes {
					name += "_bytes"
				}
				s, ok := Lookup(name)
				require.True(t, ok, name)
				require.Equal(t, []any{entity, resource, measure, unit, Gauge}, []any{s.Entity, s.Resource, s.Measure, s.Unit, s.Type}, name)
			}
		}
		for _, name := range []string{"cpus_used", "memory_used_bytes", "cpus_measured", "memory_measured_bytes"} {
			s, ok := Lookup("mesos_" + entity + "_" + name)
			require.True(t, ok, entity+" "+name)
			require.Equal(t, series.PollAgents, s.Poll)
		}
		_, disk := Lookup("mesos_" + entity + "_disk_used_bytes")
		require.Equal(t, entity == "task" || entity == "executor", disk, entity)
	}
}

func TestOtherNamesOfTheContract(t *testing.T) {
	agent, framework := []string{"agent", "agent_id"}, []string{"framework", "framework_id"}
	task := slices.Concat([]string{"task", "task_id"}, framework, agent, []string{"role"})
	executor := slices.Concat([]string{"executor_id"}, framework, agent, []string{"role"})
	for name, want := range map[string][]string{
		"mesos_cluster_agents":                        {"state"},
		"mesos_cluster_frameworks":                    {"state"},
		"mesos_cluster_tasks":                         {"state"},
		"mesos_cluster_tasks_ended_total":             {"state"},
		"mesos_agent_tasks":                           slices.Concat(agent, []string{"state"}),
		"mesos_agent_state":                           slices.Concat(agent, []string{"state"}),
		"mesos_agent_info":                            slices.Concat(agent, []string{"version", "region", "zone"}),
		"mesos_framework_tasks":                       slices.Concat(framework, []string{"state"}),
		"mesos_framework_tasks_ended_total":           slices.Concat(framework, []string{"state"}),
		"mesos_framework_state":                       slices.Concat(framework, []string{"state"}),
		"mesos_framework_info":                        slices.Concat(framework, []string{"principal", "user", "roles", "webui_url"}),
		"mesos_role_weight":                           {"role"},
		"mesos_role_frameworks":                       {"role"},
		"mesos_role_tasks":                            {"role", "state"},
		"mesos_role_dominant_share_ratio":             {"role"},
		"mesos_task_state":                            slices.Concat(task, []string{"state"}),
		"mesos_task_healthy":                          task,
		"mesos_task_start_time_seconds":               task,
		"mesos_task_cpus_allocated":                   task,
		"mesos_executor_cpus_allocated":               executor,
		"mesos_executor_cpu_seconds_total":            slices.Concat(executor, []string{"mode"}),
		"mesos_executor_memory_rss_bytes":             executor,
		"mesos_executor_cpu_throttled_seconds_total":  executor,
		"mesos_executor_cpu_periods_total":            executor,
		"mesos_executor_cpu_throttled_periods_total":  executor,
		"mesos_executor_memory_pressure_events_total": slices.Concat(executor, []string{"level"}),
		"mesos_up":                              {"poll"},
		"mesos_poll_duration_seconds":           {"poll"},
		"mesos_poll_bytes":                      {"poll"},
		"mesos_poll_failures_total":             {"poll", "category"},
		"mesos_history_start_timestamp_seconds": nil,
		"mesos_series_dropped":                  nil,
	} {
		s, ok := Lookup(name)
		require.True(t, ok, name)
		require.ElementsMatch(t, want, s.Labels, name)
	}
	info, _ := Lookup("mesos_agent_info")
	require.Equal(t, []string{"attr_*"}, info.OpenLabels)
	allocated, _ := Lookup("mesos_task_memory_allocated_bytes")
	require.Equal(t, []string{"label_*"}, allocated.OpenLabels)
}

func TestKindOf(t *testing.T) {
	for name, want := range map[string][]series.Poll{
		"mesos_cluster_cpus_capacity":     {series.PollModel},
		"mesos_cluster_cpus_offered":      {series.PollState},
		"mesos_agent_state":               {series.PollModel},
		"mesos_agent_info":                {series.PollState},
		"mesos_task_state":                {series.PollState},
		"mesos_role_tasks_ended_total":    {series.PollModel},
		"mesos_cluster_tasks_ended_total": {series.PollSnapshot},
		"mesos_role_cpus_allocated":       {series.PollModel},
		"mesos_role_cpus_quota_limit":     {series.PollRoles},
		"mesos_role_tasks":                {series.PollModel},
		"mesos_master_cpus_capacity":      {series.PollSnapshot},
		"mesos_master_uptime_seconds":     {series.PollSnapshot, series.PollFollowers},
		"mesos_agent_uptime_seconds":      {series.PollAgents},
		"mesos_executor_memory_rss_bytes": {series.PollAgents},
		"mesos_a_b_ms":                    {series.PollSnapshot},
	} {
		require.Equal(t, want[0], KindOf(name), name)
		require.Equal(t, want, PollsOf(name), name)
	}
	require.Empty(t, KindOf("mesos_up"))
	require.Equal(t, everyPoll, PollsOf("mesos_up"))
}

func TestSeriesTravelAsJSON(t *testing.T) {
	data, err := json.Marshal(All())
	require.NoError(t, err)
	var back []Series
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, All(), back)
}

func TestMistakesInMetricsJSONAreNamed(t *testing.T) {
	row := func(rows string) string {
		return `{"resources": [{"resource": "cpus", "key": "cpus", "noun": "CPUs"}], "groups": [{"name": "G", "rows": [` + rows + `]}]}`
	}
	for name, c := range map[string]struct{ json, want string }{
		"a field nobody reads":      {row(`{"serie": "mesos_x"}`), "unknown field"},
		"a key without an origin":   {row(`{"key": "a/b", "since": "1.0.0", "type": "gauge"}`), "origin"},
		"a key without a release":   {row(`{"key": "a/b", "origin": "master", "type": "gauge"}`), "since"},
		"a resource nobody knows":   {row(`{"series": "mesos_{resource}", "for": ["cpu"]}`), `"cpu"`},
		"two series of a name":      {row(`{"series": "mesos_x"}, {"series": "mesos_x"}`), "share a row"},
		"a key in two rows":         {row(`{"key": "a/b", "origin": "master", "since": "1.0.0", "series": "mesos_x"}, {"key": "a/b", "origin": "master", "since": "1.0.0", "series": "mesos_y"}`), "already"},
		"a placeholder misspelled":  {row(`{"key": "a/<b", "origin": "master", "since": "1.0.0"}`), "placeholder"},
		"a timer that is not in ms": {row(`{"key": "a/b", "origin": "master", "since": "1.0.0", "type": "timer"}`), "_ms"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load([]byte(c.json))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestOlder(t *testing.T) {
	for _, c := range []struct {
		version, release string
		want             bool
	}{
		{"0.22.2", "0.23.0", true}, {"0.23.0", "0.23.0", false}, {"1.4.0-rc1", "1.9.0", true}, {"1.12.0", "1.9.0", false},
		{"1.9.0", "unreleased (after 1.11.0)", true}, {"0.19.0", "<=0.19.0", false}, {"", "1.9.0", false}, {"unknown", "1.9.0", false}, {"0.22.2", "", false},
	} {
		require.Equal(t, c.want, Older(c.version, c.release), "%s %s", c.version, c.release)
	}
}
