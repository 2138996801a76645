package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
)

// What happened in the cluster is found by comparing two /state, and told by the event
// stream. Both give an event the same ID, so that the log has it once; what it did not
// have is counted.

// An eventLog keeps events: events.Log.
type eventLog interface {
	// Append adds events and returns those that it did not have.
	Append(ctx context.Context, all []events.Event) (added []events.Event, err error)
}

// maxUnkept bounds the events that wait for a log that fails.
const maxUnkept = 100_000

// An eventKeeper holds what waits for the log. It is guarded by Collector.noting.
type eventKeeper struct {
	log     eventLog
	waiting []events.Event
	failing bool // the log did not take the latest
	ended   endedTasks
	// incomplete are, by their IDs, ends of tasks of which not all is known that they are
	// counted by.
	incomplete map[string]*incompleteEnd
	// uncounted are the IDs of events that another process has counted; missed are ends that the
	// log has and nobody has counted. Guarded by noting.
	uncounted map[string]bool
	missed    []events.Event
}

// elsewhere is what another process has counted of what happens; zero where none has. It belongs to
// the poll of /state.
type elsewhere struct {
	asked, looked bool
	CountedBefore
}

// recallCounted asks once what another process has counted of what happens; a poll that is cut off
// meanwhile leaves that to the next.
func (c *Collector) recallCounted(ctx context.Context) {
	if c.countedBefore == nil || c.elsewhere.asked {
		return
	}
	if before := c.countedBefore(ctx); ctx.Err() == nil {
		c.elsewhere.asked, c.elsewhere.CountedBefore = true, before
	}
}

// countedElsewhere notes which events of the first look another process has counted, with the ends
// that nobody tells how, since that one may know. noteAll counts the others. The log has ends that
// this process learned while another one counted, for a table or for the stream of its term before:
// they are no news to it, and count where the other one did not count them. When they were is taken
// from the leader: the log has the time at which they were learned where that was long after.
func (c *Collector) countedElsewhere(p *scheduledPoll, found, logged []events.Event, now *cluster.Cluster) {
	before := &c.elsewhere.CountedBefore
	c.mu.Lock()
	current := c.run == p.run // else it found nothing
	c.mu.Unlock()
	if c.elsewhere.looked || before.Until.IsZero() || !current {
		return
	}
	c.elsewhere.looked = true
	c.noting.Lock()
	defer c.noting.Unlock()
	for i := range found {
		if e := &found[i]; before.Has(e) || e.What == events.What(cluster.UnknownTask) {
			if c.keeper.uncounted == nil {
				c.keeper.uncounted = map[string]bool{}
			}
			c.keeper.uncounted[e.ID] = true
		}
	}
	if !before.Exactly {
		return
	}
	endOf := now.Ends()
	for i := range logged {
		e := &logged[i]
		state, ended, told := endOf(e.FrameworkID, e.TaskID)
		if told && e.What == events.What(state) && before.Misses(e, ended) {
			c.keeper.missed = append(c.keeper.missed, *e)
		}
	}
}

// An incompleteEnd is an event with what it is not counted by yet.
type incompleteEnd struct {
	events.Event
	missing samples.Missing
	since   time.Time
	looks   int // how many /state have not completed it
}

const (
	// maxIncomplete bounds the ends that wait, completeWithin is how many /state they wait for
	// their role (the first may have been asked for before), and namedWithin how many
	// pollIntervals for the name of their agent, which is counted by its ID then.
	maxIncomplete  = 20_000
	completeWithin = 3
	namedWithin    = 2
)

// complete counts what these events tell of ends that were counted without it. looked: they are
// those of a /state. writing is held.
func (c *Collector) complete(happened []events.Event, looked bool) {
	waiting := c.keeper.incomplete
	if len(waiting) == 0 {
		return
	}
	for i := range happened {
		e := &happened[i]
		if was := waiting[e.ID]; was != nil {
			was.Agent, was.Role, was.Task = cmp.Or(was.Agent, e.Agent), cmp.Or(was.Role, e.Role), cmp.Or(was.Task, e.Task)
			if was.Labels == nil {
				was.Labels = e.Labels
			}
		}
	}
	c.mu.Lock()
	now, patience := c.clock.Now(), namedWithin*c.settings.PollInterval
	c.mu.Unlock()
	for id, was := range waiting {
		if looked {
			was.looks++
		}
		still := samples.MissingOf(&was.Event)
		known := samples.Missing{
			Agent: was.missing.Agent && (!still.Agent || now.Sub(was.since) >= patience),
			Task:  was.missing.Task && !still.Task,
		}
		c.writer.CountPart(&was.Event, known)
		was.missing.Agent = was.missing.Agent && !known.Agent
		was.missing.Task = was.missing.Task && !known.Task && was.looks < completeWithin
		if was.missing == (samples.Missing{}) {
			delete(waiting, id)
		}
	}
}

// count counts events that the log did not have. writing is held.
func (c *Collector) count(added []events.Event) {
	c.writer.Count(added)
	for i := range added {
		e := &added[i]
		missing := samples.MissingOf(e)
		switch {
		case missing == samples.Missing{}:
			continue
		case len(c.keeper.incomplete) >= maxIncomplete:
			c.writer.CountPart(e, samples.Missing{Agent: missing.Agent})
			continue
		case c.keeper.incomplete == nil:
			c.keeper.incomplete = map[string]*incompleteEnd{}
		}
		c.keeper.incomplete[e.ID] = &incompleteEnd{Event: *e, missing: missing, since: c.clock.Now()}
	}
}

// note adds events to the log, and counts those that it did not have. Where the log
// fails, they are added with the next ones. It is called without events, too: the log
// then removes what is too old.
func (c *Collector) note(p *run, happened []events.Event) { c.noteAll(p, happened, false) }

// noteAll is note; looked: the events are those of comparing a /state.
func (c *Collector) noteAll(p *run, happened []events.Event, looked bool) {
	c.recallWatched()
	c.recallCluster(p.ctx)
	c.noting.Lock()
	defer c.noting.Unlock()
	c.mu.Lock()
	current := c.run == p && !(c.others.pending && c.others.foreign)
	name, leads := c.label.value, c.leads
	c.mu.Unlock()
	if !current {
		return
	}
	for _, e := range happened {
		e.Cluster = name
		leads.lasted(&e)
		if c.keeper.ended.told(e) {
			continue
		}
		c.keeper.waiting = append(c.keeper.waiting, e)
	}
	all := c.keeper.waiting
	added, err := c.keeper.log.Append(p.ctx, all)
	if err != nil {
		if over := len(c.keeper.waiting) - maxUnkept; over > 0 {
			c.keeper.waiting = append(c.keeper.waiting[:0], c.keeper.waiting[over:]...)
		}
		if p.ctx.Err() == nil && !c.keeper.failing {
			c.keeper.failing = true
			c.log.Warn("Events could not be kept", "error", err)
		}
		return
	}
	if c.keeper.failing {
		c.keeper.failing = false
		c.log.Info("Events are kept again")
	}
	c.keeper.waiting = nil
	if uncounted := c.keeper.uncounted; uncounted != nil {
		c.keeper.uncounted = nil
		added = slices.DeleteFunc(added, func(e events.Event) bool { return uncounted[e.ID] })
	}
	added, c.keeper.missed = append(added, c.keeper.missed...), nil
	if len(added) == 0 && len(c.keeper.incomplete) == 0 {
		return
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	c.count(added)
	c.complete(all, looked)
}

// compared returns what happened between the model before a /state, sent at a moment, and
// the one that it brought. Before the first, that is what a process before this one knew, if
// it is remembered.
func (c *Collector) compared(p *scheduledPoll, now *cluster.Cluster, sent time.Time) []events.Event {
	c.mu.Lock()
	before, changes, staged := c.stream.lastKnown(), []mesos.StreamEvent(nil), c.stream.kept.staged
	if open := c.stream.open; open != nil && open.why == nil && c.stream.kept.model == nil {
		changes = open.changes[:sentBefore(open.changes, sent)]
	}
	first := c.run == p.run && !c.state.lookedBack
	c.state.lookedBack = c.state.lookedBack || first
	known := c.known.model
	if c.run == p.run {
		c.known.model = nil
	}
	c.mu.Unlock()
	if before != nil {
		if before.Time.After(sent) { // a stream has ended since: the next /state is compared
			return nil
		}
		if len(changes) > 0 {
			before = before.With(changes, sent)
		}
		return untold(cluster.Happened(before, now, samples.TaskLabels(p.settings.TaskLabels)), staged)
	}
	if !first { // the log may be of another cluster
		return nil
	}
	return c.sinceStop(p, known, now)
}

// untold returns events without those of tasks whose beginning the stream told: Mesos has no
// time at which a task was added, so that these would be told twice.
func untold(all []events.Event, staged map[taskID]time.Time) []events.Event {
	return slices.DeleteFunc(all, func(e events.Event) bool {
		_, added := staged[taskID{e.FrameworkID, e.TaskID}]
		return e.Kind == events.KindTask && e.What == events.What(cluster.Staging) && added
	})
}

// whileAway returns what tasks did between the last look of a process before this one and
// its own first /state: those that ended are among the completed ones, which the event
// stream does not list. It is called before anything else is compared, and returns nothing
// later on. logged is what the log has of tasks.
func (c *Collector) whileAway(p *scheduledPoll, now *cluster.Cluster) (happened, logged []events.Event) {
	c.recallWatched()
	c.mu.Lock()
	last, name := c.endedSince(p), c.label.value
	current := c.run == p.run
	if current {
		c.watchedBefore = time.Time{}
	}
	c.mu.Unlock()
	log, _ := c.keeper.log.(events.Log)
	if !current || last.IsZero() || log == nil {
		return nil, nil
	}
	logged, _, err := log.Select(p.ctx, events.Filter{To: c.clock.Now(), Kinds: []events.Kind{events.KindTask}, Limit: maxGoingOn})
	if err != nil {
		if p.ctx.Err() == nil {
			c.log.Warn("Events could not be read, so what tasks did while the plugin was not running is not known", "error", err)
		}
		return nil, nil
	}
	logged = slices.DeleteFunc(logged, func(e events.Event) bool { return e.Cluster != "" && e.Cluster != name })
	return now.Since(last, logged, samples.TaskLabels(p.settings.TaskLabels)), logged
}

// endedSince returns since when a first look asks what ended: since a process before this one looked
// last, or since when it is not known that another one has counted it. It is zero later on, as what
// the stream tells has the reasons. mu is held.
func (c *Collector) endedSince(p *scheduledPoll) time.Time {
	last, counted := c.lastLook(p), c.elsewhere.Since
	if c.elsewhere.looked {
		return last
	}
	if last.IsZero() || !counted.IsZero() && counted.Before(last) {
		return counted
	}
	return last
}

// wantEnded makes a client that has not read a /state yet read all tasks that ended since the
// cluster was watched last, by this process or by one before.
func (c *Collector) wantEnded(p *scheduledPoll) {
	client := p.client
	if both, ok := client.(*Both); ok {
		client = both.Client
	}
	reader, ok := client.(interface{ ReadEndedSince(time.Time) })
	if !ok {
		return
	}
	c.recallWatched()
	before := c.before(p)
	c.mu.Lock()
	last := c.endedSince(p)
	c.mu.Unlock()
	if before != nil && (last.IsZero() || before.Time.Before(last)) {
		last = before.Time
	}
	if !last.IsZero() {
		reader.ReadEndedSince(last)
	}
}

// maxGoingOn bounds the events that are looked at after a start.
const maxGoingOn = 10_000

// opening returns the condition of events that happen to something so.
func opening(what ...events.What) []events.Condition {
	c := events.Condition{Field: events.FieldEvent}
	for _, w := range what {
		c.Values = append(c.Values, string(w))
	}
	return []events.Condition{c}
}

// goingOn returns the events of the log, of those that match, that opened what has not
// ended.
func (c *Collector) goingOn(ctx context.Context, f events.Filter) (open []events.Event) {
	log, _ := c.keeper.log.(events.Log)
	if log == nil {
		return nil
	}
	f.To, f.Limit = c.clock.Now(), maxGoingOn
	found, _, err := log.Select(ctx, f)
	if err != nil && ctx.Err() == nil {
		c.log.Warn("Events could not be read, so some may look as if they went on", "error", err)
	}
	for _, e := range found {
		if e.Opens != "" && e.End.IsZero() {
			open = append(open, e)
		}
	}
	return open
}

// otherCluster returns the event that another cluster is watched from a moment on, none
// where it is the one before: the masters in the settings are those of another, or the
// newest event of a process before this one has another name. It ends what goes on.
func (c *Collector) otherCluster(p *scheduledPoll, at time.Time) []events.Event {
	c.recallCluster(p.ctx)
	c.mu.Lock()
	name, before := c.label.value, c.eventsOf
	other := c.run == p.run && (c.forgotten || before != "" && before != name)
	if c.run == p.run {
		c.forgotten, c.eventsOf = false, ""
	}
	c.mu.Unlock()
	if !other {
		return nil
	}
	e := events.Event{
		ID:   fmt.Sprintf("%s/%s/%d", events.KindCollection, events.OtherCluster, at.UnixMilli()),
		Kind: events.KindCollection, What: events.OtherCluster, Time: at, Severity: events.Info,
		Message: fmt.Sprintf("The cluster %s is watched from here on: what was before is of another one", name),
	}
	for _, open := range c.goingOn(p.ctx, events.Filter{
		Kinds: []events.Kind{events.KindAgent, events.KindFramework, events.KindMaintenance},
		Where: opening(events.Unreachable, events.Disconnected, events.Deactivated, events.Draining, events.Drained, events.WindowBegan),
	}) {
		e.Closes = append(e.Closes, open.Opens)
	}
	return []events.Event{e}
}

// recallCluster asks the log, before anything is added to it, which cluster its newest event
// is of.
func (c *Collector) recallCluster(ctx context.Context) {
	c.clusterRecalled.Do(func() {
		log, _ := c.keeper.log.(events.Log)
		if log == nil {
			return
		}
		newest, _, err := log.Select(ctx, events.Filter{To: c.clock.Now(), Limit: 1})
		if err != nil || len(newest) == 0 {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.eventsOf = newest[0].Cluster
	})
}

// lose notes that the cluster is not watched any more, and why. mu is held.
func (c *Collector) lose(why error) {
	if c.gap.IsZero() && !c.watched.IsZero() {
		c.gap, c.gapWhy = c.watched, why
	}
}

// recallWatched asks the log, before anything is added to it, when a process before this
// one watched the cluster last: since then nobody has. Edited settings make a new
// collector too, which costs no more than a poll.
func (c *Collector) recallWatched() {
	c.recalled.Do(func() {
		log, ok := c.keeper.log.(interface{ Stats() events.Stats })
		if !ok {
			return
		}
		stats := log.Stats()
		last := stats.Watched
		c.mu.Lock()
		defer c.mu.Unlock()
		c.watchedBefore, c.loggedSince = last, stats.Since
		if c.watched.IsZero() && !last.IsZero() && c.clock.Now().Sub(last) > 2*c.settings.PollInterval+watchedWithin {
			c.gap, c.gapWhy = last, errNotRunning
		}
	})
}

// watchedWithin is how exactly a log knows when it was used last.
const watchedWithin = 10 * time.Second

var errNotRunning = errors.New("the plugin was not running")

// found notes that the cluster is watched as of a moment, and returns the event that it
// was not for a while before.
func (c *Collector) found(r *run, at time.Time) (ended []events.Event) {
	c.recallWatched()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run != r {
		return nil
	}
	if !c.gap.IsZero() && c.gap.Before(at) {
		why := ""
		if c.gapWhy != nil {
			why = c.gapWhy.Error()
		}
		ended = append(ended, events.NotWatched(c.gap, at, why))
	}
	c.watched, c.gap, c.gapWhy = at, time.Time{}, nil
	return ended
}

// endedTasks are tasks whose end was told lately. What compares models may find that a task
// is not there any more, and not know that the stream told its end, or an earlier poll: after
// a failover, models are compared over ten minutes. Of each only a hash is kept: 200,000 IDs
// would take 30 MB.
type endedTasks struct{ latest, before map[uint64]bool }

var hashOfIDs = maphash.MakeSeed()

// told reports whether an event is the unknown end of a task whose end was told, or that it is
// unreachable, and remembers the others.
func (t *endedTasks) told(e events.Event) bool {
	if e.Kind != events.KindTask {
		return false
	}
	id := maphash.Comparable(hashOfIDs, taskID{e.FrameworkID, e.TaskID})
	switch state := cluster.TaskState(e.What); {
	case state == cluster.UnknownTask, state == cluster.Unreachable:
		return t.latest[id] || t.before[id]
	case state.Live():
		delete(t.latest, id)
		delete(t.before, id)
	default:
		if t.latest == nil || len(t.latest) >= manyIDs {
			t.latest, t.before = map[uint64]bool{}, t.latest
		}
		t.latest[id] = true
	}
	return false
}

// seenIDs is an eventLog that keeps nothing but IDs, for counting where there is no log.
type seenIDs struct{ latest, before map[string]bool }

// manyIDs is how many IDs, and ended tasks, are remembered at least.
const manyIDs = 100_000

func (s *seenIDs) Append(_ context.Context, all []events.Event) (added []events.Event, err error) {
	for _, e := range all {
		if s.latest[e.ID] || s.before[e.ID] {
			continue
		}
		if s.latest == nil || len(s.latest) >= manyIDs {
			s.latest, s.before = map[string]bool{}, s.latest
		}
		s.latest[e.ID] = true
		added = append(added, e)
	}
	return added, nil
}
