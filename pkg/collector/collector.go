// Package collector decides when to ask a Mesos cluster what. There is one
// collector per data source, shared by all who watch: the load on the masters
// does not depend on how many they are. What is written is package samples.
//
// Its files: collector.go its life; loop.go when polls run, are tried again and
// back off; poll.go what all kinds of poll share; snapshot.go, state.go,
// followers.go, agents.go, stream.go and maintenance.go the kinds; model.go the model
// kept by the event stream; events.go what is done with events; outline.go what is
// remembered over a restart; identity.go whether other masters are another cluster;
// name.go the label cluster; ladder.go the intervals; status.go, recent.go and
// returning.go what it reports of itself.
//
// Six loops run beside each other: /metrics/snapshot of the leader, its
// /state and /roles, the followers' own snapshots, agents' statistics where
// they are wanted, the event stream, and the maintenance schedule. One writer
// writes their samples, one batch at a time.
package collector

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

const (
	// firstPollWithin bounds how long queries wait for the first poll.
	firstPollWithin = 10 * time.Second
	// catchUpWithin bounds it where there is history to answer from.
	catchUpWithin = 2 * time.Second
	// lookAgainAfter is how often it is looked, from catchUpWithin on, whether there
	// is history meanwhile.
	lookAgainAfter = time.Second
)

// leastBetweenTries is the least time between two tries of a poll when settings
// change in quick succession.
const leastBetweenTries = time.Second

// ErrFirstPoll is returned while nothing is known yet because the first poll is
// still running.
var ErrFirstPoll = errors.New("the first poll of the cluster is still running: try again in a few seconds")

// ErrStopped is returned after the collector was stopped.
var ErrStopped = errors.New("the collector of this data source was stopped")

// A Collector polls one cluster. Its methods may be called from several
// goroutines.
type Collector struct {
	clock        Clock
	log          Logger
	jitter       func() float64
	historyStart func() time.Time
	lastCluster  func(context.Context) string
	// countedBefore and onCounted are Config.CountedBefore and Config.Counted.
	countedBefore func(context.Context) CountedBefore
	onCounted     func()
	freeMemory    func()
	spareMemory   func() (end func())
	span          func(context.Context, series.Poll) (context.Context, func(bool))

	// running counts the loops and the goroutines that close replaced clients.
	running sync.WaitGroup

	snapshot  *snapshotPoll
	state     *statePoll
	followers *followersPoll
	agents    *agentsPoll
	stream    *streamPoll
	planned   *maintenancePoll
	polls     []pollKind // all of them

	mu        sync.Mutex
	settings  Settings
	client    Client
	run       *run // nil while stopped or idle
	started   bool
	stopped   bool
	lastTouch time.Time
	stored    bool // anything ever was
	caughtUp  bool // queries have waited for the first poll since Start or Touch resumed polling
	label     clusterLabel
	recall    bool // the history may know the name of the cluster
	others    otherMasters
	leader    string       // host:port
	kept      samples.Kept // of the latest batch
	storage   StorageStatus
	counted   Counted
	viewed    *cluster.Cluster // the model that current is of: nil while the series of /state have ended
	current   *CurrentView     // nil with viewed

	// watched is when the cluster was watched last; gap is from when on it was not,
	// zero while it is, and gapWhy why not.
	watched, gap time.Time
	gapWhy       error
	// leads are the masters that answered as the leader lately.
	leads leads

	// recalled asks the log once when the cluster was watched last.
	recalled sync.Once
	// watchedBefore is when a process before this one watched the cluster last, until the
	// first /state is compared with the log; loggedSince is Stats.Since then. Guarded by mu.
	watchedBefore, loggedSince time.Time
	// clusterRecalled asks the log once which cluster its newest event is of: eventsOf, ""
	// once it is compared. forgotten: the cluster before was another. Guarded by mu.
	clusterRecalled sync.Once
	eventsOf        string
	forgotten       bool
	// known is what a process before this one remembered.
	known beforeStart

	// noticing is held while changes of the stream are made to events, noting while
	// events are added to the log. They are taken in this order, before writing.
	noticing, noting sync.Mutex
	keeper           eventKeeper
	elsewhere        elsewhere

	// writing is held while a batch is made. It is taken before mu.
	writing sync.Mutex
	writer  *samples.Writer
}

// New returns a collector that does nothing before Start.
func New(c Config) *Collector {
	if c.Clock == nil {
		c.Clock = SystemClock{}
	}
	if c.Log == nil {
		c.Log = noLog{}
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64
	}
	if c.HistoryStart == nil {
		c.HistoryStart = func() time.Time { return time.Time{} }
	}
	if c.LastCluster == nil {
		c.LastCluster = func(context.Context) string { return "" }
	}
	if c.FreeMemory == nil {
		c.FreeMemory = func() {}
	}
	if c.Counted == nil {
		c.Counted = func() {}
	}
	if c.SpareMemory == nil {
		c.SpareMemory = func() func() { return func() {} }
	}
	collector := &Collector{
		freeMemory:    c.FreeMemory,
		spareMemory:   c.SpareMemory,
		span:          c.Span,
		lastCluster:   c.LastCluster,
		countedBefore: c.CountedBefore,
		onCounted:     c.Counted,
		recall:        true,
		clock:         c.Clock,
		log:           c.Log,
		jitter:        c.Jitter,
		historyStart:  c.HistoryStart,
		settings:      c.Settings.withDefaults(),
		client:        c.Client,
		writer:        samples.NewWriter(c.Sink),
	}
	collector.state = newStatePoll(collector)
	collector.snapshot = newSnapshotPoll(collector)
	collector.followers = newFollowersPoll(collector)
	collector.agents = newAgentsPoll(collector)
	collector.stream = newStreamPoll(collector)
	collector.planned = newMaintenancePoll(collector)
	collector.keeper.log = &seenIDs{}
	if c.Events != nil {
		collector.keeper.log = c.Events
	}
	collector.polls = []pollKind{collector.state, collector.snapshot, collector.followers, collector.agents, collector.stream, collector.planned}
	if c.ModelOnly {
		collector.polls = []pollKind{collector.state, collector.planned}
	}
	for _, k := range collector.polls {
		k.schedule().fresh()
		for _, o := range k.outcomes() {
			o.watch = c.Polled
		}
	}
	return collector
}

// Start begins to poll, at once. Later calls do nothing.
func (c *Collector) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started || c.stopped {
		return
	}
	c.started, c.lastTouch = true, c.clock.Now()
	c.startRun()
}

// Stop ends polling and all series, and closes the client. It returns when
// nothing of the collector runs any more.
func (c *Collector) Stop() {
	c.mu.Lock()
	if c.stopped {
		c.mu.Unlock()
		c.running.Wait()
		return
	}
	c.stopped = true
	client := c.client
	c.endRun()
	c.mu.Unlock()

	c.running.Wait()
	_ = c.guard("ending all series", func() {
		c.writing.Lock()
		defer c.writing.Unlock()
		c.endSeries()
	})
	if client != nil {
		_ = c.guard("closing the client", client.Close)
	}
}

// Apply puts settings and a client in force at once and keeps the history. The
// client before is closed when nothing uses it any more. Nothing changes where
// both are those in force.
func (c *Collector) Apply(s Settings, client Client) {
	s = s.withDefaults()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		if client != nil && client != c.client {
			client.Close()
		}
		return
	}
	c.lastTouch = c.clock.Now()
	if client == c.client && s.equal(c.settings) {
		return
	}
	if !sameMasters(s.Masters, c.settings.Masters) {
		c.changeMasters(c.settings.Masters, s.Masters)
		c.followers.replaced = true
		for _, k := range c.polls {
			for _, o := range k.outcomes() {
				o.ofOthers()
			}
		}
	}
	before, old := c.run, c.client
	c.endRun()
	c.settings = s
	if client != old || s.ClusterName != c.label.from {
		c.label.fixed = false
	}
	if client != old {
		c.client, c.agents.asked = client, nil
		for _, k := range c.polls {
			k.schedule().fresh()
		}
		c.running.Go(func() {
			if before != nil {
				before.loops.Wait()
			}
			if old != nil {
				_ = c.guard("closing the client of before", old.Close)
			}
		})
	}
	if c.started {
		c.startRun()
	}
}

// Touch is called with every query. It starts a collector again that stopped
// because nobody did.
func (c *Collector) Touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastTouch = c.clock.Now()
	if c.started && !c.stopped && c.run == nil {
		c.caughtUp = false
		for _, k := range c.polls {
			k.schedule().fresh()
		}
		c.startRun()
	}
}

// Idle reports whether it has stopped to poll because nobody asked.
func (c *Collector) Idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started && !c.stopped && c.run == nil
}

// Ready waits for the first poll after Start and after nobody asked for long: 10 s
// at most, or 2 s, once, where there is history to answer from by then. It returns nil, or
// why there is nothing of this collector to answer from.
func (c *Collector) Ready(ctx context.Context) error {
	history := !c.historyStart().IsZero()
	c.mu.Lock()
	history = history || c.stored
	caughtUp := c.caughtUp && history
	c.mu.Unlock()
	if caughtUp {
		return c.unready()
	}
	// A directory that is being opened shows only later that there is history.
	err := c.attempted(ctx, catchUpWithin, func(waited time.Duration) bool {
		return waited >= firstPollWithin || history || !c.historyStart().IsZero()
	})
	if ctx.Err() == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.caughtUp = true
	}
	return err
}

// unready returns why nothing was written yet, nil when something was.
func (c *Collector) unready() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stored {
		return nil
	}
	return cmp.Or(c.snapshot.result.Err, c.state.result.Err, ErrFirstPoll)
}

// Check is Ready for Save & test: it waits until the settings in force were
// tried, and returns what went wrong with them.
func (c *Collector) Check(ctx context.Context) error {
	if err := c.attempted(ctx, firstPollWithin, func(time.Duration) bool { return true }); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.state.result.Err; err != nil {
		return err
	}
	// A principal that may not see metrics can still be of use.
	if err := c.snapshot.result.Err; err != nil && categoryOf(err) != mesos.Forbidden {
		return err
	}
	return nil
}

// attempted waits until the leader was asked for all there is, once. Where that
// takes longer than within, and longEnough says so, it returns nil if something was
// written before.
func (c *Collector) attempted(ctx context.Context, within time.Duration, longEnough func(waited time.Duration) bool) error {
	begun, timer := c.clock.Now(), c.clock.NewTimer()
	timer.Reset(within)
	defer timer.Stop()
	for _, k := range c.polls {
		s := k.schedule()
		if !s.first {
			continue
		}
		for waiting := true; waiting; {
			c.mu.Lock()
			attempted, stopped, stored := s.attempted, c.stopped || !c.started, c.stored
			c.mu.Unlock()
			if stopped {
				return ErrStopped
			}
			select {
			case <-attempted:
				// Apply may have asked for another meanwhile.
				c.mu.Lock()
				waiting = s.attempted != attempted
				c.mu.Unlock()
			case <-timer.C():
				if !longEnough(c.clock.Now().Sub(begun)) {
					timer.Reset(lookAgainAfter)
					continue
				}
				if stored {
					return nil
				}
				return ErrFirstPoll
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return c.unready()
}

// Status returns what the collector knows of itself.
func (c *Collector) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{
		Cluster:          c.label.value,
		Leader:           c.leader,
		TaskSeries:       c.kept.Tasks,
		TaskSeriesWhy:    c.kept.TasksWhy,
		AgentPolls:       c.agents.last,
		Storage:          c.storage,
		SeriesDropped:    c.kept.Dropped,
		SeriesDroppedWhy: c.kept.DroppedWhy,
		LeftOut:          c.kept.LeftOut,
		Returning:        c.state.returning,
		UnwatchedSince:   c.gap,
		Stream:           c.stream.told,
	}
	s.Stream.Connected = c.stream.open != nil && !c.stream.open.since.IsZero()
	if c.leader != "" {
		s.Masters = append(s.Masters, MasterStatus{Address: c.leader, Leading: true, Error: c.leaderError()})
	}
	for _, f := range c.followers.masters {
		if f.Address != c.leader && !c.followers.replaced {
			s.Masters = append(s.Masters, f)
		}
	}
	if m := c.state.model; m != nil {
		s.Version, s.Restricted, s.NamesCut, s.ManyAttributes = m.Version, m.Restricted, m.NamesCut, m.ManyAttributes
		s.Agents, s.Frameworks, s.Tasks = len(m.Agents), len(m.Frameworks), m.TaskCounts.Total()-m.TaskCounts.Of(cluster.Unreachable)
	}
	for _, k := range c.polls {
		if !k.reported() {
			continue
		}
		for _, o := range k.outcomes() {
			status := o.PollStatus
			status.Interval, status.Next = k.interval(), k.schedule().due
			s.Polls = append(s.Polls, status)
		}
	}
	return s
}

// leaderError returns why the leader gave no answer when it was last asked, "" where it did. mu is held.
func (c *Collector) leaderError() string {
	var last PollStatus
	for _, k := range c.polls {
		for _, o := range k.outcomes() {
			if (o.Poll == series.PollState || o.Poll == series.PollSnapshot) && o.LastAttempt.After(last.LastAttempt) {
				last = o.PollStatus
			}
		}
	}
	if last.Err == nil {
		return ""
	}
	return last.Err.Error()
}

// Cluster returns the latest model, nil before the first. It is never changed.
func (c *Collector) Cluster() *cluster.Cluster {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.model
}

// Counted returns what the counters that were stored have counted, zero where none were.
func (c *Collector) Counted() Counted {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counted
}

// Interval returns how often a kind of poll runs now, back-off left aside; 0 for
// followers where there are none, for agents where they are not asked, and for the
// event stream where it is not read.
func (c *Collector) Interval(p series.Poll) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p == series.PollModel {
		return c.modelInterval()
	}
	for _, k := range c.polls {
		for _, o := range k.outcomes() {
			switch {
			case o.Poll != p:
			case k.runs():
				return k.interval()
			default:
				return 0
			}
		}
	}
	return c.settings.PollInterval
}

// endSeries ends all series: the cluster is not polled any more. writing is held.
func (c *Collector) endSeries() {
	c.noteWritten(context.Background(), c.writer.End(context.Background(), c.clock.Now()))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endCurrent()
}
