package collector_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
)

// The recorded scene 04-series with the event stream that was recorded beside it
// (05-subscribe), each answer and record at its own moment. What happened is in
// pkg/cluster/testdata, written by a script that shares nothing with the code.

const recordedEvery = 5 * time.Second

func recordedFile(t *testing.T, file string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(captures, file))
	require.NoError(t, err)
	if filepath.Ext(file) == ".gz" {
		packed, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(t, err)
		body, err = io.ReadAll(packed)
		require.NoError(t, err)
	}
	return body
}

func atSeconds(t *testing.T, text string) time.Time {
	t.Helper()
	n, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return time.UnixMicro(int64(n * 1e6)).UTC()
}

// replayed is a client of a recorded master.
type replayed struct {
	clock *clocktest.Clock
	begun time.Time
	head  time.Duration // how long the master is said to work on /state

	states    []mesos.State
	snapshots []mesos.Metrics
	records   []mesos.StreamEvent

	mu     sync.Mutex
	handle func(mesos.StreamEvent) error // nil: nobody has subscribed
	end    chan error
	asked  int // for /state

	first int // the record that it begins with
}

func replay(t *testing.T) *replayed {
	t.Helper()
	r := &replayed{}
	for _, line := range strings.Split(string(recordedFile(t, "04-series/INDEX.tsv")), "\n")[1:] {
		f := strings.Fields(line)
		if len(f) < 7 || !strings.Contains(f[3], "-master-") {
			continue
		}
		took, err := strconv.ParseFloat(f[6], 64)
		require.NoError(t, err)
		a := mesos.Answer{Target: "10.0.0.1:5050", Sent: atSeconds(t, f[1]), Took: time.Duration(took * float64(time.Millisecond)), Bytes: 1}
		body := func() []byte { return recordedFile(t, "04-series/"+f[3]) }
		switch {
		case strings.HasSuffix(f[3], "-master-state.json.gz"):
			s := mesos.State{EndedSince: float64(a.Sent.Add(-2*time.Minute).UnixMicro()) / 1e6}
			require.NoError(t, json.Unmarshal(body(), &s))
			s.Answer = a
			r.states = append(r.states, s)
		case strings.HasSuffix(f[3], "-master-metrics.json.gz"):
			m := mesos.Metrics{Answer: a}
			require.NoError(t, json.Unmarshal(body(), &m.Values))
			r.snapshots = append(r.snapshots, m)
		}
	}
	require.Len(t, r.states, 77)
	require.Len(t, r.snapshots, 77)
	// No answer is older than the moment at which it is asked for here.
	r.begun = r.snapshots[0].Sent
	for n := range r.states {
		for _, sent := range []time.Time{r.states[n].Sent, r.snapshots[n].Sent} {
			if at := sent.Add(-time.Duration(n) * recordedEvery); at.Before(r.begun) {
				r.begun = at
			}
		}
	}
	r.clock = clocktest.New(r.begun)

	stream := recordedFile(t, "05-subscribe/subscribe.json.recordio.gz")
	pieces := strings.Split(string(recordedFile(t, "05-subscribe/subscribe.json.recordio.times.gz")), "\n")
	for read := 0; read < len(stream); {
		newline := bytes.IndexByte(stream[read:], '\n')
		if newline < 0 {
			break
		}
		length, err := strconv.Atoi(string(stream[read : read+newline]))
		require.NoError(t, err)
		from := read + newline + 1
		if read = from + length; read > len(stream) {
			break
		}
		e := mesos.StreamEvent{Bytes: int64(length)}
		require.NoError(t, json.Unmarshal(stream[from:read], &e))
		for {
			f := strings.Fields(pieces[0])
			if f[0] != "#" {
				offset, err := strconv.Atoi(f[0])
				require.NoError(t, err)
				size, err := strconv.Atoi(f[1])
				require.NoError(t, err)
				if offset+size >= read {
					e.Received = atSeconds(t, f[2])
					break
				}
			}
			pieces = pieces[1:]
		}
		r.records = append(r.records, e)
	}
	return r
}

// step returns the number of the answer of now.
func (r *replayed) step() int {
	return min(int(r.clock.Now().Sub(r.begun)/recordedEvery), len(r.states)-1)
}

func (r *replayed) State(context.Context) (*mesos.State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	s := r.states[r.step()]
	s.Sent = latest(s.Sent, r.clock.Now())
	s.Head = cmp.Or(r.head, 10*time.Millisecond)
	return &s, nil
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (r *replayed) Snapshot(context.Context) (*mesos.Metrics, error) {
	s := r.snapshots[r.step()]
	s.Sent = latest(s.Sent, r.clock.Now())
	return &s, nil
}

func (r *replayed) Roles(context.Context) (*mesos.Roles, error) {
	return &mesos.Roles{Answer: mesos.Answer{Sent: r.clock.Now()}}, nil
}
func (r *replayed) Flags(context.Context) (*mesos.Flags, error) { return &mesos.Flags{}, nil }
func (r *replayed) Followers(context.Context) []mesos.Target    { return nil }
func (r *replayed) SnapshotOf(context.Context, mesos.Target) (*mesos.Metrics, error) {
	return nil, failure(mesos.Network)
}
func (r *replayed) Close() {}

// Subscribe begins with what the /state of the moment lists.
func (r *replayed) Subscribe(ctx context.Context, handle func(mesos.StreamEvent) error) error {
	first := &mesos.Subscribed{}
	s := r.states[r.step()]
	for _, f := range s.Frameworks {
		for _, task := range append(slices.Clone(f.Tasks), f.UnreachableTasks...) {
			told := &mesos.StreamTask{Task: task}
			for _, status := range task.Statuses {
				told.Statuses = append(told.Statuses, mesos.StreamStatus{TaskStatus: status, TaskID: task.ID, SlaveID: task.SlaveID})
			}
			first.Tasks = append(first.Tasks, told)
		}
	}
	end := make(chan error, 1)
	r.mu.Lock() // no record gets lost in between
	err := handle(mesos.StreamEvent{Type: mesos.StreamSubscribed, Subscribed: first, Received: r.clock.Now()})
	r.handle, r.end = handle, end
	r.mu.Unlock()
	if err != nil {
		return err
	}
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.handle = nil
	}()
	select {
	case err := <-end:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send sends a record, if anybody has subscribed.
func (r *replayed) send(e mesos.StreamEvent) {
	r.mu.Lock()
	handle := r.handle
	r.mu.Unlock()
	if handle != nil {
		_ = handle(e)
	}
}

func (r *replayed) subscribed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.handle != nil
}

// played is a collector that watched a recording to its end.
type played struct {
	*replayed
	log *eventLog
	rec *recorder
}

// play lets the recording pass. at is called at each record, before it is sent.
func play(t *testing.T, r *replayed, s collector.Settings, before func(c *collector.Collector, n int)) played {
	t.Helper()
	log := &eventLog{}
	return playInto(t, log, log, r, s, before)
}

// playInto lets the recording pass, from r.first on, before a collector with this log.
func playInto(t *testing.T, log *eventLog, kept events.Log, r *replayed, s collector.Settings, before func(c *collector.Collector, n int)) played {
	t.Helper()
	p := played{r, log, newRecorder()}
	s.PollInterval, s.UID, s.Masters = recordedEvery, "uid", []string{"http://10.0.0.1:5050"}
	c := collector.New(collector.Config{Client: r, Sink: p.rec, Clock: r.clock, Settings: s, Events: kept, Jitter: func() float64 { return 0.5 }})
	c.Start()
	t.Cleanup(c.Stop)
	r.clock.Settle()
	require.NoError(t, c.Ready(t.Context()))
	for n, e := range r.records {
		if n < r.first {
			continue
		}
		// The records of after the last answer come before there is another poll.
		at := e.Received
		if last := r.begun.Add(time.Duration(len(r.states))*recordedEvery - 3*time.Second); at.After(last) {
			at = last
		}
		if wait := at.Sub(r.clock.Now()); wait > 0 {
			r.clock.Advance(wait)
		}
		if before != nil {
			before(c, n)
		}
		if n > 0 { // the first is SUBSCRIBED
			r.send(e)
		}
	}
	r.clock.Advance(2 * time.Second) // changes are noted within one
	return p
}

// expectedRows returns the rows of a file of pkg/cluster/testdata.
func expectedRows(t *testing.T, file string) []string {
	t.Helper()
	body, err := os.ReadFile("../cluster/testdata/" + file)
	require.NoError(t, err)
	rows := strings.Split(strings.TrimSpace(string(body)), "\n")
	slices.Sort(rows)
	return rows
}

// taskRows returns the events of tasks in the form of those files.
func (p played) taskRows() (rows []string) {
	for _, e := range p.log.of(events.KindTask) {
		when := "-"
		if e.What != "staging" && e.What != "running" {
			when = strconv.FormatInt(e.Time.UnixMicro(), 10)
		}
		rows = append(rows, strings.Join([]string{e.FrameworkID, e.TaskID, string(e.What), when}, "\t"))
	}
	slices.Sort(rows)
	return rows
}

// others returns what happened to agents and frameworks: kind, event and name.
func (p played) others() (rows []string) {
	for _, kind := range []events.Kind{events.KindAgent, events.KindFramework, events.KindMaster, events.KindCollection} {
		for _, e := range p.log.of(kind) {
			rows = append(rows, fmt.Sprintf("%s %s %s", e.Kind, e.What, e.Agent+e.Framework))
		}
	}
	slices.Sort(rows)
	return rows
}

// expectedOthers returns what EVENTS.tsv has of them, by who shows it.
func expectedOthers(t *testing.T, shownBy ...string) (rows []string) {
	t.Helper()
	for _, row := range expectedRows(t, "expected.tsv") {
		if f := strings.Split(row, "\t"); len(f) > 5 && slices.Contains(shownBy, f[5]) {
			rows = append(rows, fmt.Sprintf("%s %s %s", f[0], f[1], f[2]))
		}
	}
	slices.Sort(rows)
	return rows
}

func (p played) drift() float64 {
	return p.rec.sum(p.clock.Now(), "mesos_model_drift_total")
}

// requireRecorded checks that every row is one of those that were recorded, and is there no more often than in one of them.
func requireRecorded(t *testing.T, rows []string, recorded ...[]string) {
	t.Helper()
	times := func(rows []string, row string) (n int) {
		for _, one := range rows {
			if one == row {
				n++
			}
		}
		return n
	}
	for _, row := range rows {
		most := 0
		for _, one := range recorded {
			most = max(most, times(one, row))
		}
		require.NotZero(t, most, "not recorded: %s", row)
		require.LessOrEqual(t, times(rows, row), most, "too often: %s", row)
	}
}

func TestPollsOfARecordingTellWhatHappened(t *testing.T) {
	p := play(t, replay(t), collector.Settings{Subscribe: collector.SubscribeNever}, nil)
	require.Equal(t, expectedRows(t, "polled.tsv"), p.taskRows())
	others := p.others()
	for i := range others { // how an agent left, only the stream tells
		others[i] = strings.Replace(others[i], "agent lost", "agent removed", 1)
	}
	slices.Sort(others)
	require.Equal(t, expectedOthers(t, "both", "polls"), others)
}

func TestTheStreamOfARecordingTellsWhatHappened(t *testing.T) {
	p := play(t, replay(t), collector.Settings{}, nil)
	require.Equal(t, expectedRows(t, "streamed.tsv"), p.taskRows())
	require.Equal(t, expectedOthers(t, "both", "polls", "stream"), p.others())
	require.Zero(t, p.drift())
	require.Equal(t, 4, p.rec.open(p.clock.Now(), "mesos_model_drift_total"))
	// The counters are those of the last /state, and of what the stream told until its
	// answer was read. A status is made a moment before its record comes.
	last := p.states[len(p.states)-1].Sent
	least, most := map[string]float64{}, map[string]float64{}
	for _, e := range p.log.of(events.KindTask) {
		if !cluster.TaskState(e.What).Live() && e.Time.Before(last.Add(time.Second)) {
			most[string(e.What)]++
			if e.Time.Before(last.Add(-300 * time.Millisecond)) {
				least[string(e.What)]++
			}
		}
	}
	require.Greater(t, least["failed"], 100.0)
	require.Greater(t, least["finished"], 100.0)
	for state := range most {
		for _, name := range []string{"mesos_role_tasks_ended_total", "mesos_agent_tasks_ended_total"} {
			got := p.rec.sum(p.clock.Now(), name, "state="+state)
			require.LessOrEqual(t, least[state], got, state)
			require.LessOrEqual(t, got, most[state], state)
		}
	}
}

// /state is asked once a minute only, since the master works long on it: the model is
// kept by events, and what is written of it is what the snapshots say.
func TestTheModelOfARecordingIsKeptByEvents(t *testing.T) {
	r := replay(t)
	r.head = 3 * time.Second
	p := play(t, r, collector.Settings{}, nil)
	require.Less(t, p.asked, 30, "of 77")
	require.Equal(t, expectedRows(t, "streamed.tsv"), p.taskRows())
	require.Zero(t, p.drift())
	compared, written := 0, 0
	for _, state := range []string{"staging", "starting", "running", "killing"} {
		for _, x := range p.rec.one(t, "mesos_cluster_tasks", "state="+state).samples {
			at := time.UnixMilli(x.t).UTC()
			n := slices.IndexFunc(r.snapshots, func(m mesos.Metrics) bool {
				return at.Sub(m.Sent).Abs() < 100*time.Millisecond || at.Sub(m.Sent) <= 0 && m.Sent.Sub(at) < time.Second
			})
			written++
			if n < 0 || !r.quiet(r.snapshots[n].Sent) {
				continue
			}
			require.Equal(t, r.snapshots[n].Values["master/tasks_"+state], x.v, "%s at %s", state, at.Sub(r.begun))
			compared++
		}
	}
	require.Greater(t, written, 4*50)
	require.Greater(t, compared, 4*20)
}

// quiet reports whether no record came near a moment.
func (r *replayed) quiet(at time.Time) bool {
	return !slices.ContainsFunc(r.records, func(e mesos.StreamEvent) bool {
		return e.Type != mesos.StreamHeartbeat && e.Received.Sub(at).Abs() < 200*time.Millisecond
	})
}

// A stream that ends now and then costs what happened between two polls only, and nothing
// is told twice.
func TestARecordingWithBreaksIsToldOnce(t *testing.T) {
	r := replay(t)
	p := play(t, r, collector.Settings{}, func(c *collector.Collector, n int) {
		if n%40 == 20 && r.subscribed() {
			before := streamFailures(c)
			r.end <- failure(mesos.Network)
			require.Eventually(t, func() bool { return streamFailures(c) > before }, 5*time.Second, time.Millisecond)
		}
	})
	got, streamed, polled := p.taskRows(), expectedRows(t, "streamed.tsv"), expectedRows(t, "polled.tsv")
	requireRecorded(t, got, streamed, polled)
	for _, row := range streamed {
		if slices.Contains(polled, row) && !cluster.TaskState(strings.Split(row, "\t")[2]).Live() {
			if !slices.Contains(got, row) {
				t.Errorf("missing: %s", row)
			}
		}
	}
	others := p.others()
	for i := range others { // how an agent left, only the stream tells
		others[i] = strings.Replace(others[i], "agent lost", "agent removed", 1)
	}
	slices.Sort(others)
	require.Equal(t, expectedOthers(t, "both", "polls", "stream"), others)
	require.Zero(t, p.drift())
	require.Greater(t, p.rec.sum(p.clock.Now(), "mesos_poll_failures_total", "poll=subscribe"), 3.0)
}
