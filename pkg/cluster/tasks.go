package cluster

import (
	"hash/maphash"
	"iter"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// The tasks of a large cluster take 30 MB, and the event stream makes a model every
// pollInterval in which few of them differ from those of the model before. So models share
// the tasks of a /state, and each has what differs from those; a list of all is made when it
// is asked for.

// Tasks returns the tasks, in the order of /state, new ones last. The list is made once, and
// must not be changed.
func (c *Cluster) Tasks() []Task {
	if c.tasks == nil {
		return nil
	}
	return c.tasks.whole(c)
}

// WithTasks returns the model with these tasks, which name its agents and frameworks, and
// with nothing else changed. It is for tests of other packages.
func (c *Cluster) WithTasks(all []Task) *Cluster {
	with := *c
	with.tasks = listOf(all)
	return &with
}

// noTask is the slot of a task that there is not.
const noTask = -1

// A taskList holds the tasks of a model, each in a slot: those of an earlier list, and behind
// them those that were added. It is not changed once its model is handed out.
type taskList struct {
	*baseTasks
	current  bool          // the tasks of baseTasks name the agents and frameworks of this model
	replaced map[int]*Task // by slot, of those of baseTasks; nil: the task is removed
	added    []*Task       // likewise
	places   map[taskKey]int

	making sync.Once
	made   []Task
}

// baseTasks are tasks that many lists share.
type baseTasks struct {
	all []Task

	indexing sync.Once
	seed     maphash.Seed
	index    []int32 // an open hash table of slots + 1
	twice    bool    // an ID is that of several
	// near is behind the slot that was found last: who looks for many tasks nearly always does so
	// in the order of a /state, which is that of the next one.
	near atomic.Int32
}

// listOf returns the list of tasks that name the agents and frameworks of their model.
func listOf(all []Task) *taskList { return &taskList{baseTasks: &baseTasks{all: all}, current: true} }

// edited returns a copy that may be changed.
func (l *taskList) edited() *taskList {
	if l == nil {
		l = listOf(nil)
	}
	edited := &taskList{baseTasks: l.baseTasks, replaced: maps.Clone(l.replaced), added: slices.Clone(l.added), places: maps.Clone(l.places)}
	if edited.replaced == nil {
		edited.replaced, edited.places = map[int]*Task{}, map[taskKey]int{}
	}
	return edited
}

// at returns the task in a slot, nil for one that was removed. Its agent and its framework may
// be those of a model before.
func (l *taskList) at(slot int) *Task {
	if slot >= len(l.all) {
		return l.added[slot-len(l.all)]
	}
	if t, replaced := l.replaced[slot]; replaced {
		return t
	}
	return &l.all[slot]
}

// set puts a task in a slot, nil to remove the one that is there.
func (l *taskList) set(slot int, t *Task) {
	if slot < len(l.all) {
		l.replaced[slot] = t
		return
	}
	i := slot - len(l.all)
	if was := l.added[i]; t == nil && was != nil {
		if key := was.key(); l.places[key] == slot {
			delete(l.places, key)
		}
	}
	l.added[i] = t
}

// add adds a task and returns its slot.
func (l *taskList) add(t *Task) (slot int) {
	slot = l.slots()
	l.added = append(l.added, t)
	l.places[t.key()] = slot
	return slot
}

// slots returns the number of slots.
func (l *taskList) slots() int {
	if l == nil {
		return 0
	}
	return len(l.all) + len(l.added)
}

// slot returns the slot of a task, the last one where an ID is that of several, or noTask.
func (l *taskList) slot(key taskKey) int {
	if l == nil {
		return noTask
	}
	if slot, added := l.places[key]; added {
		return slot
	}
	last := noTask
	l.indexing.Do(l.makeIndex)
	if len(l.index) == 0 {
		return last
	}
	if near := int(l.near.Load()); near < len(l.all) && !l.twice && l.all[near].key() == key {
		l.near.Store(int32(near + 1))
		if l.at(near) == nil {
			return noTask
		}
		return near
	}
	for i := l.place(key); l.index[i] != 0; i = (i + 1) % len(l.index) {
		slot := int(l.index[i] - 1)
		if l.all[slot].key() == key && l.at(slot) != nil {
			last = max(last, slot)
		}
	}
	if last != noTask {
		l.near.Store(int32(last + 1))
	}
	return last
}

func (b *baseTasks) place(key taskKey) int {
	return int(maphash.Comparable(b.seed, key) % uint64(len(b.index)))
}

func (b *baseTasks) makeIndex() {
	b.seed = maphash.MakeSeed()
	b.index = make([]int32, 2*len(b.all))
	for slot := range b.all {
		key := b.all[slot].key()
		i := b.place(key)
		for b.index[i] != 0 {
			b.twice = b.twice || b.all[b.index[i]-1].key() == key
			i = (i + 1) % len(b.index)
		}
		b.index[i] = int32(slot + 1)
	}
}

// each returns all tasks. Their agents and frameworks may be those of a model before.
func (l *taskList) each() iter.Seq[*Task] {
	return func(yield func(*Task) bool) {
		for slot := range l.slots() {
			if t := l.at(slot); t != nil && !yield(t) {
				return
			}
		}
	}
}

// task returns a task, nil if there is none. Its agent and its framework may be those of a
// model before.
func (c *Cluster) task(key taskKey) *Task {
	slot := c.tasks.slot(key)
	if slot == noTask {
		return nil
	}
	return c.tasks.at(slot)
}

// whole returns all tasks with the agents and frameworks of the model c.
func (l *taskList) whole(c *Cluster) []Task {
	if l.current && len(l.replaced)+len(l.added) == 0 {
		return l.all
	}
	l.making.Do(func() {
		l.made = make([]Task, 0, l.slots())
		for t := range l.each() {
			l.made = append(l.made, *t)
			now := &l.made[len(l.made)-1]
			now.Agent, now.Framework = c.agents[t.Agent.ID], c.frameworks[t.Framework.ID]
		}
	})
	return l.made
}

// settle makes the list of a model anew where many of the tasks differ from those that it
// shares with others: what differs is copied for each model.
func (l *taskList) settle(c *Cluster) *taskList {
	const few = 1000
	if len(l.replaced)+len(l.added) < max(few, len(l.all)/8) {
		return l
	}
	return listOf(l.whole(c))
}

func (t *Task) key() taskKey { return taskKey{t.Framework.ID, t.ID} }
