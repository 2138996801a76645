package cluster

import (
	"slices"

	"community-mesos-datasource/pkg/mesos"
)

// Mesos lists nothing twice. A proxy, or a fork, that does must not double any sum: of
// two things of the same ID the first counts.

// eachOnce returns a /state with each thing in it once, and how many it had twice.
func eachOnce(s *mesos.State) (*mesos.State, int) {
	var n repeated
	one := *s
	one.Slaves = first(&n, s.Slaves, func(a *mesos.Slave) twin { return twin{id: a.ID} })
	one.RecoveredSlaves = first(&n, s.RecoveredSlaves, func(a *mesos.RecoveredSlave) twin { return twin{id: a.ID} })
	one.UnregisteredFrameworks = first(&n, s.UnregisteredFrameworks, func(id *mesos.Attribute) twin { return twin{id: string(*id)} })
	one.OrphanTasks = first(&n, s.OrphanTasks, func(t *mesos.Task) twin { return live(t, t.FrameworkID+"/"+t.ID) })
	one.Frameworks = first(&n, s.Frameworks, func(f *mesos.Framework) twin { return twin{id: f.ID} })
	for i := range one.Frameworks {
		f := one.Frameworks[i]
		before := n.times
		// A task may be unreachable and its ID that of another task by now.
		f.Tasks = first(&n, f.Tasks, func(t *mesos.Task) twin { return live(t, t.ID) })
		f.UnreachableTasks = first(&n, f.UnreachableTasks, func(t *mesos.Task) twin { return live(t, t.ID) })
		f.Executors = first(&n, f.Executors, func(e *mesos.Executor) twin {
			if e.ID == "" {
				return twin{}
			}
			return twin{e.ID, e.SlaveID}
		})
		f.Offers = first(&n, f.Offers, func(o *mesos.Offer) twin { return twin{id: o.ID} })
		if n.times == before {
			continue
		}
		if &one.Frameworks[0] == &s.Frameworks[0] {
			one.Frameworks = slices.Clone(s.Frameworks)
		}
		one.Frameworks[i] = f
	}
	return &one, n.times
}

// live returns the key of a task that may be counted: several that have ended may have
// the same ID.
func live(t *mesos.Task, id string) twin {
	if state := ParseTaskState(t.State); t.ID == "" || state.known() && !state.Live() {
		return twin{}
	}
	return twin{id: id}
}

// A twin is what two things are the same by; without an ID a thing is not compared.
type twin struct{ id, on string }

// repeated counts what a list has twice.
type repeated struct {
	times int
	seen  map[twin]struct{}
}

// first returns a list without what it has twice, by a key; what has none stays. The list
// itself is not changed.
func first[L ~[]E, E any](n *repeated, list L, key func(*E) twin) L {
	if len(list) < 2 {
		return list
	}
	if n.seen == nil {
		n.seen = make(map[twin]struct{}, len(list))
	}
	clear(n.seen)
	var without L
	for i := range list {
		k := key(&list[i])
		if _, twice := n.seen[k]; twice && k.id != "" {
			n.times++
			if without == nil {
				without = append(make(L, 0, len(list)), list[:i]...)
			}
			continue
		}
		n.seen[k] = struct{}{}
		if without != nil {
			without = append(without, list[i])
		}
	}
	if without != nil {
		return without
	}
	return list
}
