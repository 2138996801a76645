package collector_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// observer records what a collector tells of its polls, and its log.
type observer struct {
	mu     sync.Mutex
	polled map[string]int
	spans  map[string]int
	open   int
	lines  []string
}

func (w *observer) add(line string, args []any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, fmt.Sprint(append([]any{line}, args...)...))
}

func (w *observer) Info(msg string, args ...any) { w.add("info "+msg, args) }
func (w *observer) Warn(msg string, args ...any) { w.add("warn "+msg, args) }

func (w *observer) log() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.lines...)
}

func TestPollsAreCountedTracedAndLoggedWhenTheyBeginToFailOnly(t *testing.T) {
	clock := clocktest.New(begin)
	f := newFake(clock)
	w := &observer{polled: map[string]int{}, spans: map[string]int{}}
	c := collector.New(collector.Config{
		Client: f, Sink: newRecorder(), Clock: clock, Log: w, Settings: collector.Settings{UID: "uid", Subscribe: collector.SubscribeNever},
		Jitter: func() float64 { return 0.5 },
		Polled: func(p collector.Polled) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.polled[string(p.Poll)+" "+string(p.Category)]++
			if p.Category == "" {
				require.Equal(t, 20*time.Millisecond, p.Took)
			} else {
				require.Zero(t, p.Took)
			}
		},
		Span: func(ctx context.Context, poll series.Poll) (context.Context, func(bool)) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.open++
			return ctx, func(ok bool) {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.open--
				w.spans[fmt.Sprint(poll, " ", ok)]++
			}
		},
	})
	c.Start()
	t.Cleanup(c.Stop)
	clock.Settle()
	clock.Advance(4 * interval)
	w.mu.Lock()
	well := w.polled["snapshot "]
	require.Positive(t, well)
	require.Equal(t, well, w.polled["state "])
	require.Equal(t, well, w.polled["roles "])
	require.Equal(t, well, w.spans["snapshot true"])
	require.Equal(t, well, w.spans["state true"])
	require.Zero(t, w.open)
	w.mu.Unlock()
	require.Empty(t, w.log(), "polls that go well are no lines of the log")

	f.set(func(f *fake) { f.err["snapshot"] = failure(mesos.Network) })
	clock.Advance(20 * interval)
	w.mu.Lock()
	require.Greater(t, w.polled["snapshot network"], 2)
	require.Equal(t, w.polled["snapshot network"], w.spans["snapshot false"])
	w.mu.Unlock()
	require.Len(t, w.log(), 1, "it began to fail")
	require.Contains(t, w.log()[0], "warn A poll failed")

	f.set(func(f *fake) { delete(f.err, "snapshot") })
	clock.Advance(40 * interval)
	require.Len(t, w.log(), 2, "it is back")
	require.Contains(t, w.log()[1], "info A poll works again")
}

func TestTheEventStreamIsCounted(t *testing.T) {
	f, s := follow(t, 1, collector.Settings{})
	require.True(t, f.Status().Stream.Connected)
	require.Equal(t, uint64(1), f.Status().Stream.Opened)
	before := f.Status().Stream.Events
	require.NoError(t, s.send(added(7)))
	require.Equal(t, before+1, f.Status().Stream.Events)
	s.breaks(t, f, failure(mesos.Network))
	require.False(t, f.Status().Stream.Connected)
	f.clock.Advance(time.Hour)
	require.True(t, f.Status().Stream.Connected)
	require.Equal(t, uint64(2), f.Status().Stream.Opened)
	require.Zero(t, f.Status().Stream.Dropped)
}
