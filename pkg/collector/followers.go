package collector

import (
	"context"
	"time"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// followersPoll queries each follower for its own /metrics/snapshot. One that does
// not answer costs its own series only, and mesos_up is 0.
type followersPoll struct {
	*Collector
	when   schedule
	result outcome

	masters []MasterStatus // nil before the first poll
	// replaced: other masters were set since that poll, so that a status leaves those out.
	replaced bool
}

func newFollowersPoll(c *Collector) *followersPoll {
	return &followersPoll{Collector: c, result: newOutcome(series.PollFollowers)}
}

func (f *followersPoll) schedule() *schedule     { return &f.when }
func (f *followersPoll) outcomes() []*outcome    { return []*outcome{&f.result} }
func (f *followersPoll) interval() time.Duration { return followerShare * f.settings.PollInterval }
func (f *followersPoll) runs() bool              { return len(f.masters) > 0 }
func (f *followersPoll) reported() bool          { return f.masters != nil }

func (f *followersPoll) forget() {
	f.masters, f.replaced = nil, false
	f.result.forget()
}

func (f *followersPoll) perform(p *scheduledPoll) bool {
	if f.awaitState(p) != nil {
		return false
	}
	f.mu.Lock()
	known := f.label.value != "" && !f.others.pending
	f.mu.Unlock()
	if !known {
		return true // the leader's polls find the name, or fail
	}
	targets := p.client.Followers(p.ctx)
	answers := make([]*mesos.Metrics, len(targets))
	errs := make([]error, len(targets))
	err := f.twice(p, func(ctx context.Context) error {
		var failed error // the first: all of them are listed by master
		for i, target := range targets {
			if answers[i] == nil {
				answers[i], errs[i] = p.client.SnapshotOf(ctx, target)
			}
			if failed == nil {
				failed = errs[i]
			}
		}
		return failed
	})
	if p.ctx.Err() != nil {
		return false
	}

	sum := mesos.Answer{Sent: p.scheduled}
	var statuses []MasterStatus
	var answered []*mesos.Metrics
	for i, target := range targets {
		if errs[i] != nil {
			statuses = append(statuses, MasterStatus{Address: target.Address, Error: errs[i].Error()})
			continue
		}
		s := answers[i]
		if s.Elected() {
			continue // it has begun to lead: the snapshot poll writes its series
		}
		statuses = append(statuses, MasterStatus{Address: target.Address})
		answered = append(answered, s)
		sum.Bytes += s.Bytes
		sum.Took += s.Took
		sum.Head += s.Head
		sum.Sent = later(sum.Sent, s.Sent)
	}
	f.mu.Lock()
	had := len(f.masters) > 0
	f.masters, f.replaced = statuses, false
	f.mu.Unlock()
	switch {
	case err != nil:
		f.failSome(p, &f.result, err, answered)
	case len(targets) > 0:
		err = f.write(p, &f.result, sum, func(h samples.Health) error {
			return f.writer.Followers(p.ctx, answered, sum.Sent, h)
		})
	case had:
		f.writing.Lock()
		defer f.writing.Unlock()
		if _, current := f.healthOf(p, &f.result); current {
			f.noteWritten(p.ctx, f.writer.Gone(p.ctx, series.PollFollowers, p.scheduled))
		}
	}
	return err == nil
}
