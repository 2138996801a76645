package samples

import (
	"math"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

// This file writes the keys of /metrics/snapshot, as the catalogue names them.

// A rawMetric is the series of a key. Its address identifies it in rawKey.
type rawMetric struct {
	catalogue.Metric
	scalar bool // an amount of a resource
	// used and total are the keys that a ratio is made of; "" for other keys.
	used, total string
}

const (
	mebibyte = 1 << 20
	perUnit  = 1000 // Mesos counts resources in thousandths
	// leastRatio is the smallest share that a thousandth of something can be of all
	// there is; less is what rounding left of none.
	leastRatio = 1e-12
)

func newRawMetric(key string, m catalogue.Metric) *rawMetric {
	r := &rawMetric{Metric: m}
	switch m.Series.Unit {
	case catalogue.CPUs, catalogue.GPUs:
		r.scalar = true
	case catalogue.Bytes:
		r.scalar = m.Factor == mebibyte // what Mesos counts in MB are resources
	case catalogue.Ratio:
		if of, percent := strings.CutSuffix(key, "_percent"); percent {
			r.used, r.total = of+"_used", of+"_total"
		}
	default:
		r.scalar = strings.HasPrefix(key, "allocator/mesos/") && strings.Contains(key, "/resources/")
	}
	return r
}

// number returns the number of a key in Mesos' unit, rounded as Mesos rounds
// resources (cluster.Round); false where it is unknown.
//
// A ratio is made of what it is the ratio of: Mesos' own X_percent has the dust of
// both, and is a percentage in some forks. It may exceed 1: more can be allocated
// than there is. Without both, what X_percent means is unknown.
func (m *rawMetric) number(key string, values map[string]float64) (float64, bool) {
	n := values[key]
	switch {
	case m.scalar:
		return cluster.Round(n), true
	case m.used != "":
		used, knowsUsed := values[m.used]
		total, knowsTotal := values[m.total]
		used, total = cluster.Round(used), cluster.Round(total)
		switch {
		case !knowsUsed || !knowsTotal:
			return 0, false
		case total == 0: // as Mesos (Master::_resources_percent)
			return 0, true
		}
		return used / total, true
	case m.Series.Unit == catalogue.Ratio && math.Abs(n) < leastRatio:
		return 0, true
	}
	return n, true
}

// unknown reports whether the catalogue does not have the key.
func (m *rawMetric) unknown() bool { return m.Series.Type == catalogue.Untyped }

type rawKey struct {
	master string // host:port; "" for an entity's series, which are about it whoever answers
	metric *rawMetric
}

func (k rawKey) label(add func(name, value string)) {
	add(labels.MetricName, k.metric.Series.Name)
	add("master", k.master)
	k.metric.Labels.Range(func(l labels.Label) { add(l.Name, l.Value) })
}

func rawColumns() []column[float64] {
	return []column[float64]{{read: func(_ *traits, n *float64) (float64, bool) { return *n, true }}}
}

// keyCache holds the series of keys: looking them up takes longer than storing
// their samples.
type keyCache map[string]*rawMetric

// manyKeys is how many keys a keyCache may hold in any case.
const manyKeys = 4096

// learn adds the keys of a snapshot.
func (d keyCache) learn(origin catalogue.Origin, values map[string]float64) {
	var missing []string
	for key := range values {
		if d[key] == nil {
			missing = append(missing, key)
		}
	}
	// Keys of frameworks come and go, so those that are gone are removed now and
	// then. Agents have different keys, so many are kept.
	if len(missing) > 0 && len(d) > max(2*len(values), manyKeys) {
		for key := range d {
			if _, there := values[key]; !there {
				delete(d, key)
			}
		}
	}
	for _, key := range missing {
		d[key] = newRawMetric(key, catalogue.Resolve(origin, key))
	}
}

// A leaderSnapshot is a snapshot of the leader, which the next is compared with, and what it
// takes of the model as of then: the model itself would be kept longer than it is needed.
type leaderSnapshot struct {
	*mesos.Metrics
	modeled    bool // there was a model
	agents     bool // it had some
	pid        string
	elected    float64
	frameworks map[string]bool // that it listed, by ID
}

func leaderSnapshotOf(s *mesos.Metrics, m *cluster.Cluster) leaderSnapshot {
	if m == nil {
		return leaderSnapshot{Metrics: s}
	}
	of := leaderSnapshot{s, true, len(m.Agents) > 0, m.PID, m.ElectedTime, make(map[string]bool, len(m.Frameworks))}
	for _, f := range m.Frameworks {
		of.frameworks[f.ID] = true
	}
	return of
}

// follows reports whether s came from the same leadership as the snapshot
// before: same master, same process, same election.
func (s leaderSnapshot) follows(before leaderSnapshot) bool {
	const uptime = "master/uptime_secs"
	if before.Metrics == nil || s.Target != before.Target || s.Values[uptime] < before.Values[uptime] {
		return false
	}
	return !s.modeled || !before.modeled || s.pid == before.pid && s.elected == before.elected
}

// forgotAgents reports whether the master counts no agent where the model has some:
// a leader that was just elected does not know them yet, and its sums are not the
// cluster's until /state says so, too.
func (s leaderSnapshot) forgotAgents() bool {
	active, known := s.Values["master/slaves_active"]
	return known && active+s.Values["master/slaves_inactive"] == 0 && s.agents
}

// wrote reports whether the series of a key had a sample in this snapshot.
func (s leaderSnapshot) wrote(key string, m *rawMetric) bool {
	_, there := s.Values[key]
	return there && s.has(m)
}

// has reports whether the subject of a key exists: Mesos goes on serving the
// keys of frameworks that have ended.
func (s leaderSnapshot) has(m *rawMetric) bool {
	return m.FrameworkID == "" || s.frameworks[m.FrameworkID]
}

// writeLeader appends all keys of the leader's snapshot.
//
// Mesos adds some counters at their first event. So that increase() counts that
// event, such a counter begins with a 0 at the time of the snapshot before. A
// counter that was in that snapshot and was not written, because its framework
// was not known yet, begins with its value there.
func (w *Writer) writeLeader(b *batch, now, before leaderSnapshot) {
	p, d := w.raw, w.masterKeys
	d.learn(catalogue.Master, now.Values)
	continues := now.follows(before)
	for key := range now.Values {
		m := d[key]
		if !now.has(m) {
			continue
		}
		n, known := m.number(key, now.Values)
		if !known || !w.takes(b, "master "+now.Target, key, m, n) {
			continue
		}
		k := rawKey{metric: m}
		if !m.Entity {
			k.master = now.Target
		}
		if continues && m.Series.Type == catalogue.Counter && !before.wrote(key, m) && plausible(before.Values[key]) {
			r := p.row(b, k)
			p.count += b.append(r, 0, &r.cells[0], before.Sent.UnixMilli(), before.Values[key]*m.Factor)
		}
		n *= m.Factor
		p.write(b, nil, k, &n)
	}
}

// writeFollower appends the keys of a follower's snapshot that are about its
// process. The others are those of a cluster it does not lead: zeros that mean
// nothing.
func (w *Writer) writeFollower(b *batch, s *mesos.Metrics) {
	p, d := w.raw, w.masterKeys
	d.learn(catalogue.Master, s.Values)
	for key := range s.Values {
		m := d[key]
		if !m.Process {
			continue
		}
		if n, known := m.number(key, s.Values); known && w.takes(b, "master "+s.Target, key, m, n) {
			n *= m.Factor
			p.write(b, nil, rawKey{s.Target, m}, &n)
		}
	}
}
