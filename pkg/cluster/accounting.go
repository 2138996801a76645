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

//
// What is held and not listed is hidden from the principal (the ACLs view_frameworks,
// view_tasks and view_executors leave things out without a word), or is that of a task
// in a state that is not known.

// accounts adds up what frameworks hold.
type accounts struct {
	// adding: an agent does not tell what it has allocated or offered, so that it is
	// added up.
	adding bool
	// partial are kinds of which a framework holds more than is listed.
	partial [numKinds]bool
	// doubted are kinds of which /state contradicts itself.
	doubted [numKinds]bool
	// overfull are kinds of which an agent's tasks hold more than it has.
	overfull [numKinds]bool
	// unlisted: a framework does not list its offers, or not where they are.
	unlisted bool
	// old: the master does not list all tasks and executors to anybody.
	old     bool
	offered map[*Agent]*Resources
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
	b.old = b.old || s.Lacks.Executors || s.Lacks.Tasks
	var held Resources
	custom := false // a task runs in an executor that is not its own
	for i := range tasks {
		held.Add(tasks[i].Allocated)
		custom = custom || tasks[i].ExecutorID != ""
		tasks[i].Agent.hold(tasks[i].Allocated)
	}
	for i := range executors {
		held.Add(executors[i].Allocated)
		executors[i].Agent.hold(executors[i].Allocated)
	}
	// Of a task in a state that is not known, it is not known whether it holds anything.
	whole := !s.Lacks.Tasks && !f.TasksUnknown
	dust := Amount(len(tasks) + len(executors))
	all := regular(s.Held)
	var rest Resources // what is held and not listed
	for k, listed := range held {
		used := f.Allocated[k]
		total := firstKnown(used, all[k].Minus(offers[k]))
		switch {
		case whole && !s.Lacks.Executors:
			f.Allocated[k] = firstKnown(used, listed, total)
			if used != Unknown && listed != Unknown && used > listed+dust {
				rest[k], b.partial[k] = used-listed, true
				// An operation on a disk holds it until it is done.
				f.TasksUnknown = f.TasksUnknown || Kind(k) != Disk
			}
		case listed != Unknown && total == listed, whole && listed != Unknown && !custom && total < listed: // or total is unknown
			f.Allocated[k] = firstKnown(used, listed)
		case listed != Unknown && total > listed:
			f.Allocated[k], rest[k], b.partial[k] = total, total-listed, true
		default: // nothing tells what is not listed
			f.Allocated[k], rest[k], b.partial[k] = used, Unknown, true
		}
	}
	if rest != (Resources{}) {
		b.shareOut(f, func(l *RoleLoad) *Resources { return &l.Allocated }, rest)
	}
	if f.TasksUnknown {
		b.TasksUnknown = true
		b.Restricted = b.Restricted || whole
		for _, role := range f.rolesOf() {
			b.role(role).TasksUnknown = true
		}
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

// hold adds what a task or an executor holds on the agent.
func (a *Agent) hold(amount Resources) {
	a.held.Add(amount)
	a.holds++
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
			agent := b.agent(s.Offers[i].SlaveID)
			if b.offered[agent] == nil {
				b.offered[agent] = new(Resources)
			}
			b.offered[agent].Add(offered)
		}
	}
	return sum
}

// shareOut adds an amount to the framework's role; with several, it is unknown which
// of them it belongs to, and so is what each has.
func (b *builder) shareOut(f *Framework, of func(*RoleLoad) *Resources, amount Resources) {
	roles := f.rolesOf()
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

// rolesOf returns the roles that something of a framework may have.
func (f *Framework) rolesOf() []string {
	if len(f.Roles) == 0 {
		return []string{""}
	}
	return f.Roles
}

// orphans accounts for tasks of frameworks that are not listed.
func (b *builder) orphans(tasks []Task) {
	for i := range tasks {
		tasks[i].Agent.hold(tasks[i].Allocated)
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
		b.checkAgent(a)
	}
	b.hidden()
	b.withoutRole()
	for _, a := range b.Agents {
		for k := range a.Allocated {
			if a.Allocated[k] == Unknown && listed && !b.partial[k] && !b.doubted[k] {
				a.Allocated[k] = a.held[k]
			}
			if a.Offered[k] == Unknown && listed && !b.unlisted && !b.doubted[k] {
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
	if b.missing {
		b.Capacity, b.Allocated, b.Offered, b.Reserved = unknownResources, unknownResources, unknownResources, unknownResources
	}
	b.checkHolders()
	if !listed || b.foreign {
		return
	}
	var allocated, offered Resources
	for _, f := range b.Frameworks {
		allocated.Add(f.Allocated)
		offered.Add(f.Offered)
	}
	for k := range b.Allocated {
		if b.doubted[k] {
			continue
		}
		b.Allocated[k] = firstKnown(b.Allocated[k], allocated[k])
		b.Offered[k] = firstKnown(b.Offered[k], offered[k])
	}
}

// hidden notes what agents hold of frameworks that are not listed.
func (b *builder) hidden() {
	if b.old || b.foreign || b.missing {
		return
	}
	var onAgents, ofFrameworks Resources
	dust := Amount(len(b.Agents) + len(b.Frameworks))
	for _, a := range b.Agents {
		onAgents.Add(a.Allocated)
		dust += Amount(a.holds)
		for k := range Disk {
			if amount := a.Allocated[k]; amount != Unknown && a.held[k] != Unknown && amount > a.held[k]+Amount(a.holds) {
				a.TasksUnknown = true
			}
		}
	}
	for _, f := range b.Frameworks {
		ofFrameworks.Add(f.Allocated)
	}
	hides := false
	for k, amount := range onAgents {
		if amount != Unknown && ofFrameworks[k] != Unknown && amount > ofFrameworks[k]+dust {
			hides = true
			b.unknownInRoles(Kind(k))
		}
	}
	if hides {
		b.Restricted, b.FrameworksUnknown = true, true
		b.TasksUnknown = true
		b.rolesUnknown()
	}
}

// withoutRole notes that what has no role may be any role's.
func (b *builder) withoutRole() {
	load := b.RoleLoads[""]
	if load == nil {
		return
	}
	for k := range load.Allocated {
		if load.Allocated[k] != 0 {
			b.unknownInRoles(Kind(k))
		}
		if load.Offered[k] != 0 {
			for _, of := range b.loads() {
				of.Offered[k] = Unknown
			}
		}
	}
	if load.TasksUnknown || load.Tasks.Total() > 0 {
		b.rolesUnknown()
	}
}

// loads returns the loads of all roles, without that of what has none.
func (b *builder) loads() []*RoleLoad {
	all := []*RoleLoad{&b.others}
	for role, load := range b.RoleLoads {
		if role != "" {
			all = append(all, load)
		}
	}
	return all
}

// unknownInRoles makes unknown how much of a kind each role has.
func (b *builder) unknownInRoles(k Kind) {
	for _, load := range b.loads() {
		load.Allocated[k] = Unknown
	}
}

// rolesUnknown makes unknown how many tasks each role has.
func (b *builder) rolesUnknown() {
	for _, load := range b.loads() {
		load.TasksUnknown = true
	}
}

func amountIn(sum *Resources, k int) Amount {
	if sum == nil {
		return 0
	}
	return sum[k]
}
