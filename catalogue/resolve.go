package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/series"
)

// keyLabel is the label that distinguishes series of unknown keys with the same
// name.
const keyLabel = "key"

// Resolve returns what a key of a /metrics/snapshot becomes. It never fails: a key
// nobody knows becomes an untyped series named after it. One snapshot's keys
// together are ResolveAll's.
func Resolve(origin Origin, key string) Metric {
	known := loaded()
	p, ok := known.patterns[origin]
	if !ok {
		return known.unknown(origin, key)
	}
	e, parts := p.find(key)
	if e == nil {
		return known.unknown(origin, key)
	}
	m := Metric{
		Series:  e.series,
		Factor:  e.factor,
		Entity:  e.series.Entity != "",
		Process: e.series.Process,
	}
	values := labels.NewScratchBuilder(len(e.groups) + len(e.fixed))
	for name, value := range e.fixed {
		values.Add(name, value)
	}
	for i, part := range parts {
		value := e.value(i, part)
		if value != "" { // an empty label is no label
			values.Add(e.groups[i], value)
		}
		if e.groups[i] == "framework_id" {
			m.FrameworkID = value
		}
	}
	values.Sort()
	m.Labels = values.Labels()
	return m
}

// unknown returns the series of a key that metrics.json does not have. Where the
// name is taken, the label key separates the two.
func (c *catalog) unknown(origin Origin, key string) Metric {
	name := plainName(key)
	if module, _, _ := strings.Cut(key, "/"); origin == Agent && c.modules[module] && module != "slave" {
		name = plainName("agent/" + key)
	}
	m := Metric{
		Series: &Series{
			Name: name, Type: Untyped, Unit: None, Poll: series.PollSnapshot,
			Help:   fmt.Sprintf("The Mesos key %q, which this version of the plugin does not know.", key),
			Labels: []string{"master"}, Source: "/metrics/snapshot", Keys: []string{key},
		},
		Factor: 1,
	}
	if origin == Agent {
		m.Series.Poll, m.Series.Labels = series.PollAgents, []string{"agent", "agent_id"}
	}
	if _, taken := c.byName[name]; taken {
		m.addKey(key)
	}
	return m
}

func (m *Metric) addKey(key string) {
	m.Labels = labels.NewBuilder(m.Labels).Set(keyLabel, series.CutText(key)).Labels()
	if m.Series.Type == Untyped {
		own := *m.Series
		own.Labels = append(slices.Clone(own.Labels), keyLabel)
		m.Series = &own
	}
}

// ResolveAll resolves the keys of one snapshot together: where several of them
// give the same series and labels, all are kept, separated by the label key.
// What a key becomes does not depend on the order of keys.
func ResolveAll(origin Origin, keys []string) map[string]Metric {
	all := make(map[string]Metric, len(keys))
	same := make(map[string][]string, len(keys))
	for _, key := range keys {
		if _, seen := all[key]; seen {
			continue
		}
		m := Resolve(origin, key)
		all[key] = m
		id := m.Series.Name + "\xff" + string(m.Labels.Bytes(nil))
		same[id] = append(same[id], key)
	}
	for _, keys := range same {
		if len(keys) == 1 {
			continue
		}
		for _, key := range keys {
			m := all[key]
			m.addKey(key)
			all[key] = m
		}
	}
	return all
}
