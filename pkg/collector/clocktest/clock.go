// Package clocktest is a clock that only its caller moves: a test,
// or a command that lets hours of a simulated cluster go by in seconds, whose
// time follows that clock (Follower).
package clocktest

import (
	"sync"
	"time"

	"community-mesos-datasource/pkg/collector"
)

// Clock is a collector.Clock for tests. Timers fire in the order of their
// times, one after the other: the next one fires when the goroutine of the last
// has gone back to waiting. So a test of days takes the time of its polls, and
// two runs do the same things in the same order.
type Clock struct {
	mu      sync.Mutex
	changed *sync.Cond
	now     time.Time
	made    int
	timers  map[*timer]struct{} // made and not stopped
}

// New returns a clock that shows a time.
func New(now time.Time) *Clock {
	c := &Clock{now: now, timers: map[*timer]struct{}{}}
	c.changed = sync.NewCond(&c.mu)
	return c
}

// Now implements collector.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// NewTimer implements collector.Clock. Until its first Reset the timer's
// goroutine counts as working.
func (c *Clock) NewTimer() collector.Timer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	t := &timer{clock: c, order: c.made, c: make(chan time.Time, 1)}
	c.timers[t] = struct{}{}
	return t
}

// Advance moves the clock: everything that becomes due happens at its time, and
// is done when Advance returns.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	until := c.now.Add(d)
	for {
		c.settle()
		next := c.next()
		if next == nil || next.at.After(until) {
			break
		}
		if next.at.After(c.now) {
			c.now = next.at
		}
		next.running = false
		next.c <- c.now
	}
	if until.After(c.now) { // else it jumped meanwhile
		c.now = until
	}
}

// Jump moves the clock while goroutines are working: what becomes due happens at
// the new time. It is for what must not wait for work, time-outs.
func (c *Clock) Jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for t := range c.timers {
		if t.running && !t.at.After(c.now) {
			t.running = false
			t.c <- c.now
		}
	}
}

// Settle waits until every goroutine with a timer waits for it.
func (c *Clock) Settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
}

func (c *Clock) settle() {
	for c.working() {
		c.changed.Wait()
	}
}

func (c *Clock) working() bool {
	for t := range c.timers {
		if !t.running {
			return true
		}
	}
	return false
}

func (c *Clock) next() *timer {
	var first *timer
	for t := range c.timers {
		if first == nil || t.at.Before(first.at) || (t.at.Equal(first.at) && t.order < first.order) {
			first = t
		}
	}
	return first
}

type timer struct {
	clock   *Clock
	order   int
	c       chan time.Time
	at      time.Time
	running bool
}

func (t *timer) C() <-chan time.Time { return t.c }

func (t *timer) Reset(d time.Duration) {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.drain()
	t.at, t.running = t.clock.now.Add(max(d, 0)), true
	t.clock.timers[t] = struct{}{}
	t.clock.changed.Broadcast()
}

func (t *timer) Stop() {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.drain()
	t.running = false
	delete(t.clock.timers, t)
	t.clock.changed.Broadcast()
}

func (t *timer) drain() {
	select {
	case <-t.c:
	default:
	}
}
