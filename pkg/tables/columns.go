package tables

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// This file is what the columns of several tables have in common.

// kinds are the kinds of resources as columns name them.
var kinds = []struct {
	kind               cluster.Kind
	name, suffix, word string
	unit               Unit
}{
	{cluster.CPUs, "cpus", "", "CPUs", NoUnit},
	{cluster.Memory, "memory", "_bytes", "Memory", Bytes},
	{cluster.Disk, "disk", "_bytes", "Disk", Bytes},
	{cluster.GPUs, "gpus", "", "GPUs", NoUnit},
}

// amounts returns a column for each kind of resource: memory_offered_bytes for the part
// "offered", memory_bytes for "". help is what follows the kind's name.
func amounts[T any](part, help string, of func(*View, T) cluster.Resources) []column[T] {
	var all []column[T]
	for _, k := range kinds {
		name := k.name
		if part != "" {
			name += "_" + part
		}
		all = append(all, column[T]{Column{name + k.suffix, Real, k.unit, k.word + " " + help}, func(v *View, thing T) value {
			r := of(v, thing)
			return real(r.Value(k.kind))
		}})
	}
	return all
}

// limits returns a column for each kind of resource that may have a limit.
func limits[T any](part, help string, of func(T) *cluster.Limits) []column[T] {
	var all []column[T]
	for _, k := range kinds {
		all = append(all, column[T]{Column{k.name + "_" + part + k.suffix, Real, k.unit, k.word + " " + help}, func(_ *View, thing T) value {
			if x, set := of(thing).Value(k.kind); set {
				return real(x)
			}
			return null
		}})
	}
	return all
}

// taskStates returns a column for each state that tasks are counted in, and one for all.
// counts returns nil where they are not known.
func taskStates[T any](counts func(*View, T) *cluster.TaskCounts) []column[T] {
	all := []column[T]{{Column{"tasks", Integer, NoUnit, "Number of tasks that have not ended, without unreachable ones"}, func(v *View, thing T) value {
		if n := counts(v, thing); n != nil && v.Cluster.TasksListed {
			return integer(n.Total() - n.Of(cluster.Unreachable))
		}
		return null
	}}}
	for _, state := range cluster.LiveStates {
		all = append(all, column[T]{Column{"tasks_" + string(state), Integer, NoUnit, fmt.Sprintf("Number of tasks that are %s", state)}, func(v *View, thing T) value {
			known := v.Cluster.TasksListed
			if state == cluster.Unreachable {
				known = v.Cluster.LostListed
			}
			if n := counts(v, thing); n != nil && known {
				return integer(n.Of(state))
			}
			return null
		}})
	}
	return all
}

// countsOf returns counts of tasks, nil where some tasks are not known.
func countsOf(v *View, counts *cluster.TaskCounts, unknown bool) *cluster.TaskCounts {
	if unknown || v.Cluster.TasksUnknown {
		return nil
	}
	return counts
}

// textOf returns a column of text.
func textOf[T any](name, help string, of func(T) string) column[T] {
	return column[T]{Column{name, Text, NoUnit, help}, func(_ *View, thing T) value { return text(of(thing)) }}
}

// timeOf returns a column of a time in Unix seconds, 0 for an unknown one.
func timeOf[T any](name, help string, of func(T) float64) column[T] {
	return column[T]{Column{name, Time, NoUnit, help}, func(_ *View, thing T) value { return unix(of(thing)) }}
}

// agentColumns returns the columns of the agent that something is on.
func agentColumns[T any](of func(T) *cluster.Agent) []column[T] {
	return []column[T]{
		textOf("agent_id", "ID of its agent", func(thing T) string { return of(thing).ID }),
		textOf("agent", "Host name of its agent", func(thing T) string { return of(thing).Hostname }),
	}
}

// frameworkColumns returns the columns of the framework that something belongs to.
func frameworkColumns[T any](of func(T) *cluster.Framework) []column[T] {
	return []column[T]{
		textOf("framework_id", "ID of its framework", func(thing T) string { return of(thing).ID }),
		textOf("framework", "Name of its framework", func(thing T) string { return of(thing).Name }),
	}
}

// age returns the seconds since a moment in Unix seconds; NULL for 0.
func (v *View) age(since float64) value {
	if since <= 0 {
		return null
	}
	return real(max(0, float64(v.Now.UnixMilli())/1e3-since))
}

// maxJSON bounds the JSON of a cell: of more members the last are left out.
const maxJSON = maxLength / 4

// object writes an object of texts; NULL for none. Of several members with one name the
// first counts.
func object(n int, member func(i int) (name, text string)) value {
	if n == 0 {
		return null
	}
	var b strings.Builder
	b.WriteByte('{')
	var quoted []byte
	for i := range n {
		name, text := member(i)
		if i > 0 && namedBefore(name, i, member) {
			continue
		}
		quoted = quoted[:0]
		if b.Len() > 1 {
			quoted = append(quoted, ',')
		}
		quoted, _ = jsontext.AppendQuote(quoted, name) // what is not UTF-8 is replaced
		quoted = append(quoted, ':')
		quoted, _ = jsontext.AppendQuote(quoted, text)
		if b.Len()+len(quoted) > maxJSON {
			break
		}
		b.Write(quoted)
	}
	b.WriteByte('}')
	return value{kind: isText, text: b.String()}
}

func namedBefore(name string, i int, member func(i int) (name, text string)) bool {
	for j := range i {
		if before, _ := member(j); before == name {
			return true
		}
	}
	return false
}

// list writes a list of texts; NULL for none.
func list(texts []string) value {
	if len(texts) == 0 {
		return null
	}
	quoted := []byte{'['}
	for _, s := range texts {
		if len(quoted) > 1 {
			quoted = append(quoted, ',')
		}
		before := len(quoted)
		quoted, _ = jsontext.AppendQuote(quoted, s)
		if len(quoted) > maxJSON {
			quoted = quoted[:before-1]
			break
		}
	}
	return value{kind: isText, text: string(append(quoted, ']'))}
}

// labelsOf returns labels as an object.
func labelsOf(labels []mesos.Label) value {
	const few = 64 // of more, looking for names twice would take long
	return object(min(len(labels), few), func(i int) (string, string) { return labels[i].Key, labels[i].Value })
}

// attributesOf returns the attributes of an agent as an object, sorted by name.
func attributesOf(attributes map[string]mesos.Attribute) value {
	if len(attributes) == 0 {
		return null
	}
	names := make([]string, 0, len(attributes))
	for name := range attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	names = names[:min(len(names), 256)]
	return object(len(names), func(i int) (string, string) { return names[i], string(attributes[names[i]]) })
}
