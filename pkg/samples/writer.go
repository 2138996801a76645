// Package samples turns what Mesos answered into batches of samples: the model
// of a cluster, snapshots of masters and what agents read of their containers.
// It decides names, labels and staleness; when a poll runs is package collector.
// It has no clock and no lock: times come with what is written, and a Writer
// belongs to one goroutine at a time.
//
// Its files: writer.go a batch per poll of the masters; agents.go batches of one
// agent each; table.go and batch.go which series are open; columns.go,
// figures.go, keys.go, readings.go, use.go and health.go which series there are;
// counted.go counters made of events;
// plausible.go, bounds.go and gauges.go which numbers are possible; reading.go and counts.go
// how an agent's answer compares with the last one and with /state; labels.go labels
// that users chose; containers.go what is allocated to each container; fit.go what
// is left out where there is not room for all; current.go tasks as of now.
package samples

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// A Writer turns what polls brought into samples, one batch per poll. It is
// not safe for concurrent use.
type Writer struct {
	sink    series.Sink
	cluster string // the label of everything; must be set before anything is written
	batches uint64
	last    int64 // time of the newest batch

	clusters      *table[struct{}, figures]
	frameworksAre *table[struct{}, figures]
	tasksAre      *table[struct{}, figures]
	agents        *table[agentKey, cluster.Agent]
	agentInfo     *table[agentInfoKey, struct{}]
	frameworks    *table[frameworkKey, cluster.Framework]
	frameworkInfo *table[frameworkInfoKey, struct{}]
	roles         *table[roleKey, cluster.Role]
	roleLoads     *table[roleKey, cluster.RoleLoad]
	tasks         *table[taskKey, cluster.Task]
	executors     *table[executorKey, cluster.Executor]
	raw           *table[rawKey, float64]
	health        *table[series.Poll, Health]
	failures      *table[failureKey, float64]
	own           *table[struct{}, ownFigures]
	clusterUse    *table[struct{}, use]
	frameworkUse  *table[frameworkKey, use]
	roleUse       *table[roleKey, use]
	counted       counted

	// tables are those each kind of poll writes to, sums those of Sums, all are those of
	// any but of single agents.
	tables map[series.Poll][]seriesTable
	sums   []seriesTable
	all    []seriesTable

	perAgent      map[agentKey]*agentTables
	agentsRefused refusal // since the last AgentTotals
	// totalsReserved: ReserveTotals was called.
	totalsReserved bool
	containers     containersOfModel
	rawDropped     int // series of agents' own metrics
	rawWhy         string

	masterKeys keyCache
	agentKeys  keyCache
	before     leaderSnapshot

	fit     taskFit
	refused map[series.Poll]refusal
	leftOut map[series.Poll]*LeftOut
}

// NewWriter returns a Writer into a sink.
func NewWriter(sink series.Sink) *Writer {
	nothing := func(struct{}, func(string, string)) {}
	w := &Writer{
		sink:          sink,
		clusters:      newTable(clusterColumns(), nothing),
		frameworksAre: newTable(clusterFrameworkColumns(), nothing),
		tasksAre:      newTable(clusterTaskColumns(), nothing),
		agents:        newTable(agentColumns(), agentKey.label),
		agentInfo:     newTable(present[struct{}]("mesos_agent_info"), agentInfoKey.label),
		frameworks:    newTable(frameworkColumns(), frameworkKey.label),
		frameworkInfo: newTable(present[struct{}]("mesos_framework_info"), frameworkInfoKey.label),
		roles:         newTable(roleColumns(), roleKey.label),
		roleLoads:     newTable(roleLoadColumns(), roleKey.label),
		tasks:         newTable(taskColumns(), taskKey.label),
		executors:     newTable(executorColumns(), executorKey.label),
		raw:           newTable(rawColumns(), rawKey.label),
		health:        newTable(healthColumns(), func(p series.Poll, add func(string, string)) { add("poll", string(p)) }),
		failures:      newTable(failureColumns(), failureKey.label),
		own:           newTable(ownColumns(), nothing),
		clusterUse:    newTable(useColumns("cluster", false), nothing),
		frameworkUse:  newTable(useColumns("framework", false), frameworkKey.label),
		roleUse:       newTable(useColumns("role", false), roleKey.label),
		counted:       newCounted(),
		perAgent:      map[agentKey]*agentTables{},

		masterKeys: keyCache{},
		agentKeys:  keyCache{},
		refused:    map[series.Poll]refusal{},
		leftOut:    map[series.Poll]*LeftOut{},
	}
	w.tables = map[series.Poll][]seriesTable{
		series.PollState:     {w.clusters, w.frameworksAre, w.tasksAre, w.agents, w.agentInfo, w.frameworks, w.frameworkInfo, w.roleLoads, w.tasks, w.executors, w.health, w.failures},
		series.PollRoles:     {w.roles, w.roleLoads, w.health, w.failures},
		series.PollSnapshot:  {w.clusters, w.frameworksAre, w.tasksAre, w.raw, w.own, w.health, w.failures},
		series.PollFollowers: {w.raw, w.health, w.failures},
		series.PollAgents:    {w.clusterUse, w.frameworkUse, w.roleUse, w.health, w.failures},
	}
	w.sums = []seriesTable{w.clusters, w.frameworksAre, w.tasksAre, w.frameworks, w.frameworkInfo, w.roleLoads}
	w.tables[series.PollSubscribe] = []seriesTable{w.health, w.failures}
	w.tables[series.PollState] = append(w.tables[series.PollState], w.counted.tables()...)
	w.all = append(slices.Clone(w.tables[series.PollState]), w.roles, w.raw, w.own, w.clusterUse, w.frameworkUse, w.roleUse)
	return w
}

// Cluster returns the value of the label cluster, "" before the first Rename.
func (w *Writer) Cluster() string { return w.cluster }

// Rename sets the label cluster. Series under another value end at t.
func (w *Writer) Rename(ctx context.Context, name string, t time.Time) error {
	if name == w.cluster {
		return nil
	}
	err := w.End(ctx, t)
	w.cluster = name
	return err
}

// Forget ends all series at t and forgets what they were: another cluster is
// polled from now on, under a name that Rename must set.
func (w *Writer) Forget(ctx context.Context, t time.Time) error {
	err := w.End(ctx, t)
	last := w.last
	*w = *NewWriter(w.sink)
	w.last = last
	return err
}

// batch writes one poll's samples: what fill appends, and the end of what the
// poll wrote before and does not now.
func (w *Writer) batch(ctx context.Context, poll series.Poll, t time.Time, fill func(*batch)) error {
	tables := w.tables[poll]
	if poll == everyPoll {
		tables = slices.Clone(w.all)
		for _, agent := range w.perAgent {
			tables = append(tables, agent.all...)
		}
	}
	refused, err := w.commit(ctx, poll, t, tables, fill)
	if poll != everyPoll {
		w.refused[poll] = refused
		if poll == series.PollState { // it wrote what these two did
			delete(w.refused, pollSums)
			delete(w.refused, series.PollModel)
		}
	}
	return err
}

// commit writes a batch whose poll owns these tables.
func (w *Writer) commit(ctx context.Context, poll series.Poll, t time.Time, tables []seriesTable, fill func(*batch)) (refusal, error) {
	w.batches++
	w.last = max(w.last, t.UnixMilli())
	b := begin(ctx, w.sink, poll, w.batches, w.cluster, t.UnixMilli())
	whole := false
	defer func() {
		if !whole { // fill panicked: its samples are half of a poll
			_ = b.into.Rollback()
		}
	}()
	fill(b)
	for _, t := range tables {
		t.sweep(b)
	}
	whole = true
	if err := b.into.Commit(); err != nil {
		return refusal{b.taken + b.dropped, err}, fmt.Errorf("storing the samples of %s: %w", cmp.Or(poll, "all polls"), err)
	}
	return refusal{b.dropped, b.why}, nil
}

// State writes the model of a /state.
func (w *Writer) State(ctx context.Context, m *cluster.Cluster, s Settings, h Health) error {
	v := traitsOf(m)
	err := w.batch(ctx, series.PollState, m.Time, func(b *batch) {
		w.writeHealth(b, h)
		b.dropTwice(m.Twice)
		for range m.Impossible {
			w.leaveOut(series.PollState, m.Time, func() string { return m.ImpossibleWhy })
		}
		w.writeCluster(b, v, m, figuresOf(m), func(hidden bool) bool { return !m.NoFlags && !hidden })
		// What is of many comes last: where the sink has no room for all, sums are whole.
		for _, f := range m.Frameworks {
			w.frameworks.write(b, v, frameworkKey{f.Name, f.ID}, f)
			w.frameworkInfo.write(b, v, frameworkInfo(f), nil)
		}
		for role, load := range m.RoleLoads {
			if role != "" {
				w.roleLoads.write(b, v, roleKey(role), load)
			}
		}
		w.counted.forget(m)
		w.counted.begin(m)
		w.counted.write(b)
		for _, a := range m.Agents {
			k := agentKey{a.Hostname, a.ID}
			w.agents.write(b, v, k, a)
			w.agentInfo.write(b, v, agentInfoKey{k, a.Version, a.Region, a.Zone, attributeLabels(a.Attributes)}, nil)
		}
		w.fit = w.fit.decide(s, w.limit(s), w.openBesideTasks(), func() int {
			size := w.taskSize(v, m)
			if s.AgentStatistics {
				size += w.measuredSize(m)
			}
			return size
		})
		if w.fit.keep {
			writeTasks(b, v, m, s.TaskLabels, w.tasks, w.executors)
		}
		w.renew(m)
	})
	if err == nil {
		w.counted.stored(m.Time.UnixMilli())
	}
	return err
}

// writeCluster appends those figures of the cluster that take takes, by whether the
// model lacks some of what they count.
func (w *Writer) writeCluster(b *batch, v *traits, m *cluster.Cluster, f *figures, take func(hidden bool) bool) {
	if take(false) {
		w.clusters.write(b, v, struct{}{}, f)
	}
	if take(m.FrameworksUnknown) {
		w.frameworksAre.write(b, v, struct{}{}, f)
	}
	if take(m.TasksUnknown) {
		w.tasksAre.write(b, v, struct{}{}, f)
	}
}

// A Change is how the model kept by events differs from what was written before.
type Change struct {
	// Tasks reports whether a task may have changed, begun or ended.
	Tasks   func(framework, id string) bool
	Doubted bool // the snapshot contradicts what is allocated
}

// Sums writes the sums of the model kept by events, at a moment between two /state: of the
// cluster, of frameworks and of roles. They are few, and there before the batch of Model,
// which has the rest. snapshot is the leader's of the same moment, which has the sums of the
// cluster where events do not tell them. doubted: it contradicts what is allocated.
func (w *Writer) Sums(ctx context.Context, m *cluster.Cluster, doubted bool, snapshot *mesos.Metrics) error {
	v := traitsOf(m)
	refused, err := w.commit(ctx, series.PollState, m.Time, w.tables[series.PollState], func(b *batch) {
		b.events = true
		w.goOnBeside(b, w.sums)
		whole := figuresOf(m)
		if doubted {
			clear(whole.resources["allocated"])
		}
		found, ratios := subjectOf(snapshot.Target, m).judge(snapshot.Values, snapshot.Sent)
		whole.complete(withoutValues(snapshot, found, ratios))
		w.writeCluster(b, v, m, whole, func(hidden bool) bool { return !hidden })
		b.doubted = doubted
		for _, f := range m.Frameworks {
			w.frameworks.write(b, v, frameworkKey{f.Name, f.ID}, f)
			if info := frameworkInfo(f); !w.frameworkInfo.goesOn(b, info) {
				w.frameworkInfo.writeAll(b, v, info, nil)
			}
		}
		for role, load := range m.RoleLoads {
			if role != "" {
				w.roleLoads.write(b, v, roleKey(role), load)
			}
		}
	})
	w.refused[pollSums] = refused
	return err
}

// pollSums is the key of what Sums was refused.
const pollSums series.Poll = "the sums of the model"

// goOnBeside keeps the series of /state open without samples but those of some tables.
func (w *Writer) goOnBeside(b *batch, tables []seriesTable) {
	for _, t := range w.tables[series.PollState] {
		if !slices.Contains(tables, t) {
			t.goOn(b)
		}
	}
}

// Model writes the rest of the model kept by events, once Sums has written its sums: agents,
// and of single tasks only those that changed. Series that only /state has go on.
func (w *Writer) Model(ctx context.Context, m *cluster.Cluster, change Change, s Settings) error {
	v := traitsOf(m)
	refused, err := w.commit(ctx, series.PollState, m.Time, w.tables[series.PollState], func(b *batch) {
		b.events, b.doubted = true, change.Doubted
		for _, t := range append([]seriesTable{w.health, w.failures}, w.sums...) {
			t.goOn(b)
		}
		informed := make(map[string]bool, len(m.Agents))
		w.agentInfo.goOnWhere(b, func(k agentInfoKey) bool {
			listed := m.Agent(k.id) != nil
			informed[k.id] = listed
			return listed
		})
		for _, a := range m.Agents {
			k := agentKey{a.Hostname, a.ID}
			w.agents.write(b, v, k, a)
			if !informed[a.ID] {
				w.agentInfo.writeAll(b, v, agentInfoKey{k, a.Version, a.Region, a.Zone, attributeLabels(a.Attributes)}, nil)
			}
		}
		w.executors.goOnWhere(b, func(k executorKey) bool { return m.HasFramework(k.frameworkKey.id) && m.Agent(k.agentKey.id) != nil })
		if w.fit.keep {
			w.tasks.goOnWhere(b, func(k taskKey) bool {
				return m.HasFramework(k.frameworkKey.id) && !change.Tasks(k.frameworkKey.id, k.id)
			})
			tasks := m.Tasks()
			for i := range tasks {
				if t := &tasks[i]; t.State.Live() && change.Tasks(t.Framework.ID, t.ID) {
					w.tasks.write(b, v, taskKeyOf(t, s.TaskLabels), t)
				}
			}
		}
		w.counted.write(b)
	})
	w.refused[series.PollModel] = refused
	if err == nil {
		w.counted.stored(m.Time.UnixMilli())
	}
	return err
}

// writeTasks appends the series of tasks that have not ended, and of executors.
func writeTasks(b *batch, v *traits, m *cluster.Cluster, wanted []string, tasks *table[taskKey, cluster.Task], executors *table[executorKey, cluster.Executor]) {
	listed := m.Tasks()
	for i := range listed {
		if t := &listed[i]; t.State.Live() {
			tasks.write(b, v, taskKeyOf(t, wanted), t)
		}
	}
	for i := range m.Executors {
		e := &m.Executors[i]
		executors.write(b, v, executorKeyOf(e), e)
	}
}

// Roles writes the roles of a model, which a /roles sent at t brought. A role that
// /state does not name has nothing as of /state's time.
func (w *Writer) Roles(ctx context.Context, m *cluster.Cluster, t time.Time, h Health) error {
	v := traitsOf(m)
	return w.batch(ctx, series.PollRoles, t, func(b *batch) {
		w.writeHealth(b, h)
		b.dropTwice(m.RolesTwice)
		for range m.RolesImpossible {
			w.leaveOut(series.PollRoles, t, func() string { return m.RolesImpossibleWhy })
		}
		for _, r := range m.Roles {
			w.roles.write(b, v, roleKey(r.Name), r)
			if m.RoleLoads[r.Name] == nil {
				b.t = m.Time.UnixMilli()
				w.roleLoads.write(b, v, roleKey(r.Name), m.Load(r.Name))
				b.t = t.UnixMilli()
			}
		}
	})
}

// Snapshot writes a /metrics/snapshot of the leader. The model, which may be
// nil, tells which frameworks there are and whether the cluster's own figures
// must come from here. start is from when on the history has samples.
func (w *Writer) Snapshot(ctx context.Context, s *mesos.Metrics, m *cluster.Cluster, start time.Time, h Health) error {
	s = w.possible(series.PollSnapshot, s, subjectOf(s.Target, m))
	now := leaderSnapshotOf(s, m)
	err := w.batch(ctx, series.PollSnapshot, s.Sent, func(b *batch) {
		w.writeHealth(b, h)
		w.writeOwn(b, start)
		w.writeLeader(b, now, w.before)
		if m != nil && (m.NoFlags || m.TasksUnknown || m.FrameworksUnknown) && !now.forgotAgents() {
			figures, gpus := figuresFrom(s)
			w.writeCluster(b, &traits{gpus: gpus || m.HasGPUs}, m, figures, func(hidden bool) bool { return m.NoFlags || hidden })
		}
	})
	w.before = now
	return err
}

// Followers writes what followers say of their own processes.
func (w *Writer) Followers(ctx context.Context, answers []*mesos.Metrics, t time.Time, h Health) error {
	return w.batch(ctx, series.PollFollowers, t, func(b *batch) {
		w.writeHealth(b, h)
		for _, s := range answers {
			b.t = s.Sent.UnixMilli()
			w.writeFollower(b, w.possible(series.PollFollowers, s, subjectOf(s.Target, nil)))
		}
		b.t = t.UnixMilli()
	})
}

// Fail writes that a poll failed: its series end at t. start is from when on the
// history has samples.
func (w *Writer) Fail(ctx context.Context, t time.Time, start time.Time, h Health) error {
	if h.Poll == series.PollAgents {
		if err := w.endAgents(ctx, t, func(agentKey) bool { return true }); err != nil {
			return err
		}
	}
	return w.batch(ctx, h.Poll, t, func(b *batch) {
		w.writeHealth(b, h)
		if h.Poll == series.PollSnapshot {
			w.writeOwn(b, start)
		}
	})
}

// FailKept is Fail for a /state that failed while events keep the model: only the series
// that only /state has end.
func (w *Writer) FailKept(ctx context.Context, t time.Time, h Health) error {
	return w.batch(ctx, h.Poll, t, func(b *batch) {
		for _, table := range w.tables[h.Poll] {
			if table != seriesTable(w.health) && table != seriesTable(w.failures) {
				table.endPolled(b)
			}
			table.goOn(b)
		}
		w.writeHealth(b, h)
	})
}

// ModelLost ends, at t, the series that Model writes. Those that only /state has go on.
func (w *Writer) ModelLost(ctx context.Context, t time.Time) error {
	return w.batch(ctx, series.PollState, t, func(b *batch) {
		for _, table := range w.tables[series.PollState] {
			if table != seriesTable(w.health) && table != seriesTable(w.failures) {
				table.endTold(b)
			}
			table.goOn(b)
		}
	})
}

// Stream writes how the event stream is.
func (w *Writer) Stream(ctx context.Context, t time.Time, h Health) error {
	return w.batch(ctx, series.PollSubscribe, t, func(b *batch) { w.writeHealth(b, h) })
}

// Gone ends the series of a kind of poll that has nothing to ask any more.
func (w *Writer) Gone(ctx context.Context, poll series.Poll, t time.Time) error {
	return w.batch(ctx, poll, t, func(*batch) {})
}

// End marks every open series stale at t, or 1 ms after the newest batch if that
// is later. What was counted since the newest batch has a sample before.
func (w *Writer) End(ctx context.Context, t time.Time) error {
	if w.cluster == "" {
		return nil // nothing was written yet
	}
	w.before = leaderSnapshot{}
	end := func() int64 { return max(t.UnixMilli(), w.last+1) }
	if w.counted.rose() {
		at := end()
		_, err := w.commit(ctx, series.PollState, time.UnixMilli(at), nil, func(b *batch) { w.counted.write(b) })
		if err == nil {
			w.counted.stored(at)
		}
	}
	return w.batch(ctx, everyPoll, time.UnixMilli(end()), func(*batch) {})
}
