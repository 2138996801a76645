package cluster

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"
	"unique"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// Build returns the model of a /state. The previous model, nil for the first,
// gives what the answer no longer says: the host names of agents that only
// unreachable tasks still name, which roles there are besides those in use, and
// that there were GPUs once.
//
// Allocated amounts are those the master accounts (used_resources), which equal
// its own *_used gauges in every recorded scene. Sums over listed tasks do not:
// a task that ended and is not acknowledged is still listed with resources. Where
// the master's version does not tell them, accounting.go adds up what is known.
func Build(s *mesos.State, previous *Cluster) *Cluster {
	s, twice := eachOnce(s)
	c := &Cluster{
		Twice:       twice,
		Time:        s.Sent,
		polled:      s.Sent,
		Master:      s.Target,
		PID:         s.PID,
		ElectedTime: s.ElectedTime,
		Version:     s.Version,
		Leader:      leaderOf(s),
		Restricted:  s.Restricted(),
		NoFlags:     s.Restricted(),
		HasGPUs:     previous != nil && previous.HasGPUs,

		Agents:             make([]*Agent, 0, len(s.Slaves)),
		Frameworks:         make([]*Framework, 0, len(s.Frameworks)),
		AgentCounts:        map[AgentState]int{},
		FrameworkCounts:    map[FrameworkState]int{},
		Flags:              s.Flags,
		TasksListed:        true,
		OffersListed:       true,
		ReservationsListed: true,
		LostListed:         true,
		RoleLoads:          map[string]*RoleLoad{},
		agents:             make(map[string]*Agent, len(s.Slaves)),
		frameworks:         make(map[string]*Framework, len(s.Frameworks)),
	}
	c.Name = series.CutName(s.ClusterName())
	b := builder{Cluster: c, previous: previous}
	s = b.checkCounts(s)
	if previous != nil {
		for _, r := range previous.Roles {
			b.role(r.Name)
		}
	}
	for i := range s.Slaves {
		b.addAgent(&s.Slaves[i], s)
	}
	b.missing = !s.Lacks.ActivatedSlaves && int(s.ActivatedSlaves) > len(s.Slaves)
	b.Restricted, b.agentsHidden = b.Restricted || b.missing, b.missing
	b.offered = map[*Agent]*Resources{}
	for _, r := range s.RecoveredSlaves {
		if id := b.name(r.ID); c.agents[id] == nil {
			c.agents[id] = &Agent{ID: id, Hostname: b.name(r.Hostname), recovered: true}
			if c.waiting == nil {
				c.waiting = map[string]bool{}
			}
			c.waiting[id] = true
		}
	}
	b.countAgents(s)

	tasks, executors := len(s.OrphanTasks), 0
	for i := range s.Frameworks {
		f := &s.Frameworks[i]
		tasks += len(f.Tasks) + len(f.UnreachableTasks)
		executors += len(f.Executors)
	}
	b.listed = make([]Task, 0, tasks)
	c.Executors = make([]Executor, 0, executors)
	for i := range s.Frameworks {
		b.addFramework(&s.Frameworks[i])
	}
	b.countFrameworks(s)
	from := len(b.listed)
	b.addTasks(s.OrphanTasks, "", "")
	b.orphans(b.listed[from:])
	b.foreign = len(s.OrphanTasks) > 0
	b.total()
	b.addEnded(s)
	b.keepTold()
	c.tasks = listOf(b.listed)
	c.awaited = awaitedOf(c, previous)
	c.hiddenSince = hiddenSince(c, previous)
	c.findAway(previous)
	return c
}

// addEnded notes the tasks that ended lately. They count nowhere.
func (b *builder) addEnded(s *mesos.State) {
	b.endedSince = s.EndedSince
	n := 0
	for i := range s.Frameworks {
		n += len(s.Frameworks[i].CompletedTasks)
	}
	if n > 0 {
		b.ended = make([]endedTask, 0, n)
	}
	add := func(list mesos.Ended, f *Framework) {
		for i := range list {
			if t := b.taskOf(&list[i], f.ID, f.onlyRole()); !t.State.holds() {
				b.ended = append(b.ended, endedTask{t, list[i].Statuses})
			}
		}
	}
	for i := range s.Frameworks {
		add(s.Frameworks[i].CompletedTasks, b.frameworks[series.CutName(s.Frameworks[i].ID)])
	}
	for i := range s.CompletedFrameworks {
		completed := s.CompletedFrameworks[i]
		b.Removed = append(b.Removed, b.removedOf(&completed))
		for _, list := range []*mesos.Ended{&completed.Tasks, &completed.UnreachableTasks, &completed.CompletedTasks} {
			*list = endedSince(*list, s.EndedSince)
		}
		if b.removed == nil {
			b.removed = map[string]removedFramework{}
		}
		b.removed[series.CutName(completed.ID)] = removedFramework{
			series.CutName(completed.Name), completed.RegisteredTime, max(completed.RegisteredTime, completed.ReregisteredTime), completed.UnregisteredTime,
		}
		if len(completed.Tasks)+len(completed.UnreachableTasks)+len(completed.CompletedTasks) == 0 {
			continue
		}
		f := &Framework{ID: series.CutName(completed.ID), Name: series.CutName(completed.Name)}
		if was := b.previous.framework(f.ID); was != nil {
			f.Roles = was.Roles
		}
		if b.frameworks[f.ID] == nil {
			b.frameworks[f.ID] = f
		}
		add(completed.Tasks, f)
		add(completed.UnreachableTasks, f)
		add(completed.CompletedTasks, f)
	}
}

// endedSince returns the tasks of a framework that was removed whose ends are not too old.
func endedSince(list mesos.Ended, since float64) (late mesos.Ended) {
	for _, t := range list {
		if n := len(t.Statuses); n == 0 || t.Statuses[n-1].Timestamp >= since {
			late = append(late, t)
		}
	}
	return late
}

// framework returns a framework that the model lists or names, or nil.
func (c *Cluster) framework(id string) *Framework {
	if c == nil {
		return nil
	}
	return c.frameworks[id]
}

type builder struct {
	*Cluster
	accounts
	previous *Cluster
	listed   []Task // the tasks so far
	missing  bool   // agents that the leader counts are not listed
	foreign  bool   // tasks of frameworks that are not listed
}

func (b *builder) addAgent(s *mesos.Slave, state *mesos.State) {
	a := b.agentOf(s, state)
	b.checkAmountsOf("agent", a.Hostname, &s.Resources, &s.Used, &s.Offered)
	for _, r := range s.Reserved {
		b.checkAmounts(&r, "reserved_resources", "agent", a.Hostname)
	}
	if len(a.Attributes) > series.MaxLabels {
		b.ManyAttributes++
	}
	b.ReservationsListed = b.ReservationsListed && !s.Lacks.Reserved
	b.adding = b.adding || !a.Allocated.known() || !a.Offered.known()
	b.Agents = append(b.Agents, a)
	b.agents[a.ID] = a
}

// agentOf returns an agent that the leader lists.
func (b *builder) agentOf(s *mesos.Slave, state *mesos.State) *Agent {
	a := &Agent{
		ID:                 b.name(s.ID),
		Hostname:           b.name(s.Hostname),
		Listed:             true,
		State:              agentState(s, state),
		Version:            b.name(s.Version),
		Attributes:         s.Attributes,
		Capacity:           regular(s.Resources),
		Allocated:          regular(s.Used),
		Offered:            regular(s.Offered),
		RevocableCapacity:  revocable(s.Resources),
		RevocableAllocated: revocable(s.Used),
	}
	a.IP, a.Port = listening(s)
	if a.Hostname == "" {
		a.Hostname = b.name(a.IP)
	}
	if s.Lacks.Reserved {
		a.Reserved = unknownResources
	}
	for _, r := range s.Reserved {
		a.Reserved.Add(regular(r))
	}
	a.Reservations = b.reservations(s.Reserved)
	if s.Domain != nil {
		a.Region = b.name(s.Domain.FaultDomain.Region.Name)
		a.Zone = b.name(s.Domain.FaultDomain.Zone.Name)
	}
	a.registered = s.RegisteredTime
	if again := s.ReregisteredTime; again != nil && *again > a.registered {
		a.registered, a.reregistered = *again, true
	}
	a.admitted = s.RegisteredTime
	if s.DrainInfo != nil {
		a.drain = drainOf(s.DrainInfo)
		if s.DrainStart != nil {
			a.draining = *s.DrainStart
		}
	}
	if b.previous != nil {
		if was := b.previous.agents[a.ID]; was != nil {
			a.share(was)
		}
	}
	return a
}

// listening reads where an agent listens from its libprocess PID,
// slave(1)@ip:port. The port is also said by itself, but not by older masters.
func listening(s *mesos.Slave) (ip string, port int) {
	_, address, _ := strings.Cut(s.PID, "@")
	ip, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", s.Port
	}
	port, _ = strconv.Atoi(text)
	if s.Port > 0 {
		port = s.Port
	}
	return ip, port
}

func (b *builder) addFramework(s *mesos.Framework) {
	f := b.frameworkOf(s)
	b.checkAmountsOf("framework", f.Name, nil, &s.Used, &s.Offered)
	b.Frameworks = append(b.Frameworks, f)
	b.frameworks[f.ID] = f
	for _, role := range f.Roles {
		b.role(role)
	}
	// A framework without MULTI_ROLE has one role, and so have its tasks;
	// older masters do not repeat it on each.
	only := f.onlyRole()
	tasks, executors := len(b.listed), len(b.Executors)
	b.addTasks(s.Tasks, f.ID, only)
	b.addTasks(s.UnreachableTasks, f.ID, only)
	b.TasksListed = b.TasksListed && !s.Lacks.Tasks
	b.LostListed = b.LostListed && !s.Lacks.UnreachableTasks
	for i := range s.Offers {
		o := &s.Offers[i]
		b.role(cmp.Or(b.name(o.AllocationInfo.Role), only)).Offered.Add(regular(o.Resources))
	}
	b.addOffers(f, s, only)
	for i := range s.Executors {
		e := &s.Executors[i]
		role := cmp.Or(b.name(e.Role), only)
		allocated := regular(e.Resources)
		b.checkAmounts(&e.Resources, "resources", "executor", b.name(e.ID))
		b.role(role).Allocated.Add(allocated)
		b.Executors = append(b.Executors, Executor{
			ID:        b.name(e.ID),
			Name:      b.name(e.Name),
			Role:      role,
			Type:      executorType(e.Type),
			Framework: f,
			Agent:     b.agent(e.SlaveID),
			Allocated: allocated,
		})
	}
	b.account(f, s, b.listed[tasks:], b.Executors[executors:])
}

// frameworkOf returns a framework that the leader lists.
func (b *builder) frameworkOf(s *mesos.Framework) *Framework {
	f := &Framework{
		ID:        b.name(s.ID),
		Name:      b.name(s.Name),
		Listed:    true,
		State:     frameworkState(s),
		Principal: b.name(s.Principal),
		User:      b.name(s.User),
		Hostname:  b.name(s.Hostname),
		WebUIURL:  b.name(s.WebUIURL),
		Roles:     b.names(s.Roles),
		Allocated: regular(s.Used),
		Offered:   regular(s.Offered),

		Capabilities:    b.names(s.Capabilities),
		Labels:          s.Labels,
		Checkpoint:      s.Checkpoint,
		FailoverTimeout: s.FailoverTimeout,
	}
	if f.Roles == nil && s.Role != "" {
		f.Roles = []string{b.name(s.Role)}
	}
	f.registered, f.subscribed = max(s.RegisteredTime, s.ReregisteredTime), s.RegisteredTime
	return f
}

// onlyRole returns the role of a framework that has one, else "".
func (f *Framework) onlyRole() string {
	if len(f.Roles) == 1 {
		return f.Roles[0]
	}
	return ""
}

// addTasks adds tasks. framework and role are those of tasks that do not name them.
func (b *builder) addTasks(tasks []mesos.Task, framework, role string) {
	for i := range tasks {
		t := b.taskOf(&tasks[i], framework, role)
		b.checkAmounts(&tasks[i].Resources, "resources", "task", t.ID)
		load := b.role(t.Role)
		if !t.State.known() {
			load.TasksUnknown, t.Framework.TasksUnknown, t.Agent.TasksUnknown, b.TasksUnknown = true, true, true, true
		}
		load.Tasks.add(t.State)
		if t.State.holds() {
			load.Allocated.Add(t.Allocated)
		}
		b.TaskCounts.add(t.State)
		t.Framework.Tasks.add(t.State)
		t.Agent.Tasks.add(t.State)
		b.listed = append(b.listed, t)
	}
}

// taskOf returns a task. framework and role are what it has where it does not name them.
func (b *builder) taskOf(s *mesos.Task, framework, role string) Task {
	t := Task{
		ID:         b.name(s.ID),
		Name:       b.name(s.Name),
		ExecutorID: b.name(s.ExecutorID),
		Role:       cmp.Or(b.name(s.Role), role),
		State:      ParseTaskState(s.State),
		Framework:  b.framework(cmp.Or(s.FrameworkID, framework)),
		Agent:      b.agent(s.SlaveID),
		Labels:     s.Labels,

		ContainerID: b.name(s.Container.ID),
		Addresses:   s.Container.Addresses,
	}
	if details := b.detailsOf(s); details != (Details{}) {
		t.details = unique.Make(details)
	}
	if t.Addresses == t.Agent.IP {
		t.Addresses = t.Agent.IP // one text for all tasks in the agent's network
	}
	if t.State.holds() {
		t.hold(s.Resources)
	}
	if n := len(s.Statuses); n > 0 {
		t.Healthy = s.Statuses[n-1].Healthy
		t.first, t.latest = s.Statuses[0].Timestamp, s.Statuses[n-1].Timestamp
		t.told = ParseTaskState(s.Statuses[n-1].State)
	}
	for _, status := range s.Statuses {
		t.entered(status.State, status.Timestamp)
	}
	if b.previous != nil {
		if was := b.previous.task(t.key()); was != nil {
			t.share(was)
		}
	}
	return t
}

// entered notes when the task was in a state for the first time.
func (t *Task) entered(state string, timestamp float64) {
	var since *float64
	switch state {
	case "TASK_STARTING":
		since = &t.starting
	case "TASK_RUNNING":
		since = &t.Started
	case "TASK_KILLING":
		since = &t.killing
	default:
		return
	}
	*since = cmp.Or(*since, timestamp)
}

// hold sets what the task has been given.
func (t *Task) hold(r mesos.Resources) {
	t.Allocated = regular(r)
	if extra := revocable(r); extra != (Resources{}) && extra != unknownResources {
		t.revocable = &extra
	}
}

// name returns a name that a user chose, cut where it is too long.
func (b *builder) name(chosen string) string {
	if len(chosen) <= series.MaxName {
		return chosen
	}
	b.NamesCut++
	return series.CutName(chosen)
}

// names returns a list of names likewise.
func (b *builder) names(chosen []string) []string {
	for i, name := range chosen {
		if len(name) > series.MaxName {
			chosen = slices.Clone(chosen)
			for j := i; j < len(chosen); j++ {
				chosen[j] = b.name(chosen[j])
			}
			break
		}
	}
	return chosen
}

// agent finds an agent, or makes one of what is known: after an agent became
// unreachable its tasks still name it.
func (b *builder) agent(id string) *Agent {
	id = series.CutName(id)
	a := b.agents[id]
	if a == nil {
		a = &Agent{ID: id}
		if b.previous != nil {
			if before := b.previous.agents[id]; before != nil {
				a.Hostname = before.Hostname
			}
		}
		b.agents[id] = a
	}
	return a
}

// framework finds a framework, or makes one of its ID: masters before 1.0 list
// tasks of frameworks that have not come back since a failover.
func (b *builder) framework(id string) *Framework {
	id = series.CutName(id)
	f := b.frameworks[id]
	if f == nil {
		f = &Framework{ID: id}
		b.frameworks[id] = f
	}
	return f
}

// role returns the load of a role, which it makes where there is none.
func (b *builder) role(name string) *RoleLoad {
	load := b.RoleLoads[name]
	if load == nil {
		load = &RoleLoad{}
		b.RoleLoads[name] = load
	}
	return load
}
