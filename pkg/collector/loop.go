package collector

import (
	"context"
	"sync"
	"time"

	"community-mesos-datasource/pkg/mesos"
)

// This file runs the polls: a loop per kind of poll, each poll at its scheduled
// time, tried twice, with back-off after failures, until the settings change or
// nobody asks any more.

// A run holds the loops under one set of settings.
type run struct {
	ctx      context.Context
	cancel   context.CancelFunc
	settings Settings
	client   Client
	loops    sync.WaitGroup

	// notes fires when changes of the event stream are to be noted; noting reports
	// whether it runs. Both are guarded by Collector.mu.
	notes  Timer
	noting bool
}

// startRun starts the loops. mu is held.
func (c *Collector) startRun() {
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{ctx: ctx, cancel: cancel, settings: c.settings, client: c.client}
	c.run = r
	c.stream.handOver()
	r.notes = c.clock.NewTimer()
	r.notes.Stop()
	c.running.Add(1)
	r.loops.Go(func() {
		defer c.running.Done()
		defer r.notes.Stop()
		c.noteLoop(r)
	})
	now := c.clock.Now()
	// Polls that start again start together: the snapshot waits for /state.
	restart := now
	for _, k := range c.polls {
		if tried := k.schedule().tried; !tried.IsZero() {
			restart = later(restart, tried.Add(leastBetweenTries))
		}
	}
	for _, k := range c.polls {
		s := k.schedule()
		if s.scheduled.IsZero() || s.working { // never ran, or was cut off
			s.due = restart
		} else {
			s.due = later(now, s.scheduled.Add(k.interval()))
		}
		s.working, s.waiting, s.hastened = false, false, time.Time{}
		timer := c.clock.NewTimer()
		s.timer = timer
		c.running.Add(1)
		r.loops.Go(func() {
			defer c.running.Done()
			defer timer.Stop()
			c.loop(r, k, timer)
		})
	}
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// endRun makes the loops end. mu is held.
func (c *Collector) endRun() {
	if c.run != nil {
		c.run.cancel()
		c.run = nil
	}
}

// A scheduledPoll is one poll at its scheduled time.
type scheduledPoll struct {
	*run
	ctx       context.Context // of the run, with the poll's trace
	of        pollKind
	scheduled time.Time
	interval  time.Duration
	timer     Timer
	// kept: of a /state that failed, the model kept by events was written in its place.
	kept bool
}

// alignWithin is how much later than scheduled a request may have been sent to
// count as sent on time.
const alignWithin = 20 * time.Millisecond

// align returns the time of a poll's samples: the time it was scheduled for, if
// the request was sent right then, else the time the request was sent. A timer
// is a millisecond late now and then, and without this each sample would take
// two bytes more for its time, four times what most take together with their
// value. Prometheus does the same (scrape/scrape.go, AlignScrapeTimestamps).
func (p *scheduledPoll) align(sent time.Time) time.Time {
	if late := sent.Sub(p.scheduled); late >= 0 && late <= alignWithin {
		return p.scheduled
	}
	return sent
}

// onTime returns a snapshot with its time aligned.
func (p *scheduledPoll) onTime(s *mesos.Metrics) *mesos.Metrics {
	at := *s // others may share the answer
	at.Sent = p.align(s.Sent)
	return &at
}

// wait waits for a while, and returns false when the run has ended meanwhile.
func (r *run) wait(timer Timer, d time.Duration) bool {
	if d <= 0 {
		return r.ctx.Err() == nil
	}
	timer.Reset(d)
	select {
	case <-timer.C():
		return r.ctx.Err() == nil
	case <-r.ctx.Done():
		return false
	}
}

// loop runs a kind of poll until its run ends or nobody has asked for
// idleTimeout.
func (c *Collector) loop(r *run, k pollKind, timer Timer) {
	s := k.schedule()
	for c.waitDue(r, s, timer) {
		if c.idle(r) {
			return
		}
		c.mu.Lock()
		if c.run != r {
			c.mu.Unlock()
			return
		}
		due := s.due
		s.working, s.waiting = true, false
		p := &scheduledPoll{run: r, ctx: r.ctx, of: k, scheduled: due, interval: k.interval(), timer: timer}
		c.mu.Unlock()

		ok := c.traced(k, p)

		c.mu.Lock()
		if c.run != r {
			c.mu.Unlock()
			return
		}
		s.working, s.scheduled = false, due
		if ok {
			s.failed = 0
		} else {
			s.failed++
		}
		every := backOff(k.interval(), s.failed, c.jitter()) - s.sooner
		due = due.Add(every)
		if now := c.clock.Now(); due.Before(now) { // the machine slept, or the poll took longer than its interval
			due = due.Add(now.Sub(due).Truncate(every) + every)
		}
		s.due = due
		if wanted := later(s.hastened, c.clock.Now()); !s.hastened.IsZero() && wanted.Before(due) {
			s.due = wanted
		}
		s.hastened = time.Time{}
		done(s.tryDone)
		done(s.attempted)
		c.mu.Unlock()
	}
}

// waitDue waits until a poll is due, and returns false when the run has ended
// meanwhile.
func (c *Collector) waitDue(r *run, s *schedule, timer Timer) bool {
	c.mu.Lock()
	if c.run != r {
		c.mu.Unlock()
		return false
	}
	wait := s.due.Sub(c.clock.Now())
	if s.waiting = wait > 0; s.waiting {
		timer.Reset(wait)
	}
	waiting := s.waiting
	c.mu.Unlock()
	if waiting {
		select {
		case <-timer.C():
		case <-r.ctx.Done():
		}
	}
	return r.ctx.Err() == nil
}

// hasten makes a poll run at a moment if it is due later. One that is running runs again
// then. mu is held.
func (c *Collector) hasten(s *schedule, at time.Time) {
	switch {
	case s.working:
		if s.hastened.IsZero() || at.Before(s.hastened) {
			s.hastened = at
		}
	case at.Before(s.due):
		s.due = later(at, c.clock.Now())
		if s.waiting {
			s.timer.Reset(s.due.Sub(c.clock.Now()))
		}
	}
}

// idle ends the run when nobody has asked for long.
func (c *Collector) idle(r *run) bool {
	if !c.idleFor(r) {
		return false
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.run != r {
		c.mu.Unlock()
		return true
	}
	timeout := c.settings.IdleTimeout
	c.lose(nil)
	c.endRun()
	c.mu.Unlock()
	c.log.Info("Polling stops: nobody has queried the data source", "for", timeout)
	_ = c.guard("ending all series", c.endSeries)
	return true
}

func (c *Collector) idleFor(r *run) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run == r && c.clock.Now().Sub(c.lastTouch) >= c.settings.IdleTimeout
}

// twice makes a request, and once more after a while if it fails. It returns
// the last error.
func (c *Collector) twice(p *scheduledPoll, request func(context.Context) error) error {
	err := c.try(p, request)
	c.mu.Lock()
	if c.run == p.run {
		done(p.of.schedule().tryDone)
	}
	c.mu.Unlock()
	if err == nil || !p.wait(p.timer, retryAfter(p.interval)) {
		return err
	}
	return c.try(p, request)
}

func (c *Collector) try(p *scheduledPoll, request func(context.Context) error) error {
	c.mu.Lock()
	p.of.schedule().tried = c.clock.Now()
	c.mu.Unlock()
	return request(p.ctx)
}
