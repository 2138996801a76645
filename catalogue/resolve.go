package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/series"
)

// keyLabel is the label with the key itself, which series have whose name and other
// labels another key could have, too.
const keyLabel = "key"

// Resolve returns what a key of a /metrics/snapshot becomes. It never fails: a key
// nobody knows becomes an untyped series named after it. The result depends on the
// key alone, so that a series keeps its labels whatever other keys come and go, and
// no two keys become the same series.
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
	keeps := true
	for i, part := range parts {
		value, kept := e.value(i, part)
		keeps = keeps && kept
		if value != "" { // an empty label is no label
			values.Add(e.groups[i], value)
		}
		if e.groups[i] == "framework_id" {
			m.FrameworkID = value
		}
	}
	values.Sort()
	m.Labels = values.Labels()
	if !keeps {
		m.addKey(key)
	}
	return m
}

// unknown returns the series of a key that metrics.json does not have. It has the
// label key: a/b_c and a/b/c have the same name.
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
	m.addKey(key)
	return m
}

func (m *Metric) addKey(key string) {
	if key == "" { // an empty label is no label
		return
	}
	m.Labels = labels.NewBuilder(m.Labels).Set(keyLabel, series.CutText(strings.ToValidUTF8(key, "\uFFFD"))).Labels()
	if !slices.Contains(m.Series.Labels, keyLabel) {
		own := *m.Series
		own.Labels = append(slices.Clone(own.Labels), keyLabel)
		m.Series = &own
	}
}
