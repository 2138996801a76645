package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/events"
)

// busy is the i-th event of a busy cluster with 10,000 agents, 100 events a second: tasks
// are staged, run and end, one of 20 fails, and every 10,000th event is an agent's.
func busy(i int) events.Event {
	at := noon.Add(time.Duration(i) * 10 * time.Millisecond)
	agent := i * 7919 % 10_000
	if i%10_000 == 9999 {
		return events.Event{
			ID: fmt.Sprintf("agent/%d", i), Kind: events.KindAgent, What: events.Disconnected, Time: at, NotBefore: at.Add(-15 * time.Second),
			Severity: events.Warning, Agent: fmt.Sprintf("agent-%d.example.com", agent), AgentID: fmt.Sprintf("7d3c5f3e-2a0b-4c1d-9e8f-0123456789ab-S%d", agent),
		}
	}
	e := events.Event{
		Kind: events.KindTask, What: []events.What{"staging", "running", "finished"}[i%3], Time: at, Severity: events.Info,
		Agent: fmt.Sprintf("agent-%d.example.com", agent), AgentID: fmt.Sprintf("7d3c5f3e-2a0b-4c1d-9e8f-0123456789ab-S%d", agent),
		Framework: fmt.Sprintf("framework-%d", i%200), FrameworkID: fmt.Sprintf("7d3c5f3e-2a0b-4c1d-9e8f-0123456789ab-%04d", i%200),
		Role: fmt.Sprintf("role-%d", i%40), Task: fmt.Sprintf("job-%d", i/3%5000), TaskID: fmt.Sprintf("job-%d.instance-%d", i/3%5000, i/3),
		Source: "executor",
	}
	if i%60 == 59 {
		e.What, e.Severity, e.Reason, e.Message = "failed", events.Error, "command_executor_failed", "Command exited with status 1"
	}
	e.ID = fmt.Sprintf("task/%s/%s/%s/%d", e.FrameworkID, e.TaskID, e.What, at.UnixNano())
	return e
}

// BenchmarkAppend adds the events of 15 seconds of a busy cluster, 1,500, to a log.
func BenchmarkAppend(b *testing.B) {
	for _, where := range []string{"memory", "disk"} {
		b.Run(where, func(b *testing.B) {
			o := Options{Bounds: Bounds{Count: 1 << 30}}
			if where == "disk" {
				o.File = filepath.Join(b.TempDir(), "events.sqlite")
			}
			l, _ := newLog(b, o)
			n := 0
			for b.Loop() {
				var all []events.Event
				for range 1500 {
					all = append(all, busy(n))
					n++
				}
				appended(b, l, all...)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n), "us/event")
		})
	}
}

// BenchmarkRead asks a file for what panels and rules ask for. EVENTS_BENCH is the number of
// its events, 200,000 if not set.
func BenchmarkRead(b *testing.B) {
	n := 200_000
	if text := os.Getenv("EVENTS_BENCH"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	l, c := newLog(b, Options{File: filepath.Join(b.TempDir(), "events.sqlite"), Bounds: Bounds{Count: 1 << 30, Bytes: 1 << 50}})
	for i := 0; i < n; {
		var all []events.Event
		for ; len(all) < 10_000 && i < n; i++ {
			all = append(all, busy(i))
		}
		appended(b, l, all...)
	}
	end := busy(n - 1).Time
	c.now = end
	last := func(d time.Duration) events.Filter { return events.Filter{From: end.Add(-d), To: end, Limit: 1000} }
	with := func(f events.Filter, change func(*events.Filter)) events.Filter { change(&f); return f }
	where := func(field events.Field, values ...string) func(*events.Filter) {
		return func(f *events.Filter) { f.Where = []events.Condition{{Field: field, Values: values}} }
	}
	all := events.Filter{Limit: 1000}
	for _, q := range []struct {
		name   string
		filter events.Filter
	}{
		{"last hour", last(time.Hour)},
		{"everything", all},
		{"agents, everything", with(all, func(f *events.Filter) { f.Kinds = []events.Kind{events.KindAgent} })},
		{"errors, last 6 h", with(last(6*time.Hour), func(f *events.Filter) { f.Least = events.Error })},
		{"one task", with(all, where(events.FieldTaskID, busy(n/2).TaskID))},
		{"one agent, last 6 h", with(last(6*time.Hour), where(events.FieldAgent, busy(n/2).Agent))},
		{"one agent, everything", with(all, where(events.FieldAgent, busy(n/2).Agent))},
		{"pattern, last 6 h", with(last(6*time.Hour), func(f *events.Filter) {
			f.Where = []events.Condition{{Field: events.FieldTask, Values: []string{"job-1.*9"}, Pattern: true}}
		})},
	} {
		b.Run("select "+q.name, func(b *testing.B) {
			for b.Loop() {
				_, _, err := l.Select(b.Context(), q.filter)
				require.NoError(b, err)
			}
		})
	}
	for _, q := range []struct {
		name   string
		filter events.Filter
		by     []events.Field
	}{
		{"failures by framework, last hour", with(last(time.Hour), where(events.FieldEvent, "failed")), []events.Field{events.FieldFramework}},
		{"everything by event", all, []events.Field{events.FieldEvent}},
		{"everything", all, nil},
		{"everything by framework and event", all, []events.Field{events.FieldFramework, events.FieldEvent}},
	} {
		b.Run("count "+q.name, func(b *testing.B) {
			for b.Loop() {
				_, err := l.Count(b.Context(), q.filter, q.by, 100)
				require.NoError(b, err)
			}
		})
	}
	b.Run("values of framework, everything", func(b *testing.B) {
		for b.Loop() {
			_, err := l.Values(b.Context(), all, events.FieldFramework, 10_000)
			require.NoError(b, err)
		}
	})
	st := l.Stats()
	b.Logf("%d events, %d bytes each", st.Events, st.Bytes/int64(st.Events))
}
