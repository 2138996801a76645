package collector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"community-mesos-datasource/pkg/mesos"
)

// The value of the label cluster is fixed at the first success: a label that
// changes with a single failure would break every series. A new client (other
// masters, another principal) may bring another value.

// clusterLabel is the value of the label cluster. It is guarded by Collector.mu.
type clusterLabel struct {
	value string
	from  string // the setting clusterName it was made with
	fixed bool   // false: the next success decides
	// recalled: it is what the history had last, or the UID for want of it, and no
	// poll has succeeded yet.
	recalled bool
}

// nameForState fixes the name by what /state says.
func (c *Collector) nameForState(p *scheduledPoll, s *mesos.State) {
	c.fixName(p, s.ClusterName(), !s.Restricted(), s.Sent)
}

// awaitState waits until /state was tried, which brings the name and the list of
// frameworks.
func (c *Collector) awaitState(p *scheduledPoll) error {
	c.mu.Lock()
	tryDone := c.state.when.tryDone
	c.mu.Unlock()
	select {
	case <-tryDone:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

// nameForSnapshot makes sure that there is a name when /state was tried, and
// asks for /flags where that failed.
func (c *Collector) nameForSnapshot(p *scheduledPoll) error {
	if err := c.awaitState(p); err != nil {
		return err
	}
	c.identifyByNothing(p)
	c.mu.Lock()
	label := c.label
	c.mu.Unlock()
	switch {
	case label.fixed:
		return nil
	case p.settings.ClusterName != "":
		c.fixName(p, "", false, p.scheduled)
		return nil
	case label.value != "" && !label.recalled:
		return nil // until /state says another, the name of before
	default:
		return c.nameByFlags(p)
	}
}

func (c *Collector) nameByFlags(p *scheduledPoll) error {
	flags, err := p.client.Flags(p.ctx)
	switch {
	case err == nil:
		c.fixName(p, flags.Flags["cluster"], true, p.scheduled)
		return nil
	case categoryOf(err) == mesos.Forbidden:
		c.fixName(p, "", false, p.scheduled)
		return nil
	case slices.Contains([]mesos.Category{mesos.NotMesos, mesos.Protocol}, categoryOf(err)):
		// Mesos before 0.26 has no /flags. The snapshot does not wait for it: until
		// /state says another, the name is that of before, or the data source's UID.
		c.nameForNow(p)
		return nil
	default:
		return fmt.Errorf("finding the name of the cluster: %w", err)
	}
}

// fixName fixes the label cluster: the setting, the master's --cluster, else
// the data source's UID. told is false where the master does not tell its
// --cluster; then a name of before is kept.
func (c *Collector) fixName(p *scheduledPoll, master string, told bool, t time.Time) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.run != p.run || c.label.fixed {
		c.mu.Unlock()
		return
	}
	setting, name := p.settings.ClusterName, p.settings.ClusterName
	if name == "" {
		name = master
	}
	if name == "" && !told && c.label.value != "" && c.label.from == setting {
		name = c.label.value
	}
	if name == "" {
		name = p.settings.UID
	}
	c.mu.Unlock()
	c.rename(clusterLabel{value: name, from: setting, fixed: true}, t)
}

// nameForNow makes sure that there is a name, which the next success may change.
func (c *Collector) nameForNow(p *scheduledPoll) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.run != p.run || c.label.fixed || (c.label.value != "" && !c.label.recalled) {
		c.mu.Unlock()
		return
	}
	name := cmp.Or(c.label.value, p.settings.UID)
	c.mu.Unlock()
	c.rename(clusterLabel{value: name, from: p.settings.ClusterName}, p.scheduled)
}

// nameForFailure makes sure that a poll that failed has a name to be written
// under, if there is one: that of before, the setting's, after a restart that of the
// history, or for other masters the data source's UID until they answer, so that
// mesos_up is 0. It returns false where there is none.
func (c *Collector) nameForFailure(p *scheduledPoll) bool {
	c.mu.Lock()
	named, recall := c.label.value != "", c.recall
	c.mu.Unlock()
	label := clusterLabel{value: p.settings.ClusterName, from: p.settings.ClusterName, fixed: true}
	switch {
	case named:
		return true
	case label.value == "" && recall && !c.movedSinceStop(p):
		label = clusterLabel{value: c.lastCluster(p.ctx), recalled: true}
	case label.value == "": // other masters than before, also before the start, of which none has answered
		label = clusterLabel{value: p.settings.UID, recalled: true}
	}
	if label.value == "" {
		return false
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.run != p.run || c.label.value != "" { // superseded, or another poll was faster
		c.mu.Unlock()
		return true
	}
	c.mu.Unlock()
	c.rename(label, p.scheduled)
	return true
}

// rename puts a label in force. writing is held.
func (c *Collector) rename(label clusterLabel, t time.Time) {
	c.noteWritten(context.Background(), c.writer.Rename(context.Background(), label.value, t))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.label = label
}
