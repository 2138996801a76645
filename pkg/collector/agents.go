package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file asks agents: whom, when, and how many at once. All of it is in one
// pass per interval. Each agent has its own moment in it, spread over half of
// the interval, so that neither the agents nor Grafana's server get thousands of
// requests at once; an agent that hangs holds one of a few slots for a moment,
// and one that has failed is asked less and less often. What it costs is its
// own gap.
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
	// agentsUntil the part after which nobody is asked any more in this pass, and
	// agentPatience the part for which one agent is waited for: together they
	// end a pass within its interval.
	agentsWithin  = 0.5
	agentsUntil   = 0.7
	agentPatience = 0.25
	// leastPatience bounds that time from below, whatever the interval.
	leastPatience = 2 * time.Second
	// longestRest is how many intervals an agent is left alone at most.
	longestRest = 8
)

// askedAgent is what is remembered of asking an agent.
type askedAgent struct {
	connected bool
	failed    int       // times in a row
	rest      time.Time // it is not asked before
	err       error     // the last answer's
}

// asksAgents is what agents are asked through; nil where they are not. mu is
// held.
func (c *Collector) asksAgents() Agents {
	return agentsOf(c.settings, c.client)
}

func agentsOf(s Settings, client Client) Agents {
	if has, ok := client.(HasAgents); ok && s.AgentStatistics {
		return has.Agents()
	}
	return nil
}

// A round is one pass over the agents. Its fields below mu are guarded by it.
type round struct {
	*pass
	asker Agents
	raw   bool // agents' own metrics are wanted
	sums  *totals
	slots chan struct{}
	wait  sync.WaitGroup

	mu       sync.Mutex
	again    []secondTry
	asked    int
	answered int
	reached  int // connected agents that answered
	newest   time.Time
	bytes    int64
	head     time.Duration // the longest
	problems map[mesos.Category]*AgentProblem
	first    error
}

// A secondTry is an agent that broke off, and when it is asked once more.
type secondTry struct {
	agent *cluster.Agent
	at    time.Time
}

// pollAgents asks every agent that the leader lists for its statistics and its
// own metrics.
func (c *Collector) pollAgents(p *pass) bool {
	asker := agentsOf(p.settings, p.client)
	if asker == nil {
		c.endAgents(p)
		return true
	}
	// The leader's list comes first, and with it what is allocated.
	if c.awaitState(p) != nil || !p.wait(p.timer, retryAfter(p.interval)) {
		return false
	}
	c.mu.Lock()
	model, listing := c.seen, c.statuses[series.PollState].Err
	named := c.name != ""
	c.mu.Unlock()
	switch {
	case listing != nil:
		c.fail(p, series.PollAgents, fmt.Errorf("agents are asked only while the leader says which there are: %w", listing))
		return true
	case model == nil || !named:
		return true // the first /state is still to come
	}
	agents := oneEach(model.Agents)
	r := &round{
		pass: p, asker: asker, sums: newTotals(), slots: make(chan struct{}, agentsAtOnce),
		problems: map[mesos.Category]*AgentProblem{},
	}
	if !c.beginRound(r, agents) {
		return false
	}
	c.ask(r, agents)
	r.wait.Wait()
	return c.endRound(r, agents, model)
}

// oneEach are the agents to ask, by ID, so that each keeps its moment. Where a
// restarted agent got a new ID and the leader lists the old one still, the same
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

// beginRound ends the series of agents that are gone, and prepares what is
// remembered of the others.
func (c *Collector) beginRound(r *round, agents []*cluster.Agent) bool {
	addresses := make([]mesos.AgentAddress, len(agents))
	keys := make(map[agentKey]bool, len(agents))
	for i, a := range agents {
		addresses[i] = mesos.AgentAddress{ID: a.ID, Hostname: a.Hostname, IP: a.IP, Port: a.Port}
		keys[agentKey{a.Hostname, a.ID}] = true
	}
	r.asker.Know(addresses)

	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.run != r.run {
		c.mu.Unlock()
		return false
	}
	before := c.asked
	c.asked = make(map[string]*askedAgent, len(agents))
	for _, a := range agents {
		known := before[a.ID]
		connected := a.State != cluster.AgentDisconnected
		if known == nil || (connected && !known.connected) { // new, or back
			known = &askedAgent{}
		}
		known.connected = connected
		c.asked[a.ID] = known
	}
	c.mu.Unlock()
	r.raw = c.writer.fitRaw(r.settings, len(agents))
	listed := func(k agentKey) bool { return keys[k] }
	if err := c.writer.agentsEnd(r.ctx, r.scheduled, listed, func(agentKey) bool { return true }); err != nil {
		c.log.Warn("The end of the series of agents that are gone could not be stored", "error", err)
	}
	return true
}

// ask asks agents, each at its moment, and those that broke off once more.
func (c *Collector) ask(r *round, agents []*cluster.Agent) {
	begin := c.clock.Now()
	spread := time.Duration(agentsWithin * float64(r.interval))
	for i, a := range agents {
		moment := begin.Add(spread * time.Duration(i) / time.Duration(len(agents)))
		if rests, why := c.resting(a.ID, moment); rests {
			r.remind(why)
			c.silent(r, a)
		} else if !c.askAt(r, a, moment, false) {
			break
		}
	}
	r.wait.Wait()
	for _, again := range r.again {
		if !c.askAt(r, again.agent, again.at, true) {
			break
		}
	}
	r.wait.Wait()
}

// askAt asks an agent at a moment, when a slot is free; false when the run has
// ended.
func (c *Collector) askAt(r *round, a *cluster.Agent, moment time.Time, again bool) bool {
	if !r.pass.wait(r.timer, moment.Sub(c.clock.Now())) {
		return false
	}
	select {
	case r.slots <- struct{}{}:
	case <-r.ctx.Done():
		return false
	}
	if c.clock.Now().After(r.scheduled.Add(time.Duration(agentsUntil * float64(r.interval)))) {
		<-r.slots
		r.failed(errNoTime)
		c.silent(r, a)
		return true
	}
	// A timer that was made and does not run says to the clock that somebody works.
	timer := c.clock.NewTimer()
	r.wait.Go(func() {
		defer timer.Stop()
		defer func() { <-r.slots }()
		c.askOne(r, a, again)
	})
	return true
}

// errNoTime is why an agent was not asked when others took too long. It is not
// its own fault.
var errNoTime = &mesos.Error{Category: mesos.Timeout, Sentence: "Agents were not asked in time: too many others were slow to answer. They are asked less often until they answer."}

// resting tells whether an agent is left alone, and its last error.
func (c *Collector) resting(id string, at time.Time) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.asked[id]
	if known == nil || !at.Before(known.rest) {
		return false, nil
	}
	return true, known.err
}

// askOne asks an agent. One that broke off is left for a second try.
func (c *Collector) askOne(r *round, a *cluster.Agent, again bool) {
	answer := agentAnswer{agentKey: agentKey{a.Hostname, a.ID}}
	var noStatistics, noSnapshot error
	ctx, cancel := context.WithTimeout(r.ctx, max(leastPatience, time.Duration(agentPatience*float64(r.interval))))
	defer cancel()
	answer.statistics, noStatistics = r.asker.Statistics(ctx, a.ID)
	// Where the one page is forbidden the other may not be. Where nobody
	// answers, a second request would only wait again.
	if r.raw && (noStatistics == nil || categoryOf(noStatistics) == mesos.Forbidden) {
		answer.snapshot, noSnapshot = r.asker.Snapshot(ctx, a.ID)
	}
	if r.ctx.Err() != nil {
		return
	}
	if !again && c.worthRetrying(a.ID, noStatistics) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.again = append(r.again, secondTry{a, c.clock.Now().Add(retryAfter(r.interval))})
		return
	}
	c.remember(r, a, noStatistics)
	for _, err := range []error{noStatistics, noSnapshot} {
		if err != nil {
			r.failed(err)
		}
	}
	r.mu.Lock()
	r.asked++
	if answer.statistics != nil {
		r.answered++
		if a.State != cluster.AgentDisconnected {
			r.reached++
		}
		r.note(answer.statistics.Answer)
	}
	if answer.snapshot != nil {
		r.note(answer.snapshot.Answer)
	}
	r.mu.Unlock()
	c.writeAgent(r, answer)
}

// worthRetrying: an agent that was well and broke off is tried once more; one
// that refuses, or used its time up, would do the same again.
func (c *Collector) worthRetrying(id string, err error) bool {
	if err == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.asked[id]
	return known != nil && known.failed == 0 && !slices.Contains([]mesos.Category{mesos.Auth, mesos.Forbidden, mesos.Timeout}, categoryOf(err))
}

// remember decides when an agent is asked again.
func (c *Collector) remember(r *round, a *cluster.Agent, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.asked[a.ID]
	if known == nil || c.run != r.run {
		return
	}
	known.err = err
	if err == nil {
		known.failed, known.rest = 0, time.Time{}
		return
	}
	known.failed++
	rest := float64(min(longestRest, 1<<min(known.failed-1, 10)))
	if rest > 1 { // after the first failure: with the next pass
		known.rest = r.scheduled.Add(time.Duration(rest * (0.9 + 0.2*c.jitter()) * float64(r.interval)))
	}
}

func (r *round) note(a mesos.Answer) {
	r.newest = later(r.newest, a.Sent)
	r.bytes += a.Bytes
	r.head = max(r.head, a.Head)
}

func (r *round) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	category := categoryOf(err)
	p := r.problems[category]
	if p == nil {
		p = &AgentProblem{Category: category, Example: err.Error()}
		r.problems[category] = p
	}
	p.Agents++
	r.first = cmp.Or(r.first, err)
}

// remind notes the error of before of an agent that is left alone: it is not
// counted again.
func (r *round) remind(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first = cmp.Or(r.first, err)
}

// silent ends the series of an agent that is not asked in this pass.
func (c *Collector) silent(r *round, a *cluster.Agent) {
	c.writeAgent(r, agentAnswer{agentKey: agentKey{a.Hostname, a.ID}})
}

// writeAgent writes what an agent said, and the end of what it did not say: at
// the time it was scheduled for.
func (c *Collector) writeAgent(r *round, a agentAnswer) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	current, model := c.run == r.run, c.seen
	c.mu.Unlock()
	if !current {
		return
	}
	on := c.writer.placing.of(model)[a.id]
	if err := c.writer.agent(r.ctx, a, on, r.settings, r.interval, r.scheduled, r.sums); err != nil {
		c.log.Warn("What an agent answered could not be stored", "agent", a.hostname, "error", err)
	}
}

// endRound writes the sums and how it went.
func (c *Collector) endRound(r *round, agents []*cluster.Agent, model *cluster.Cluster) bool {
	connected := 0
	for _, a := range agents {
		if a.State != cluster.AgentDisconnected {
			connected++
		}
	}
	up := 2*r.reached >= connected
	problems := slices.SortedFunc(maps.Values(r.problems), func(a, b *AgentProblem) int {
		return cmp.Or(b.Agents-a.Agents, cmp.Compare(a.Category, b.Category))
	})
	status := &AgentPolls{Listed: len(agents), Asked: r.asked, Answered: r.answered, OwnMetrics: r.raw}
	for i, p := range problems {
		if i < 5 {
			status.Problems = append(status.Problems, *p)
		}
	}

	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if r.ctx.Err() != nil || c.run != r.run {
		c.mu.Unlock()
		return false
	}
	status.OwnMetricsWhy = c.writer.rawWhy
	for _, p := range problems {
		c.failures[series.PollAgents][p.Category] += uint64(p.Agents)
	}
	c.agents = status
	s := c.statuses[series.PollAgents]
	before := s.Err
	now := c.clock.Now()
	s.LastAttempt, s.Took, s.Head, s.Bytes, s.Err = r.scheduled, now.Sub(r.scheduled), r.head, r.bytes, nil
	if up {
		s.LastSuccess = later(r.scheduled, r.newest)
	} else {
		s.Failures++
		s.Err = &mesos.Error{Category: categoryOf(r.first), Err: r.first, Sentence: fmt.Sprintf("%d of %d agents did not answer. One of them: %s",
			len(agents)-r.answered, len(agents), r.first)}
	}
	took, failure := s.Took, s.Err
	c.mu.Unlock()

	switch {
	case failure != nil && before == nil:
		c.log.Warn("A poll failed", "poll", series.PollAgents, "error", failure)
	case failure == nil && before != nil:
		c.log.Info("A poll works again", "poll", series.PollAgents)
	}
	h, _ := c.healthOf(r.pass, series.PollAgents)
	h.ok, h.took, h.bytes = up, took, r.bytes
	if err := c.writer.agentTotals(r.ctx, later(r.scheduled, r.newest), r.sums, !model.Restricted, h); err != nil {
		c.log.Warn("The sums of measured use could not be stored", "error", err)
	}
	c.noteWritten()
	return true
}

// endAgents ends all that agents brought, when they are not asked any more.
func (c *Collector) endAgents(p *pass) {
	c.mu.Lock()
	had := c.agents != nil
	c.mu.Unlock()
	if !had {
		return
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if _, current := c.healthOf(p, series.PollAgents); !current {
		return
	}
	none, all := func(agentKey) bool { return false }, func(agentKey) bool { return true }
	err := errors.Join(c.writer.agentsEnd(p.ctx, p.scheduled, none, all), c.writer.gone(p.ctx, series.PollAgents, p.scheduled))
	if err != nil {
		c.log.Warn("The end of measured use could not be stored", "error", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.agents, c.asked = nil, nil
}
