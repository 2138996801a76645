package collector

import (
	"cmp"
	"slices"
	"time"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// rolesPoll queries the leader's /roles right after /state, so that both are of
// one moment. It has no loop of its own, but a status and a back-off: a /roles
// that is refused or missing costs the series of roles' quota, weight and
// reservations, and nothing else.
type rolesPoll struct {
	*Collector
	result outcome

	failed  int  // polls in a row
	skipped bool // /roles was not asked for after the latest /state
}

func newRolesPoll(c *Collector) *rolesPoll {
	return &rolesPoll{Collector: c, result: newOutcome(series.PollRoles)}
}

// ask requests /roles and writes the samples. It returns the model with them, or as it
// was where they failed, and how long the master worked on them.
func (r *rolesPoll) ask(p *scheduledPoll, model *cluster.Cluster) (*cluster.Cluster, time.Duration) {
	if r.rests() {
		return model, 0
	}
	with, head := model, time.Duration(0)
	var err error
	panicked := r.guard("polling roles", func() { with, head, err = r.request(p, model) })
	if err = cmp.Or(panicked, err); err != nil {
		r.failed++
		r.fail(p, &r.result, err)
		return model, 0
	}
	r.failed = 0
	return with, head
}

func (r *rolesPoll) request(p *scheduledPoll, model *cluster.Cluster) (*cluster.Cluster, time.Duration, error) {
	roles, err := p.client.Roles(p.ctx)
	if err != nil && r.worthRetrying(err) && p.wait(p.timer, retryAfter(p.interval)) {
		roles, err = p.client.Roles(p.ctx)
	}
	if err != nil {
		return nil, 0, err
	}
	at := *roles // others may share the answer
	at.Sent = p.align(roles.Sent)
	with := model.WithRoles(&at)
	err = r.write(p, &r.result, at.Answer, func(h samples.Health) error {
		return r.writer.Roles(p.ctx, with, at.Sent, h)
	})
	return with, roles.Head, err
}

// rests reports whether /roles is left out this time: after two failures in a
// row it is asked for with every second /state, so that mesos_up stays within the
// look-back of queries.
func (r *rolesPoll) rests() bool {
	r.skipped = r.failed > 1 && !r.skipped
	return r.skipped
}

// worthRetrying reports whether /roles is asked for once more: a master that
// refuses it or does not have it would answer the same again.
func (r *rolesPoll) worthRetrying(err error) bool {
	return !slices.Contains([]mesos.Category{mesos.Auth, mesos.Forbidden, mesos.NotMesos, mesos.Protocol}, categoryOf(err))
}
