package tables

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// tasksTable is the table of tasks.
var tasksTable = tableOf(Table{
	Name: "tasks", Aliases: []string{"task"},
	Help: "Tasks that have not ended, are unreachable, or wait for their framework to acknowledge their end.",
}, func(v *View) things[*cluster.Task] { return pointed(v.Cluster.Tasks) }, []column[*cluster.Task]{
	{Column{"task_id", Text, NoUnit, "ID of the task"}, func(_ *View, t *cluster.Task) value { return text(t.ID) }},
	{Column{"name", Text, NoUnit, "Name of the task"}, func(_ *View, t *cluster.Task) value { return text(t.Name) }},
	{Column{"state", Text, NoUnit, "staging, starting, running, killing, unreachable, or how it ended: finished, failed, killed, lost, ..."}, func(_ *View, t *cluster.Task) value { return text(string(t.State)) }},
	{Column{"framework_id", Text, NoUnit, "ID of its framework"}, func(_ *View, t *cluster.Task) value { return text(t.Framework.ID) }},
	{Column{"framework", Text, NoUnit, "Name of its framework"}, func(_ *View, t *cluster.Task) value { return text(t.Framework.Name) }},
	{Column{"role", Text, NoUnit, "Role that its resources are allocated to"}, func(_ *View, t *cluster.Task) value { return text(t.Role) }},
	{Column{"agent_id", Text, NoUnit, "ID of its agent"}, func(_ *View, t *cluster.Task) value { return text(t.Agent.ID) }},
	{Column{"agent", Text, NoUnit, "Host name of its agent"}, func(_ *View, t *cluster.Task) value { return text(t.Agent.Hostname) }},
	{Column{"executor_id", Text, NoUnit, "ID of its executor; NULL for a command task"}, func(_ *View, t *cluster.Task) value { return text(t.ExecutorID) }},
	{Column{"healthy", Boolean, NoUnit, "Whether its latest health check passed; NULL without a check"}, func(_ *View, t *cluster.Task) value { return maybe(t.Healthy) }},
	{Column{"cpus", Real, NoUnit, "CPUs allocated; 0 for a task that has ended or is unreachable"}, func(_ *View, t *cluster.Task) value { return real(t.Allocated.Value(cluster.CPUs)) }},
	{Column{"memory_bytes", Real, Bytes, "Memory allocated"}, func(_ *View, t *cluster.Task) value { return real(t.Allocated.Value(cluster.Memory)) }},
	{Column{"disk_bytes", Real, Bytes, "Disk allocated"}, func(_ *View, t *cluster.Task) value { return real(t.Allocated.Value(cluster.Disk)) }},
	{Column{"gpus", Real, NoUnit, "GPUs allocated"}, func(_ *View, t *cluster.Task) value { return real(t.Allocated.Value(cluster.GPUs)) }},
	{Column{"usage_seconds", Real, Seconds, "CPU seconds used since its container began, as its agent measures them; NULL where they are not known"}, func(*View, *cluster.Task) value { return null }},
	{Column{"start_time", Time, NoUnit, "When it first ran; NULL where it has not"}, func(_ *View, t *cluster.Task) value { return unix(t.Started) }},
	{Column{"run_seconds", Real, Seconds, "How long ago it first ran"}, func(v *View, t *cluster.Task) value { return v.age(t.Started) }},
	{Column{"labels", JSON, NoUnit, "Labels of the task, as an object: labels ->> 'team'"}, func(_ *View, t *cluster.Task) value { return labelsOf(t.Labels) }},
}, "task_id", "agent_id", "agent", "framework_id", "framework", "name")

// age returns the seconds since a moment in Unix seconds; NULL for 0.
func (v *View) age(since float64) value {
	if since <= 0 {
		return null
	}
	return real(max(0, float64(v.Now.UnixMicro())/1e6-since))
}

// maxJSON bounds the JSON of a cell: of more labels the last are left out.
const maxJSON = maxLength / 4

// labelsOf returns labels as an object; NULL for none. Of several with one key the first
// counts.
func labelsOf(labels []mesos.Label) value {
	if len(labels) == 0 {
		return null
	}
	var b strings.Builder
	b.WriteByte('{')
	var quoted []byte
	for i, l := range labels {
		if has(labels[:i], l.Key) {
			continue
		}
		quoted = quoted[:0]
		if b.Len() > 1 {
			quoted = append(quoted, ',')
		}
		quoted, _ = jsontext.AppendQuote(quoted, l.Key) // what is not UTF-8 is replaced
		quoted = append(quoted, ':')
		quoted, _ = jsontext.AppendQuote(quoted, l.Value)
		if b.Len()+len(quoted) > maxJSON {
			break
		}
		b.Write(quoted)
	}
	b.WriteByte('}')
	return value{kind: isText, text: b.String()}
}

func has(labels []mesos.Label, key string) bool {
	for _, l := range labels {
		if l.Key == key {
			return true
		}
	}
	return false
}
