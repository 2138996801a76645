package samples

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/mesos"
)

func TestEveryCounterHasItsPlace(t *testing.T) {
	require.Len(t, counters, numCounters)
	require.LessOrEqual(t, numCounters, 32, "bits")
	require.Less(t, mesos.NumStatistics, 64, "bits")
}

func TestBoundsOfAnAgent(t *testing.T) {
	const gib = 1 << 30
	offers := func(cpus, revocable, mem, disk cluster.Amount) *cluster.Agent {
		return &cluster.Agent{Capacity: cluster.Resources{cluster.CPUs: cpus, cluster.Memory: mem, cluster.Disk: disk}, RevocableCapacity: cluster.Resources{cluster.CPUs: revocable}}
	}
	const mib = 1000 // thousandths
	for name, c := range map[string]struct {
		agent               *cluster.Agent
		host                host
		cores, memory, disk float64
	}{
		"what it offers":                   {offers(4000, 0, 1024*mib, 1024*mib), host{}, 8, 2 * gib, 10 * gib},
		"revocable CPUs are offered too":   {offers(4000, 2000, 1024*mib, 0), host{}, 12, 2 * gib, mostDisk},
		"a machine that has more":          {offers(4000, 0, 1024*mib, 1024*mib), host{32, 64 * gib}, 48, 64 * gib, 10 * gib},
		"a machine that has less":          {offers(100_000, 0, 1<<20*mib, 1024*mib), host{4, 8 * gib}, 150, 1 << 40, 10 * gib},
		"nothing is known":                 {offers(cluster.Unknown, cluster.Unknown, cluster.Unknown, cluster.Unknown), host{}, 1.5 * mostCPUs, mostMemory, mostDisk},
		"nothing but the machine is known": {offers(cluster.Unknown, 0, cluster.Unknown, cluster.Unknown), host{4, gib}, 6, gib, mostDisk},
		"it offers what no machine has":    {offers(1e12, 0, 1e15, 1e15), host{}, 1.5 * mostCPUs, mostMemory, mostDisk},
	} {
		b := boundsOf(c.agent, c.host)
		require.Equal(t, []float64{c.cores, c.memory, c.disk}, []float64{b.cores, b.memory, b.disk}, name)
		require.NotEmpty(t, b.String())
	}
}

func TestTheSizeOfAMachineThatCannotBeIsUnknown(t *testing.T) {
	var h host
	h.learn(map[string]float64{"system/cpus_total": 8, "system/mem_total_bytes": 1 << 34})
	known := h
	h.learn(map[string]float64{"system/cpus_total": 1e9, "system/mem_total_bytes": -1})
	h.learn(nil)
	require.Equal(t, known, h)
}

func TestTimeBetweenReadings(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	first := &reading{timestamp: 1000, at: at}
	for name, c := range map[string]struct {
		timestamp, ours float64
		passed          float64
		agree           bool
		longest         float64
	}{
		"the clocks agree":                       {1010, 10, 10, true, 10},
		"the agent was late by a second":         {1011, 10, 11, true, 11},
		"a slow answer":                          {1014.9, 10, 14.9, true, 14.9},
		"the agent's clock was set":              {1100, 10, 100, false, 100},
		"far":                                    {9000, 10, 8000, false, 100},
		"back":                                   {900, 10, -100, false, 10},
		"without a timestamp our own clock goes": {0, 10, 10, true, 10},
		"a moment":                               {1000.2, 0.2, 0.2, true, 1},
	} {
		second := &reading{timestamp: c.timestamp, at: at.Add(time.Duration(c.ours * float64(time.Second)))}
		passed, agree := second.passed(first)
		require.InDelta(t, c.passed, passed, 1e-6, name)
		require.Equal(t, c.agree, agree, name)
		require.InDelta(t, c.longest, second.longestSince(first), 1e-6, name)
	}
}

// The time of a reading without a timestamp is the middle of its request.
func TestTheMomentOfAReading(t *testing.T) {
	sent := time.Unix(1_800_000_000, 0)
	var r mesos.Readings
	require.Equal(t, sent.Add(time.Second), readingOf(&r, mesos.Answer{Sent: sent, Head: 2 * time.Second}).at)
	for _, odd := range []float64{0, -1, 1.8e12} { // the last one is in milliseconds
		r.Set(timestamp, odd)
		require.Zero(t, readingOf(&r, mesos.Answer{Sent: sent}).timestamp)
	}
}
