package collector

import (
	"math"
	"time"

	"community-mesos-datasource/pkg/cluster"
)

// returningFor is how long agents may take to come back to a new leader: Mesos'
// --agent_reregister_timeout, 10 minutes at least.
const returningFor = 10 * time.Minute

// Returning is the latest time in which a new leader had fewer agents than the one before
// it: agents come back one by one, and sums are of those that have. Masters before 1.2 do
// not tell how many are missing.
type Returning struct {
	Elected time.Time `json:"elected"`
	Before  int       `json:"before"` // agents of the leader before
	Fewest  int       `json:"fewest"` // that the new one had in a poll
	// First and Last are the polls with fewer.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`

	over bool
}

// note compares a model with the one before it, nil for none. It returns r or, since a
// status shares it, another one.
func (r *Returning) note(before, m *cluster.Cluster) *Returning {
	changed := before != nil && before.ElectedTime != m.ElectedTime && m.ElectedTime > 0
	n := len(m.Agents)
	switch {
	case changed && n < len(before.Agents):
		return &Returning{Elected: unix(m.ElectedTime), Before: len(before.Agents), Fewest: n, First: m.Time, Last: m.Time}
	case changed || r == nil || r.over:
		return r
	case n >= r.Before || m.Time.Sub(r.First) > returningFor:
		next := *r
		next.over = true
		return &next
	}
	next := *r
	next.Last, next.Fewest = m.Time, min(r.Fewest, n)
	return &next
}

func unix(seconds float64) time.Time {
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)).UTC()
}
