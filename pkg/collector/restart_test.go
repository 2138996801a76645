package collector_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// logged is an event of a task in the log of a process before.
func logged(id, state string, at time.Time) events.Event {
	return events.Event{
		ID: id + "/" + state, Kind: events.KindTask, What: events.What(state), Time: at, Severity: events.Info,
		TaskID: id, Task: "name of " + id, FrameworkID: "F1", Framework: "marathon", Agent: "agent1", AgentID: "S1",
	}
}

// told returns what the log has of a task, in the order in which it came.
func (l *eventLog) told(task string) string {
	var told []string
	for _, e := range l.of(events.KindTask) {
		if e.TaskID == task {
			told = append(told, string(e.What))
		}
	}
	return strings.Join(told, ", ")
}

// whileStopped returns changes of a fake whose plugin was stopped for a while: t1 failed,
// t2 began and failed, t3 runs on, t4 is forgotten, t5 failed before and is in the log, t6
// began, and t7 failed before the log began.
func whileStopped(away time.Duration) func(*fake) {
	return func(f *fake) {
		f.watched = begin.Add(-away)
		f.before = []events.Event{
			logged("t1", "running", begin.Add(-time.Hour)), logged("t3", "running", begin.Add(-time.Hour)),
			logged("t4", "running", begin.Add(-time.Hour)),
			logged("t5", "running", begin.Add(-time.Hour)), logged("t5", "failed", begin.Add(-away-time.Minute)),
		}
		six := task(6)
		six.Statuses[0].Timestamp = float64(begin.Add(-away / 3).Unix())
		f.state.ElectedTime = float64(begin.Add(-24 * time.Hour).Unix())
		f.state.Frameworks[0].Tasks = []mesos.Task{task(3), six}
		two := ended(2, "TASK_FAILED", begin.Add(-away/2))
		two.Statuses[0].Timestamp = float64(begin.Add(-away * 3 / 4).Unix())
		f.state.Frameworks[0].CompletedTasks = []mesos.Task{
			ended(1, "TASK_FAILED", begin.Add(-away/2)), two,
			ended(5, "TASK_FAILED", begin.Add(-away-time.Minute)), ended(7, "TASK_FAILED", begin.Add(-2*time.Hour)),
		}
	}
}

func requireToldAfterRestart(t *testing.T, f *faked, away time.Duration) {
	t.Helper()
	f.clock.Advance(4 * interval)
	require.Equal(t, "running, failed", f.events.told("t1"))
	require.Equal(t, "running, failed", f.events.told("t2"))
	require.Equal(t, "running", f.events.told("t3"), "nothing happened to it")
	require.Equal(t, "running, unknown", f.events.told("t4"))
	require.Equal(t, "running, failed", f.events.told("t5"), "told before")
	require.Equal(t, "running", f.events.told("t6"))
	require.Empty(t, f.events.told("t7"), "before the log")
	for _, e := range f.events.of(events.KindTask) {
		if e.TaskID == "t1" && e.What == "failed" {
			require.WithinDuration(t, begin.Add(-away/2), e.Time, time.Millisecond, "Mesos' own time")
		}
	}
	require.NotEmpty(t, f.rec.find("mesos_role_tasks_ended_total"))
}

func TestWhatTasksDidDuringARestartIsTold(t *testing.T) {
	for _, away := range []time.Duration{20 * time.Second, 39 * time.Second, time.Minute, 30 * time.Minute} {
		t.Run(away.String(), func(t *testing.T) {
			requireToldAfterRestart(t, start(t, collector.Settings{}, whileStopped(away)), away)
		})
		t.Run(away.String()+" with the stream", func(t *testing.T) {
			f, _ := follow(t, 1, collector.Settings{}, whileStopped(away))
			requireToldAfterRestart(t, f, away)
		})
	}
}

// A log of another cluster tells nothing about this one.
func TestARestartWithAnotherClusterTellsNoTasks(t *testing.T) {
	f := start(t, collector.Settings{}, whileStopped(time.Minute), func(f *fake) {
		for i := range f.before {
			f.before[i].Cluster = "another"
		}
	})
	f.clock.Advance(4 * interval)
	require.Equal(t, "running", f.events.told("t1"))
	require.Equal(t, "running", f.events.told("t4"))
	require.Empty(t, f.events.told("t2"))
}

// knew returns what a process before the start remembered of a cluster that a fake has, after
// a change to it.
func knew(f *fake, at time.Time, masters []string, change func(*fake)) []byte {
	before := newFake(f.clock)
	change(before)
	s := before.state
	account(&s)
	s.Sent = at
	outline, err := cluster.Build(&s, nil).Outline()
	if err != nil {
		panic(err)
	}
	value, err := json.Marshal(map[string]any{"masters": masters, "at": at, "cluster": json.RawMessage(outline)})
	if err != nil {
		panic(err)
	}
	return value
}

// What agents and frameworks did during a restart is told, too, however short it was: a count
// over it is right.
func TestWhatAgentsAndFrameworksDidDuringARestartIsTold(t *testing.T) {
	for _, away := range []time.Duration{20 * time.Second, 39 * time.Second, time.Hour} {
		t.Run(away.String(), func(t *testing.T) {
			f := start(t, collector.Settings{}, func(f *fake) {
				f.watched = begin.Add(-away)
				f.before = []events.Event{
					{ID: "u", Kind: events.KindAgent, What: events.Unreachable, AgentID: "S4", Opens: "agent/S4/unreachable", Time: begin.Add(-2 * time.Hour)},
					{ID: "d", Kind: events.KindAgent, What: events.Deactivated, AgentID: "S1", Opens: "agent/S1/deactivated", Time: begin.Add(-2 * time.Hour)},
				}
				f.known = knew(f, begin.Add(-3*time.Hour), nil, func(before *fake) {
					before.state.Slaves[0].Deactivated = true
					before.state.Slaves = append(before.state.Slaves, agent(2), agent(3))
					before.state.Frameworks = append(before.state.Frameworks, mesos.Framework{ID: "F2", Name: "gone", Active: true, Connected: true})
				})
				disconnected := agent(3)
				disconnected.Active = false
				f.state.ElectedTime = 1
				back, registered := agent(4), float64(begin.Add(-away/2).UnixMilli())/1000
				back.ReregisteredTime = &registered
				f.state.Slaves = append(f.state.Slaves, disconnected, back)
				f.state.Frameworks = append(f.state.Frameworks, mesos.Framework{ID: "F3", Name: "new", Active: true, Connected: true})
			})
			f.clock.Advance(4 * interval)
			var told []string
			for _, e := range append(f.events.of(events.KindAgent), f.events.of(events.KindFramework)...) {
				if e.ID == "u" || e.ID == "d" {
					continue
				}
				told = append(told, string(e.What)+" "+e.Agent+e.Framework)
				if e.AgentID == "S4" {
					require.Equal(t, begin.Add(-away/2), e.Time, "Mesos' own time")
					require.Contains(t, e.Closes, "agent/S4/unreachable")
					continue
				}
				require.Equal(t, []time.Time{begin.Add(-away), begin}, []time.Time{e.NotBefore, e.Time}, e.What)
			}
			require.ElementsMatch(t, []string{"reactivated agent1", "lost agent2", "disconnected agent3", "back agent4", "removed gone", "added new"}, told)
			require.Empty(t, f.events.of(events.KindMaster), "the same leader")
		})
	}
}

// What is known is remembered where it changed, and again where the log failed.
func TestWhatIsKnownIsRemembered(t *testing.T) {
	f := start(t, collector.Settings{})
	f.clock.Advance(3 * interval)
	require.Equal(t, 1, f.events.rememberings)
	f.events.set(errors.New("made up: the disk is full"))
	f.set(func(f *fake) { f.state.Slaves = append(f.state.Slaves, agent(2)) })
	f.clock.Advance(2 * interval)
	f.events.set(nil)
	f.clock.Advance(2 * interval)
	require.Equal(t, 2, f.events.rememberings)
	require.Contains(t, string(f.events.remembered), "agent2")
}

// Other masters after a restart are judged as other masters in the settings are while the
// plugin runs.
func TestOtherMastersAfterARestart(t *testing.T) {
	const first, second = "http://master1:5050", "http://other:5050"
	other := func(f *fake) { f.state.Slaves[0].ID, f.state.Frameworks[0].ID, f.state.ElectedTime = "X1", "G1", 7 }
	for name, c := range map[string]struct {
		masters string // now
		before  func(*fake)
		another bool
	}{
		"of the same cluster":                  {second, func(*fake) {}, false},
		"of the same one, with another leader": {second, func(f *fake) { f.state.ElectedTime = 3 }, false},
		"of another cluster":                   {second, other, true},
		"the same ones, where all is new":      {first, other, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, collector.Settings{Masters: []string{c.masters}}, func(f *fake) {
				f.watched = begin.Add(-time.Hour)
				f.before = []events.Event{
					logged("t9", "running", begin.Add(-2*time.Hour)),
					{ID: "u", Kind: events.KindAgent, What: events.Unreachable, AgentID: "S4", Opens: "agent/S4/unreachable", Time: begin.Add(-2 * time.Hour)},
				}
				for i := range f.before {
					f.before[i].Cluster = "fixture"
				}
				f.known = knew(f, begin.Add(-time.Hour), []string{first}, c.before)
			})
			f.clock.Advance(3 * interval)
			changes := 0
			for _, e := range f.events.of(events.KindCollection) {
				if e.What == events.OtherCluster {
					changes++
					require.Equal(t, []string{"agent/S4/unreachable"}, e.Closes)
				}
			}
			if c.another {
				require.Equal(t, 1, changes)
				require.Equal(t, "running", f.events.told("t9"), "it may run on")
			} else {
				require.Zero(t, changes)
				require.Equal(t, "running, unknown", f.events.told("t9"))
			}
		})
	}
}

// While none of them answers, other masters after a restart are down under the data source's
// UID, and not under the name of the cluster before.
func TestOtherMastersThatDoNotAnswerAfterARestart(t *testing.T) {
	for masters, want := range map[string]string{"http://other:5050": "uid", "http://master1:5050": "fixture"} {
		f := start(t, collector.Settings{Masters: []string{masters}}, func(f *fake) {
			f.last = "fixture"
			f.known = knew(f, begin.Add(-time.Hour), []string{"http://master1:5050"}, func(*fake) {})
			for _, what := range []string{"state", "snapshot", "flags"} {
				f.err[what] = failure(mesos.Network)
			}
		})
		f.clock.Advance(2 * interval)
		v, told := f.rec.one(t, "mesos_up", "poll=state", "cluster="+want).at(f.clock.Now())
		require.True(t, told, masters)
		require.Zero(t, v)
		f.set(func(f *fake) { f.err = map[string]error{} })
		f.clock.Advance(4 * interval)
		require.Len(t, f.events.of(events.KindCollection), 0, "it is the same cluster after all")
	}
}
