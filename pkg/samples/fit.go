package samples

import (
	"fmt"
	"time"

	"community-mesos-datasource/pkg/cluster"
)

// This file decides which series are kept where there is not room for all: of
// tasks and executors all or none, because sums of a part would look like right
// ones; likewise of agents' own metrics, which go first.

// Settings decide which series are written.
type Settings struct {
	TaskSeries string   // auto, always or never: history of tasks and executors
	TaskLabels []string // labels of tasks that become label_*
	// MaxSeries is how many series there may be with those of tasks. Where the
	// sink has room for less, that counts.
	MaxSeries    int
	PollInterval time.Duration // of the snapshot
	// AgentStatistics: agents are asked for measured use.
	AgentStatistics bool
}

// The values of Settings.TaskSeries.
const (
	TaskSeriesAuto   = "auto"
	TaskSeriesAlways = "always"
	TaskSeriesNever  = "never"
)

// A limit is how many series there may be, and the setting that decides it.
type limit struct {
	series  int
	setting string
}

// limit returns the limit as of now: the sink's room may change with each batch.
func (w *Writer) limit(s Settings) limit {
	if room := w.sink.Room(s.PollInterval); room > 0 && room < s.MaxSeries {
		return limit{room, "memoryLimit"}
	}
	return limit{s.MaxSeries, "maxSeries"}
}

// Kept describes which series the writer keeps and which it leaves out.
type Kept struct {
	// Tasks reports whether history of tasks and executors is kept; TasksWhy is
	// the sentence when it is not.
	Tasks    bool
	TasksWhy string
	// OwnMetricsWhy is the sentence when agents' own metrics are not kept.
	OwnMetricsWhy string
	// Dropped is the number of series that were not written, DroppedWhy why.
	Dropped    int
	DroppedWhy string
	// LeftOut are the values that were left out because they cannot be true.
	LeftOut []LeftOut
}

// Kept returns what the latest batches kept.
func (w *Writer) Kept() Kept {
	k := Kept{Tasks: w.fit.keep, TasksWhy: w.fit.why, OwnMetricsWhy: w.rawWhy, Dropped: w.fit.dropped, LeftOut: w.allLeftOut()}
	if k.Dropped > 0 {
		k.DroppedWhy = w.fit.why
	}
	k.Dropped += w.rawDropped
	if k.DroppedWhy == "" {
		k.DroppedWhy = w.rawWhy
	}
	for poll, r := range w.refused {
		k.Dropped += r.samples
		if r.why != nil && k.DroppedWhy == "" {
			k.DroppedWhy = fmt.Sprintf("the history did not take samples of %s: %v", poll, r.why)
		}
	}
	return k
}

// refusal is the samples that the sink did not take of a poll.
type refusal struct {
	samples int
	why     error
}

func (r *refusal) add(other refusal) {
	r.samples += other.samples
	if r.why == nil {
		r.why = other.why
	}
}

// taskFit is the decision about the series of tasks and executors.
type taskFit struct {
	decided bool
	keep    bool
	dropped int
	why     string
	within  limit // what the decision was made by
}

// resumeShare keeps a cluster at the limit from switching back and forth.
const resumeShare = 0.9

// decide decides about the series of tasks and executors, of which there are
// size beside others.
func (f taskFit) decide(s Settings, within limit, others int, size func() int) taskFit {
	switch s.TaskSeries {
	case TaskSeriesNever:
		return taskFit{decided: true, why: "History of tasks and executors is not kept: the setting taskSeries is never."}
	case TaskSeriesAlways:
		return taskFit{decided: true, keep: true}
	}
	allowed := within.series
	if f.decided && !f.keep && f.dropped > 0 {
		allowed = int(float64(allowed) * resumeShare)
	}
	need := size()
	if others+need <= allowed {
		return taskFit{decided: true, keep: true, within: within}
	}
	return taskFit{
		decided: true,
		dropped: need,
		within:  within,
		why: fmt.Sprintf("History of tasks and executors is not kept: it takes %d series, all else %d, and %s has room for %d. Raise %s, or set taskSeries to never.",
			need, others, within.setting, within.series, within.setting),
	}
}

// refit decides again between two polls of /state when there is less room than at
// the latest: a disk that failed meanwhile must not cost a random part of the
// series.
func (w *Writer) refit(s Settings) {
	within := w.limit(s)
	if !w.fit.keep || within.series >= w.fit.within.series {
		return
	}
	w.fit = w.fit.decide(s, within, w.openBesideTasks(), func() int {
		n := w.tasks.open() + w.executors.open()
		for _, agent := range w.perAgent {
			n += agent.single()
		}
		return n
	})
}

// openBesideTasks returns the number of open series that are kept in any case.
func (w *Writer) openBesideTasks() int {
	n := 0
	for _, t := range w.all {
		n += t.open()
	}
	for _, agent := range w.perAgent {
		n += agent.use.open()
	}
	return n - w.tasks.open() - w.executors.open()
}

// taskSize returns the number of series of all tasks and executors.
func (w *Writer) taskSize(v *traits, m *cluster.Cluster) int {
	n := 0
	tasks := m.Tasks()
	for i := range tasks {
		if t := &tasks[i]; t.State.Live() {
			n += w.tasks.size(v, t)
		}
	}
	for i := range m.Executors {
		n += w.executors.size(v, &m.Executors[i])
	}
	return n
}

const (
	// readingsPerContainer is how many series a container is expected to have:
	// with cgroups, and its use.
	readingsPerContainer = 30
	// keysPerAgent is how many keys an agent's snapshot is expected to have (68
	// where nothing but Mesos itself is in it).
	keysPerAgent = 70
)

// measuredSize returns the number of series that agents' statistics of single
// executors and tasks take: those open now, or those expected.
func (w *Writer) measuredSize(m *cluster.Cluster) int {
	n, open := 0, 0
	for _, on := range w.containersOf(m) {
		n += len(on)
	}
	for _, agent := range w.perAgent {
		open += agent.single()
	}
	return max(open, n*(readingsPerContainer+len(taskUse)))
}

// FitOwnMetrics decides whether agents' own metrics are kept, all of them or
// none, after everything else.
func (w *Writer) FitOwnMetrics(s Settings, agents int) bool {
	within := w.limit(s)
	others, raw := w.openBesideTasks()+w.tasks.open()+w.executors.open(), 0
	for _, agent := range w.perAgent {
		others += agent.single()
		raw += agent.raw.open()
	}
	need := max(raw, agents*keysPerAgent)
	allowed := within.series
	if w.rawDropped > 0 {
		allowed = int(float64(allowed) * resumeShare)
	}
	if others+need <= allowed {
		w.rawDropped, w.rawWhy = 0, ""
		return true
	}
	w.rawDropped = need
	w.rawWhy = fmt.Sprintf("Agents' own metrics (/metrics/snapshot) are not kept: they take %d series, all else %d, and %s has room for %d.", need, others, within.setting, within.series)
	return false
}
