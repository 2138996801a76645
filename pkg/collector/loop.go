package collector

import (
	"context"
	"slices"
	"sync"
	"time"

	"community-mesos-datasource/pkg/series"
)

// A job is what one loop does, and where it stands. Its fields are guarded by
// Collector.mu.
type job struct {
	polls []series.Poll
	first bool // the first query waits for it
	// interval is how often the job runs; mu is held.
	interval func(*Collector) time.Duration
	// perform does the job's polls and reports whether all went well.
	perform func(*Collector, *pass) bool

	scheduled time.Time // of the latest poll
	tried     time.Time // when its request went out last
	due       time.Time // of the next
	working   bool
	failed    int // polls in a row

	// tryDone is closed after the first try since fresh, attempted after the
	// first poll: a poll that fails is tried twice.
	tryDone   chan struct{}
	attempted chan struct{}
}

func newJobs() []*job {
	jobs := []*job{
		{polls: []series.Poll{series.PollState, series.PollRoles}, first: true, perform: (*Collector).pollState,
			interval: func(c *Collector) time.Duration {
				agents := 0
				if c.model != nil {
					agents = len(c.model.Agents)
				}
				return stateInterval(c.settings.PollInterval, agents, c.head())
			}},
		{polls: []series.Poll{series.PollSnapshot}, first: true, perform: (*Collector).pollSnapshot,
			interval: func(c *Collector) time.Duration { return c.settings.PollInterval }},
		{polls: []series.Poll{series.PollFollowers}, perform: (*Collector).pollFollowers,
			interval: func(c *Collector) time.Duration { return followerShare * c.settings.PollInterval }},
		{polls: []series.Poll{series.PollAgents}, perform: (*Collector).pollAgents,
			interval: func(c *Collector) time.Duration {
				agents := 0
				if c.model != nil {
					agents = len(c.model.Agents)
				}
				return stateInterval(c.settings.PollInterval, agents, 0)
			}},
	}
	for _, j := range jobs {
		j.fresh()
	}
	return jobs
}

// fresh makes the job due at once, as if it had never run.
func (j *job) fresh() {
	j.scheduled, j.failed = time.Time{}, 0
	// Those who wait for the channels of before look again when they are closed.
	done(j.tryDone)
	done(j.attempted)
	j.tryDone, j.attempted = make(chan struct{}), make(chan struct{})
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

func (c *Collector) intervalOf(j *job) time.Duration { return j.interval(c) }

// head is how long the master worked on the latest /state and /roles. Of the
// last two the shorter: one slow answer is no reason to ask less often.
func (c *Collector) head() time.Duration {
	if len(c.heads) == 0 {
		return 0
	}
	return slices.Min(c.heads)
}

// A run is the loops under one set of settings.
type run struct {
	ctx      context.Context
	cancel   context.CancelFunc
	settings Settings
	client   Client
	loops    sync.WaitGroup
}

// startRun starts the loops. mu is held.
func (c *Collector) startRun() {
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{ctx: ctx, cancel: cancel, settings: c.settings, client: c.client}
	c.run = r
	now := c.clock.Now()
	// Jobs that begin anew begin together: the snapshot waits for /state.
	anew := now
	for _, j := range c.jobs {
		if !j.tried.IsZero() {
			anew = later(anew, j.tried.Add(sparedAfterTry))
		}
	}
	for _, j := range c.jobs {
		if j.scheduled.IsZero() || j.working { // never ran, or was cut off
			j.due = anew
		} else {
			j.due = later(now, j.scheduled.Add(c.intervalOf(j)))
		}
		j.working = false
		timer := c.clock.NewTimer()
		first := j.due
		c.running.Add(1)
		r.loops.Go(func() {
			defer c.running.Done()
			defer timer.Stop()
			c.loop(r, j, first, timer)
		})
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// endRun tells the loops to end. mu is held.
func (c *Collector) endRun() {
	if c.run != nil {
		c.run.cancel()
		c.run = nil
	}
}

// A pass is one poll at its scheduled time.
type pass struct {
	*run
	job       *job
	scheduled time.Time
	interval  time.Duration
	timer     Timer
}

// wait lets time pass; false when the run has ended meanwhile.
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

// loop runs a job until its run ends or nobody has asked for idleTimeout.
func (c *Collector) loop(r *run, j *job, due time.Time, timer Timer) {
	for r.wait(timer, due.Sub(c.clock.Now())) {
		if c.idle(r) {
			return
		}
		c.mu.Lock()
		if c.run != r {
			c.mu.Unlock()
			return
		}
		j.working = true
		p := &pass{run: r, job: j, scheduled: due, interval: c.intervalOf(j), timer: timer}
		c.mu.Unlock()

		ok := j.perform(c, p)

		c.mu.Lock()
		if c.run != r {
			c.mu.Unlock()
			return
		}
		j.working, j.scheduled = false, due
		if ok {
			j.failed = 0
		} else {
			j.failed++
		}
		every := backOff(c.intervalOf(j), j.failed, c.jitter())
		due = due.Add(every)
		if now := c.clock.Now(); due.Before(now) { // the machine slept, or the poll took longer than its interval
			due = due.Add(now.Sub(due).Truncate(every) + every)
		}
		j.due = due
		done(j.tryDone)
		done(j.attempted)
		c.mu.Unlock()
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
	c.endRun()
	c.mu.Unlock()
	c.log.Info("Polling stops: nobody has queried the data source", "for", timeout)
	c.endSeries()
	return true
}

func (c *Collector) idleFor(r *run) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run == r && c.clock.Now().Sub(c.lastTouch) >= c.settings.IdleTimeout
}

// twice tries a request, and once more after a while if it fails. It returns
// the last error.
func (c *Collector) twice(p *pass, request func(context.Context) error) error {
	err := c.try(p, request)
	c.mu.Lock()
	if c.run == p.run {
		done(p.job.tryDone)
	}
	c.mu.Unlock()
	if err == nil || !p.wait(p.timer, retryAfter(p.interval)) {
		return err
	}
	return c.try(p, request)
}

func (c *Collector) try(p *pass, request func(context.Context) error) error {
	c.mu.Lock()
	p.job.tried = c.clock.Now()
	c.mu.Unlock()
	return request(p.ctx)
}
