package collector

import (
	"context"
	"slices"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// statePoll queries the leader's /state, and /roles right after it. It has
// the model of the cluster.
type statePoll struct {
	*Collector
	when   schedule
	result outcome
	roles  *rolesPoll

	model *cluster.Cluster // the latest
	seen  *cluster.Cluster // the same, or a newer one whose /roles is not read yet
	heads []time.Duration  // of the latest /state + /roles, newest last

	returning  *Returning // nil while no new leader had fewer agents
	lookedBack bool       // at what the log has of before the start
}

func newStatePoll(c *Collector) *statePoll {
	return &statePoll{Collector: c, when: schedule{first: true}, result: newOutcome(series.PollState), roles: newRolesPoll(c)}
}

func (s *statePoll) schedule() *schedule  { return &s.when }
func (s *statePoll) outcomes() []*outcome { return []*outcome{&s.result, &s.roles.result} }
func (s *statePoll) runs() bool           { return true }
func (s *statePoll) reported() bool       { return true }
func (s *statePoll) interval() time.Duration {
	every := s.ladder()
	// What events keep is only checked by /state. One that failed is asked for as soon as
	// without them.
	// No event and no number of a snapshot tells when an agent has drained.
	if s.agentCount() >= manyAgents && s.when.failed == 0 && s.model.AgentCounts[cluster.AgentDraining] == 0 && s.stream.following() {
		return max(every, min(fewerStates*every, longestState))
	}
	return every
}

// ladder returns how often /state is asked for without the event stream. mu is held.
func (s *statePoll) ladder() time.Duration {
	return stateInterval(s.settings.PollInterval, s.agentCount(), s.head())
}

// earliest returns when /state may be asked for out of turn: within the share of the
// master's time, and where that changes nothing, less and less out of turn. mu is held.
func (s *statePoll) earliest() time.Time {
	every := s.ladder()
	wait := min(every, max(s.settings.PollInterval, s.head()*headShare))
	for range s.stream.kept.early {
		wait = min(2*wait, every)
	}
	return s.last().Add(wait)
}

// last returns when /state was asked for last. mu is held.
func (s *statePoll) last() time.Time { return later(s.when.scheduled, s.when.tried) }

// agentCount returns the number of agents of the latest model. mu is held.
func (s *statePoll) agentCount() int {
	if s.model == nil {
		return 0
	}
	return len(s.model.Agents)
}

// head returns how long the master worked on the latest /state and /roles: of
// the last two the shorter, because one slow answer is no reason to ask less
// often.
func (s *statePoll) head() time.Duration {
	if len(s.heads) == 0 {
		return 0
	}
	return slices.Min(s.heads)
}

// lastSeen returns the model of the latest /state, whose /roles may not be read
// yet.
func (s *statePoll) lastSeen() *cluster.Cluster {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

func (s *statePoll) forget() {
	s.model, s.seen, s.heads, s.returning = nil, nil, nil, nil
	s.result.forget()
	s.roles.result.forget()
	s.roles.failed = 0
}

// veryManyAgents is from how many agents on memory is spared while /state is read: with the
// model of before, that of now and what both are made of there is twice as much as else.
const veryManyAgents = 20_000

func (s *statePoll) perform(p *scheduledPoll) bool {
	s.mu.Lock()
	spares, current := s.agentCount() >= veryManyAgents, s.current
	s.mu.Unlock()
	if spares {
		current.forget() // they are of the model that is about to be replaced
		defer s.spareMemory()()
	}
	ok := s.ask(p)
	s.mu.Lock()
	// Where /state is asked for often it would cost more than it saves.
	frees := ok && !spares && s.stream.following() && s.interval() >= time.Minute
	s.mu.Unlock()
	if frees {
		s.freeMemory()
	}
	return ok
}

// ask requests /state and /roles, and writes what they bring. It reports whether all went well.
func (s *statePoll) ask(p *scheduledPoll) bool {
	var model *cluster.Cluster
	var answer mesos.Answer // of /state, which is as large as the model and not needed once that is built
	var sent time.Time
	told := false // by the stream, what happened since the model before
	s.stream.noteChanges(p.run)
	s.recallCounted(p.ctx)
	s.wantEnded(p)
	err := s.twice(p, func(ctx context.Context) error {
		state, err := p.client.State(ctx)
		if err != nil {
			return err
		}
		sent = state.Sent
		at := *state // others may share the answer
		at.Sent = p.align(state.Sent)
		state, answer = &at, at.Answer
		model = cluster.Build(state, s.before(p))
		if !s.identify(p, model) {
			model = cluster.Build(state, nil)
		}
		s.nameForState(p, state)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.run == p.run {
			s.seen = model
			s.leads.answered(state.Target, state.Sent)
		}
		return nil
	})
	if err == nil {
		// What the stream told comes first: it has the reasons.
		s.stream.noteChanges(p.run)
		other := s.otherCluster(p, model.Time)
		happened := append(other, s.found(p.run, model.Time)...)
		away, logged := s.whileAway(p, model)
		if other == nil {
			happened = append(happened, away...)
		} else {
			logged = nil
		}
		if told = s.stream.tells(model, sent); !told {
			if differs := s.compared(p, model, sent); other == nil {
				happened = append(happened, differs...)
			}
		}
		s.countedElsewhere(p, happened, logged, model)
		s.noteAll(p.run, happened, !told)
		s.remember(p, model)
		err = s.write(p, &s.result, answer, func(h samples.Health) error {
			return s.writer.State(p.ctx, model, p.settings.samples(), h)
		})
		s.stream.noteModel(model.Time, err)
	}
	if err != nil {
		_ = s.guard("keeping the model by events", func() { p.kept = s.stream.insteadOfState(p) })
		s.fail(p, &s.result, err)
		s.fail(p, &s.roles.result, err) // it is not asked for alone
		return false
	}
	model, head := s.roles.ask(p, model)
	if p.ctx.Err() != nil {
		return false
	}
	if told {
		if !p.wait(p.timer, settleFor) {
			return false
		}
		_ = s.guard("comparing /state with events", func() { s.stream.check(p, model, sent) })
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	if s.run == p.run {
		s.returning = s.returning.note(s.model, model)
		s.model, s.viewed, s.leader = model, model, model.Master
		s.stream.polled(model, sent)
		s.heads = append(s.heads, answer.Head+head)
		if len(s.heads) > 2 {
			s.heads = s.heads[1:]
		}
	}
	s.mu.Unlock()
	s.refreshCurrent()
	return true
}
