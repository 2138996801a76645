package promql

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/prometheus/prometheus/storage"
)

// large is a request that weighs more than a million samples.
func large(store storage.Queryable, start, end time.Time) Request {
	return Request{Store: store, Expr: `max_over_time(a[200m:1s])`, Start: start, End: end, Step: time.Minute}
}

// A crowd asks in the background and collects how it ended.
type crowd struct {
	e     *Engine
	ended chan error
}

func (c crowd) ask(ctx context.Context, r Request) {
	go func() {
		_, err := c.e.Range(ctx, r)
		c.ended <- err
	}()
}

func TestLargeQueriesWaitForEachOtherAndForNobodyElse(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	slow := slowStore{Store: m, begun: make(chan struct{}), release: make(chan struct{})}
	people := crowd{e, make(chan error)}
	mine, rules := large(slow, start, end), large(slow, start, end)
	rules.Alert = true
	for range 2 {
		people.ask(context.Background(), mine)
		<-slow.begun
	}
	// Two rules run beside them, and small queries of people.
	for range 2 {
		people.ask(context.Background(), rules)
		<-slow.begun
	}
	for range 40 {
		_, err := e.Instant(context.Background(), Request{Store: m, Expr: `a`, End: end})
		require.NoError(t, err)
	}

	// A third of each waits as long as its context.
	for alert, part := range map[bool]string{false: "large queries as may run at once", true: "large queries of alert rules as may run at once"} {
		r := mine
		r.Alert = alert
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		_, err := e.Range(ctx, r)
		cancel()
		require.Equal(t, ErrorBusy, KindOf(err), "%v", err)
		require.ErrorContains(t, err, part)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	ctx, cancel := context.WithCancel(context.Background())
	people.ask(ctx, mine)
	cancel()
	require.Equal(t, ErrorCancel, KindOf(<-people.ended))

	// One that waits takes the room that becomes free.
	people.ask(context.Background(), mine)
	close(slow.release)
	<-slow.begun
	for range 5 {
		require.NoError(t, <-people.ended)
	}
	requireEmpty(t, e)
}

// requireEmpty checks that all room was given back.
func requireEmpty(t *testing.T, e *Engine) {
	t.Helper()
	for _, g := range []*gate{e.people, e.rules} {
		for _, l := range append(g.lanes, g.counting, g.matching, g.lookUps, g.matchedLookUps, g.parsing) {
			require.True(t, l.semaphore.TryAcquire(l.room), "%s%s", l.what, g.whose)
			l.semaphore.Release(l.room)
			require.Zero(t, l.waiting.Load())
		}
	}
	require.Zero(t, e.held.Load())
}

func TestSmallQueriesAreBoundedInNumberToo(t *testing.T) {
	m, _, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	slow := slowStore{Store: m, begun: make(chan struct{}, 1000), release: make(chan struct{})}
	const asked = 150
	var group errgroup.Group
	for range asked {
		group.Go(func() error {
			_, err := e.Instant(context.Background(), Request{Store: slow, Expr: `a`, End: end})
			return err
		})
	}
	small := e.people.lanes[0]
	require.Eventually(t, func() bool { return small.waiting.Load() == asked-small.atOnce }, 10*time.Second, time.Millisecond)
	require.Len(t, slow.begun, int(small.atOnce))
	close(slow.release)
	require.NoError(t, group.Wait())
	requireEmpty(t, e)
}

func TestTheQueueIsBounded(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	slow := slowStore{Store: m, begun: make(chan struct{}, 1000), release: make(chan struct{})}
	var group errgroup.Group
	ask := func() {
		group.Go(func() error {
			_, err := e.Range(context.Background(), large(slow, start, end))
			return err
		})
	}
	lane := e.people.lanes[2]
	for range lane.atOnce + mostWaiting {
		ask()
	}
	require.Eventually(t, func() bool { return lane.waiting.Load() == mostWaiting }, 20*time.Second, time.Millisecond)
	_, err := e.Range(context.Background(), large(slow, start, end))
	require.Equal(t, ErrorBusy, KindOf(err), "%v", err)
	require.ErrorContains(t, err, "because 256 large queries are waiting already, the most that may: try again, refresh less often")

	// Close ends those that wait.
	e.Close()
	require.Equal(t, ErrorCancel, KindOf(group.Wait()))
	requireEmpty(t, e)
}

func TestRoomIsHeldUntilTheAnswerIsBuilt(t *testing.T) {
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	var holds []*Hold
	for range 2 {
		r := large(m, start, end)
		r.Hold = &Hold{}
		_, err := e.Range(context.Background(), r)
		require.NoError(t, err)
		// What is asked on its behalf is not admitted again.
		_, err = e.Range(context.Background(), r)
		require.NoError(t, err)
		holds = append(holds, r.Hold)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	r := large(m, start, end)
	r.Hold = &Hold{}
	_, err := e.Range(ctx, r)
	require.Equal(t, ErrorBusy, KindOf(err), "%v", err)
	r.Hold.Release()
	for _, h := range holds {
		h.Release()
		h.Release()
	}
	_, err = e.Range(context.Background(), r)
	require.NoError(t, err)
	r.Hold.Release()
	r.Expr = `a + on (half) a`
	_, err = e.Range(context.Background(), r)
	require.Equal(t, ErrorEval, KindOf(err))
	requireEmpty(t, e) // a failed query holds nothing
}

func TestAnswersOfARequestAreBounded(t *testing.T) {
	e := NewEngine(EngineOptions{})
	defer e.Close()
	require.NoError(t, HoldAnswer(context.Background(), 1<<40)) // nobody counts
	var ends []func()
	for range maxPointsHeld / maxAnswerPoints {
		ctx, done := e.Answers(context.Background())
		ends = append(ends, done)
		for range 2 {
			require.NoError(t, HoldAnswer(ctx, maxAnswerPoints/2))
		}
		err := HoldAnswer(ctx, 1)
		require.Equal(t, ErrorRequest, KindOf(err))
		require.ErrorContains(t, err, "more than 2000000 points together, the limit for one request: raise the step")
	}
	ctx, done := e.Answers(context.Background())
	defer done()
	err := HoldAnswer(ctx, 1)
	require.Equal(t, ErrorBusy, KindOf(err))
	require.ErrorContains(t, err, "no room beside those that are being sent now: try again")
	ends[0]()
	ends[0]()
	require.NoError(t, HoldAnswer(ctx, 1))
	for _, end := range ends {
		end()
	}
	done()
	requireEmpty(t, e)
}

func TestCountingStopsWithTheContext(t *testing.T) {
	m, _, end := filled(t)
	e := NewEngine(EngineOptions{Timeout: time.Second})
	defer e.Close()
	// Both places for regular expressions are taken: others wait, lists do not.
	for range matchingAtOnce {
		leave, err := e.people.count(context.Background(), true)
		require.NoError(t, err)
		defer leave()
	}
	_, err := e.Instant(context.Background(), Request{Store: m, Expr: `a{i=~"1.*"}`, End: end})
	require.Equal(t, ErrorBusy, KindOf(err), "%v", err)
	require.ErrorContains(t, err, "regular-expression queries")
	require.True(t, errors.Is(err, context.DeadlineExceeded))
	for _, expr := range []string{`a`, `a{i=~"1|2"}`, fmt.Sprintf(`a{i!~%q}`, hosts(300))} {
		_, err = e.Instant(context.Background(), Request{Store: m, Expr: expr, End: end})
		require.NoError(t, err, "%.50s", expr)
	}
}
