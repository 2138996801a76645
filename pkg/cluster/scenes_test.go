package cluster

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

var captures = os.DirFS("../../testdata/captures")

func recorded(t testing.TB, file string) []byte {
	t.Helper()
	body, err := fs.ReadFile(captures, file)
	require.NoError(t, err)
	if strings.HasPrefix(path.Ext(file), ".gz") {
		unzipped, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(t, err)
		body, err = io.ReadAll(unzipped)
		require.NoError(t, err)
	}
	return body
}

func seconds(t testing.TB, text string) time.Time {
	n, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return at(n)
}

// An answer of a scene, and when it was asked for and there.
type answer struct {
	file            string
	asked, answered time.Time
}

// seriesOf returns the answers of a page in scene 04-series, in their order.
func seriesOf(t testing.TB, page string) []answer {
	var all []answer
	for line := range strings.Lines(string(recorded(t, "04-series/INDEX.tsv"))) {
		f := strings.Fields(line)
		if strings.HasSuffix(f[3], page) {
			asked := seconds(t, f[1])
			took, err := strconv.ParseFloat(f[6], 64)
			require.NoError(t, err)
			all = append(all, answer{"04-series/" + f[3], asked, asked.Add(time.Duration(took * float64(time.Millisecond)))})
		}
	}
	require.NotEmpty(t, all)
	return all
}

// states returns the /state of scene 04-series, decoded as the client does.
func states(t testing.TB) []*mesos.State {
	var all []*mesos.State
	for _, a := range seriesOf(t, "-master-state.json.gz") {
		s := stateOf(t, a.file, a.asked, all)
		s.Took = a.answered.Sub(a.asked)
		all = append(all, s)
	}
	return all
}

// stateOf reads a /state that follows others.
func stateOf(t testing.TB, file string, asked time.Time, before []*mesos.State) *mesos.State {
	since := asked.Add(-time.Hour)
	if n := len(before); n > 0 {
		since = before[n-1].Sent.Add(-2 * time.Minute)
	}
	s := &mesos.State{EndedSince: float64(since.UnixMicro()) / 1e6}
	require.NoError(t, json.Unmarshal(recorded(t, file), s))
	s.Sent, s.Target = asked, "10.0.0.1:5050"
	return s
}

// streamOf returns the records of a recorded stream, with the times when they arrived.
func streamOf(t testing.TB, name string) []mesos.StreamEvent {
	stream := recorded(t, "05-subscribe/"+name+".json.recordio.gz")
	type piece struct {
		end int
		at  time.Time
	}
	var pieces []piece
	for line := range strings.Lines(string(recorded(t, "05-subscribe/"+name+".json.recordio.times.gz"))) {
		if f := strings.Fields(line); f[0] != "#" {
			offset, err := strconv.Atoi(f[0])
			require.NoError(t, err)
			length, err := strconv.Atoi(f[1])
			require.NoError(t, err)
			pieces = append(pieces, piece{offset + length, seconds(t, f[2])})
		}
	}
	var all []mesos.StreamEvent
	for read := 0; read < len(stream); {
		newline := bytes.IndexByte(stream[read:], '\n')
		if newline < 0 {
			break
		}
		length, err := strconv.Atoi(string(stream[read : read+newline]))
		require.NoError(t, err)
		begin := read + newline + 1
		if read = begin + length; read > len(stream) {
			break
		}
		var e mesos.StreamEvent
		require.NoError(t, json.Unmarshal(stream[begin:read], &e))
		for pieces[0].end < read {
			pieces = pieces[1:]
		}
		e.Received = pieces[0].at
		all = append(all, e)
	}
	return all
}

// between returns the records received after one moment and not after another.
func between(all []mesos.StreamEvent, from, to time.Time) []mesos.StreamEvent {
	var some []mesos.StreamEvent
	for _, e := range all {
		if e.Received.After(from) && !e.Received.After(to) {
			some = append(some, e)
		}
	}
	return some
}

// taskRows returns the events of tasks as testdata has them.
func taskRows(all []events.Event) []string {
	var rows []string
	for _, e := range all {
		if e.Kind != events.KindTask {
			continue
		}
		when := "-"
		if e.What != "staging" && e.What != "running" {
			when = strconv.FormatInt(e.Time.UnixMicro(), 10)
		}
		rows = append(rows, strings.Join([]string{e.FrameworkID, e.TaskID, string(e.What), when}, "\t"))
	}
	slices.Sort(rows)
	return rows
}

func lines(t testing.TB, file string) []string {
	body, err := os.ReadFile("testdata/" + file)
	require.NoError(t, err)
	var all []string
	for s := bufio.NewScanner(bytes.NewReader(body)); s.Scan(); {
		all = append(all, s.Text())
	}
	slices.Sort(all)
	return all
}

// sameAsDone compares the events of agents and frameworks with what was done in scene
// 04-series. How an agent left is told by the stream only.
func sameAsDone(t *testing.T, all []events.Event, shownBy ...string) {
	t.Helper()
	var got []events.Event
	for _, e := range all {
		if e.Kind != events.KindTask {
			if e.What == events.Lost && !slices.Contains(shownBy, "stream") {
				e.What = events.Removed
			}
			got = append(got, e)
		}
	}
	slices.SortStableFunc(got, func(a, b events.Event) int { return a.Time.Compare(b.Time) })
	for _, line := range lines(t, "expected.tsv") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if !slices.Contains(shownBy, f[5]) {
			continue
		}
		i := slices.IndexFunc(got, func(e events.Event) bool {
			return string(e.Kind) == f[0] && string(e.What) == f[1] && e.Agent+e.Framework == f[2] &&
				!e.Time.Before(seconds(t, f[3])) && !e.Time.After(seconds(t, f[4])) &&
				(e.NotBefore.IsZero() || e.NotBefore.Before(e.Time) && e.NotBefore.After(seconds(t, f[3]).Add(-6*time.Second)))
		})
		if i < 0 {
			t.Errorf("missing: %s", line)
			continue
		}
		got = slices.Delete(got, i, i+1)
	}
	for _, e := range got {
		t.Errorf("too many: %s %s %s %s", e.Time, e.Kind, e.What, e.Agent+e.Framework)
	}
}

// once drops events whose ID came before, as the log does.
type once map[string]bool

func (o once) add(to *[]events.Event, all []events.Event) {
	for _, e := range all {
		if !o[e.ID] {
			o[e.ID] = true
			*to = append(*to, e)
		}
	}
}

func sameRows(t *testing.T, want, got []string) {
	t.Helper()
	count := map[string]int{}
	for _, row := range want {
		count[row]++
	}
	for _, row := range got {
		count[row]--
	}
	var wrong []string
	for _, row := range slices.Sorted(maps.Keys(count)) {
		if n := count[row]; n != 0 {
			wrong = append(wrong, fmt.Sprintf("%+d %s", -n, row))
		}
	}
	if len(wrong) > 0 {
		t.Errorf("%d wrong of %d (+: too many, -: missing):\n%s", len(wrong), len(want), strings.Join(wrong[:min(len(wrong), 30)], "\n"))
	}
}

func TestPolledModelsTellWhatHappened(t *testing.T) {
	var model *Cluster
	var all []events.Event
	ids := once{}
	for _, s := range states(t) {
		next := Build(s, model)
		told := Happened(model, next, nil)
		before := len(all)
		ids.add(&all, told)
		require.Len(t, told, len(all)-before, "none twice")
		model = next
	}
	sameRows(t, lines(t, "polled.tsv"), taskRows(all))
	sameAsDone(t, all, "both", "polls")
}

func TestTheStreamTellsWhatHappened(t *testing.T) {
	stream := streamOf(t, "subscribe")
	base := Build(states(t)[0], nil)
	require.Equal(t, mesos.StreamSubscribed, stream[0].Type)
	told := base.EventsOf(stream[1:], nil)
	sameRows(t, lines(t, "streamed.tsv"), taskRows(told))
	sameAsDone(t, told, "both", "stream")
}

// What an operator did while agents drained, were down for maintenance and were marked gone: tasks
// that were killed for it, and the agent that was removed.
func TestTheStreamsOfAnOperatorsActionsTellWhatHappened(t *testing.T) {
	for name, expected := range map[string]string{"subscribe-drain": "drain.tsv", "subscribe-operator-actions": "operator-actions.tsv"} {
		t.Run(name, func(t *testing.T) {
			stream := streamOf(t, name)
			state := stateOf(t, "10-drain/quirk-master-state.json.gz", stream[0].Received, nil)
			withoutTasks(state) // they are as of later; SUBSCRIBED lists those of its moment
			// A task that was staging then has an end of 0.4 s before: the master wrote SUBSCRIBED earlier.
			begun := stream[0]
			begun.Received = begun.Received.Add(-time.Second)
			base := Build(state, nil).With([]mesos.StreamEvent{begun}, begun.Received)
			told := base.EventsOf(stream[1:], nil)
			rows := taskRows(told)
			ids := map[string]bool{}
			for _, e := range told {
				require.False(t, ids[e.ID], "twice: %s", e.ID)
				ids[e.ID] = true
				if e.Kind == events.KindAgent {
					rows = append(rows, strings.Join([]string{"agent", e.AgentID, string(e.What), "-"}, "\t"))
				}
			}
			sameRows(t, lines(t, expected), rows)
		})
	}
}

// Both ways at once, as the collector goes: /state every 5 s, and every minute.
func TestTheStreamAndPollsTellEachEventOnce(t *testing.T) {
	stream, polled := streamOf(t, "subscribe"), states(t)
	for _, every := range []int{1, 12} {
		t.Run(strconv.Itoa(every), func(t *testing.T) {
			base := Build(polled[0], nil)
			read := polled[0].Sent
			var all []events.Event
			ids := once{}
			for n := every; n < len(polled); n += every {
				s := polled[n]
				asked := base.With(between(stream, read, s.Sent), s.Sent)
				answered := s.Sent.Add(s.Took + time.Second) // its records have come
				kept := asked.With(between(stream, s.Sent, answered), answered)
				ids.add(&all, base.EventsOf(between(stream, read, answered), nil))
				next := Build(s, kept)
				require.Zero(t, Drift(asked, kept, next), n)
				missed := Missed(asked, kept, next, nil)
				for _, e := range missed {
					require.NotEqual(t, events.KindTask, e.Kind, "%+v", e)
				}
				ids.add(&all, missed)
				base, read = next, s.Sent
			}
			ids.add(&all, base.EventsOf(between(stream, read, time.Unix(1e10, 0)), nil))
			sameRows(t, lines(t, "streamed.tsv"), taskRows(all))
			if every == 1 {
				sameAsDone(t, all, "both", "stream", "polls")
			}
		})
	}
}

// The leader's snapshot does not contradict a model that is kept by events, except where
// the stream does not tell what happened.
func TestASnapshotContradictsWhatTheStreamDoesNotTell(t *testing.T) {
	stream, polled, snapshots := streamOf(t, "subscribe"), states(t), seriesOf(t, "-master-metrics.json.gz")
	executors := func(n int) string {
		var all []string
		for _, f := range polled[n].Frameworks {
			for _, e := range f.Executors {
				all = append(all, e.SlaveID+" "+e.ID)
			}
		}
		slices.Sort(all)
		return strings.Join(all, "\n")
	}
	base := Build(polled[0], nil)
	read := polled[0].Sent
	var agents, frameworks []int
	for n := 1; n < len(polled); n++ {
		a := snapshots[n]
		m := &mesos.Metrics{}
		require.NoError(t, json.Unmarshal(recorded(t, a.file), &m.Values))
		later := a.answered.Add(100 * time.Millisecond) // records of the same moment come a little later
		asked := base.With(between(stream, read, a.asked), a.asked)
		during := between(stream, a.asked, later)
		kept := asked.With(during, later)
		doubts := kept.Disagrees(asked, during, m)
		require.False(t, doubts.Tasks, n)
		if doubts.Agents {
			agents = append(agents, n)
		}
		if doubts.Frameworks {
			frameworks = append(frameworks, n)
		}
		if doubts.Allocated {
			require.NotEqual(t, executors(n-1), executors(n), "of poll %d: what executors hold is not told", n)
		}
		base, read = Build(polled[n], kept), polled[n].Sent
	}
	// What EVENTS.tsv says was done in the 5 s before: agent 3 became unreachable (killed at
	// 60 s, seen disconnected between the snapshot and the /state of its moment), a
	// scheduler was killed (215 s), agent 2 came back (254 s).
	require.Equal(t, []int{16, 52}, agents)
	require.Equal(t, []int{43}, frameworks)
}

// A snapshot that is off in one number is noticed.
func TestASnapshotThatIsOffIsNoticed(t *testing.T) {
	stream, polled, snapshots := streamOf(t, "subscribe"), states(t), seriesOf(t, "-master-metrics.json.gz")
	const n = 30
	base := Build(polled[n-1], nil)
	a := snapshots[n]
	asked := base.With(between(stream, polled[n-1].Sent, a.asked), a.asked)
	during := between(stream, a.asked, a.answered.Add(100*time.Millisecond))
	kept := asked.With(during, a.answered)
	for key, want := range map[string]Doubts{
		"":                               {},
		"master/slaves_active":           {Agents: true},
		"master/slaves_inactive":         {Agents: true},
		"master/slaves_unreachable":      {Agents: true},
		"master/frameworks_active":       {Frameworks: true},
		"master/frameworks_connected":    {Frameworks: true},
		"master/frameworks_disconnected": {Frameworks: true},
		"master/tasks_running":           {Tasks: true},
		"master/tasks_unreachable":       {Tasks: true},
		"master/cpus_used":               {Allocated: true},
		"master/mem_used":                {Allocated: true},
	} {
		for _, by := range []float64{-7, 7} {
			m := &mesos.Metrics{}
			require.NoError(t, json.Unmarshal(recorded(t, a.file), &m.Values))
			m.Values[key] += by
			require.Equal(t, want, kept.Disagrees(asked, during, m), "%s %v", key, by)
		}
	}
	m := &mesos.Metrics{Values: map[string]float64{}}
	require.Equal(t, Doubts{}, kept.Disagrees(asked, during, m), "what is not told does not contradict")
}

// Drains, maintenance, the master's restart and a failover, by polls that are minutes apart.
// What is expected was found by comparing the answers by hand (10-drain has the steps in
// its file names); tasks are counted only where how they ended is not known.
func TestDrainsAndFailoversAreTold(t *testing.T) {
	steps := []struct{ at, file, want string }{
		{"07:43:50", "04-series/076-master-state.json.gz", ""},
		{"07:45:00", "10-drain/draining-get_state.json.gz", "framework added slow-to-die, framework added mesos-execute instance, framework removed mesos-execute instance, agent draining agent2"},
		{"07:45:40", "10-drain/drained-get_state.json.gz", ""}, // by its file name; the agent is still draining
		{"07:45:49", "11-maintenance/scheduled-get_state.json.gz", ""},
		{"07:45:56", "11-maintenance/down-get_state.json.gz", "agent lost agent1"},
		{"07:47:35", "10-drain/drained2-get_state.json.gz", "framework failed_over cassandra, agent drained agent2, agent gone agent3"},
		{"07:51:35", "10-drain/quirk-master-state.json.gz", "agent added agent3, agent back agent1, framework added slow-to-die-2, agent reactivated agent2, framework disconnected slow-to-die"},
		{"07:52:22", "10-drain/third-draining-get_state.json.gz", "framework added slow-to-die-3, agent draining agent2, framework disconnected slow-to-die-2"},
		{"07:53:39", "13-master-restart/boot00-get_state.json", "master leader"},
		{"07:53:40", "13-master-restart/boot06-get_state.json", ""},
		{"07:53:43", "13-master-restart/after-get_state.json", ""},
		// The restarted master knows nothing of what ended in the 77 s before.
		{"07:54:56", "13-master-restart/later-get_state.json.gz", "agent reactivated agent2, unknown 10"},
		{"07:56:55", "14-ha/leader-5050-get_state.json.gz", "master leader, unknown 14"},
		{"07:58:21", "14-ha/newleader-5061-get_state.json.gz", "master leader, unknown 14"},
	}
	var all []*mesos.State
	var model *Cluster
	ids := map[string]bool{}
	for _, step := range steps {
		asked, err := time.Parse(time.DateTime, "2026-11-21 "+step.at)
		require.NoError(t, err)
		s := stateOf(t, step.file, asked, all)
		all = append(all, s)
		next := Build(s, model)
		var got []string
		unknown := 0
		for _, e := range Happened(model, next, nil) {
			require.False(t, ids[e.ID], "twice: %s", e.ID)
			ids[e.ID] = true
			if e.Kind != events.KindTask {
				subject, _, _ := strings.Cut(e.Agent, ".")
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Kind, e.What, subject+e.Framework)))
			} else if e.What == events.What(UnknownTask) {
				unknown++
			}
		}
		if unknown > 0 {
			got = append(got, fmt.Sprintf("unknown %d", unknown))
		}
		require.Equal(t, step.want, strings.Join(got, ", "), step.file)
		model = next
	}
}

// Regions: what an agent's draining, drained, unreachable and disconnected open, and what
// closes it.
func TestEventsThatLastAreOpenedAndClosed(t *testing.T) {
	var model *Cluster
	open := map[string]string{}
	var lasted []string
	for _, s := range append(states(t),
		stateOf(t, "10-drain/draining-get_state.json.gz", at(1795247100), nil),
		stateOf(t, "10-drain/drained2-get_state.json.gz", at(1795247255), nil),
		stateOf(t, "10-drain/quirk-master-state.json.gz", at(1795247495), nil)) {
		next := Build(s, model)
		for _, e := range Happened(model, next, nil) {
			for _, key := range e.Closes {
				if open[key] != "" {
					lasted = append(lasted, open[key]+" until "+string(e.What))
					delete(open, key)
				}
			}
			if e.Opens != "" {
				require.Empty(t, open[e.Opens])
				open[e.Opens] = string(e.What) + " " + e.Agent + e.Framework
			}
		}
		model = next
	}
	require.Equal(t, []string{
		"disconnected agent3.fixture.test until unreachable",
		"unreachable agent3.fixture.test until back",
		"disconnected agent2.fixture.test until back",
		"disconnected Spark ETL (nightly) until removed",
		"draining agent2.fixture.test until drained",
		"drained agent2.fixture.test until reactivated",
	}, lasted)
	require.Equal(t, []string{"disconnected slow-to-die"}, slices.Collect(maps.Values(open)))
}
