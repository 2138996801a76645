package collector

import (
	"context"
	"slices"
	"time"

	"community-mesos-datasource/pkg/cluster"
)

// Other masters in the settings are another cluster: nothing of theirs is written
// under the name of the old one, and what is remembered of the old one would be
// wrong for them. Masters are added to a cluster and replaced, too; so the first
// answer decides, by what only one cluster can have: its election, its agents and
// its frameworks. Until then nothing is written.

// otherMasters is whether masters in the settings may be of another cluster. It
// is guarded by Collector.mu.
type otherMasters struct {
	pending bool // no answer has decided yet
	// foreign: none of the masters was there before, so that a failure must not be
	// written as one of the old cluster.
	foreign bool
	since   time.Time // when the settings changed
}

// sameMasters reports whether two lists have the same masters.
func sameMasters(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// commonMaster reports whether two lists have a master in common.
func commonMaster(a, b []string) bool {
	return slices.ContainsFunc(a, func(master string) bool { return slices.Contains(b, master) })
}

// changeMasters notes that the settings name other masters. mu is held.
func (c *Collector) changeMasters(before, now []string) {
	c.others = otherMasters{pending: true, foreign: c.others.foreign || !commonMaster(before, now), since: c.clock.Now()}
}

// identify decides by a model whether other masters are of the cluster before, also of
// that before the start, and reports whether they are. Where they are not, that cluster is
// forgotten.
func (c *Collector) identify(p *scheduledPoll, m *cluster.Cluster) bool {
	c.mu.Lock()
	pending, before := c.others.pending, c.state.seen
	if before == nil {
		before = c.known.model // of before the start
		if before != nil && !pending && c.run == p.run && !sameMasters(c.known.masters, p.settings.Masters) && !m.SameAs(before) {
			c.known.model, c.forgotten = nil, true
			c.mu.Unlock()
			return false
		}
	}
	c.mu.Unlock()
	if !pending {
		return true
	}
	if before != nil && m.SameAs(before) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.run == p.run {
			c.others = otherMasters{}
		}
		return true
	}
	c.forgetCluster(p)
	return false
}

// identifyByNothing decides without a model, where /state failed: masters of
// which none was there before are another cluster.
func (c *Collector) identifyByNothing(p *scheduledPoll) {
	c.mu.Lock()
	foreign := c.others.pending && c.others.foreign
	c.mu.Unlock()
	if foreign {
		c.forgetCluster(p)
	}
}

// forgetCluster ends all series as of the change of settings, and forgets
// everything about the old cluster.
func (c *Collector) forgetCluster(p *scheduledPoll) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	current, since := c.run == p.run && c.others.pending, c.others.since
	c.mu.Unlock()
	if !current {
		return
	}
	c.noteWritten(context.Background(), c.writer.Forget(context.Background(), since))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log.Info("The masters in the settings are those of another cluster: the series of the old one end")
	c.others, c.recall = otherMasters{}, false
	c.label, c.leader = clusterLabel{}, ""
	c.forgotten = c.forgotten || c.state.seen != nil || c.known.model != nil
	c.known.model = nil
	c.watched, c.gap, c.leads = time.Time{}, time.Time{}, leads{}
	c.endCurrent()
	for _, k := range c.polls {
		k.forget()
	}
}
