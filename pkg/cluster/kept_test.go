package cluster

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

// written writes all of a model that the stream may change.
func (c *Cluster) written() []string {
	var b strings.Builder
	fmt.Fprintln(&b, c.Capacity, c.Allocated, c.TaskCounts, c.AgentCounts, c.FrameworkCounts)
	for _, a := range c.Agents {
		fmt.Fprintf(&b, "%+v\n", *a)
	}
	for _, f := range c.Frameworks {
		fmt.Fprintf(&b, "%+v\n", *f)
	}
	for _, t := range c.Tasks {
		fmt.Fprintln(&b, t.ID, t.Name, t.Role, t.State, t.Agent.ID, t.Agent.Hostname, t.Framework.Name, t.Allocated, t.latest)
	}
	for _, e := range c.Executors {
		fmt.Fprintln(&b, e.ID, e.Agent.ID, e.Framework.ID, e.Allocated)
	}
	for _, role := range slices.Sorted(func(yield func(string) bool) {
		for role := range c.RoleLoads {
			if !yield(role) {
				return
			}
		}
	}) {
		fmt.Fprintln(&b, role, *c.RoleLoads[role])
	}
	return slices.Sorted(strings.SplitSeq(b.String(), "\n"))
}

// sameModel fails with the lines in which two models differ.
func sameModel(t *testing.T, want, got *Cluster, about any) {
	t.Helper()
	w, g := want.written(), got.written()
	for _, line := range w {
		if !slices.Contains(g, line) {
			t.Errorf("%v: missing: %s", about, line)
		}
	}
	for _, line := range g {
		if !slices.Contains(w, line) {
			t.Errorf("%v: too many: %s", about, line)
		}
	}
}

// A model that is kept by events from one /state on is right for as long as the stream
// lasts: at each later /state nothing differs but what the stream does not tell.
func TestAModelIsKeptByEventsForTheWholeRecording(t *testing.T) {
	stream, polled := streamOf(t, "subscribe"), states(t)
	base := Build(polled[0], nil)
	before := base.written()
	read, kept, quiet := polled[0].Sent, base, 0
	var next *Cluster
	for n := 1; n < len(polled); n++ {
		s := polled[n]
		asked := kept.With(between(stream, read, s.Sent), s.Sent)
		answered := s.Sent.Add(s.Took + time.Second)
		kept = asked.With(between(stream, s.Sent, answered), answered)
		read = answered
		next = Build(s, next)
		require.Zero(t, Drift(asked, kept, next), n)

		// In a quiet moment, what is known adds up to what the leader accounts. Executors
		// that came and went are not told, so that tasks alone are compared.
		if len(between(stream, s.Sent.Add(-time.Second), answered)) == 0 {
			require.Equal(t, next.TaskCounts, kept.TaskCounts, n)
			quiet++
		}
	}
	require.Positive(t, quiet)
	require.Equal(t, before, base.written(), "the model itself stays as it is")
}

// What is told twice, or before the answer to /state though it is in it, changes nothing.
func TestAModelTakesTheSameChangesTwice(t *testing.T) {
	stream, polled := streamOf(t, "subscribe"), states(t)
	for _, n := range []int{0, 10, 20, 40, 55, 64} {
		base := Build(polled[n], nil)
		from, to := polled[n].Sent, polled[n].Sent.Add(20*time.Second)
		changes := between(stream, from, to)
		once := base.With(changes, to)
		sameModel(t, once, once.With(changes, to), n)

		// Whole, though the stream began before; and where the times of receipt are not known.
		sameModel(t, once, base.With(between(stream, time.Time{}, to), to), n)
		lately := between(stream, from.Add(-300*time.Millisecond), to)
		for i := range lately {
			lately[i].Received = time.Time{}
		}
		sameModel(t, once, base.With(lately, to), n)

		// In two steps.
		middle := from.Add(7 * time.Second)
		two := base.With(between(stream, from, middle), middle).With(between(stream, middle, to), to)
		sameModel(t, once, two, n)
	}
}

// A record that is lost is noticed at the next /state.
func TestALostRecordIsDrift(t *testing.T) {
	stream, polled := streamOf(t, "subscribe"), states(t)
	noticed := map[mesos.StreamEventType]int{}
	for n := 0; n+1 < len(polled); n++ {
		base, s := Build(polled[n], nil), polled[n+1]
		answered := s.Sent.Add(s.Took + time.Second)
		begin, end := polled[n].Sent.Add(polled[n].Took), s.Sent.Add(-200*time.Millisecond)
		head, changes, tail := between(stream, polled[n].Sent, begin), between(stream, begin, end), between(stream, end, s.Sent)
		for lost := range changes {
			some := slices.Concat(head, changes[:lost], changes[lost+1:], tail)
			asked := base.With(some, s.Sent)
			kept := asked.With(between(stream, s.Sent, answered), answered)
			if Drift(asked, kept, Build(s, base)) != (Drifted{}) {
				noticed[changes[lost].Type]++
			}
		}
	}
	// Tasks that came and went between two /state leave no trace, and a status that
	// another one follows is made up for.
	require.GreaterOrEqual(t, noticed[mesos.StreamTaskAdded], 50)
	require.GreaterOrEqual(t, noticed[mesos.StreamTaskUpdated], 50)
	require.GreaterOrEqual(t, noticed[mesos.StreamFrameworkAdded], 1)
	require.GreaterOrEqual(t, noticed[mesos.StreamFrameworkRemoved], 1)
	require.Equal(t, 2, noticed[mesos.StreamAgentAdded])
	require.Zero(t, noticed[mesos.StreamHeartbeat])
}
