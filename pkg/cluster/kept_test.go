package cluster

import (
	"fmt"
	"math/rand/v2"
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
	for _, t := range c.Tasks() {
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

// Whatever comes in whatever order, counts and sums are those of the tasks and executors
// that the model has.
func TestCountsAndSumsFollowAnyRecords(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		model := built(t, aBase)
		states := []string{"TASK_STAGING", "TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_FINISHED", "TASK_FAILED", "TASK_LOST", "TASK_UNREACHABLE", "TASK_ODD"}
		pick := func(all ...string) string { return all[r.IntN(len(all))] }
		for range 5 {
			var changes []mesos.StreamEvent
			for range r.IntN(30) {
				task := streamTask(pick("t1", "t2", "t3", "t4"), pick(states...), []float64{float64(r.IntN(50)), float64(r.IntN(200))}[:r.IntN(3)]...)
				task.FrameworkID, task.SlaveID = pick("F1", "F2"), pick("S1", "S2", "S3")
				task.ExecutorID = pick("", "", "e1")
				task.Resources.CPUsRevocable = float64(r.IntN(2))
				again := float64(r.IntN(300))
				change := mesos.StreamEvent{Received: time.Unix(int64(r.IntN(400)), 0)}
				switch r.IntN(9) {
				case 0, 1, 2:
					change.Type, change.Task = mesos.StreamTaskAdded, task
				case 3, 4, 5:
					update := taskUpdated(task.ID, task.State, again)
					update.Update.FrameworkID, update.Update.Status.UUID = task.FrameworkID, pick("", "u")
					if r.IntN(4) == 0 {
						update.Update.State = pick(states...)
					}
					change.Type, change.Update = update.Type, update.Update
				case 6:
					change.Type, change.Agent = mesos.StreamAgentAdded, &mesos.Slave{ID: task.SlaveID, Hostname: "h", Active: true,
						RegisteredTime: again, Resources: mesos.Resources{CPUs: 8}, Used: mesos.Resources{Unknown: mesos.AllKinds}}
				case 7:
					change.Type, change.Framework = pickType(r), &mesos.Framework{ID: task.FrameworkID, Name: "f", Roles: []string{"prod"}, Active: r.IntN(2) == 0, RegisteredTime: again}
				case 8:
					change.Type, change.RemovedID = mesos.StreamAgentRemoved, task.SlaveID
					if r.IntN(2) == 0 {
						change.Type, change.RemovedID = mesos.StreamFrameworkRemoved, task.FrameworkID
					}
					if r.IntN(4) == 0 {
						change = mesos.StreamEvent{Type: mesos.StreamSubscribed, Received: change.Received, Subscribed: &mesos.Subscribed{Tasks: []*mesos.StreamTask{task, streamTask(task.ID, "TASK_RUNNING", 5)}}}
					}
				}
				changes = append(changes, change)
			}
			before := model.written()
			next := model.With(changes, time.Unix(500, 0))
			require.Equal(t, before, model.written(), seed)
			model.EventsOf(changes, nil)
			Happened(model, next, nil)
			model = next
			addsUp(t, model, seed)
		}
	}
}

func pickType(r *rand.Rand) mesos.StreamEventType {
	if r.IntN(2) == 0 {
		return mesos.StreamFrameworkAdded
	}
	return mesos.StreamFrameworkUpdated
}

func addsUp(t *testing.T, c *Cluster, seed uint64) {
	t.Helper()
	type sums struct {
		counts TaskCounts
		held   Resources
	}
	agents, frameworks, roles := map[string]sums{}, map[string]sums{}, map[string]sums{}
	var all TaskCounts
	keys := map[taskKey]bool{}
	for i := range c.Tasks() {
		task := &c.Tasks()[i]
		key := taskKey{task.Framework.ID, task.ID}
		require.False(t, keys[key], "seed %d: twice: %v", seed, key)
		keys[key] = true
		require.Same(t, c.agents[task.Agent.ID], task.Agent, seed)
		require.Same(t, c.frameworks[task.Framework.ID], task.Framework, seed)
		require.True(t, task.State.holds() || task.Allocated == Resources{}, seed)
		all.add(task.State)
		for to, name := range map[*map[string]sums]string{&agents: task.Agent.ID, &frameworks: task.Framework.ID, &roles: task.Role} {
			s := (*to)[name]
			s.counts.add(task.State)
			s.held.Add(task.Allocated)
			(*to)[name] = s
		}
	}
	for i := range c.Executors {
		e := &c.Executors[i]
		require.Same(t, c.agents[e.Agent.ID], e.Agent, seed)
		for to, name := range map[*map[string]sums]string{&agents: e.Agent.ID, &frameworks: e.Framework.ID, &roles: e.Role} {
			s := (*to)[name]
			s.held.Add(e.Allocated)
			(*to)[name] = s
		}
	}
	same := func(what string, want sums, counts TaskCounts, amount Resources) {
		require.Equal(t, want.counts, counts, "seed %d: tasks of %s", seed, what)
		for k := range amount {
			if amount[k].Known() && want.held[k].Known() {
				require.Equal(t, want.held[k], amount[k], "seed %d: %s of %s", seed, Kind(k), what)
			}
		}
	}
	require.Equal(t, all, c.TaskCounts, seed)
	var allocated Resources
	for _, a := range c.Agents {
		require.Same(t, c.agents[a.ID], a)
		same("agent "+a.ID, agents[a.ID], a.Tasks, a.Allocated)
		allocated.Add(a.Allocated)
	}
	require.Equal(t, allocated, c.Allocated, seed)
	for _, f := range c.Frameworks {
		require.Same(t, c.frameworks[f.ID], f)
		same("framework "+f.ID, frameworks[f.ID], f.Tasks, f.Allocated)
	}
	for role, load := range c.RoleLoads {
		same("role "+role, roles[role], load.Tasks, load.Allocated)
	}
}

// While /state is requested one task may begin where another ends, so that as much is held before
// and after as in between it is not: that is no drift.
func TestTasksThatTakeTurnsDuringAStateAreNoDrift(t *testing.T) {
	base := built(t, aBase)
	asked := base.With([]mesos.StreamEvent{taskAdded("t2", 0.5)}, time.Unix(110, 0))
	begins, ends := taskAdded("t3", 0.5), taskUpdated("t2", "TASK_FAILED", 111)
	half := asked.With([]mesos.StreamEvent{begins}, time.Unix(112, 0))
	answered := asked.With([]mesos.StreamEvent{begins, ends}, time.Unix(113, 0))
	require.Equal(t, asked.Agents[0].Tasks, answered.Agents[0].Tasks)
	require.Zero(t, Drift(asked, answered, half))
	require.NotZero(t, Drift(asked, asked, half))
	gone := *half
	gone.Agents, gone.Frameworks = nil, nil
	require.Equal(t, 1, Drift(asked, answered, &gone).Frameworks, "which there are is told all the same")
}
