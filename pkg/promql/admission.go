package promql

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// Everything that reads a history is admitted here by its weight: about how many
// samples it holds at once, at some 20 bytes each, and by its work: what takes long to
// compute is large, however little it holds. A query waits for others of its
// lane only, first come, first served: large ones do not hold up small ones, and
// people's queries take nothing from alert rules.

// lanes are those of people, and again of alert rules: together some 10 million
// samples each, 210 MB. Each query takes at least its part of the room, so that
// atOnce of them run.
var lanes = []laneOptions{
	{what: "small", upTo: 20_000, work: 20_000_000, room: 160_000, atOnce: 8},
	{what: "medium", upTo: 1_000_000, work: 400_000_000, room: 4_000_000, atOnce: 4},
	{what: "large", upTo: math.MaxInt64, work: math.MaxFloat64, room: 6_000_000, atOnce: 2},
}

const (
	// mostWaiting is how many queries may wait in one lane.
	mostWaiting = 256
	// countingAtOnce is how many queries have their series counted at once,
	// matchingAtOnce how many of those with regular expressions.
	countingAtOnce, matchingAtOnce = 8, 2
	// lookUpsAtOnce is how many look-ups of labels run at once.
	lookUpsAtOnce = 4
	// matchedLookUpsAtOnce is how many look-ups with regular expressions run at once.
	matchedLookUpsAtOnce = 2

	// shortTextBytes is how many bytes of an expression, or of a query's JSON, are parsed
	// without delay; parsingRoom is for how many bytes of longer ones there is room at once.
	shortTextBytes, parsingRoom = 64 << 10, 4 << 20

	// maxAnswerPoints is how many points the answers of one request may have
	// together, maxPointsHeld those of all requests: as frames, points take 32 bytes,
	// and as much again on their way.
	maxAnswerPoints = 2_000_000
	maxPointsHeld   = 6_000_000
)

type laneOptions struct {
	what         string
	upTo         int64   // the largest weight
	work         float64 // the most work
	room, atOnce int64
}

// A lane admits as many queries at once as it has room for.
type lane struct {
	laneOptions
	semaphore *semaphore.Weighted
	waiting   atomic.Int64
	running   atomic.Int64
	full      atomic.Int64 // refused: too many wait
	late      atomic.Int64 // refused: they waited too long
}

func newLane(o laneOptions) *lane {
	return &lane{laneOptions: o, semaphore: semaphore.NewWeighted(o.room)}
}

// enter waits for room until ctx ends. Its errors are of type *Error, but for those
// of a cancelled context.
func (l *lane) enter(ctx context.Context, weight int64, whose string) (leave func(), err error) {
	weight = min(max(weight, l.room/l.atOnce), l.room)
	leave = sync.OnceFunc(func() {
		l.running.Add(-1)
		l.semaphore.Release(weight)
	})
	if l.semaphore.TryAcquire(weight) {
		l.running.Add(1)
		return leave, nil
	}
	if l.waiting.Add(1) > mostWaiting {
		l.waiting.Add(-1)
		l.full.Add(1)
		return nil, queueError(l.what, whose)
	}
	defer l.waiting.Add(-1)
	began := time.Now()
	if err := l.semaphore.Acquire(ctx, weight); err != nil {
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		l.late.Add(1)
		return nil, busyError(time.Since(began), l.what, whose, err)
	}
	l.running.Add(1)
	return leave, nil
}

// A LaneStatus is how a lane of queries goes: how many of them run and wait now, and how
// many were refused since the start, because too many waited or because they waited too long.
type LaneStatus struct {
	Rules            bool // of alert rules
	Lane             string
	Running, Waiting int64
	Full, Late       int64
}

// Admission returns how each lane goes.
func (e *Engine) Admission() (all []LaneStatus) {
	for _, g := range []*gate{e.people, e.rules} {
		others := []*lane{g.counting, g.matching, g.lookUps, g.matchedLookUps, g.parsing}
		names := []string{"counting", "matching", "look-up", "matched look-up", "parsing"}
		for i, l := range append(others, g.lanes...) {
			name := l.what
			if i < len(names) {
				name = names[i]
			}
			all = append(all, LaneStatus{
				Rules: g == e.rules, Lane: name, Running: l.running.Load(), Waiting: l.waiting.Load(), Full: l.full.Load(), Late: l.late.Load(),
			})
		}
	}
	return all
}

// A gate has the lanes of people or of alert rules.
type gate struct {
	whose                       string // "" or " of alert rules"
	lanes                       []*lane
	counting, matching, lookUps *lane
	matchedLookUps, parsing     *lane
}

func newGate(whose string) *gate {
	g := &gate{
		whose:          whose,
		counting:       newLane(laneOptions{what: "small", room: countingAtOnce, atOnce: countingAtOnce}),
		matching:       newLane(laneOptions{what: "regular-expression", room: matchingAtOnce, atOnce: matchingAtOnce}),
		matchedLookUps: newLane(laneOptions{what: "regular-expression look-up", room: matchedLookUpsAtOnce, atOnce: matchedLookUpsAtOnce}),
		parsing:        newLane(laneOptions{what: "long", room: parsingRoom, atOnce: parsingRoom / shortTextBytes}),
		lookUps:        newLane(laneOptions{what: "look-up", room: lookUpsAtOnce, atOnce: lookUpsAtOnce}),
	}
	for _, o := range lanes {
		g.lanes = append(g.lanes, newLane(o))
	}
	return g
}

// count waits until the series of a query may be counted.
func (g *gate) count(ctx context.Context, patterns bool) (leave func(), err error) {
	l := g.counting
	if patterns {
		l = g.matching
	}
	return l.enter(ctx, 1, g.whose)
}

// lookUp waits until labels may be looked up.
func (g *gate) lookUp(ctx context.Context, patterns bool) (leave func(), err error) {
	l := g.lookUps
	if patterns {
		l = g.matchedLookUps
	}
	return l.enter(ctx, 1, g.whose)
}

// parse waits until a text of so many bytes may be parsed. Short ones never wait.
func (g *gate) parse(ctx context.Context, bytes int) (leave func(), err error) {
	if bytes <= shortTextBytes {
		return func() {}, nil
	}
	return g.parsing.enter(ctx, int64(bytes), g.whose)
}

// held is the weight of all admitted queries of this process.
var held atomic.Int64

// Held returns about how many bytes the queries of this process take that are admitted now.
func Held() int64 { return held.Load() * bytesOfWeight }

// enter waits until a query of this weight and work may run.
func (g *gate) enter(ctx context.Context, weight int64, work float64) (leave func(), err error) {
	free, err := g.lane(weight, work).enter(ctx, weight, g.whose)
	if err != nil {
		return nil, err
	}
	held.Add(weight)
	return sync.OnceFunc(func() {
		held.Add(-weight)
		free()
	}), nil
}

// lane returns the lane of queries of this weight and work.
func (g *gate) lane(weight int64, work float64) *lane {
	for _, l := range g.lanes {
		if weight <= l.upTo && work <= l.work {
			return l
		}
	}
	return g.lanes[len(g.lanes)-1] // it takes every query
}

// A Hold keeps the room of a query that has ended until its answer is built. It
// belongs to one Request, and to others that are asked on its behalf meanwhile:
// those are not admitted again, so they do not wait for room that it holds.
type Hold struct{ leave func() }

// Release gives the room back. It may be called again.
func (h *Hold) Release() {
	if h.leave != nil {
		h.leave()
		h.leave = nil
	}
}

// Answers counts the points of one request's answers until they are sent.
type Answers struct {
	held *atomic.Int64 // by all requests
	mu   sync.Mutex
	own  int64
}

type answersKey struct{}

// Answers returns a context for the queries of one request, whose answers are kept
// until all are there. The caller calls done when they are sent.
func (e *Engine) Answers(ctx context.Context) (_ context.Context, done func()) {
	a := &Answers{held: &e.held}
	return context.WithValue(ctx, answersKey{}, a), sync.OnceFunc(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.held.Add(-a.own)
		a.own = math.MaxInt64 / 2 // nothing may follow
	})
}

// HoldAnswer counts the points of an answer that is about to be built, and refuses it
// where there are too many. Without Answers it counts nothing. Its errors are of type
// *Error.
func HoldAnswer(ctx context.Context, points int) error {
	a, ok := ctx.Value(answersKey{}).(*Answers)
	if !ok {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.own+int64(points) > maxAnswerPoints {
		return requestError("The answers of this request have more than %d points together, the limit for one request: raise the step, shorten the time range, select fewer series, or split the panel's queries", maxAnswerPoints)
	}
	if a.held.Add(int64(points)) > maxPointsHeld {
		a.held.Add(-int64(points))
		return &Error{Kind: ErrorBusy, Sentence: "The answer has no room beside those that are being sent now: try again, raise the step, or select fewer series"}
	}
	a.own += int64(points)
	return nil
}
