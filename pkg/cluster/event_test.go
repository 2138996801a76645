package cluster

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// short writes events: what they are of, and when in seconds where Mesos tells it.
func short(all []events.Event) string {
	var b []string
	for _, e := range all {
		text := string(e.What) + " " + strings.TrimSpace(e.Agent+" "+e.TaskID)
		if e.Kind == events.KindFramework {
			text = string(e.What) + " " + e.Framework
		}
		b = append(b, text)
	}
	return strings.TrimSpace(strings.Join(b, ", "))
}

func TestSeveritiesAreThoseOfTheTable(t *testing.T) {
	for what, want := range map[events.What]events.Severity{
		"failed": events.Error, "lost": events.Error, "error": events.Error, "gone": events.Error, "gone_by_operator": events.Error,
		"unreachable": events.Warning, "dropped": events.Warning, "unknown": events.Warning,
		"running": events.Info, "finished": events.Info, "killed": events.Info, "staging": events.Info,
	} {
		require.Equal(t, want, SeverityOf(events.KindTask, what), what)
	}
	require.Equal(t, events.Error, SeverityOf(events.KindAgent, events.Unreachable))
	require.Equal(t, events.Warning, SeverityOf(events.KindAgent, events.Draining))
	require.Equal(t, events.Info, SeverityOf(events.KindAgent, events.Back))
	require.Equal(t, events.Warning, SeverityOf(events.KindMaster, events.NewLeader))
	require.Equal(t, events.Info, SeverityOf(events.KindFramework, events.Added))
}

func TestAnEventOfTheStreamHasAllThatIsKnown(t *testing.T) {
	base := built(t, strings.Replace(aBase, `"name": "web",`, `"name": "web", "labels": [{"key": "team", "value": "shop"}],`, 1))
	update := taskUpdated("t1", "TASK_FAILED", 105.25)
	update.Update.Status.Reason, update.Update.Status.Source = "REASON_CONTAINER_LIMITATION_MEMORY", "SOURCE_SLAVE"
	update.Update.Status.Message = "Memory limit exceeded"
	labels := func(all []mesos.Label) map[string]string {
		return map[string]string{"label_" + all[0].Key: all[0].Value}
	}
	require.Equal(t, []events.Event{{
		ID: "task/F1/t1/failed/105250000", Kind: events.KindTask, What: "failed", Severity: events.Error,
		Time: time.UnixMicro(105250000).UTC(), Agent: "agent1", AgentID: "S1", Framework: "one", FrameworkID: "F1", Role: "prod",
		Task: "web", TaskID: "t1", Reason: "container_limitation_memory", Source: "agent", Message: "Memory limit exceeded",
		Labels: map[string]string{"label_team": "shop"},
	}}, base.EventsOf([]mesos.StreamEvent{update}, labels))
}

// The same end, told by the stream and by /state, is one event.
func TestBothWaysGiveTheSameIDs(t *testing.T) {
	base := built(t, aBase)
	stream := base.EventsOf([]mesos.StreamEvent{taskUpdated("t1", "TASK_KILLING", 104), taskUpdated("t1", "TASK_KILLED", 105.5)}, nil)
	var s mesos.State
	unmarshal(t, strings.Replace(aBase, `{"state": "TASK_RUNNING", "timestamp": 21}]`,
		`{"state": "TASK_RUNNING", "timestamp": 103}, {"state": "TASK_KILLING", "timestamp": 104}, {"state": "TASK_KILLED", "timestamp": 105.5}]`, 1), &s)
	f := &s.Frameworks[0]
	f.Tasks[0].State = "TASK_KILLED"
	f.CompletedTasks, f.Tasks = mesos.Ended(f.Tasks), nil
	polled := Happened(base, Build(&s, base), nil)
	require.Equal(t, "killing agent1 t1, killed agent1 t1", short(polled))
	require.Equal(t, short(stream), short(polled))
	for i := range stream {
		require.Equal(t, stream[i].ID, polled[i].ID)
		require.Equal(t, stream[i].Time, polled[i].Time)
	}
}

// A task whose end its framework has not acknowledged is not among those that ended. The
// states before are told all the same, and once.
func TestStatesBeforeAnEndThatWaitsAreTold(t *testing.T) {
	base := built(t, aBase)
	base.Time, base.polled = time.Unix(101, 0), time.Unix(101, 0)
	listed := func(previous *Cluster, acknowledged bool, statuses string) *Cluster {
		var s mesos.State
		unmarshal(t, strings.Replace(aBase, `{"state": "TASK_RUNNING", "timestamp": 21}]`, statuses+"]", 1), &s)
		f := &s.Frameworks[0]
		f.Tasks[0].State = "TASK_KILLED"
		if acknowledged {
			f.CompletedTasks, f.Tasks = mesos.Ended(f.Tasks), nil
		}
		s.Sent = previous.polled.Add(10 * time.Second)
		return Build(&s, previous)
	}
	const killed = `{"state": "TASK_RUNNING", "timestamp": 103}, {"state": "TASK_KILLING", "timestamp": 104}, {"state": "TASK_KILLED", "timestamp": 105.5}`
	waiting := listed(base, false, killed)
	told := Happened(base, waiting, nil)
	require.Equal(t, "killing agent1 t1, killed agent1 t1", short(told))
	require.Empty(t, Happened(waiting, listed(waiting, true, killed), nil))
	at := Happened(base, listed(base, true, killed), nil)
	require.Equal(t, at, told, "as where it is acknowledged")
	stream := base.EventsOf([]mesos.StreamEvent{taskUpdated("t1", "TASK_KILLING", 104), taskUpdated("t1", "TASK_KILLED", 105.5)}, nil)
	require.Equal(t, stream[0].ID, told[0].ID)
	require.Equal(t, stream[1].ID, told[1].ID)

	// One that was never running.
	const failed = `{"state": "TASK_STARTING", "timestamp": 103}, {"state": "TASK_KILLING", "timestamp": 104}, {"state": "TASK_KILLED", "timestamp": 105}`
	base.Tasks()[0].State, base.Tasks()[0].told, base.Tasks()[0].Started, base.Tasks()[0].first, base.Tasks()[0].latest = Staging, "", 0, 0, 0
	require.Equal(t, "starting agent1 t1, killing agent1 t1, killed agent1 t1", short(Happened(base, listed(base, false, failed), nil)))
}

// withoutTasks removes the tasks and executors of a /state of aBase, and what they hold.
func withoutTasks(s *mesos.State) {
	f := &s.Frameworks[0]
	f.Tasks, f.Executors, f.Used = nil, nil, mesos.Resources{}
	s.Slaves[0].Used = mesos.Resources{}
}

func TestATaskWhoseEndIsNotToldEndedUnknown(t *testing.T) {
	base := built(t, aBase)
	var s mesos.State
	unmarshal(t, aBase, &s)
	withoutTasks(&s)
	s.Sent = time.Unix(50, 0)
	got := Happened(base, Build(&s, base), nil)
	require.Equal(t, "unknown agent1 t1", short(got))
	require.Equal(t, base.polled, got[0].NotBefore)
	require.Equal(t, s.Sent, got[0].Time)
}

// A task ID that is used again is another task.
func TestATaskIDMayBeUsedAgain(t *testing.T) {
	base := built(t, aBase)
	base.Time = time.Unix(100, 0)
	changes := []mesos.StreamEvent{taskUpdated("t1", "TASK_FINISHED", 105), taskAdded("t1", 0.5), taskUpdated("t1", "TASK_RUNNING", 107), taskUpdated("t1", "TASK_FINISHED", 109)}
	told := base.EventsOf(changes, nil)
	require.Equal(t, "finished agent1 t1, staging agent1 t1, running agent1 t1, finished agent1 t1", short(told))
	ids := map[string]bool{}
	for _, e := range told {
		ids[e.ID] = true
	}
	require.Len(t, ids, 4)
	require.Empty(t, base.With(changes, time.Unix(110, 0)).Tasks())
	with := base.With(changes[:3], time.Unix(110, 0))
	require.Len(t, with.Tasks(), 1)
	require.Equal(t, "0.7", text(with.Allocated[CPUs]), "its own and the executor's")

	// SUBSCRIBED lists both.
	both := mesos.StreamEvent{Type: mesos.StreamSubscribed, Received: time.Unix(120, 0), Subscribed: &mesos.Subscribed{Tasks: []*mesos.StreamTask{
		streamTask("t1", "TASK_RUNNING", 107), streamTask("t1", "TASK_FINISHED", 20, 105),
	}}}
	for _, model := range []*Cluster{base, with} {
		resumed := model.With([]mesos.StreamEvent{both}, time.Unix(121, 0))
		require.Len(t, resumed.Tasks(), 1)
		require.Equal(t, 107.0, resumed.Tasks()[0].first)
		require.Equal(t, "0.7", text(resumed.Allocated[CPUs]))
	}
	require.Equal(t, "finished agent1 t1, running agent1 t1", short(base.EventsOf([]mesos.StreamEvent{both}, nil)))
	require.Empty(t, with.EventsOf([]mesos.StreamEvent{both}, nil))
}

// An end that comes before its task is the end of that task.
func TestAnEndThatIsToldBeforeItsTask(t *testing.T) {
	base := built(t, aBase)
	early := []mesos.StreamEvent{taskUpdated("t2", "TASK_RUNNING", 100), taskUpdated("t2", "TASK_FAILED", 101), taskAdded("t2", 0.5)}
	require.Equal(t, "failed agent1 t2", short(base.EventsOf(early, nil)))
	with := base.With(early, time.Unix(103, 0))
	require.Len(t, with.Tasks(), 1, "a task that has ended does not begin")

	again := append(early, taskAdded("t2", 0.5))
	require.Equal(t, "failed agent1 t2, staging agent1 t2", short(base.EventsOf(again, nil)), "the next one of that ID is another")
	require.Len(t, base.With(again, time.Unix(103, 0)).Tasks(), 2)

	later := taskAdded("t2", 0.5)
	later.Received = early[1].Received.Add(settledAfter + time.Second)
	require.Equal(t, "failed agent1 t2, staging agent1 t2", short(base.EventsOf(append(early[:2:2], later), nil)))
	require.Len(t, base.With(append(early[:2:2], later), time.Unix(120, 0)).Tasks(), 2)

	// Of one that /state listed as ended, the update comes late and not early.
	s := stateFrom(t, aBase)
	s.Frameworks[0].CompletedTasks = mesos.Ended{streamTask("t2", "TASK_FAILED", 90, 99).Task}
	late := []mesos.StreamEvent{taskUpdated("t2", "TASK_FAILED", 99), taskAdded("t2", 0.5)}
	require.Equal(t, "failed agent1 t2, staging agent1 t2", short(Build(s, nil).EventsOf(late, nil)))
	require.Len(t, Build(s, nil).With(late, time.Unix(103, 0)).Tasks(), 2)
}

// What has no state tells nothing.
func TestAStateThatIsNotTold(t *testing.T) {
	base := built(t, aBase)
	update, other := taskUpdated("t1", "", 105), taskUpdated("t9", "", 105)
	listed := mesos.StreamEvent{Type: mesos.StreamSubscribed, Received: time.Unix(200, 0), Subscribed: &mesos.Subscribed{Tasks: []*mesos.StreamTask{streamTask("t8", "", 150), streamTask("t1", "", 20, 160)}}}
	back := taskAdded("t7", 1)
	back.Task.State = ""
	for _, change := range []mesos.StreamEvent{update, other, back} {
		require.Empty(t, base.EventsOf([]mesos.StreamEvent{change}, nil))
		require.Equal(t, base.Tasks(), base.With([]mesos.StreamEvent{change}, time.Unix(201, 0)).Tasks())
	}
	require.Empty(t, base.EventsOf([]mesos.StreamEvent{listed}, nil))
	require.Equal(t, base.Tasks(), base.With([]mesos.StreamEvent{listed}, time.Unix(201, 0)).Tasks())
	named := taskUpdated("t1", "TASK_FAILED", 105)
	named.Update.Status.State = ""
	require.Equal(t, "failed agent1 t1", short(base.EventsOf([]mesos.StreamEvent{named}, nil)), "the master's own state")

	s := stateFrom(t, aBase)
	s.Frameworks[0].Tasks[0].State = ""
	s.Frameworks[0].Tasks[0].Statuses = append(s.Frameworks[0].Tasks[0].Statuses, mesos.TaskStatus{Timestamp: 30})
	s.Frameworks[0].CompletedTasks = mesos.Ended{streamTask("t2", "", 25, 26).Task}
	for _, e := range Happened(base, Build(s, base), nil) {
		require.NotEmpty(t, e.What)
	}
}

func streamTask(id, state string, timestamps ...float64) *mesos.StreamTask {
	t := &mesos.StreamTask{Task: mesos.Task{ID: id, Name: id, FrameworkID: "F1", SlaveID: "S1", State: state, Role: "prod", Resources: mesos.Resources{CPUs: 0.5}}}
	for i, timestamp := range timestamps {
		told := "TASK_RUNNING"
		if i == len(timestamps)-1 {
			told = state
		}
		status := mesos.TaskStatus{State: told, Timestamp: timestamp}
		t.Task.Statuses = append(t.Task.Statuses, status)
		t.Statuses = append(t.Statuses, mesos.StreamStatus{TaskStatus: status, TaskID: id, SlaveID: "S1", UUID: "u", Reason: "REASON_X"})
	}
	return t
}

// What was missed while the stream was broken is told by SUBSCRIBED, with its reasons.
func TestSubscribedTellsWhatWasMissed(t *testing.T) {
	base := built(t, aBase)
	base.Time = time.Unix(100, 0)
	subscribed := mesos.StreamEvent{Type: mesos.StreamSubscribed, Received: time.Unix(200, 0), Subscribed: &mesos.Subscribed{Tasks: []*mesos.StreamTask{
		streamTask("t1", "TASK_FAILED", 21, 150), streamTask("t2", "TASK_FINISHED", 160, 170), streamTask("old", "TASK_FINISHED", 50, 60), streamTask("t3", "TASK_STAGING"),
	}}}
	told := base.EventsOf([]mesos.StreamEvent{subscribed}, nil)
	require.Equal(t, "failed agent1 t1, running agent1 t2, finished agent1 t2, staging agent1 t3", short(told))
	require.Equal(t, "x", told[0].Reason)
	require.Equal(t, base.Time, told[3].NotBefore)
	require.Empty(t, (*Cluster)(nil).EventsOf([]mesos.StreamEvent{subscribed}, nil), "without a model nothing is known to have happened since")
}

// A first model, and one of another cluster, tell nothing.
func TestAFirstModelTellsNothing(t *testing.T) {
	base := built(t, aBase)
	require.Empty(t, Happened(nil, base, nil))
	require.Empty(t, Happened(base, base, nil))
	other := built(t, `{"id": "x", "pid": "master@10.9.9.9:5050", "elected_time": 5, "slaves": [], "frameworks": []}`)
	require.Empty(t, Happened(base, other, nil))
}

func unmarshal(t *testing.T, text string, s *mesos.State) {
	t.Helper()
	*s = *stateFrom(t, text)
}

// After a failover nothing is told of what has not come back yet; of what does not, when
// it is sure.
func TestWhatDoesNotComeBackToANewLeader(t *testing.T) {
	base := built(t, aBase)
	next := func(before *Cluster, seconds int64, text string) (*Cluster, string) {
		s := stateFrom(t, text)
		s.Sent = time.Unix(seconds, 0)
		after := Build(s, before)
		return after, short(Happened(before, after, nil))
	}
	const head = `{"id": "m2", "flags": {}, "pid": "master@10.0.0.2:5050", "elected_time": 1000, "activated_slaves": 0, "unreachable_slaves": %, `
	begin := func(unreachable string) string { return strings.Replace(head, "%", unreachable, 1) }
	recovering := begin("0") + `"recovered_slaves": [{"id": "S1", "hostname": "agent1"}], "slaves": [], "frameworks": []}`
	one, told := next(base, 1010, recovering)
	require.Equal(t, "leader", told)
	two, told := next(one, 1070, recovering)
	require.Equal(t, "", told)

	back, told := next(two, 1100, strings.Replace(aBase, `"pid": "master@10.0.0.1:5050", "elected_time": 1`, `"pid": "master@10.0.0.2:5050", "elected_time": 1000`, 1))
	require.Equal(t, "", told, "all is as before")
	_, told = next(back, 2000, strings.Replace(aBase, `"pid": "master@10.0.0.1:5050", "elected_time": 1`, `"pid": "master@10.0.0.2:5050", "elected_time": 1000`, 1))
	require.Equal(t, "", told)

	gone := begin("1") + `"recovered_slaves": [], "slaves": [], "frameworks": []}`
	three, told := next(two, 1650, gone)
	require.Equal(t, "unreachable agent1, removed one, unknown agent1 t1", told)
	require.Nil(t, three.awaited)

	soon, told := next(two, 1200, gone)
	require.Equal(t, "unreachable agent1, unreachable agent1 t1", told, "it may still run")
	_, told = next(soon, 1700, gone)
	require.Equal(t, "removed one, unknown agent1 t1", told, "it has ended with its framework")

	// Each return, whoever tells it, is an event of its own, and so is what follows.
	home := stateFrom(t, strings.Replace(aBase, `"pid": "master@10.0.0.1:5050", "elected_time": 1`, `"pid": "master@10.0.0.2:5050", "elected_time": 1000`, 1))
	again := 1250.0
	home.Slaves[0].ReregisteredTime, home.Sent = &again, time.Unix(1260, 0)
	polled := Build(home, soon)
	told1 := Happened(soon, polled, nil)
	require.Equal(t, "back agent1, running agent1 t1", short(told1))
	require.Equal(t, "task/F1/t1/running/after1200000000", told1[1].ID)
	task := home.Frameworks[0].Tasks[0]
	task.FrameworkID, task.SlaveID = "F1", "S1"
	stream := soon.EventsOf([]mesos.StreamEvent{{Type: mesos.StreamTaskAdded, Received: time.Unix(1255, 0), Task: &mesos.StreamTask{Task: task, Statuses: streamTask("t1", "TASK_RUNNING", task.Statuses[0].Timestamp).Statuses}}}, nil)
	require.Equal(t, told1[1].ID, stream[0].ID)
	withoutTasks(home)
	home.Sent = time.Unix(1275, 0)
	over := Happened(polled, Build(home, polled), nil)
	require.Equal(t, "unknown agent1 t1", short(over))
	require.Equal(t, "task/F1/t1/unknown/after1200000000", over[0].ID)

	// Another task with its ID is no return.
	task.Statuses[0].Timestamp, task.State = 1300, "TASK_RUNNING"
	home.Frameworks[0].Tasks, home.Sent = mesos.Tasks{task}, time.Unix(1310, 0)
	another := Happened(soon, Build(home, soon), nil)
	require.NotContains(t, another[len(another)-1].ID, "after")
}

// What ended while the plugin did not run is ended at its first look.
func TestWhatEndedWhileNobodyLooked(t *testing.T) {
	opened := func(kind events.Kind, what events.What) events.Event {
		e := events.Event{ID: "id", Kind: kind, What: what, Time: time.Unix(50, 0), Opens: "key"}
		if kind == events.KindAgent {
			e.AgentID = "S1"
		} else {
			e.FrameworkID = "F1"
		}
		return e
	}
	look := func(text string, e events.Event) string {
		s := stateFrom(t, text)
		s.Sent = time.Unix(100, 0)
		over := Build(s, nil).Over([]events.Event{e})
		for _, end := range over {
			require.Equal(t, []string{"key"}, end.Closes)
			require.Equal(t, e.Time, end.NotBefore)
			require.NotEqual(t, e.ID, end.ID)
			require.Empty(t, end.Opens)
		}
		if len(over) == 0 {
			return ""
		}
		return string(over[0].What)
	}
	state := func(active, more string) string {
		return strings.Replace(aBase, `"hostname": "agent1", "active": true`, `"hostname": "agent1", "active": `+active+more, 1)
	}
	draining, drained := state("false", `, "deactivated": true, "drain_info": {"state": "DRAINING"}`), state("false", `, "deactivated": true, "drain_info": {"state": "DRAINED"}`)
	gone := `{"id": "m", "flags": {}, "unreachable_slaves": 0, "recovered_slaves": [], "slaves": [], "frameworks": []}`
	unreachable := strings.Replace(gone, `s": 0`, `s": 1`, 1)
	for _, c := range []struct {
		what events.What
		text string
		want string
	}{
		{events.Unreachable, aBase, "back"}, {events.Unreachable, unreachable, ""},
		{events.Disconnected, aBase, "back"}, {events.Disconnected, state("false", ""), ""}, {events.Disconnected, gone, "lost"}, {events.Disconnected, unreachable, ""},
		{events.Draining, aBase, "reactivated"}, {events.Draining, draining, ""}, {events.Draining, drained, "drained"}, {events.Draining, gone, "lost"},
		{events.Drained, drained, ""}, {events.Drained, aBase, "reactivated"},
		{events.Deactivated, aBase, "reactivated"}, {events.Deactivated, state("false", `, "deactivated": true`), ""},
		{events.Added, aBase, ""},
	} {
		require.Equal(t, c.want, look(c.text, opened(events.KindAgent, c.what)), "%s %s", c.what, c.text[:80])
	}
	away := strings.Replace(aBase, `"active": true, "connected": true`, `"active": false, "connected": false`, 1)
	require.Equal(t, "back", look(aBase, opened(events.KindFramework, events.Disconnected)))
	require.Equal(t, "", look(away, opened(events.KindFramework, events.Disconnected)))
	require.Equal(t, "removed", look(gone, opened(events.KindFramework, events.Disconnected)))
	recovering := strings.Replace(gone, `"recovered_slaves": []`, `"recovered_slaves": [{"id": "S1"}]`, 1)
	require.Equal(t, "", look(recovering, opened(events.KindAgent, events.Draining)), "it may come back")
	ended := opened(events.KindAgent, events.Unreachable)
	ended.End = time.Unix(60, 0)
	require.Equal(t, "", look(aBase, ended))
}

// A status has the time that an executor gives it.
func TestTimesThatCannotBeAreNotTold(t *testing.T) {
	base := built(t, aBase)
	base.Time, base.polled = time.Unix(50, 0), time.Unix(50, 0)
	changes := []mesos.StreamEvent{taskAdded("t2", 0.5), taskUpdated("t2", "TASK_STARTING", 9e9), taskUpdated("t2", "TASK_RUNNING", 101), taskUpdated("t2", "TASK_FAILED", 1e300)}
	for _, e := range base.EventsOf(changes, nil) {
		require.WithinRange(t, e.Time, time.Unix(100, 0), time.Unix(102, 0), string(e.What))
	}
	with := base.With(changes[:3], time.Unix(103, 0))
	require.Equal(t, 2, with.TaskCounts.Of(Running), "the order of the stream counts, and not clocks")
	require.Len(t, with.With(changes[3:], time.Unix(104, 0)).Tasks(), 1)
}

// After a failover, the stream of the new leader tells that all register again: no event.
func TestRegistrationsWithANewLeaderAreNoEvents(t *testing.T) {
	base := built(t, aBase)
	base.Time = time.Unix(1000, 0)
	again := 1100.0
	changes := []mesos.StreamEvent{
		{Type: mesos.StreamSubscribed, Received: time.Unix(1090, 0), Subscribed: &mesos.Subscribed{}},
		{Type: mesos.StreamTaskAdded, Received: time.Unix(1100, 0), Task: &mesos.StreamTask{Task: streamTask("t1", "TASK_RUNNING", 20, 21).Task, Statuses: streamTask("t1", "TASK_RUNNING", 20, 21).Statuses}},
		{Type: mesos.StreamAgentAdded, Received: time.Unix(1100, 0), Agent: &mesos.Slave{ID: "S1", Hostname: "agent1", Active: true, RegisteredTime: 1100, ReregisteredTime: &again}},
		{Type: mesos.StreamFrameworkAdded, Received: time.Unix(1101, 0), Framework: &mesos.Framework{ID: "F1", Name: "one", Roles: []string{"prod"}, Active: true, Connected: true, RegisteredTime: 1101}},
		{Type: mesos.StreamFrameworkAdded, Received: time.Unix(1102, 0), Framework: &mesos.Framework{ID: "F2", Name: "two", Roles: []string{"prod"}, Active: true, Connected: true, RegisteredTime: 1102}},
	}
	require.Equal(t, "added two", short(base.EventsOf(changes, nil)))
	resumed := base.With(changes[:1], time.Unix(1090, 0))
	require.Equal(t, "added two", short(resumed.EventsOf(changes[1:], nil)), "also in two steps")

	// Where it is the same leader after all, /state tells.
	kept := resumed.With(changes[1:], time.Unix(1103, 0))
	same := stateFrom(t, strings.Replace(aBase, `"registered_time": 10`, `"registered_time": 10, "reregistered_time": 1100.0000004`, 1))
	same.Sent = time.Unix(1104, 0)
	require.Equal(t, "back agent1", strings.Split(short(Happened(kept, Build(same, kept), nil)), ",")[0])
}

// Whether a task came back with its agent is judged when its agent has.
func TestATaskThatEndedWhileNobodyLed(t *testing.T) {
	base := built(t, aBase)
	lead := func(s *mesos.State, sent int64) *mesos.State {
		s.PID, s.ElectedTime, s.Sent = "master@10.0.0.2:5050", 1000, time.Unix(sent, 0)
		return s
	}
	away := lead(stateFrom(t, `{"id": "m", "flags": {}, "unreachable_slaves": 0, "recovered_slaves": [{"id": "S1"}, {"id": "S2"}], "slaves": [], "frameworks": []}`), 1010)
	back := lead(stateFrom(t, aBase), 1020)
	withoutTasks(back)
	back.RecoveredSlaves = []mesos.RecoveredSlave{{ID: "S2"}}
	later := lead(stateFrom(t, aBase), 1030)
	withoutTasks(later)
	later.RecoveredSlaves = back.RecoveredSlaves

	one := Build(away, base)
	two := Build(back, one)
	require.Equal(t, "unknown agent1 t1", short(Happened(one, two, nil)))
	require.Equal(t, "", short(Happened(two, Build(later, two), nil)), "once")

	// It came back, and ended between two /state: the stream told that.
	finished := taskUpdated("t1", "TASK_FINISHED", 1015)
	finished.Received = time.Unix(1015, 0)
	with := one.With([]mesos.StreamEvent{
		{Type: mesos.StreamTaskAdded, Received: time.Unix(1012, 0), Task: &mesos.StreamTask{Task: streamTask("t1", "TASK_RUNNING", 20, 21).Task, Statuses: streamTask("t1", "TASK_RUNNING", 20, 21).Statuses}},
		finished,
	}, time.Unix(1020, 0))
	ended := lead(stateFrom(t, aBase), 1020)
	ended.Frameworks[0].CompletedTasks = mesos.Ended{streamTask("t1", "TASK_FINISHED", 20, 1015).Task}
	ended.Frameworks[0].Tasks, ended.RecoveredSlaves = nil, back.RecoveredSlaves
	require.Equal(t, "", short(Missed(with, with, Build(ended, with), nil)))
}

// What a slow stream tells of a task after /state has listed it among those that have
// ended is the same event, with what the update does not name.
func TestAStreamThatIsLateTellsTheSameEvents(t *testing.T) {
	before := built(t, aBase)
	ended := strings.Replace(strings.Replace(aBase, `"tasks": [`, `"tasks": [], "completed_tasks": [`, 1), `"TASK_RUNNING", "timestamp": 21}]`,
		`"TASK_RUNNING", "timestamp": 21}, {"state": "TASK_KILLING", "timestamp": 30}, {"state": "TASK_KILLED", "timestamp": 31}]`, 1)
	ended = strings.Replace(ended, `"state": "TASK_RUNNING", "resources"`, `"state": "TASK_KILLED", "resources"`, 1)
	state := mesos.State{EndedSince: 1}
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(ended, `"cpus": 1.2`, `"cpus": 0.2`)), &state))
	after := Build(&state, before)
	polled := Happened(before, after, nil)
	late := []mesos.StreamEvent{taskUpdated("t1", "TASK_KILLING", 30), taskUpdated("t1", "TASK_KILLED", 31)}
	told := after.EventsOf(late, nil)
	require.Len(t, told, 2)
	require.Len(t, polled, 2)
	for i := range told {
		require.Equal(t, polled[i].ID, told[i].ID)
		require.Equal(t, []string{"prod", "web", "agent1"}, []string{told[i].Role, told[i].Task, told[i].Agent})
	}
}

// Of a task that nothing told of before, as after a change of the leader, an update tells no name,
// role or label, nor which of its statuses was the first. An end is told at once, and the next
// /state tells the rest.
func TestATaskOfWhichOnlyUpdatesTold(t *testing.T) {
	base := built(t, aBase)
	base.Time, base.polled = time.Unix(100, 0), time.Unix(100, 0)
	after := func(seconds int64, e mesos.StreamEvent) mesos.StreamEvent {
		e.Received = time.Unix(seconds, 0)
		return e
	}
	updates := []mesos.StreamEvent{after(121, taskUpdated("t2", "TASK_RUNNING", 121)), after(122, taskUpdated("t3", "TASK_RUNNING", 122)), after(130, taskUpdated("t3", "TASK_FAILED", 130))}
	told := base.EventsOf(updates, nil)
	require.Equal(t, "failed agent1 t3", short(told))
	require.Empty(t, told[0].Role)

	asked := base.With(updates[:2], time.Unix(125, 0)).With(updates[2:], time.Unix(140, 0))
	s := stateFrom(t, aBase)
	f := &s.Frameworks[0]
	statuses := func(all ...mesos.TaskStatus) []mesos.TaskStatus { return all }
	running := streamTask("t2", "TASK_RUNNING", 120, 121).Task
	running.Statuses = statuses(mesos.TaskStatus{State: "TASK_STARTING", Timestamp: 120}, mesos.TaskStatus{State: "TASK_RUNNING", Timestamp: 121})
	f.Tasks = append(f.Tasks, running)
	failed := streamTask("t3", "TASK_FAILED", 122, 130).Task
	f.CompletedTasks = mesos.Ended{failed}
	s.Sent = time.Unix(140, 0)
	polled := Build(s, asked)
	missed := Missed(asked, asked, polled, nil)
	require.Equal(t, "starting agent1 t2, running agent1 t2, running agent1 t3, failed agent1 t3", short(missed))
	for _, e := range missed {
		require.Equal(t, []string{"prod", e.TaskID}, []string{e.Role, e.Task})
	}
	require.Equal(t, told[0].ID, missed[3].ID, "one event, which it completes")
	require.Empty(t, base.unnamed, "a model is never changed")

	// From then on it is a task as any other.
	next := polled.With([]mesos.StreamEvent{after(150, taskUpdated("t2", "TASK_FAILED", 150))}, time.Unix(160, 0))
	require.Empty(t, next.unnamed)
	require.Equal(t, "failed agent1 t2", short(polled.EventsOf([]mesos.StreamEvent{after(150, taskUpdated("t2", "TASK_FAILED", 150))}, nil)))

	// Until its framework has acknowledged the end, it is listed among the others.
	f.Tasks, f.CompletedTasks = append(f.Tasks, failed), nil
	missed = Missed(asked, asked, Build(s, asked), nil)
	require.Equal(t, "starting agent1 t2, running agent1 t2, running agent1 t3, failed agent1 t3", short(missed))
	require.Equal(t, told[0].ID, missed[3].ID)
}
