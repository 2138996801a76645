package samples

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
)

func TestNumbersOfASnapshotThatCannotBeBesideEachOther(t *testing.T) {
	type numbers = map[string]float64
	amounts := func(cpus, disk float64) cluster.Resources {
		return cluster.Resources{cluster.CPUs: cluster.Amount(cpus * 1000), cluster.Disk: cluster.Amount(disk * 1000)}
	}
	unknown := cluster.Resources{cluster.CPUs: cluster.Unknown, cluster.Disk: cluster.Unknown}
	master := func(agents int, capacity, allocated cluster.Resources) subject {
		return subject{"master m", agents, capacity, allocated, true}
	}
	counts := func(active, inactive, connected, disconnected float64) numbers {
		return numbers{"master/slaves_active": active, "master/slaves_inactive": inactive, "master/slaves_connected": connected, "master/slaves_disconnected": disconnected}
	}
	all := []string{"master/slaves_active", "master/slaves_connected", "master/slaves_disconnected", "master/slaves_inactive"}
	agent := subject{"agent a", 1, amounts(4, 100), amounts(4, 0), true}
	at := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		values numbers
		of     subject
		want   []string // that are left out
	}{
		"all is used":                              {numbers{"master/cpus_used": 8, "master/cpus_total": 8}, master(2, amounts(8, 0), amounts(8, 0)), nil},
		"used above the total":                     {numbers{"master/cpus_used": 12, "master/cpus_total": 8}, master(2, amounts(8, 0), amounts(8, 0)), []string{"master/cpus_used"}},
		"without a /state":                         {numbers{"master/mem_used": 12, "master/mem_total": 8}, subjectOf("m", nil), []string{"master/mem_used"}},
		"of what /state does not tell":             {numbers{"master/cpus_used": 12, "master/cpus_total": 8}, master(2, unknown, unknown), []string{"master/cpus_used"}},
		"/state has more allocated than there is":  {numbers{"master/cpus_used": 12, "master/cpus_total": 8}, master(2, amounts(8, 0), amounts(12, 0)), nil},
		"disks of resource providers":              {numbers{"master/disk_used": 150, "master/disk_total": 100, "master/disk_percent": 1.5}, master(2, amounts(8, 200), amounts(8, 150)), []string{"master/disk_percent"}},
		"dust of each agent":                       {numbers{"master/cpus_used": 8.002, "master/cpus_total": 8}, master(2, amounts(8, 0), amounts(8, 0)), nil},
		"less revocable than in use":               {numbers{"master/cpus_revocable_used": 3, "master/cpus_revocable_total": 1}, master(2, amounts(8, 0), amounts(8, 0)), nil},
		"the allocator's":                          {numbers{"allocator/mesos/resources/cpus/offered_or_allocated": 9, "allocator/mesos/resources/cpus/total": 8}, master(2, amounts(8, 0), amounts(8, 0)), []string{"allocator/mesos/resources/cpus/offered_or_allocated"}},
		"the allocator's, with revocable":          {numbers{"allocator/mesos/resources/cpus/offered_or_allocated": 9, "allocator/mesos/resources/cpus/total": 8, "master/cpus_revocable_used": 2}, master(2, amounts(8, 0), amounts(8, 0)), nil},
		"CPUs that two agents cannot have":         {numbers{"master/cpus_total": 845336e6, "master/cpus_used": 1}, master(2, amounts(8, 0), amounts(1, 0)), []string{"master/cpus_total"}},
		"memory that two agents cannot have":       {numbers{"master/mem_total": 1 << 40, "master/slaves_active": 2}, subjectOf("m", nil), []string{"master/mem_total"}},
		"counts that agree":                        {counts(3, 2, 4, 1), subjectOf("m", nil), nil},
		"more active than connected":               {counts(5, 0, 3, 2), subjectOf("m", nil), all},
		"more connected than registered":           {counts(3, 0, 5, 0), subjectOf("m", nil), all},
		"more active than connected, without more": {numbers{"master/frameworks_active": 3, "master/frameworks_connected": 2}, subjectOf("m", nil), []string{"master/frameworks_active", "master/frameworks_connected"}},
		"half an agent":                            {numbers{"master/slaves_unreachable": 0.5, "master/tasks_running": 2.5, "master/event_queue_messages": 0.5}, subjectOf("m", nil), []string{"master/slaves_unreachable", "master/tasks_running"}},
		"free memory above the machine's":          {numbers{"system/mem_free_bytes": 9, "system/mem_total_bytes": 8}, subjectOf("m", nil), []string{"system/mem_free_bytes"}},
		"a machine that cannot be":                 {numbers{"system/cpus_total": 1e6, "system/mem_total_bytes": 1e17, "system/load_1min": 1e9}, subjectOf("m", nil), []string{"system/cpus_total", "system/load_1min", "system/mem_total_bytes"}},
		"up since before 1970":                     {numbers{"master/uptime_secs": 2e9}, subjectOf("m", nil), []string{"master/uptime_secs"}},
		"executors of the agent's own":             {numbers{"slave/cpus_used": 4.9, "slave/cpus_total": 4, "slave/executors_running": 12}, agent, nil},
		"more than those are":                      {numbers{"slave/cpus_used": 5.3, "slave/cpus_total": 4, "slave/executors_running": 12}, agent, []string{"slave/cpus_used"}},
		"nobody counts executors":                  {numbers{"slave/cpus_used": 5.3, "slave/cpus_total": 4}, agent, nil},
		"disk above the agent's":                   {numbers{"slave/disk_used": 101, "slave/disk_total": 100, "slave/executors_running": 2}, agent, []string{"slave/disk_used"}},
		"what is judged alone":                     {numbers{"master/cpus_used": -1, "master/cpus_total": 1 << 64}, subjectOf("m", nil), nil},
	} {
		found, ratios := c.of.judge(c.values, at)
		left := slices.Clone(ratios)
		for _, one := range found {
			require.Contains(t, one.why, c.of.who, name)
			require.Contains(t, one.why, one.key, name)
			left = append(left, one.key)
		}
		slices.Sort(left)
		require.Equal(t, c.want, left, name)
	}
}
