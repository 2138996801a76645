package samples

import (
	"strings"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// This file lists the series of a container's readings.

// readingColumns returns the columns of a container's numbers as the agent gives
// them.
func readingColumns() []column[mesos.Readings] {
	var columns []column[mesos.Readings]
	for _, c := range []struct{ name, key, label, value string }{
		{"cpu_seconds_total", "cpus_user_time_secs", "mode", "user"},
		{"cpu_seconds_total", "cpus_system_time_secs", "mode", "system"},
		{"cpu_throttled_seconds_total", "cpus_throttled_time_secs", "", ""},
		{"cpu_periods_total", "cpus_nr_periods", "", ""},
		{"cpu_throttled_periods_total", "cpus_nr_throttled", "", ""},
		{"cpus_limit", "cpus_limit", "", ""},
		{"cpus_soft_limit", "cpus_soft_limit", "", ""},
		{"memory_rss_bytes", "mem_rss_bytes", "", ""},
		{"memory_total_bytes", "mem_total_bytes", "", ""},
		{"memory_total_with_swap_bytes", "mem_total_memsw_bytes", "", ""},
		{"memory_anon_bytes", "mem_anon_bytes", "", ""},
		{"memory_cache_bytes", "mem_cache_bytes", "", ""},
		{"memory_file_bytes", "mem_file_bytes", "", ""},
		{"memory_mapped_file_bytes", "mem_mapped_file_bytes", "", ""},
		{"memory_swap_bytes", "mem_swap_bytes", "", ""},
		{"memory_unevictable_bytes", "mem_unevictable_bytes", "", ""},
		{"memory_kernel_bytes", "mem_kmem_usage_bytes", "", ""},
		{"memory_kernel_tcp_bytes", "mem_kmem_tcp_usage_bytes", "", ""},
		{"memory_limit_bytes", "mem_limit_bytes", "", ""},
		{"memory_soft_limit_bytes", "mem_soft_limit_bytes", "", ""},
		{"memory_pressure_events_total", "mem_low_pressure_counter", "level", "low"},
		{"memory_pressure_events_total", "mem_medium_pressure_counter", "level", "medium"},
		{"memory_pressure_events_total", "mem_critical_pressure_counter", "level", "critical"},
		{"disk_limit_bytes", "disk_limit_bytes", "", ""},
		{"processes", "processes", "", ""},
		{"threads", "threads", "", ""},
		{"network_receive_bytes_total", "net_rx_bytes", "", ""},
		{"network_receive_packets_total", "net_rx_packets", "", ""},
		{"network_receive_errors_total", "net_rx_errors", "", ""},
		{"network_receive_dropped_total", "net_rx_dropped", "", ""},
		{"network_transmit_bytes_total", "net_tx_bytes", "", ""},
		{"network_transmit_packets_total", "net_tx_packets", "", ""},
		{"network_transmit_errors_total", "net_tx_errors", "", ""},
		{"network_transmit_dropped_total", "net_tx_dropped", "", ""},
	} {
		key, round := mesos.StatisticOf(c.key), func(n float64) float64 { return n }
		if strings.HasPrefix(c.key, "cpus_") && strings.HasSuffix(c.key, "limit") {
			round = cluster.Round // resources of the container
		}
		columns = append(columns, column[mesos.Readings]{
			name: "mesos_executor_" + c.name, label: c.label, value: c.value,
			read: func(_ *traits, r *mesos.Readings) (float64, bool) {
				n, known := r.Of(key)
				return round(n), known
			},
		})
	}
	return columns
}

type deviceKey struct {
	executorKey
	device, operation string
}

func (k deviceKey) label(add func(name, value string)) {
	k.executorKey.label(add)
	add("device", k.device)
	add("op", k.operation)
}

func deviceColumns() []column[mesos.DeviceReading] {
	return []column[mesos.DeviceReading]{
		{name: "mesos_executor_blkio_bytes_total", read: func(_ *traits, d *mesos.DeviceReading) (float64, bool) { return d.Bytes, d.BytesKnown }},
		{name: "mesos_executor_blkio_operations_total", read: func(_ *traits, d *mesos.DeviceReading) (float64, bool) { return d.Operations, d.OperationsKnown }},
	}
}
