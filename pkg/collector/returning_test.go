package collector

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
)

func TestAgentsThatComeBackToANewLeaderAreCounted(t *testing.T) {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	model := func(elected float64, agents, at int) *cluster.Cluster {
		return &cluster.Cluster{ElectedTime: elected, Agents: make([]*cluster.Agent, agents), Time: begin.Add(time.Duration(at) * time.Second)}
	}
	var r *Returning
	var before *cluster.Cluster
	note := func(m *cluster.Cluster) *Returning {
		r, before = r.note(before, m), m
		return r
	}
	require.Nil(t, note(model(100, 12, 0)))
	require.Nil(t, note(model(100, 11, 15)), "an agent that leaves its leader does not come back to a new one")
	require.Nil(t, note(model(100, 12, 30)))
	first := note(model(200.5, 1, 45))
	require.Equal(t, Returning{Elected: time.Unix(200, 5e8).UTC(), Before: 12, Fewest: 1, First: begin.Add(45 * time.Second), Last: begin.Add(45 * time.Second)}, *first)
	note(model(200.5, 7, 60))
	require.Equal(t, begin.Add(60*time.Second), r.Last)
	require.Equal(t, 1, r.Fewest)
	require.Equal(t, begin.Add(45*time.Second), first.Last, "a status keeps what it had")
	note(model(200.5, 12, 75))
	require.Equal(t, begin.Add(60*time.Second), r.Last)
	note(model(200.5, 5, 90))
	require.Equal(t, begin.Add(60*time.Second), r.Last, "they had come back")

	// After the time that agents have, those that are missing are gone.
	note(model(300, 4, 105))
	require.Equal(t, 5, r.Before)
	note(model(300, 4, 106+600))
	require.Equal(t, begin.Add(105*time.Second), r.Last)
	note(model(400, 4, 1000))
	require.Equal(t, 5, r.Before, "a leader with as many agents changes nothing")
}
