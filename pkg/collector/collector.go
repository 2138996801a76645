// Package collector decides when to ask a Mesos cluster what, and turns the
// answers into samples. There is one collector per data source, shared by all
// who watch: the load on the masters never depends on how many they are.
//
// Its files: collector.go its life; loop.go when a poll runs, is tried again
// and backs off; ladder.go the intervals; polls.go what each poll does;
// writer.go, samples.go and raw.go which samples come of it; book.go references
// and staleness; health.go the collector's own series. agents.go asks agents,
// containers.go, use.go and measured.go make samples of what they answer.
//
// Four loops run beside each other: /metrics/snapshot of the leader, its
// /state and /roles, the followers' own snapshots, and agents' statistics where
// they are wanted. What they bring is written by one writer, one batch at a
// time.
package collector

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// firstPollWithin bounds how long the first query waits for the first poll.
const firstPollWithin = 10 * time.Second

// sparedAfterTry is the least time between two tries of a poll when settings
// change in quick succession.
const sparedAfterTry = time.Second

// ErrFirstPoll says that nothing is known yet, and soon will be.
var ErrFirstPoll = errors.New("the first poll of the cluster is still running: try again in a few seconds")

// ErrStopped says that the collector was stopped.
var ErrStopped = errors.New("the collector of this data source was stopped")

// A Collector polls one cluster. Its methods may be called from several
// goroutines.
type Collector struct {
	clock        Clock
	log          Logger
	jitter       func() float64
	historyStart func() time.Time

	// running are the loops, and whatever ends after them.
	running sync.WaitGroup

	mu        sync.Mutex
	settings  Settings
	client    Client
	run       *run // nil while stopped or idle
	started   bool
	stopped   bool
	lastTouch time.Time
	jobs      []*job
	statuses  map[series.Poll]*PollStatus
	failures  map[series.Poll]map[mesos.Category]uint64
	stored    bool             // anything ever was
	resumed   bool             // polling has begun again after nobody asked for long
	model     *cluster.Cluster // the latest
	seen      *cluster.Cluster // the same, or a newer one that waits for its roles
	name      string           // value of the label cluster
	nameFrom  string           // the setting clusterName it was made with
	nameFixed bool             // false: the next success decides, see polls.go
	leader    string           // host:port
	followers []MasterStatus
	heads     []time.Duration // of the latest /state + /roles, newest last
	taskFit   taskFit
	asked     map[string]*askedAgent // by ID
	agents    *AgentPolls
	dropped   int
	droppedBy string

	// writing is held while a batch is made. It is taken before mu.
	writing sync.Mutex
	writer  *writer
}

// New makes a collector. Start starts it.
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
	collector := &Collector{
		clock:        c.Clock,
		log:          c.Log,
		jitter:       c.Jitter,
		historyStart: c.HistoryStart,
		settings:     c.Settings.withDefaults(),
		client:       c.Client,
		statuses:     map[series.Poll]*PollStatus{},
		failures:     map[series.Poll]map[mesos.Category]uint64{},
		writer:       newWriter(c.Sink),
	}
	collector.jobs = newJobs()
	for _, j := range collector.jobs {
		for _, p := range j.polls {
			collector.statuses[p] = &PollStatus{Poll: p}
			collector.failures[p] = map[mesos.Category]uint64{}
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
	c.writing.Lock()
	c.endSeries()
	c.writing.Unlock()
	if client != nil {
		client.Close()
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
	before, old := c.run, c.client
	c.endRun()
	c.settings = s
	if client != old || s.ClusterName != c.nameFrom {
		c.nameFixed = false
	}
	if client != old {
		c.client, c.asked = client, nil
		for _, j := range c.jobs {
			j.fresh()
		}
		c.running.Go(func() {
			if before != nil {
				before.loops.Wait()
			}
			if old != nil {
				old.Close()
			}
		})
	}
	if c.started {
		c.startRun()
	}
}

// Touch says that somebody asked. It starts a collector again that had stopped
// because nobody did.
func (c *Collector) Touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastTouch = c.clock.Now()
	if c.started && !c.stopped && c.run == nil {
		c.resumed = true
		for _, j := range c.jobs {
			j.fresh()
		}
		c.startRun()
	}
}

// Ready waits for the first poll, and the first after nobody asked for long,
// 10 s at most, and says whether there is
// anything to answer from: nil, ErrFirstPoll, or why there is nothing.
func (c *Collector) Ready(ctx context.Context) error {
	c.mu.Lock()
	ready := c.stored && !c.resumed
	c.mu.Unlock()
	if ready {
		return nil
	}
	return c.attempted(ctx)
}

// Check is Ready for Save & test: it waits until the settings in force were
// tried, and says what went wrong with them.
func (c *Collector) Check(ctx context.Context) error {
	if err := c.attempted(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range []series.Poll{series.PollState, series.PollSnapshot} {
		// A principal that may not see metrics can still be of use.
		if err := c.statuses[p].Err; err != nil && !(p == series.PollSnapshot && categoryOf(err) == mesos.Forbidden) {
			return err
		}
	}
	return nil
}

// attempted waits until the leader was asked for all there is, once.
func (c *Collector) attempted(ctx context.Context) error {
	timer := c.clock.NewTimer()
	timer.Reset(firstPollWithin)
	defer timer.Stop()
	for _, j := range c.jobs {
		if !j.first {
			continue
		}
		for waiting := true; waiting; {
			c.mu.Lock()
			attempted, stopped := j.attempted, c.stopped || !c.started
			c.mu.Unlock()
			if stopped {
				return ErrStopped
			}
			select {
			case <-attempted:
				// Apply may have asked for another meanwhile.
				c.mu.Lock()
				waiting = j.attempted != attempted
				c.mu.Unlock()
			case <-timer.C():
				if c.hasStored() {
					return nil
				}
				return ErrFirstPoll
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stored {
		return nil
	}
	for _, p := range []series.Poll{series.PollSnapshot, series.PollState} {
		if err := c.statuses[p].Err; err != nil {
			return err
		}
	}
	return ErrFirstPoll
}

func (c *Collector) hasStored() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stored
}

// Status is what the collector knows of itself.
func (c *Collector) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Status{
		Cluster:          c.name,
		Leader:           c.leader,
		TaskSeries:       c.taskFit.keep,
		TaskSeriesWhy:    c.taskFit.why,
		AgentPolls:       c.agents,
		SeriesDropped:    c.dropped,
		SeriesDroppedWhy: c.droppedBy,
	}
	if c.leader != "" {
		s.Masters = append(s.Masters, MasterStatus{Address: c.leader, Leading: true})
	}
	for _, f := range c.followers {
		if f.Address != c.leader {
			s.Masters = append(s.Masters, f)
		}
	}
	if m := c.model; m != nil {
		s.Version, s.Restricted = m.Version, m.Restricted
		s.Agents, s.Frameworks, s.Tasks = len(m.Agents), len(m.Frameworks), m.TaskCounts.Total()-m.TaskCounts.Of(cluster.Unreachable)
	}
	for _, j := range c.jobs {
		for _, p := range j.polls {
			if (p == series.PollFollowers && c.followers == nil) || (p == series.PollAgents && c.asksAgents() == nil) {
				continue
			}
			status := *c.statuses[p]
			status.Interval = c.intervalOf(j)
			status.Next = j.due
			s.Polls = append(s.Polls, status)
		}
	}
	return s
}

// Cluster is the latest model, nil before the first. It is never changed.
func (c *Collector) Cluster() *cluster.Cluster {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.model
}

// Interval is how often a kind of poll runs now, back-off left aside; 0 for
// followers where there are none and for agents where they are not asked.
func (c *Collector) Interval(p series.Poll) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if (p == series.PollFollowers && len(c.followers) == 0) || (p == series.PollAgents && c.asksAgents() == nil) {
		return 0
	}
	for _, j := range c.jobs {
		if slices.Contains(j.polls, p) {
			return c.intervalOf(j)
		}
	}
	return c.settings.PollInterval
}

// CurrentTasks calls yield for every series of tasks and executors as of the
// latest /state, whether their history is kept or not, and returns when that
// was: how an instant query is answered for them while their history is not
// kept. It returns the zero time, and calls nothing, before the first.
func (c *Collector) CurrentTasks(yield func(lset labels.Labels, value float64)) time.Time {
	c.mu.Lock()
	m, name, wanted := c.model, c.name, c.settings.TaskLabels
	c.mu.Unlock()
	if m == nil {
		return time.Time{}
	}
	currentTasks(m, name, wanted, yield)
	c.writing.Lock()
	defer c.writing.Unlock()
	c.writer.currentUse(name, wanted, m.Time, yield)
	return m.Time
}

// endSeries writes the end of all series: nobody looks at the cluster any
// more. writing is held.
func (c *Collector) endSeries() {
	if err := c.writer.end(context.Background(), c.clock.Now()); err != nil {
		c.log.Warn("The end of the series could not be stored", "error", err)
	}
}
