package collector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file is what each poll does: ask, and write. A poll whose run has ended
// meanwhile writes nothing: its answer may be another cluster's.

// errSuperseded ends a poll whose run has ended.
var errSuperseded = errors.New("the settings have changed meanwhile")

// pollSnapshot asks the leader for /metrics/snapshot.
func (c *Collector) pollSnapshot(p *pass) bool {
	var s *mesos.Metrics
	err := c.twice(p, func(ctx context.Context) (err error) {
		s, err = p.client.Snapshot(ctx)
		if err == nil {
			s = p.onTime(s)
		}
		return err
	})
	if err == nil {
		err = c.nameForSnapshot(p)
	}
	if err == nil {
		err = c.write(p, series.PollSnapshot, s.Answer, func(h health) error {
			return c.writer.snapshot(p.ctx, s, c.lastSeen(), c.historyStart(), h)
		})
	}
	if err != nil {
		c.fail(p, series.PollSnapshot, err)
		return false
	}
	c.mu.Lock()
	c.leader = s.Target
	c.mu.Unlock()
	return true
}

// alignWithin is how much later than scheduled a request may have been sent to
// count as sent on time.
const alignWithin = 20 * time.Millisecond

// align is the time of a poll's samples: when it was scheduled, if the request
// was sent right then. A timer is a millisecond late now and then, and without
// this each sample would take two bytes more for its time, four times what most
// take together with their value. Prometheus does the same (scrape/scrape.go,
// AlignScrapeTimestamps).
func (p *pass) align(sent time.Time) time.Time {
	if late := sent.Sub(p.scheduled); late >= 0 && late <= alignWithin {
		return p.scheduled
	}
	return sent
}

// onTime is a snapshot with its time aligned.
func (p *pass) onTime(s *mesos.Metrics) *mesos.Metrics {
	at := *s // others may share the answer
	at.Sent = p.align(s.Sent)
	return &at
}

// pollState asks the leader for /state, and for /roles right after it.
func (c *Collector) pollState(p *pass) bool {
	var state *mesos.State
	var model *cluster.Cluster
	err := c.twice(p, func(ctx context.Context) (err error) {
		state, err = p.client.State(ctx)
		if err != nil {
			return err
		}
		at := *state // others may share the answer
		at.Sent = p.align(state.Sent)
		state = &at
		model = cluster.Build(state, c.Cluster())
		c.nameForState(p, state)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.run == p.run {
			c.seen = model
		}
		return nil
	})
	if err == nil {
		err = c.write(p, series.PollState, state.Answer, func(h health) error {
			return c.writer.state(p.ctx, model, p.settings, h)
		})
	}
	if err != nil {
		c.fail(p, series.PollState, err)
		c.fail(p, series.PollRoles, err) // it is not asked for alone
		return false
	}

	var roles *mesos.Roles
	err = c.twice(p, func(ctx context.Context) (err error) {
		roles, err = p.client.Roles(ctx)
		return err
	})
	head := state.Head
	if err == nil {
		head += roles.Head
		model = model.WithRoles(roles)
		err = c.write(p, series.PollRoles, roles.Answer, func(h health) error {
			return c.writer.roleSeries(p.ctx, model, roles.Sent, h)
		})
	}
	if errors.Is(err, errSuperseded) || p.ctx.Err() != nil {
		return false
	}
	c.mu.Lock()
	c.model, c.leader = model, model.Master
	c.heads = append(c.heads, head)
	if len(c.heads) > 2 {
		c.heads = c.heads[1:]
	}
	c.mu.Unlock()
	if err != nil {
		c.fail(p, series.PollRoles, err)
		return false
	}
	return true
}

// lastSeen is the model of the latest /state, its roles perhaps still to come.
func (c *Collector) lastSeen() *cluster.Cluster {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// pollFollowers asks each follower for its own /metrics/snapshot. One that does
// not answer costs its own series only, and mesos_up says so.
func (c *Collector) pollFollowers(p *pass) bool {
	if c.awaitState(p) != nil {
		return false
	}
	c.mu.Lock()
	named := c.name != ""
	c.mu.Unlock()
	if !named {
		return true // the leader's polls find the name, and say so where they cannot
	}
	targets := p.client.Followers(p.ctx)
	answers := make([]*mesos.Metrics, len(targets))
	errs := make([]error, len(targets))
	err := c.twice(p, func(ctx context.Context) error {
		var failed error // the first: all of them are listed by master
		for i, target := range targets {
			if answers[i] == nil {
				answers[i], errs[i] = p.client.SnapshotOf(ctx, target)
			}
			if failed == nil {
				failed = errs[i]
			}
		}
		return failed
	})
	if p.ctx.Err() != nil {
		return false
	}

	sum := mesos.Answer{Sent: p.scheduled}
	var statuses []MasterStatus
	var answered []*mesos.Metrics
	for i, target := range targets {
		if errs[i] != nil {
			statuses = append(statuses, MasterStatus{Address: target.Address, Error: errs[i].Error()})
			continue
		}
		s := answers[i]
		if s.Elected() {
			continue // it has begun to lead: its series are the leader's poll's
		}
		statuses = append(statuses, MasterStatus{Address: target.Address})
		answered = append(answered, s)
		sum.Bytes += s.Bytes
		sum.Took += s.Took
		sum.Head += s.Head
		sum.Sent = later(sum.Sent, s.Sent)
	}
	c.mu.Lock()
	had := len(c.followers) > 0
	c.followers = statuses
	c.mu.Unlock()
	switch {
	case err != nil:
		c.failSome(p, series.PollFollowers, err, answered)
	case len(targets) > 0:
		err = c.write(p, series.PollFollowers, sum, func(h health) error {
			return c.writer.followers(p.ctx, answered, sum.Sent, h)
		})
		if err != nil {
			c.fail(p, series.PollFollowers, err)
		}
	case had:
		c.writing.Lock()
		defer c.writing.Unlock()
		if _, current := c.healthOf(p, series.PollFollowers); current {
			err = c.writer.gone(p.ctx, series.PollFollowers, p.scheduled)
		}
	}
	return err == nil
}

// write writes the samples of a poll that went well, and notes that it did.
func (c *Collector) write(p *pass, poll series.Poll, a mesos.Answer, write func(health) error) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	h, current := c.healthOf(p, poll)
	if !current {
		return errSuperseded
	}
	h.ok, h.took, h.bytes = true, a.Took, a.Bytes
	if err := write(h); err != nil {
		return err
	}
	c.noteWritten()
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.statuses[poll]
	if s.Err != nil {
		c.log.Info("A poll works again", "poll", poll)
	}
	s.LastAttempt, s.LastSuccess, s.Err = a.Sent, a.Sent, nil
	s.Took, s.Head, s.Bytes = a.Took, a.Head, a.Bytes
	c.stored = true
	return nil
}

// fail ends the series of a poll at the time it was scheduled for, and
// remembers why until the next.
func (c *Collector) fail(p *pass, poll series.Poll, cause error) {
	c.failSome(p, poll, cause, nil)
}

// failSome is fail for a poll of several masters of which some answered.
func (c *Collector) failSome(p *pass, poll series.Poll, cause error, answered []*mesos.Metrics) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if errors.Is(cause, errSuperseded) || p.ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	if c.run != p.run {
		c.mu.Unlock()
		return
	}
	c.failures[poll][categoryOf(cause)]++
	s := c.statuses[poll]
	first := s.Err == nil
	s.LastAttempt, s.Err = p.job.tried, cause
	s.Failures++
	named := c.writer.cluster != "" || c.settings.ClusterName != ""
	c.mu.Unlock()
	if first {
		c.log.Warn("A poll failed", "poll", poll, "error", cause)
	}
	if !named {
		return // nothing was written yet, and nobody knows under which name to begin
	}
	if c.writer.cluster == "" {
		c.rename(p.settings.ClusterName, p.settings.ClusterName, p.scheduled)
	}
	h, _ := c.healthOf(p, poll)
	var err error
	if len(answered) > 0 {
		err = c.writer.followers(p.ctx, answered, p.scheduled, h)
	} else {
		err = c.writer.fail(p.ctx, p.scheduled, c.historyStart(), h)
	}
	if err != nil {
		c.log.Warn("The end of a failed poll's series could not be stored", "poll", poll, "error", err)
	}
	c.noteWritten()
}

// healthOf begins the report of a poll; false when its run has ended.
func (c *Collector) healthOf(p *pass, poll series.Poll) (health, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return health{poll: poll, failures: maps.Clone(c.failures[poll])}, c.run == p.run
}

// noteWritten takes over what the writer decided. writing is held.
func (c *Collector) noteWritten() {
	n, why := c.writer.dropped()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taskFit, c.dropped, c.droppedBy = c.writer.fit, n, why
}

// --- the label cluster ---

// It is fixed at the first success: a label that changes with a hiccup would
// break every series. A new client (other masters, another principal) may bring
// another name.

// nameForState fixes the name by what /state says.
func (c *Collector) nameForState(p *pass, s *mesos.State) {
	name := ""
	if s.Cluster != nil {
		name = *s.Cluster
	}
	c.fixName(p, name, !s.Restricted(), s.Sent)
}

// awaitState waits until /state was tried, which says the name and which
// frameworks there are.
func (c *Collector) awaitState(p *pass) error {
	c.mu.Lock()
	tryDone := c.jobs[0].tryDone
	c.mu.Unlock()
	select {
	case <-tryDone:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// nameForSnapshot sees to it that there is a name when /state was tried, and
// looks into /flags where that failed.
func (c *Collector) nameForSnapshot(p *pass) error {
	if err := c.awaitState(p); err != nil {
		return err
	}
	c.mu.Lock()
	fixed, name := c.nameFixed, c.name
	c.mu.Unlock()
	switch {
	case fixed:
		return nil
	case p.settings.ClusterName != "":
		c.fixName(p, "", false, p.scheduled)
		return nil
	case name != "":
		return nil // until /state tells, the one of before
	default:
		return c.nameByFlags(p)
	}
}

func (c *Collector) nameByFlags(p *pass) error {
	flags, err := p.client.Flags(p.ctx)
	switch {
	case err == nil:
		c.fixName(p, flags.Flags["cluster"], true, p.scheduled)
		return nil
	case categoryOf(err) == mesos.Forbidden:
		c.fixName(p, "", false, p.scheduled)
		return nil
	default:
		return fmt.Errorf("finding the name of the cluster: %w", err)
	}
}

// fixName fixes the label cluster: the setting, the master's --cluster, else
// the data source's UID. told is false where the master does not tell its
// --cluster; then a name of before is kept.
func (c *Collector) fixName(p *pass, master string, told bool, t time.Time) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.run != p.run || c.nameFixed {
		c.mu.Unlock()
		return
	}
	setting, name := p.settings.ClusterName, p.settings.ClusterName
	if name == "" {
		name = master
	}
	if name == "" && !told && c.name != "" && c.nameFrom == setting {
		name = c.name
	}
	if name == "" {
		name = p.settings.UID
	}
	c.mu.Unlock()
	c.rename(name, setting, t)
}

// rename puts a name in force. writing is held.
func (c *Collector) rename(name, setting string, t time.Time) {
	if err := c.writer.rename(context.Background(), name, t); err != nil {
		c.log.Warn("The end of the series under the cluster's old name could not be stored", "error", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.name, c.nameFrom, c.nameFixed = name, setting, true
}
