package query

import (
	"fmt"
	"strings"
)

// This file knows the series of mesos_exporter
// (https://github.com/mesos/mesos_exporter 1.1.2), which dashboards and variables
// made for Prometheus ask for.

// ofExporter holds the series here that have the same numbers, by the exporter's name.
// Its label type or state is part of the name here, or the label state.
var ofExporter = map[string]string{
	"mesos_master_cpus":                                "mesos_cluster_cpus_capacity, mesos_cluster_cpus_allocated",
	"mesos_master_cpus_revocable":                      "mesos_master_cpus_revocable_capacity, mesos_master_cpus_revocable_allocated",
	"mesos_master_gpus":                                "mesos_cluster_gpus_capacity, mesos_cluster_gpus_allocated",
	"mesos_master_gpus_revocable":                      "mesos_master_gpus_revocable_capacity, mesos_master_gpus_revocable_allocated",
	"mesos_master_mem":                                 "mesos_cluster_memory_capacity_bytes, mesos_cluster_memory_allocated_bytes",
	"mesos_master_mem_revocable":                       "mesos_master_memory_revocable_capacity_bytes, mesos_master_memory_revocable_allocated_bytes",
	"mesos_master_disk":                                "mesos_cluster_disk_capacity_bytes, mesos_cluster_disk_allocated_bytes",
	"mesos_master_disk_revocable":                      "mesos_master_disk_revocable_capacity_bytes, mesos_master_disk_revocable_allocated_bytes",
	"mesos_master_slave_registration_events_total":     "mesos_master_agent_registrations_total, mesos_master_agent_reregistrations_total",
	"mesos_master_recovery_slave_removal_events_total": "mesos_master_recovery_agent_removals_total",
	"mesos_master_slave_removal_events_total":          "mesos_master_agent_removals_total",
	"mesos_master_slave_unreachable_events_total":      "mesos_master_agent_unreachable_completed_total",
	"mesos_master_slaves_state":                        "mesos_cluster_agents",
	"mesos_master_frameworks_state":                    "mesos_cluster_frameworks",
	"mesos_master_offers_pending":                      "mesos_master_outstanding_offers",
	"mesos_master_task_states_exit_total":              "mesos_cluster_tasks_ended_total",
	"mesos_master_task_states_current":                 "mesos_cluster_tasks",
	"mesos_master_event_queue_length":                  "mesos_master_event_queue_dispatches, mesos_master_event_queue_http_requests, mesos_master_event_queue_messages",
	"mesos_master_allocator_event_queue_dispatches":    "mesos_allocator_event_queue_dispatches",
	"mesos_master_allocation_runs":                     "mesos_allocator_mesos_allocation_runs_total",
	"mesos_master_allocation_run_ms":                   "mesos_allocator_mesos_allocation_run_last_seconds",
	"mesos_master_allocator_resources_cpus":            "mesos_allocator_cpus_capacity, mesos_allocator_cpus_offered_or_allocated",
	"mesos_master_allocator_resources_mem":             "mesos_allocator_memory_capacity_bytes, mesos_allocator_memory_offered_or_allocated_bytes",
	"mesos_master_allocator_resources_disk":            "mesos_allocator_disk_capacity_bytes, mesos_allocator_disk_offered_or_allocated_bytes",
	"mesos_registrar_state_fetch_ms":                   "mesos_registrar_state_fetch_last_seconds",
	"mesos_registrar_state_store_ms":                   "mesos_registrar_state_store_last_seconds",
	"mesos_slave_cpus":                                 "mesos_agent_cpus_capacity",
	"mesos_slave_cpus_used":                            "mesos_agent_cpus_allocated",
	"mesos_slave_cpus_revocable":                       "mesos_agent_cpus_revocable_capacity, mesos_agent_cpus_revocable_allocated",
	"mesos_slave_gpus":                                 "mesos_agent_gpus_capacity, mesos_agent_gpus_allocated",
	"mesos_slave_mem":                                  "mesos_agent_memory_capacity_bytes, mesos_agent_memory_allocated_bytes",
	"mesos_slave_mem_bytes":                            "mesos_agent_memory_capacity_bytes",
	"mesos_slave_mem_used_bytes":                       "mesos_agent_memory_allocated_bytes",
	"mesos_slave_disk":                                 "mesos_agent_disk_capacity_bytes, mesos_agent_disk_allocated_bytes",
	"mesos_slave_disk_bytes":                           "mesos_agent_disk_capacity_bytes",
	"mesos_slave_disk_used_bytes":                      "mesos_agent_disk_allocated_bytes",
	"mesos_slave_registered":                           "mesos_agent_registered",
	"mesos_slave_uptime_seconds":                       "mesos_agent_uptime_seconds",
	"mesos_slave_recovery_errors":                      "mesos_agent_recovery_errors_total",
	"mesos_slave_executor_state":                       "mesos_agent_executors_running",
	"mesos_slave_frameworks_active":                    "mesos_agent_frameworks_active",
	"mesos_slave_executors_terminated":                 "mesos_agent_executors_terminated_total",
	"mesos_slave_executors_preempted":                  "mesos_agent_executors_preempted_total",
	"mesos_slave_task_states_exit_total":               "mesos_agent_tasks_finished_total, mesos_agent_tasks_failed_total, mesos_agent_tasks_killed_total",
	"mesos_slave_task_states_current":                  "mesos_agent_tasks",
	"mesos_slave_container_launch_errors":              "mesos_agent_container_launch_errors_total",
	"mesos_slave_attributes":                           "mesos_agent_info",
	"mesos_slave_task_labels":                          "mesos_task_state",
	"mesos_agent_cpus_limit":                           "mesos_executor_cpus_allocated",
	"mesos_agent_cpu_system_seconds_total":             "mesos_executor_cpus_used",
	"mesos_agent_cpu_user_seconds_total":               "mesos_executor_cpus_used",
	"mesos_agent_mem_rss_bytes":                        "mesos_executor_memory_used_bytes",
	"mesos_agent_mem_limit_bytes":                      "mesos_executor_memory_allocated_bytes",
	"mesos_agent_disk_used_bytes":                      "mesos_executor_disk_used_bytes",
	"mesos_agent_disk_limit_bytes":                     "mesos_executor_disk_allocated_bytes",
}

// exporterLabels holds the labels here by those that Prometheus or the exporter adds.
var exporterLabels = map[string]string{
	"slave": "agent", "source": "executor_id", "id": "executor_id", "task_name": "task", "framework_name": "framework",
}

// labelOfExporter returns the label here that stands for one of an exporter's series.
func labelOfExporter(series, label string) string {
	if same, known := exporterLabels[label]; known {
		return same
	}
	if label != "instance" && label != "job" {
		return label
	}
	if label == "instance" && (strings.HasPrefix(series, "mesos_slave_") || strings.HasPrefix(series, "mesos_agent_")) {
		return "agent"
	}
	return labelCluster
}

// exporterSentence says which series here has the numbers of an exporter's; "" where the
// name is not an exporter's.
func exporterSentence(name string) string {
	same := ofExporter[name]
	if same == "" {
		return ""
	}
	return fmt.Sprintf("%s is a series of mesos_exporter. Here the same numbers are in %s", name, same)
}
