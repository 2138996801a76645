package collector

import (
	"context"
	"time"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// snapshotPoll queries the leader's /metrics/snapshot.
type snapshotPoll struct {
	*Collector
	when   schedule
	result outcome
	// answer is the latest one. It is guarded by Collector.mu.
	answer *mesos.Metrics
	// lag is that of the sums written with it. It is guarded by Collector.mu.
	lag lags
	// processes are those of the masters that answered. They are guarded by Collector.mu.
	processes processes
}

func newSnapshotPoll(c *Collector) *snapshotPoll {
	return &snapshotPoll{Collector: c, when: schedule{first: true}, result: newOutcome(series.PollSnapshot)}
}

func (s *snapshotPoll) schedule() *schedule     { return &s.when }
func (s *snapshotPoll) outcomes() []*outcome    { return []*outcome{&s.result} }
func (s *snapshotPoll) interval() time.Duration { return s.settings.PollInterval }
func (s *snapshotPoll) runs() bool              { return true }
func (s *snapshotPoll) reported() bool          { return true }

func (s *snapshotPoll) forget() {
	s.result.forget()
	s.answer = nil
	s.lag, s.processes = nil, processes{}
}

func (s *snapshotPoll) perform(p *scheduledPoll) bool {
	s.mu.Lock()
	s.when.sooner = 0
	s.mu.Unlock()
	var answer *mesos.Metrics
	err := s.twice(p, func(ctx context.Context) (err error) {
		answer, err = p.client.Snapshot(ctx)
		if err == nil {
			answer = p.onTime(answer)
		}
		return err
	})
	if err == nil {
		err = s.nameForSnapshot(p)
	}
	if err == nil {
		err = s.write(p, &s.result, answer.Answer, func(h samples.Health) error {
			return s.writer.Snapshot(p.ctx, answer, s.state.lastSeen(), s.historyStart(), h)
		})
	}
	if err != nil {
		s.fail(p, &s.result, err)
		s.stream.lost(p)
		return false
	}
	s.mu.Lock()
	s.leader, s.answer = answer.Target, answer
	s.leads.answered(answer.Target, answer.Sent)
	before, since, other := s.processes.answered(processOf(answer))
	s.mu.Unlock()
	if other {
		s.stream.replaced(p, before, since)
	}
	_ = s.guard("keeping the model by events", func() { s.stream.follow(p, answer, false) })
	s.note(p.run, nil)
	return true
}
