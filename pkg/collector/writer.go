package collector

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// A writer turns what polls brought into samples, one batch per poll. It is
// not safe for concurrent use.
type writer struct {
	sink    series.Sink
	cluster string // the label of everything; must be set before anything is written
	turn    uint64
	last    time.Time // of the newest batch

	clusters      *entries[struct{}, figures]
	agents        *entries[agentKey, cluster.Agent]
	agentInfo     *entries[agentInfoKey, struct{}]
	frameworks    *entries[frameworkKey, cluster.Framework]
	frameworkInfo *entries[frameworkInfoKey, struct{}]
	roles         *entries[roleKey, cluster.Role]
	roleTasks     *entries[roleKey, cluster.TaskCounts]
	tasks         *entries[taskKey, cluster.Task]
	executors     *entries[executorKey, cluster.Executor]
	raw           *entries[rawKey, float64]
	health        *entries[series.Poll, health]
	failures      *entries[failureKey, float64]
	own           *entries[struct{}, ownFigures]
	clusterUse    *entries[struct{}, use]
	frameworkUse  *entries[frameworkKey, use]
	roleUse       *entries[roleKey, use]

	// agentBooks are what agents themselves said, see measured.go.
	agentBooks    map[agentKey]*agentBook
	agentsRefused refusal // in this pass
	placing       placing
	rawDropped    int // series of agents' own metrics, and why
	rawWhy        string

	// pages are those each kind of poll writes to.
	pages map[series.Poll][]page
	all   []page

	dictionary      dictionary
	agentDictionary dictionary
	before          leaderSnapshot

	fit     taskFit
	refused map[series.Poll]refusal
}

// refusal is what the sink did not take of a poll.
type refusal struct {
	samples int
	why     error
}

func newWriter(sink series.Sink) *writer {
	nothing := func(struct{}, func(string, string)) {}
	w := &writer{
		sink:          sink,
		clusters:      newEntries(clusterColumns(), nothing),
		agents:        newEntries(agentColumns(), agentKey.label),
		agentInfo:     newEntries(present[struct{}]("mesos_agent_info"), agentInfoKey.label),
		frameworks:    newEntries(frameworkColumns(), frameworkKey.label),
		frameworkInfo: newEntries(present[struct{}]("mesos_framework_info"), frameworkInfoKey.label),
		roles:         newEntries(roleColumns(), roleKey.label),
		roleTasks:     newEntries(taskCounts("role", cluster.LiveStates[:], func(c *cluster.TaskCounts) *cluster.TaskCounts { return c }), roleKey.label),
		tasks:         newEntries(taskColumns(), taskKey.label),
		executors:     newEntries(executorColumns(), executorKey.label),
		raw:           newEntries(rawColumns(), rawKey.label),
		health:        newEntries(healthColumns(), func(p series.Poll, add func(string, string)) { add("poll", string(p)) }),
		failures:      newEntries(failureColumns(), failureKey.label),
		own:           newEntries(ownColumns(), nothing),
		clusterUse:    newEntries(useColumns("cluster", false), nothing),
		frameworkUse:  newEntries(useColumns("framework", false), frameworkKey.label),
		roleUse:       newEntries(useColumns("role", false), roleKey.label),
		agentBooks:    map[agentKey]*agentBook{},

		dictionary:      dictionary{},
		agentDictionary: dictionary{},
		refused:         map[series.Poll]refusal{},
	}
	w.pages = map[series.Poll][]page{
		series.PollState:     {w.clusters, w.agents, w.agentInfo, w.frameworks, w.frameworkInfo, w.roleTasks, w.tasks, w.executors, w.health, w.failures},
		series.PollRoles:     {w.roles, w.health, w.failures},
		series.PollSnapshot:  {w.clusters, w.raw, w.own, w.health, w.failures},
		series.PollFollowers: {w.raw, w.health, w.failures},
		series.PollAgents:    {w.clusterUse, w.frameworkUse, w.roleUse, w.health, w.failures},
	}
	w.all = append(w.pages[series.PollState], w.roles, w.raw, w.own, w.clusterUse, w.frameworkUse, w.roleUse)
	return w
}

// batch writes one poll's samples: what fill appends, and the end of what the
// poll wrote before and does not now.
func (w *writer) batch(ctx context.Context, poll series.Poll, t time.Time, fill func(*batch)) error {
	pages := w.pages[poll]
	if poll == everyPoll {
		pages = slices.Clone(w.all)
		for _, book := range w.agentBooks {
			pages = append(pages, book.pages...)
		}
	}
	b, err := w.commit(ctx, poll, t, pages, fill)
	if poll != everyPoll {
		w.refused[poll] = refusal{b.dropped, b.why}
	}
	return err
}

// commit writes a batch whose poll owns these pages.
func (w *writer) commit(ctx context.Context, poll series.Poll, t time.Time, pages []page, fill func(*batch)) (*batch, error) {
	w.turn++
	w.last = later(w.last, t)
	b := begin(ctx, w.sink, poll, w.turn, w.cluster, t.UnixMilli())
	fill(b)
	for _, p := range pages {
		p.sweep(b)
	}
	if err := b.into.Commit(); err != nil {
		return b, fmt.Errorf("storing the samples of %s: %w", poll, err)
	}
	return b, nil
}

// state writes what /state says.
func (w *writer) state(ctx context.Context, m *cluster.Cluster, s Settings, h health) error {
	v := &view{gpus: m.HasGPUs}
	return w.batch(ctx, series.PollState, m.Time, func(b *batch) {
		w.writeHealth(b, h)
		if !m.Restricted {
			w.clusters.write(b, v, struct{}{}, figuresOf(m))
		}
		for _, a := range m.Agents {
			k := agentKey{a.Hostname, a.ID}
			w.agents.write(b, v, k, a)
			w.agentInfo.write(b, v, agentInfoKey{k, a.Version, a.Region, a.Zone, attributeLabels(a.Attributes)}, nil)
		}
		for _, f := range m.Frameworks {
			w.frameworks.write(b, v, frameworkKey{f.Name, f.ID}, f)
			w.frameworkInfo.write(b, v, frameworkInfo(f), nil)
		}
		for role, counts := range m.RoleTasks {
			if role != "" {
				w.roleTasks.write(b, v, roleKey(role), counts)
			}
		}
		w.fit = w.fit.decide(s, w.openBesideTasks(), func() int {
			size := w.taskSize(v, m)
			if s.AgentStatistics {
				size += w.measuredSize(m)
			}
			return size
		})
		if w.fit.keep {
			writeTasks(b, v, m, s.TaskLabels, w.tasks, w.executors)
		}
	})
}

// openBesideTasks is the number of open series that are kept in any case.
func (w *writer) openBesideTasks() int {
	n := 0
	for _, p := range w.all {
		n += p.open()
	}
	for _, book := range w.agentBooks {
		n += book.use.open()
	}
	return n - w.tasks.open() - w.executors.open()
}

// taskSize is the number of series of all tasks and executors.
func (w *writer) taskSize(v *view, m *cluster.Cluster) int {
	n := 0
	for i := range m.Tasks {
		if t := &m.Tasks[i]; t.State.Live() {
			n += w.tasks.size(v, t)
		}
	}
	for i := range m.Executors {
		n += w.executors.size(v, &m.Executors[i])
	}
	return n
}

// writeTasks appends the series of tasks that have not ended, and of executors.
func writeTasks(b *batch, v *view, m *cluster.Cluster, wanted []string, tasks *entries[taskKey, cluster.Task], executors *entries[executorKey, cluster.Executor]) {
	for i := range m.Tasks {
		if t := &m.Tasks[i]; t.State.Live() {
			tasks.write(b, v, taskKeyOf(t, wanted), t)
		}
	}
	for i := range m.Executors {
		e := &m.Executors[i]
		executors.write(b, v, executorKeyOf(e), e)
	}
}

// roleSeries writes what /roles says.
func (w *writer) roleSeries(ctx context.Context, m *cluster.Cluster, t time.Time, h health) error {
	v := &view{gpus: m.HasGPUs, roleSums: m.RoleSums}
	return w.batch(ctx, series.PollRoles, t, func(b *batch) {
		w.writeHealth(b, h)
		for _, r := range m.Roles {
			w.roles.write(b, v, roleKey(r.Name), r)
		}
	})
}

// snapshot writes what the leader's /metrics/snapshot says. The model, which
// may be nil, tells which frameworks there are and whether the cluster's own
// figures must come from here.
func (w *writer) snapshot(ctx context.Context, s *mesos.Metrics, m *cluster.Cluster, start time.Time, h health) error {
	now := leaderSnapshot{s, m}
	err := w.batch(ctx, series.PollSnapshot, s.Sent, func(b *batch) {
		w.writeHealth(b, h)
		w.writeOwn(b, start)
		writeLeader(b, w.raw, w.dictionary, now, w.before)
		if m != nil && m.Restricted {
			figures, gpus := figuresFrom(s)
			w.clusters.write(b, &view{gpus: gpus || m.HasGPUs}, struct{}{}, figures)
		}
	})
	w.before = now
	return err
}

// followers writes what followers say of their own processes.
func (w *writer) followers(ctx context.Context, answers []*mesos.Metrics, t time.Time, h health) error {
	return w.batch(ctx, series.PollFollowers, t, func(b *batch) {
		w.writeHealth(b, h)
		for _, s := range answers {
			b.t = s.Sent.UnixMilli()
			writeFollower(b, w.raw, w.dictionary, s)
		}
		b.t = t.UnixMilli()
	})
}

// fail writes that a poll failed: its series end at t.
func (w *writer) fail(ctx context.Context, t time.Time, start time.Time, h health) error {
	if h.poll == series.PollAgents {
		none := func(agentKey) bool { return false }
		if err := w.agentsEnd(ctx, t, none, none); err != nil {
			return err
		}
	}
	return w.batch(ctx, h.poll, t, func(b *batch) {
		w.writeHealth(b, h)
		if h.poll == series.PollSnapshot {
			w.writeOwn(b, start)
		}
	})
}

// gone ends the series of a kind of poll that has nothing to ask any more.
func (w *writer) gone(ctx context.Context, poll series.Poll, t time.Time) error {
	return w.batch(ctx, poll, t, func(*batch) {})
}

// end ends all series at t, or where t is that of the latest samples or before,
// just after them.
func (w *writer) end(ctx context.Context, t time.Time) error {
	if w.cluster == "" {
		return nil // nothing was written yet
	}
	w.before = leaderSnapshot{}
	return w.batch(ctx, everyPoll, later(t, w.last.Add(time.Millisecond)), func(*batch) {})
}

// rename sets the label cluster. What was written under another ends at t.
func (w *writer) rename(ctx context.Context, name string, t time.Time) error {
	if name == w.cluster {
		return nil
	}
	err := w.end(ctx, t)
	w.cluster = name
	return err
}

// dropped is the number of series that were not written, and why.
func (w *writer) dropped() (int, string) {
	n, why := w.fit.dropped, w.fit.why
	if n == 0 {
		why = ""
	}
	n += w.rawDropped
	if why == "" {
		why = w.rawWhy
	}
	for poll, r := range w.refused {
		n += r.samples
		if r.why != nil && why == "" {
			why = fmt.Sprintf("the history refused samples of %s: %v", poll, r.why)
		}
	}
	return n, why
}

// taskFit decides whether series of tasks and executors are kept: all of them,
// or none. A part would make sums wrong that nobody could tell from right ones.
type taskFit struct {
	decided bool
	keep    bool
	dropped int
	why     string
}

// resumeShare keeps a cluster at the limit from switching back and forth.
const resumeShare = 0.9

func (f taskFit) decide(s Settings, others int, size func() int) taskFit {
	switch s.TaskSeries {
	case TaskSeriesNever:
		return taskFit{decided: true, why: "History of tasks and executors is not kept: the setting taskSeries is never."}
	case TaskSeriesAlways:
		return taskFit{decided: true, keep: true}
	}
	limit, setting := s.seriesLimit()
	allowed := limit
	if f.decided && !f.keep && f.dropped > 0 {
		allowed = int(float64(limit) * resumeShare)
	}
	need := size()
	if others+need <= allowed {
		return taskFit{decided: true, keep: true}
	}
	return taskFit{
		decided: true,
		dropped: need,
		why: fmt.Sprintf("History of tasks and executors is not kept: it takes %d series, all else %d, and %s has room for %d. Raise %s, or set taskSeries to never.",
			need, others, setting, limit, setting),
	}
}

// currentTasks calls yield for the series of tasks and executors as the model
// has them, kept or not.
func currentTasks(m *cluster.Cluster, name string, wanted []string, yield func(labels.Labels, float64)) {
	b := begin(context.Background(), passing{yield}, series.PollState, 1, name, m.Time.UnixMilli())
	writeTasks(b, &view{gpus: m.HasGPUs}, m, wanted,
		newEntries(taskColumns(), taskKey.label), newEntries(executorColumns(), executorKey.label))
}

// passing is a sink that keeps nothing.
type passing struct {
	yield func(labels.Labels, float64)
}

func (p passing) Batch(context.Context) series.Batch { return p }
func (p passing) Append(_ series.Ref, lset func() labels.Labels, _ int64, v float64) (series.Ref, error) {
	p.yield(lset(), v)
	return 1, nil
}
func (passing) Commit() error   { return nil }
func (passing) Rollback() error { return nil }
