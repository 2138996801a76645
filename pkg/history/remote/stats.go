package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/pkg/history"
)

// Stats is what is known of the other engine.
type Stats struct {
	// Protocol is the version of remote write that it understands; "" before it took a request.
	Protocol string
	// Sent counts the samples that it has taken, Refused those that it never will, by reason.
	Sent    int64
	Refused map[string]int64
	Refusal string // the latest, as a sentence
	// Partly counts samples of requests of which the engine took some and refused the others for
	// good, because of a limit, without saying which. They are neither in Sent nor in Refused.
	Partly int64
	// Again counts samples that were sent a second time, after a restart or after a refused
	// request of which the engine keeps a part, and were behind what was there.
	Again int64
	// Unsent counts samples that are not taken yet; UnsentKnown is false while what a
	// process before left is being read.
	Unsent      int64
	UnsentKnown bool
	// Batches is how many batches are not wholly taken.
	Batches int
	// Waiting: another process collects, and what is not taken is sent when this one does again.
	Waiting bool
	// Oldest is the time of the oldest sample that is not taken; zero if there is none.
	Oldest time.Time
	// Acknowledged is the time of the newest sample that was taken; zero before the first.
	Acknowledged time.Time
	// Failing is why requests fail, and Since is since when; "" while they do not.
	Failing string
	Since   time.Time
	// Dropped counts samples that the local history dropped before they were taken. Lost
	// is the time of all of them, including those that a process before left.
	Dropped          int64
	LostFrom, LostTo time.Time
	// Reach is the time of the oldest sample of this cluster; zero while it is not known.
	// ReachesFurther reports whether there may be older ones, which were not looked for.
	Reach          time.Time
	ReachesFurther bool
	ReachError     string
	// Foreign are labels of series of this cluster in the other engine that were not written, with
	// their values: the engine adds them.
	Foreign []string
}

func (s *Stats) lose(from, to int64) {
	if s.LostFrom.IsZero() || time.UnixMilli(from).Before(s.LostFrom) {
		s.LostFrom = time.UnixMilli(from)
	}
	if to := time.UnixMilli(to); to.After(s.LostTo) {
		s.LostTo = to
	}
}

// Lag returns how old the oldest sample is that is not taken; 0 if there is none.
func (s Stats) Lag(now time.Time) time.Duration {
	if s.Oldest.IsZero() {
		return 0
	}
	return max(0, now.Sub(s.Oldest))
}

// RefusedInAll returns how many samples were refused.
func (s Stats) RefusedInAll() (n int64) {
	for _, of := range s.Refused {
		n += of
	}
	return n
}

// Remote returns what is known of the other engine.
func (s *Store) Remote() Stats {
	_, collects := s.collects()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.Waiting = !collects
	st.Refused = maps.Clone(st.Refused)
	q := &s.queue
	st.Unsent, st.UnsentKnown = q.unsent, q.exact
	st.Since = s.failing
	st.Reach, st.ReachesFurther, st.ReachError = s.reach, s.reachesFurther, s.reachError
	if q.acked != history.NoTime {
		st.Acknowledged = time.UnixMilli(q.acked)
	}
	oldest := int64(math.MaxInt64)
	for _, c := range q.chunks {
		if !st.Waiting || !c.markers { // another process goes on with the series that they end
			oldest = min(oldest, c.mint)
		}
	}
	st.Batches = len(q.chunks)
	if b := q.behind; b != nil {
		if st.Batches = len(q.chunks) + b.batches; b.batches > 0 || !q.exact && !st.Waiting {
			oldest = min(oldest, b.cursor)
		}
	}
	if oldest != math.MaxInt64 {
		st.Oldest = time.UnixMilli(oldest)
	}
	return st
}

// Stats implements history.Store: of the local store, with what is to be said of the other
// engine. Start is that of both.
func (s *Store) Stats() history.Stats {
	st := s.Local.Stats()
	if _, ok := s.collects(); !ok { // what is kept here is not read
		st.Start, st.StartsBefore, st.TruncatedBy = time.Time{}, false, ""
	}
	s.mu.Lock()
	reach, further := s.reach, s.reachesFurther
	s.mu.Unlock()
	switch {
	case reach.IsZero(): // not known yet
		st.StartsBefore = true
	case st.Start.IsZero() || reach.Before(st.Start):
		st.Start, st.StartsBefore, st.TruncatedBy = reach, further, ""
	}
	if note := s.Remote().note(s.opts.Now()); note != "" {
		st.Note = strings.TrimPrefix(st.Note+"; "+note, "; ")
	}
	return st
}

// note returns what the operator must know, "" for nothing.
func (s Stats) note(now time.Time) string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if s.Waiting && !s.Oldest.IsZero() {
		say("samples since %s that this Grafana collected are not in the remote engine: they are sent when it polls again", history.Moment(s.Oldest.UnixMilli()))
	} else if s.Failing != "" && !s.Waiting {
		say("the remote engine takes no samples since %s, and they are kept here until it does: %s", history.Moment(s.Since.UnixMilli()), s.Failing)
	} else if lag := s.Lag(now); lag > lagging && !s.Waiting {
		say("the remote engine is %s behind, and is being sent what it lacks", lag.Round(time.Second))
	}
	if n := s.RefusedInAll(); n > 0 {
		var of []string
		for _, reason := range slices.Sorted(maps.Keys(s.Refused)) {
			of = append(of, fmt.Sprintf("%s %d", reason, s.Refused[reason]))
		}
		more := ""
		if s.Partly > 0 {
			more = fmt.Sprintf(", and an unknown part of %d more,", s.Partly)
		}
		say("the remote engine refused %d samples for good (%s)%s the latest: %s", n, strings.Join(of, ", "), cmp.Or(more, ","), s.Refusal)
	} else if s.Partly > 0 {
		say("the remote engine refused an unknown part of %d samples for good, the latest: %s", s.Partly, s.Refusal)
	}
	if len(s.Foreign) > 0 {
		say("the remote engine adds labels to series (%s), so that they differ from those that are kept here: write them as remoteLabels, or have the engine remove them", strings.Join(s.Foreign, ", "))
	}
	if !s.LostFrom.IsZero() {
		say("samples of %s to %s were dropped here, by retention or by a limit, before the remote engine took them (%s)", history.Moment(s.LostFrom.UnixMilli()), history.Moment(s.LostTo.UnixMilli()), s.droppedText())
	}
	return strings.Join(all, "; ")
}

func (s Stats) droppedText() string {
	if s.Dropped == 0 {
		return "their number is not known"
	}
	return fmt.Sprintf("%d so far", s.Dropped)
}

// lagging is how far behind the other engine may be before that is said.
const lagging = time.Minute

// How often the oldest sample is asked for.
const (
	reachEvery = 30 * time.Minute
	reachRetry = time.Minute
	// reachShared is for how long an answer is that of all who ask at once.
	reachShared = 2 * time.Second
)

// watchReach asks from time to time how far the other engine reaches, and once whether the local store has a hole.
func (s *Store) watchReach() {
	looked := false
	for s.ctx.Err() == nil {
		wait := reachEvery
		looked = looked || s.lookForHole(s.ctx)
		if !s.askReach(s.ctx) || !looked {
			wait = reachRetry
		} else {
			s.askForeign(s.ctx)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.taken:
		case <-s.ctx.Done():
		}
		timer.Stop()
	}
}

// mayAskReach reports whether the reach is not known and was not asked for a moment ago. Who
// is told so asks: many queries come at once.
func (s *Store) mayAskReach() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.reach.IsZero() || time.Since(s.reachAsked) <= reachRetry {
		return false
	}
	s.reachAsked = time.Now()
	return true
}

// askReach asks for the time of the oldest sample, and reports whether it has it.
func (s *Store) askReach(ctx context.Context) bool {
	t := s.target.Load()
	reach, further, err := s.oldest(ctx, t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.target.Load() != t {
		return false // it is another engine's
	}
	if errors.Is(ctx.Err(), context.Canceled) { // who asked has gone, and the next may ask
		s.reachAsked = time.Time{}
		return false
	}
	s.reachError, s.reachAsked = "", time.Now()
	if err != nil {
		s.reachError = err.Error()
		return false
	}
	if reach.IsZero() {
		return false
	}
	s.reach, s.reachesFurther = reach, further
	return true
}

// foreignOf is a series that each poll writes, and foreignWithin is how old its newest sample may be.
const (
	foreignOf     = "mesos_up"
	foreignWithin = 5 * time.Minute
)

// writtenLabels are the labels of foreignOf.
var writtenLabels = []string{labels.MetricName, clusterLabel, "poll"}

// askForeign asks for labels that were not written.
func (s *Store) askForeign(ctx context.Context) {
	t := s.target.Load()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(foreignOf)
	if err != nil {
		return // a mistake of the program
	}
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	answer, err := s.evaluate(ctx, t, history.Evaluation{Expr: expr, End: s.opts.Now(), Lookback: foreignWithin, MaxSamples: 1000})
	if err != nil {
		return // nothing is known of it
	}
	found := map[string]string{}
	for _, x := range answer.Vector {
		x.Metric.Range(func(l labels.Label) {
			if !slices.Contains(writtenLabels, l.Name) {
				found[l.Name] = fmt.Sprintf("%s=%q", l.Name, l.Value)
			}
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.target.Load() == t && len(answer.Vector) > 0 {
		s.stats.Foreign = slices.Sorted(maps.Values(found))
	}
}
