package collector

import (
	"context"
	"errors"
	"maps"
	"time"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// This file is what all kinds of poll share: the schedule of one, how its last
// attempt went, and how a result is written. The kinds are in snapshot.go,
// state.go, followers.go, agents.go, stream.go and maintenance.go.

// A pollKind is one kind of poll: what one loop asks for, and everything that is
// remembered of it.
type pollKind interface {
	// schedule returns when it runs.
	schedule() *schedule
	// outcomes returns how it went, one per label `poll` of mesos_up.
	outcomes() []*outcome
	// interval returns how often it runs now. Collector.mu is held.
	interval() time.Duration
	// runs reports whether there is anything to ask now, reported whether its
	// outcomes belong in the status. Collector.mu is held.
	runs() bool
	reported() bool
	// forget forgets everything about the cluster: another one is polled from now
	// on. Collector.mu is held.
	forget()
	// perform asks once, writes the result and reports whether all went well.
	perform(*scheduledPoll) bool
}

// A schedule is when a kind of poll runs. It is guarded by Collector.mu.
type schedule struct {
	first     bool      // the first query waits for it
	scheduled time.Time // of the latest poll
	tried     time.Time // when its request went out last
	due       time.Time // of the next
	working   bool
	failed    int // polls in a row
	// sooner is how much sooner than after its interval it runs next (lag.go).
	sooner time.Duration

	timer    Timer     // of its loop
	waiting  bool      // the loop waits for the timer
	hastened time.Time // when a poll that is running is to run again; zero: as usual

	// tryDone closes after the first attempt since fresh, attempted after the
	// first whole poll (up to two attempts).
	tryDone   chan struct{}
	attempted chan struct{}
}

// fresh makes the poll due at once, as if it had never run.
func (s *schedule) fresh() {
	s.scheduled, s.failed = time.Time{}, 0
	// Those who wait for the old channels look again when they are closed.
	done(s.tryDone)
	done(s.attempted)
	s.tryDone, s.attempted = make(chan struct{}), make(chan struct{})
}

func done(ch chan struct{}) {
	if ch == nil {
		return
	}
	select {
	case <-ch:
	default:
		close(ch)
	}
}

// An outcome is how one kind of poll went: its status, and its failures since
// the start. It is guarded by Collector.mu.
type outcome struct {
	PollStatus
	failures map[mesos.Category]uint64
	watch    func(Polled) // nil: nobody watches
}

// Polled is a poll that has ended.
type Polled struct {
	Poll series.Poll
	// Category is that of the error; "" for a poll that went well.
	Category mesos.Category
	// Took is how long the request took, its response read; zero for a poll that failed,
	// and for the event stream, which is no single request.
	Took time.Duration
}

func newOutcome(p series.Poll) outcome {
	return outcome{PollStatus: PollStatus{Poll: p}, failures: map[mesos.Category]uint64{}}
}

// health returns the outcome as it is written to series.
func (o *outcome) health() samples.Health {
	return samples.Health{Poll: o.Poll, Failures: maps.Clone(o.failures)}
}

// forget makes the outcome that of a poll that never ran.
func (o *outcome) forget() {
	watch := o.watch
	*o = newOutcome(o.Poll)
	o.watch = watch
}

// succeeded notes a success and reports whether the poll failed before.
func (o *outcome) succeeded(a mesos.Answer) (recovered bool) {
	recovered = o.Err != nil
	o.LastAttempt, o.LastSuccess, o.Err = a.Sent, a.Sent, nil
	o.Took, o.Head, o.Bytes = a.Took, a.Head, a.Bytes
	o.note(a.Sent, nil)
	return recovered
}

// failedWith notes a failure and reports whether the poll succeeded before.
func (o *outcome) failedWith(cause error, attempt time.Time) (first bool) {
	first = o.Err == nil
	o.failures[categoryOf(cause)]++
	o.Failures++
	o.LastAttempt, o.Err = attempt, cause
	o.note(attempt, cause)
	return first
}

// categoryOf returns the category of any error of a poll.
func categoryOf(err error) mesos.Category {
	if c := mesos.CategoryOf(err); c != "" {
		return c
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return mesos.Timeout
	}
	return mesos.Protocol
}

// errSuperseded ends a poll whose run has ended meanwhile. It writes nothing:
// its answer may be another cluster's.
var errSuperseded = errors.New("the settings have changed meanwhile")

// write writes the samples of a poll that went well, and notes that it did. That
// they could not be stored is a fault of the storage: the poll went well.
func (c *Collector) write(p *scheduledPoll, o *outcome, a mesos.Answer, write func(samples.Health) error) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	h, current := c.healthOf(p, o)
	if !current {
		return errSuperseded
	}
	h.OK, h.Took, h.Bytes = true, a.Took, a.Bytes
	err := write(h)
	c.noteWritten(p.ctx, err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stored = c.stored || err == nil
	if o.succeeded(a) {
		c.log.Info("A poll works again", "poll", o.Poll)
	}
	return nil
}

// fail ends the series of a poll at the time it was scheduled for, and
// remembers why until the next.
func (c *Collector) fail(p *scheduledPoll, o *outcome, cause error) {
	c.failSome(p, o, cause, nil)
}

// failSome is fail for a poll of several masters of which some answered.
func (c *Collector) failSome(p *scheduledPoll, o *outcome, cause error, answered []*mesos.Metrics) {
	if errors.Is(cause, errSuperseded) || p.ctx.Err() != nil {
		return
	}
	c.identifyByNothing(p)
	named := c.nameForFailure(p)
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.run != p.run {
		c.mu.Unlock()
		return
	}
	attempt := p.of.schedule().tried
	if attempt.IsZero() { // nothing was asked, as of agents while /state fails
		attempt = p.scheduled
	}
	first := o.failedWith(cause, attempt)
	// A /state that fails while events keep the model costs only what it alone tells.
	kept := o == &c.state.result && p.kept
	if o == &c.state.result && !kept {
		c.endCurrent() // with the series of tasks
		c.lose(cause)
	}
	h := o.health()
	c.mu.Unlock()
	if first {
		c.log.Warn("A poll failed", "poll", h.Poll, "error", cause)
	}
	if !named {
		return // nothing was written yet, and the name of the cluster is unknown
	}
	var err error
	switch {
	case len(answered) > 0:
		err = c.writer.Followers(p.ctx, answered, p.scheduled, h)
	case kept:
		err = c.writer.FailKept(p.ctx, p.scheduled, h)
	default:
		err = c.writer.Fail(p.ctx, p.scheduled, c.historyStart(), h)
	}
	c.noteWritten(p.ctx, err)
}

// failAgain writes that a poll still fails although it was not tried again.
func (c *Collector) failAgain(p *scheduledPoll, o *outcome) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if h, current := c.healthOf(p, o); current {
		c.noteWritten(p.ctx, c.writer.Fail(p.ctx, p.scheduled, c.historyStart(), h))
	}
}

// healthOf begins the report of a poll; false when its run has ended.
func (c *Collector) healthOf(p *scheduledPoll, o *outcome) (samples.Health, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return o.health(), c.run == p.run
}

// noteWritten notes what the writer kept and whether its batch could be stored.
// writing is held. A batch that ended with its context says nothing of the
// storage, nor does one that another process has taken over from.
func (c *Collector) noteWritten(ctx context.Context, err error) {
	kept, until := c.writer.Kept(), c.writer.CountedUntil()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = kept
	if !until.Equal(c.counted.Until) {
		c.counted = c.writer.Counted()
		c.onCounted()
	}
	switch {
	case err != nil && ctx.Err() != nil, errors.Is(err, series.ErrNotCollecting):
	case err != nil:
		if c.storage.Err == nil {
			c.log.Warn("Samples could not be stored", "error", err)
		}
		c.storage.Failures++
		c.storage.Err, c.storage.LastFailure = err, c.clock.Now()
	default:
		if c.storage.Err != nil {
			c.log.Info("Samples are stored again")
		}
		c.storage.Err = nil
	}
}
