package collector

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// This file asks agents: whom, when, and how many at once. All agents are asked
// in one poll per interval. Each agent has its own moment in it, spread over half
// of the interval, so that neither the agents nor Grafana's server get thousands
// of requests at once; an agent that hangs holds one of a few slots for a moment,
// and one that has failed is asked less and less often. It costs its own gap only.
// Where the time of a poll is not enough for all, the next one begins with those
// that were not reached, so that all of them have the same share.
//
// mesos_up{poll="agents"} is 1 when at least half of the agents that the leader
// lists as connected answered: with fewer, sums of measured use are those of
// the smaller part. A single dead agent is no failure of this poll; the leader
// reports it, and mesos_poll_failures_total counts every agent that does not
// answer.

const (
	// agentsAtOnce is how many agents are being asked at a time.
	agentsAtOnce = 16
	// agentsWithin is the part of the interval over which their moments spread,
	// agentsUntil the part after which nobody is asked any more in this poll, and
	// agentPatience the part for which one agent is waited for: together they
	// end a poll within its interval.
	agentsWithin  = 0.5
	agentsUntil   = 0.7
	agentPatience = 0.25
	// leastPatience bounds that time from below, whatever the interval.
	leastPatience = 2 * time.Second
	// longestRest is how many intervals an agent is left alone at most.
	longestRest = 8
)

// askedAgent holds how requests to an agent went.
type askedAgent struct {
	connected bool
	failed    int       // times in a row
	rest      time.Time // it is not asked before
	err       error     // the last answer's
}

// agentsPoll queries every agent that the leader lists for its statistics and its
// own metrics.
type agentsPoll struct {
	*Collector
	when   schedule
	result outcome

	begun bool                   // there may be series of agents
	next  string                 // ID of the agent the next poll begins with; "": the first
	asked map[string]*askedAgent // by ID
	last  *AgentPolls            // nil before the first poll
}

func newAgentsPoll(c *Collector) *agentsPoll {
	return &agentsPoll{Collector: c, result: newOutcome(series.PollAgents)}
}

func (a *agentsPoll) schedule() *schedule  { return &a.when }
func (a *agentsPoll) outcomes() []*outcome { return []*outcome{&a.result} }
func (a *agentsPoll) runs() bool           { return agentsOf(a.settings, a.client) != nil }
func (a *agentsPoll) reported() bool       { return a.runs() }
func (a *agentsPoll) interval() time.Duration {
	return stateInterval(a.settings.PollInterval, a.state.agentCount(), 0)
}

// agentsOf returns what agents are asked through; nil where they are not asked.
func agentsOf(s Settings, client Client) Agents {
	if has, ok := client.(HasAgents); ok && s.AgentStatistics {
		return has.Agents()
	}
	return nil
}

// A round asks all agents once. Its fields below mu are guarded by it.
type round struct {
	*scheduledPoll
	asker Agents
	raw   bool // agents' own metrics are wanted
	sums  *samples.AgentSums
	slots chan struct{}
	wait  sync.WaitGroup

	mu       sync.Mutex
	again    []secondTry
	asked    int
	answered int
	missed   int // agents that were not asked for lack of time
	up       int // connected agents that answered
	newest   time.Time
	bytes    int64
	head     time.Duration // the longest
	problems map[mesos.Category]*AgentProblem
	own      map[mesos.Category]*AgentProblem // with agents' own metrics, of those with statistics
	first    error
}

// A secondTry is an agent that broke off, and when it is asked once more.
type secondTry struct {
	agent *cluster.Agent
	at    time.Time
	err   error // of the first
}

func (a *agentsPoll) forget() {
	a.begun, a.next, a.asked, a.last = false, "", nil, nil
	a.result.forget()
}

func (a *agentsPoll) perform(p *scheduledPoll) bool {
	asker := agentsOf(p.settings, p.client)
	if asker == nil {
		a.end(p)
		return true
	}
	// The leader's list comes first, and with it what is allocated.
	if a.awaitState(p) != nil || !p.wait(p.timer, retryAfter(p.interval)) {
		return false
	}
	a.mu.Lock()
	model, listing := a.state.seen, a.state.result.Err
	known := a.label.value != "" && !a.others.pending
	a.mu.Unlock()
	switch {
	case listing != nil:
		a.fail(p, &a.result, fmt.Errorf("agents are asked only while the leader says which there are: %w", listing))
		return true
	case model == nil || !known:
		return true // the first /state is still to come
	}
	agents, restricted := oneEach(model.Agents), model.Restricted // the poll lasts, and the model need not
	r := &round{
		scheduledPoll: p, asker: asker, sums: samples.NewAgentSums(), slots: make(chan struct{}, agentsAtOnce),
		problems: map[mesos.Category]*AgentProblem{}, own: map[mesos.Category]*AgentProblem{},
	}
	if !a.begin(r, model, agents) {
		return false
	}
	defer r.wait.Wait() // also after a panic
	a.ask(r, agents)
	return a.finish(r, agents, restricted)
}

// oneEach returns the agents to ask, by ID, so that each keeps its moment. Where
// a restarted agent got a new ID and the leader still lists the old one, the same
// process would answer for both.
func oneEach(listed []*cluster.Agent) []*cluster.Agent {
	type place struct {
		host string
		port int
	}
	seen := map[place]int{}
	var agents []*cluster.Agent
	for _, a := range listed {
		at := place{cmp.Or(a.IP, a.Hostname), a.Port}
		i, twice := seen[at]
		switch {
		case !twice || a.Port == 0:
			seen[at] = len(agents)
			agents = append(agents, a)
		case agents[i].State == cluster.AgentDisconnected:
			agents[i] = a
		}
	}
	slices.SortFunc(agents, func(a, b *cluster.Agent) int { return cmp.Compare(a.ID, b.ID) })
	return agents
}

// addressesOf returns the addresses with which agents registered.
func addressesOf(agents []*cluster.Agent) []mesos.AgentAddress {
	addresses := make([]mesos.AgentAddress, len(agents))
	for i, one := range agents {
		addresses[i] = mesos.AgentAddress{ID: one.ID, Hostname: one.Hostname, IP: one.IP, Port: one.Port}
	}
	return addresses
}

// ListedAgents returns the agents that the leader listed last, as Agents.Know takes them.
func (c *Collector) ListedAgents() []mesos.AgentAddress {
	model := c.Cluster()
	if model == nil {
		return nil
	}
	return addressesOf(oneEach(model.Agents))
}

// begin ends the series of agents that are gone, and prepares what is remembered
// of the others.
func (a *agentsPoll) begin(r *round, model *cluster.Cluster, agents []*cluster.Agent) bool {
	r.asker.Know(addressesOf(agents))

	a.writing.Lock()
	defer a.writing.Unlock()
	a.mu.Lock()
	if a.run != r.run {
		a.mu.Unlock()
		return false
	}
	before := a.asked
	a.begun = true
	a.asked = make(map[string]*askedAgent, len(agents))
	for _, one := range agents {
		known := before[one.ID]
		connected := one.State != cluster.AgentDisconnected
		if known == nil || (connected && !known.connected) { // new, or back
			known = &askedAgent{}
		}
		known.connected = connected
		a.asked[one.ID] = known
	}
	a.mu.Unlock()
	r.raw = a.writer.FitOwnMetrics(r.settings.samples(), len(agents))
	a.noteWritten(r.ctx, a.writer.AgentsListed(r.ctx, agents, r.scheduled))
	a.noteWritten(r.ctx, a.writer.ReserveTotals(r.ctx, r.scheduled, model, r.settings.samples()))
	return true
}

// ask queries agents, each at its moment, and those that broke off once more.
func (a *agentsPoll) ask(r *round, agents []*cluster.Agent) {
	begin := a.clock.Now()
	spread := time.Duration(agentsWithin * float64(r.interval))
	agents = a.inTurn(agents)
	next := ""
	for i, one := range agents {
		moment := begin.Add(spread * time.Duration(i) / time.Duration(len(agents)))
		if rests, why := a.resting(one.ID, moment); rests {
			r.remind(why)
			a.silent(r, one)
			continue
		}
		asked, goesOn := a.askAt(r, one, moment, nil)
		if !goesOn {
			break
		}
		if !asked {
			next = cmp.Or(next, one.ID)
			r.missed++
			a.silent(r, one)
		}
	}
	r.wait.Wait()
	for _, again := range r.again {
		asked, goesOn := a.askAt(r, again.agent, again.at, again.err)
		if !goesOn {
			break
		}
		if !asked {
			a.note(r, samples.AgentAnswer{Agent: again.agent}, again.err, nil)
		}
	}
	r.wait.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next = next
}

// inTurn returns the agents, which are sorted by ID, from the one that the poll
// begins with on.
func (a *agentsPoll) inTurn(agents []*cluster.Agent) []*cluster.Agent {
	a.mu.Lock()
	next := a.next
	a.mu.Unlock()
	i, _ := slices.BinarySearchFunc(agents, next, func(one *cluster.Agent, id string) int { return cmp.Compare(one.ID, id) })
	return slices.Concat(agents[i:], agents[:i])
}

// askAt queries an agent at a moment, when a slot is free. before is the error of its
// first try, nil in the first. asked is false when the time of the poll is over,
// goesOn when the run has ended.
func (a *agentsPoll) askAt(r *round, agent *cluster.Agent, moment time.Time, before error) (asked, goesOn bool) {
	if !r.scheduledPoll.wait(r.timer, moment.Sub(a.clock.Now())) {
		return false, false
	}
	select {
	case r.slots <- struct{}{}:
	case <-r.ctx.Done():
		return false, false
	}
	if a.clock.Now().After(r.scheduled.Add(time.Duration(agentsUntil * float64(r.interval)))) {
		<-r.slots
		return false, true
	}
	// To a test's clock a timer that does not run means that its goroutine works.
	timer := a.clock.NewTimer()
	r.wait.Go(func() {
		defer timer.Stop()
		defer func() { <-r.slots }()
		if err := a.guard("asking an agent", func() { a.askOne(r, agent, before != nil) }); err != nil {
			_ = a.guard("ending the series of an agent", func() { a.note(r, samples.AgentAnswer{Agent: agent}, err, nil) })
		}
	})
	return true, true
}

// resting reports whether an agent is not asked for a while, and its last error.
func (a *agentsPoll) resting(id string, at time.Time) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.asked[id]
	if known == nil || !at.Before(known.rest) {
		return false, nil
	}
	return true, known.err
}

// askOne queries an agent. One that broke off is left for a second attempt.
func (a *agentsPoll) askOne(r *round, agent *cluster.Agent, again bool) {
	answer := samples.AgentAnswer{Agent: agent}
	var noStatistics, noSnapshot error
	ctx, cancel := context.WithTimeout(r.ctx, max(leastPatience, time.Duration(agentPatience*float64(r.interval))))
	defer cancel()
	answer.Statistics, noStatistics = r.asker.Statistics(ctx, agent.ID)
	// Where the one page is forbidden the other may not be. Where nobody
	// answers, a second request would only wait again.
	if r.raw && (noStatistics == nil || categoryOf(noStatistics) == mesos.Forbidden) {
		answer.Snapshot, noSnapshot = r.asker.Snapshot(ctx, agent.ID)
	}
	if r.ctx.Err() != nil {
		return
	}
	if !again && a.worthRetrying(agent.ID, noStatistics) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.again = append(r.again, secondTry{agent, a.clock.Now().Add(retryAfter(r.interval)), noStatistics})
		return
	}
	a.note(r, answer, noStatistics, noSnapshot)
}

// note notes what an agent answered, and writes it.
func (a *agentsPoll) note(r *round, answer samples.AgentAnswer, noStatistics, noSnapshot error) {
	a.remember(r, answer.Agent, noStatistics)
	switch {
	case noStatistics != nil:
		r.failed(noStatistics)
	case noSnapshot != nil:
		r.failedOwn(noSnapshot)
	}
	r.mu.Lock()
	r.asked++
	if answer.Statistics != nil {
		r.answered++
		if answer.Agent.State != cluster.AgentDisconnected {
			r.up++
		}
		r.add(answer.Statistics.Answer)
	}
	if answer.Snapshot != nil {
		r.add(answer.Snapshot.Answer)
	}
	r.mu.Unlock()
	a.writeAgent(r, answer)
}

// worthRetrying reports whether an agent is asked once more: one that answered
// before and broke off is; one that refuses, or used its time up, would do the
// same again.
func (a *agentsPoll) worthRetrying(id string, err error) bool {
	if err == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.asked[id]
	return known != nil && known.failed == 0 && !slices.Contains([]mesos.Category{mesos.Auth, mesos.Forbidden, mesos.Timeout}, categoryOf(err))
}

// remember decides when an agent is asked again.
func (a *agentsPoll) remember(r *round, agent *cluster.Agent, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.asked[agent.ID]
	if known == nil || a.run != r.run {
		return
	}
	known.err = err
	if err == nil {
		known.failed, known.rest = 0, time.Time{}
		return
	}
	known.failed++
	rest := float64(min(longestRest, 1<<min(known.failed-1, 10)))
	if rest > 1 { // after the first failure: with the next poll
		known.rest = r.scheduled.Add(time.Duration(rest * (0.9 + 0.2*a.jitter()) * float64(r.interval)))
	}
}

func (r *round) add(a mesos.Answer) {
	r.newest = later(r.newest, a.Sent)
	r.bytes += a.Bytes
	r.head = max(r.head, a.Head)
}

func (r *round) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problem(err).Agents++
}

// remind notes the last error of an agent that is not asked: it is no failure again,
// and its reason stays visible.
func (r *round) remind(err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.problem(err).Resting++
}

// failedOwn notes why an agent that gave statistics gave no metrics of its own.
func (r *round) failedOwn(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	problemOf(r.own, err).Agents++
}

// problem returns the problem that an error is one of. mu is held.
func (r *round) problem(err error) *AgentProblem {
	r.first = cmp.Or(r.first, err)
	return problemOf(r.problems, err)
}

func problemOf(problems map[mesos.Category]*AgentProblem, err error) *AgentProblem {
	category := categoryOf(err)
	p := problems[category]
	if p == nil {
		p = &AgentProblem{Category: category, Example: err.Error()}
		problems[category] = p
	}
	return p
}

// mostFrequent returns problems, most frequent first, at most five.
func mostFrequent(problems map[mesos.Category]*AgentProblem) []AgentProblem {
	var all []AgentProblem
	for _, p := range problems {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b AgentProblem) int {
		return cmp.Or(b.Agents+b.Resting-a.Agents-a.Resting, cmp.Compare(a.Category, b.Category))
	})
	return all[:min(len(all), 5)]
}

// silent ends the series of an agent that is not asked in this poll.
func (a *agentsPoll) silent(r *round, agent *cluster.Agent) {
	a.writeAgent(r, samples.AgentAnswer{Agent: agent})
}

// writeAgent writes what an agent answered, and ends what it did not answer: at
// the time it was scheduled for.
func (a *agentsPoll) writeAgent(r *round, answer samples.AgentAnswer) {
	a.writing.Lock()
	defer a.writing.Unlock()
	a.mu.Lock()
	current, model := a.run == r.run, a.state.seen
	a.mu.Unlock()
	if !current {
		return
	}
	a.noteWritten(r.ctx, a.writer.Agent(r.ctx, answer, model, r.settings.samples(), r.interval, r.scheduled, r.sums))
}

// finish writes the sums and how the poll went.
func (a *agentsPoll) finish(r *round, agents []*cluster.Agent, restricted bool) bool {
	connected := 0
	for _, one := range agents {
		if one.State != cluster.AgentDisconnected {
			connected++
		}
	}
	up := 2*r.up >= connected
	status := &AgentPolls{Listed: len(agents), Asked: r.asked, Answered: r.answered, OwnMetrics: r.raw, NotReached: r.missed,
		Silent: max(0, connected-r.up-r.missed), Containers: r.sums.Containers(),
		Problems: mostFrequent(r.problems), OwnMetricsProblems: mostFrequent(r.own)}
	if r.missed > 0 {
		status.NotReachedWhy = fmt.Sprintf("%d of %d agents were not asked this time because the others took too long to answer; the next poll begins with them. Look for what slows agents down, or raise pollInterval.",
			r.missed, len(agents))
	}

	a.writing.Lock()
	defer a.writing.Unlock()
	a.mu.Lock()
	if r.ctx.Err() != nil || a.run != r.run {
		a.mu.Unlock()
		return false
	}
	status.OwnMetricsWhy = a.writer.Kept().OwnMetricsWhy
	a.last = status
	o := &a.result
	for _, problems := range []map[mesos.Category]*AgentProblem{r.problems, r.own} {
		for category, p := range problems {
			o.failures[category] += uint64(p.Agents)
		}
	}
	before := o.Err
	now := a.clock.Now()
	o.LastAttempt, o.Took, o.Head, o.Bytes, o.Err = r.scheduled, now.Sub(r.scheduled), r.head, r.bytes, nil
	if up {
		o.LastSuccess = later(r.scheduled, r.newest)
	} else {
		o.Failures++
		o.Err = r.tooFew(len(agents), status.NotReachedWhy)
	}
	o.note(r.scheduled, o.Err)
	took, failure := o.Took, o.Err
	h := o.health()
	a.mu.Unlock()

	switch {
	case failure != nil && before == nil:
		a.log.Warn("A poll failed", "poll", series.PollAgents, "error", failure)
	case failure == nil && before != nil:
		a.log.Info("A poll works again", "poll", series.PollAgents)
	}
	h.OK, h.Took, h.Bytes = up, took, r.bytes
	a.noteWritten(r.ctx, a.writer.AgentTotals(r.ctx, later(r.scheduled, r.newest), r.sums, !restricted, h))
	a.refreshCurrent()
	return true
}

// tooFew returns the error of a poll in which fewer than half of the connected
// agents answered.
func (r *round) tooFew(listed int, notReached string) error {
	if r.first == nil {
		return &mesos.Error{Category: mesos.Timeout, Sentence: notReached}
	}
	sentence := fmt.Sprintf("%d of %d agents gave no statistics. One of them: %s", listed-r.answered-r.missed, listed, r.first)
	if notReached != "" {
		sentence += " " + notReached
	}
	return &mesos.Error{Category: categoryOf(r.first), Err: r.first, Sentence: sentence}
}

// end ends all that agents brought, when they are not asked any more.
func (a *agentsPoll) end(p *scheduledPoll) {
	a.mu.Lock()
	begun := a.begun
	a.mu.Unlock()
	if !begun {
		return
	}
	a.writing.Lock()
	defer a.writing.Unlock()
	if _, current := a.healthOf(p, &a.result); !current {
		return
	}
	a.noteWritten(p.ctx, a.writer.NoAgents(p.ctx, p.scheduled))
	a.refreshCurrent()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun, a.last, a.asked = false, nil, nil
}
