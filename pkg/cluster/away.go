package cluster

import "time"

// A task that the leader does not list any more may come back: its agent registers again
// after a new leader has given it up, or a proxy left it out once. What was told of it is
// remembered, so that its return is an event of its own.

const (
	// maxAway bounds the tasks that are remembered, and awayFor for how long they are.
	maxAway = 100_000
	awayFor = 7 * 24 * time.Hour
)

// findAway notes the tasks that are not listed any more, and those that are back.
func (c *Cluster) findAway(previous *Cluster) {
	if previous == nil {
		return
	}
	gone := map[taskKey]*Task{}
	since := unixSeconds(c.Time)
	for key, t := range previous.away {
		if since-t.latest < awayFor.Seconds() {
			gone[key] = t
		}
	}
	leaves := func(t *Task) {
		key := taskKey{t.Framework.ID, t.ID}
		if !t.State.Live() || len(gone) >= maxAway || c.waitsFor(t.Agent.ID) || c.hidesTasks(t.Framework.ID) {
			return
		}
		left := *t
		left.Allocated, left.revocable = Resources{}, nil
		if t.State != Unreachable {
			left.State, left.told, left.latest = Unreachable, Unreachable, since
		}
		gone[key] = &left
	}
	listed := c.byKey()
	tasks := previous.Tasks()
	for i := range tasks {
		t := &tasks[i]
		if key := (taskKey{t.Framework.ID, t.ID}); listed(key) == nil {
			delete(gone, key) // it had come back
			leaves(t)
		}
	}
	if previous.awaited != nil {
		tasks := previous.awaited.Tasks()
		for i := range tasks {
			t := &tasks[i]
			key := taskKey{t.Framework.ID, t.ID}
			if listed(key) == nil && gone[key] == nil && previous.waitsFor(t.Agent.ID) {
				leaves(t)
			}
		}
	}
	for i := range c.ended {
		delete(gone, taskKey{c.ended[i].Framework.ID, c.ended[i].ID})
	}
	back := map[taskKey]float64{}
	for key, since := range previous.back {
		if listed(key) != nil {
			back[key] = since
		}
	}
	for key, t := range gone {
		if now := listed(key); now != nil {
			if t.isBack(now) {
				back[key] = t.latest
			}
			delete(gone, key)
		}
	}
	if len(gone) > 0 {
		c.away = gone
	}
	if len(back) > 0 {
		c.back = back
	}
}

// isBack reports whether a task that is listed is the one that was not listed for a while,
// and not another one with its ID.
func (t *Task) isBack(now *Task) bool { return now.first > 0 && now.first <= t.latest }

// awayTask returns the task that was not listed for a while and is listed now, or nil.
func (c *Cluster) awayTask(now *Task) *Task {
	if t := c.away[taskKey{now.Framework.ID, now.ID}]; t != nil && t.isBack(now) {
		return t
	}
	return nil
}

// backSince returns since when a task that came back had not been listed; 0: it did not.
func (c *Cluster) backSince(t *Task) float64 {
	if away := c.awayTask(t); away != nil {
		return away.latest
	}
	return c.back[taskKey{t.Framework.ID, t.ID}]
}
