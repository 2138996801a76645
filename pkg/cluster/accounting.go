package cluster

import "community-mesos-datasource/pkg/mesos"

// What is allocated and offered where the master does not tell it itself.
//
// Mesos has `used_resources` and `offered_resources` of frameworks since 0.21 and of
// agents since 0.23, and lists executors since 0.23; before that, a framework has only
// `resources`, which are its tasks', its executors' and its offers'
// (src/master/master.hpp of 0.19). So a framework's allocation is known from there.
// What an agent has allocated is the sum of the tasks on it only where no framework
// holds more than its tasks: the rest is that of executors, which may be anywhere.

// accounts adds up what frameworks hold.
type accounts struct {
	// adding: an agent does not tell what it has allocated or offered, so that it is
	// added up.
	adding bool
	// partial are kinds of which a framework holds more than is listed.
	partial [numKinds]bool
	// unlisted: a framework does not list its offers, or not where they are.
	unlisted bool
	held     map[*Agent]*Resources
	offered  map[*Agent]*Resources
}

func (a *accounts) add(to map[*Agent]*Resources, agent *Agent, amount Resources) {
	sum := to[agent]
	if sum == nil {
		sum = new(Resources)
		to[agent] = sum
	}
	sum.Add(amount)
}

// account completes what a framework has allocated and offered, by its tasks,
// executors and offers.
func (b *builder) account(f *Framework, s *mesos.Framework, tasks []Task, executors []Executor) {
	offers := b.offersOf(f, s)
	for k := range f.Offered {
		if f.Offered[k] == Unknown {
			f.Offered[k] = offers[k]
		}
	}
	if s.Lacks.Offers {
		b.shareOut(f, func(l *RoleLoad) *Resources { return &l.Offered }, f.Offered)
	}
	if !b.adding && !s.Lacks.Executors && f.Allocated.known() {
		return
	}
	var held Resources
	custom := false // a task runs in an executor that is not its own
	for i := range tasks {
		held.Add(tasks[i].Allocated)
		custom = custom || tasks[i].ExecutorID != ""
		b.hold(tasks[i].Agent, tasks[i].Allocated)
	}
	for i := range executors {
		held.Add(executors[i].Allocated)
		b.hold(executors[i].Agent, executors[i].Allocated)
	}
	all := regular(s.Held)
	var rest Resources // what executors hold that are not listed
	for k, listed := range held {
		used := f.Allocated[k]
		total := firstKnown(used, all[k].Minus(offers[k]))
		switch {
		case !s.Lacks.Executors:
			f.Allocated[k] = firstKnown(used, listed, total)
		case listed != Unknown && (total == listed || !custom && total < listed): // or total is unknown
			f.Allocated[k] = firstKnown(used, listed)
		case listed != Unknown && total > listed:
			f.Allocated[k], rest[k], b.partial[k] = total, total-listed, true
		default: // nothing tells what executors hold
			f.Allocated[k], rest[k], b.partial[k] = used, Unknown, true
		}
	}
	if rest != (Resources{}) {
		b.shareOut(f, func(l *RoleLoad) *Resources { return &l.Allocated }, rest)
	}
}

func firstKnown(amounts ...Amount) Amount {
	for _, a := range amounts {
		if a != Unknown {
			return a
		}
	}
	return Unknown
}

func (b *builder) hold(agent *Agent, amount Resources) {
	if b.adding {
		b.add(b.held, agent, amount)
	}
}

// offersOf returns the sum of a framework's offers.
func (b *builder) offersOf(f *Framework, s *mesos.Framework) Resources {
	if s.Lacks.Offers {
		b.unlisted = true
		return unknownResources
	}
	var sum Resources
	for i := range s.Offers {
		offered := regular(s.Offers[i].Resources)
		sum.Add(offered)
		switch {
		case !b.adding:
		case s.Offers[i].SlaveID == "":
			b.unlisted = true
		default:
			b.add(b.offered, b.agent(s.Offers[i].SlaveID), offered)
		}
	}
	return sum
}

// shareOut adds an amount to the framework's role; with several, it is unknown which
// of them it belongs to, and so is what each has.
func (b *builder) shareOut(f *Framework, of func(*RoleLoad) *Resources, amount Resources) {
	roles := f.Roles
	if len(roles) == 0 {
		roles = []string{""}
	}
	for _, role := range roles {
		load := of(b.role(role))
		for k := range load {
			switch {
			case len(roles) == 1:
				load[k] = load[k].Plus(amount[k])
			case amount[k] != 0:
				load[k] = Unknown
			}
		}
	}
}

// orphans accounts for tasks of frameworks that are not listed.
func (b *builder) orphans(tasks []Task) {
	for i := range tasks {
		b.hold(tasks[i].Agent, tasks[i].Allocated)
		if tasks[i].ExecutorID != "" {
			b.partial = [numKinds]bool{true, true, true, true}
		}
	}
}

// total adds up the agents, after completing what they have allocated and offered.
func (b *builder) total() {
	// Without any framework there is nothing to add up: that an old master lists none
	// is no proof that it has nothing allocated.
	listed := len(b.Frameworks) > 0
	for _, a := range b.Agents {
		for k := range a.Allocated {
			if a.Allocated[k] == Unknown && listed && !b.partial[k] {
				a.Allocated[k] = amountIn(b.held[a], k)
			}
			if a.Offered[k] == Unknown && listed && !b.unlisted {
				a.Offered[k] = amountIn(b.offered[a], k)
			}
			if a.RevocableAllocated[k] == Unknown && a.RevocableCapacity[k] == 0 {
				a.RevocableAllocated[k] = 0
			}
		}
		b.Capacity.Add(a.Capacity)
		b.Allocated.Add(a.Allocated)
		b.Offered.Add(a.Offered)
		b.Reserved.Add(a.Reserved)
		b.HasGPUs = b.HasGPUs || a.Capacity[GPUs] > 0 || a.RevocableCapacity[GPUs] > 0
	}
	if !listed || b.foreign {
		return
	}
	var allocated, offered Resources
	for _, f := range b.Frameworks {
		allocated.Add(f.Allocated)
		offered.Add(f.Offered)
	}
	for k := range b.Allocated {
		b.Allocated[k] = firstKnown(b.Allocated[k], allocated[k])
		b.Offered[k] = firstKnown(b.Offered[k], offered[k])
	}
}

func amountIn(sum *Resources, k int) Amount {
	if sum == nil {
		return 0
	}
	return sum[k]
}
