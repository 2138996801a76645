package collector

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
)

// What a process knew of the cluster last is kept in the event log, so that the next one can
// tell which agents and frameworks came and went meanwhile, and whether other masters in the
// settings are another cluster. Tasks are told by the log's own events (whileAway).

// A rememberer is an eventLog that keeps a value over a restart.
type rememberer interface {
	Remember(ctx context.Context, value []byte) error
	// Remembered returns the latest value, nil for none.
	Remembered(ctx context.Context) ([]byte, error)
}

// remembered is what is kept.
type remembered struct {
	Masters []string        `json:"masters"` // in the settings
	At      time.Time       `json:"at"`      // when /state was asked for
	Cluster json.RawMessage `json:"cluster"` // cluster.Outline
}

// beforeStart is what a process before this one knew of the cluster last. All but once is
// guarded by Collector.mu.
type beforeStart struct {
	once    sync.Once
	model   *cluster.Cluster // nil: nothing is known, or it has been compared
	masters []string
	kept    [sha256.Size]byte // of what was remembered last
}

// recallOutline asks the log once what is remembered.
func (c *Collector) recallOutline(p *scheduledPoll) {
	c.recallWatched()
	c.known.once.Do(func() {
		log, _ := c.keeper.log.(rememberer)
		if log == nil {
			return
		}
		value, err := log.Remembered(p.ctx)
		if err != nil || value == nil {
			return
		}
		var r remembered
		if json.Unmarshal(value, &r) != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		model, err := cluster.Outlined(r.Cluster, later(r.At, c.lastLook(p)))
		if err == nil && !c.state.lookedBack {
			c.known.model, c.known.masters = model, r.Masters
		}
	})
}

// movedSinceStop reports whether none of the masters in the settings was there before the
// start, while none has answered.
func (c *Collector) movedSinceStop(p *scheduledPoll) bool {
	c.recallOutline(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known.model != nil && !commonMaster(c.known.masters, p.settings.Masters)
}

// lastLook returns when a process before this one looked at the cluster last, at least; zero
// for never. mu is held.
func (c *Collector) lastLook(p *scheduledPoll) time.Time {
	last, since := c.watchedBefore, c.loggedSince
	// The log was used last at any poll, and /state is asked for less often.
	if !since.IsZero() && since.Before(last) {
		last = later(last.Add(-2*p.interval), since)
	}
	return last
}

// before returns the model before a /state: the latest one, of an event stream that has ended
// with all that it told; at a start that of the process before; else nil.
func (c *Collector) before(p *scheduledPoll) *cluster.Cluster {
	c.recallOutline(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.stream.last
	switch known := c.state.model; {
	case known != nil && last != nil && last.Time.After(known.Time):
		return last
	case known != nil:
		return known
	}
	return c.known.model
}

// sinceStop returns what happened to masters, agents and frameworks between what is
// remembered and the first model, and that what the log has as going on is over.
func (c *Collector) sinceStop(p *scheduledPoll, known, now *cluster.Cluster) []events.Event {
	happened := cluster.HappenedToOthers(known, now)
	closed := map[string]bool{}
	for _, e := range happened {
		for _, key := range e.Closes {
			closed[key] = true
		}
	}
	open := c.goingOn(p.ctx, events.Filter{
		Kinds: []events.Kind{events.KindAgent, events.KindFramework},
		Where: opening(events.Unreachable, events.Disconnected, events.Deactivated, events.Draining, events.Drained),
	})
	return append(happened, now.Over(slices.DeleteFunc(open, func(e events.Event) bool { return closed[e.Opens] }))...)
}

// remember keeps what is known of the cluster, where that has changed.
func (c *Collector) remember(p *scheduledPoll, now *cluster.Cluster) {
	log, _ := c.keeper.log.(rememberer)
	if log == nil {
		return
	}
	outline, err := now.Outline()
	if err != nil {
		return
	}
	sum := sha256.New()
	for _, part := range append(slices.Sorted(slices.Values(p.settings.Masters)), string(outline)) {
		_, _ = sum.Write([]byte(part + "\n"))
	}
	is := [sha256.Size]byte(sum.Sum(nil))
	c.mu.Lock()
	due := c.run == p.run && c.known.kept != is
	c.mu.Unlock()
	if !due {
		return
	}
	value, err := json.Marshal(remembered{p.settings.Masters, now.Time, outline})
	if err != nil || log.Remember(p.ctx, value) != nil { // the next /state tries again
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known.kept = is
}
