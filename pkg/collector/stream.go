package collector

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// A Subscriber is a Client that can read the event stream: *mesos.Client.
type Subscriber interface {
	// Subscribe reads the event stream of the leader until ctx or the stream ends, or
	// handle returns an error. It always returns an error.
	Subscribe(ctx context.Context, handle func(mesos.StreamEvent) error) error
}

// subscriberOf returns what reads the event stream, nil where the client cannot.
func subscriberOf(c Client) Subscriber {
	if both, ok := c.(*Both); ok {
		c = both.Client
	}
	s, _ := c.(Subscriber)
	return s
}

const (
	// noteWithin is how long changes wait until they are noted as events together.
	noteWithin = time.Second
	// maxChanges and maxChangeBytes bound the changes that wait to be applied to the
	// model: those of a poll's interval, or of a /state that is being read.
	maxChanges     = 200_000
	maxChangeBytes = 64 << 20
	// steadyAfter is how long a stream has to last for the next one to be opened at once
	// when it ends.
	steadyAfter = time.Minute
	// streamSince is the release that has the event stream (docs/operator-http-api.md of Mesos, and its
	// CHANGELOG): older masters are not asked for it, which is no failure.
	streamSince = "1.1.0"
	// longestRetry is the longest time between two attempts to subscribe.
	longestRetry = 5 * time.Minute
	// A master with more subscribers than it allows closes its oldest stream, in order, for
	// each new one. Who comes back at once closes another's, who comes back, and so on, and
	// each SUBSCRIBED costs the master as much as a /state. So a stream that was closed in
	// order before it had lasted yieldShare as long as was waited for it is opened later and
	// later, with up to longestYield between.
	yieldShare   = 20
	longestYield = 30 * time.Minute
)

// streamPoll keeps the event stream open, and reports every pollInterval whether it is.
// What the stream told of is applied to the model in model.go.
type streamPoll struct {
	*Collector
	when   schedule
	result outcome

	open     *stream       // nil: there is none
	retryAt  time.Time     // not before
	attempts int           // in a row that did not last
	waited   time.Duration // before the latest attempt
	kept     keptModel
	// modelAt is for which moment samples of the model were written last.
	modelAt time.Time
	// last is the model of when the latest stream began or ended, where there was none
	// kept by events since.
	last *cluster.Cluster
	// left is what the stream told until the settings were edited, until it is noted.
	left *leftChanges
	told StreamCounts
}

// leftChanges are the changes of a stream that was ended, as of a moment, and the model
// before them. The first ones were noted.
type leftChanges struct {
	at         time.Time
	before     *cluster.Cluster
	subscribed *mesos.StreamEvent // not noted; nil: it was
	changes    []mesos.StreamEvent
	kept       keptModel // what of the changes was noted
}

// A stream is one request to subscribe. It is guarded by Collector.mu.
type stream struct {
	run    *run
	cancel context.CancelFunc
	begun  chan struct{} // closes when SUBSCRIBED was read
	ended  chan struct{} // closes after the request
	err    error         // why it ended
	why    error         // why it was ended from here; nil: it was not

	asked  time.Time // when it was asked for
	since  time.Time // when SUBSCRIBED was read; zero before
	bytes  int64     // read since the latest report
	target string    // the address of the master; empty before SUBSCRIBED
	// subscribed is SUBSCRIBED until it is noted, and before the model that it is
	// compared with.
	subscribed *mesos.StreamEvent
	before     *cluster.Cluster
	// changes are those that the kept model does not have yet, with their size.
	changes []mesos.StreamEvent
	size    int64
}

func newStreamPoll(c *Collector) *streamPoll {
	return &streamPoll{Collector: c, result: newOutcome(series.PollSubscribe)}
}

func (s *streamPoll) schedule() *schedule     { return &s.when }
func (s *streamPoll) outcomes() []*outcome    { return []*outcome{&s.result} }
func (s *streamPoll) interval() time.Duration { return s.settings.PollInterval }
func (s *streamPoll) runs() bool {
	return s.settings.Subscribe != SubscribeNever && subscriberOf(s.client) != nil
}
func (s *streamPoll) reported() bool { return s.runs() && !s.result.LastAttempt.IsZero() }

func (s *streamPoll) forget() {
	s.result.forget()
	s.end()
}

// end ends the stream, if there is one, without a word. mu is held.
func (s *streamPoll) end() {
	if s.open != nil {
		s.open.cancel()
	}
	s.open, s.kept, s.last, s.left = nil, keptModel{}, nil, nil
	s.retryAt, s.attempts, s.waited = time.Time{}, 0, 0
}

// handOver ends the stream, if there is one, for another run: what it told is noted then.
// mu is held.
func (s *streamPoll) handOver() {
	if st := s.open; st != nil {
		st.cancel()
		left := &leftChanges{at: s.clock.Now(), before: s.lastKnown(), subscribed: st.subscribed, changes: st.changes, kept: s.kept}
		if st.subscribed != nil {
			left.before = st.before
		}
		if !st.since.IsZero() && left.before != nil {
			s.left = left
		}
	}
	s.open, s.kept = nil, keptModel{}
	s.retryAt, s.attempts, s.waited = time.Time{}, 0, 0
}

func (s *streamPoll) perform(p *scheduledPoll) bool {
	if p.settings.Subscribe == SubscribeNever || subscriberOf(p.client) == nil {
		s.gone(p)
		return true
	}
	// The model and the name of the cluster come first.
	if s.awaitState(p) != nil {
		return false
	}
	s.mu.Lock()
	open, retryAt := s.open, s.retryAt
	named := s.label.value != "" && !s.others.pending
	known := s.state.seen // the model is of it a moment later
	lacks := open == nil && known != nil && catalogue.Older(known.Version, streamSince)
	s.mu.Unlock()
	switch {
	case !named:
		return true // the leader's polls find the name, or fail
	case lacks:
		s.gone(p)
		return true
	case open == nil && s.clock.Now().Before(retryAt):
		s.failAgain(p, &s.result)
		return false
	case open == nil:
		s.mu.Lock()
		s.when.tried = s.clock.Now()
		s.mu.Unlock()
		if err := s.connect(p); err != nil {
			s.fail(p, &s.result, err)
			return false
		}
	}
	s.catchUp(p.run)
	s.mu.Lock()
	a := mesos.Answer{Sent: p.scheduled}
	if s.open != nil {
		a.Bytes, s.open.bytes = s.open.bytes, 0
	}
	s.mu.Unlock()
	return s.write(p, &s.result, a, func(h samples.Health) error { return s.writer.Stream(p.ctx, p.scheduled, h) }) == nil
}

// gone ends the series of a stream that is not wanted any more.
func (s *streamPoll) gone(p *scheduledPoll) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	had := s.run == p.run && !s.result.LastAttempt.IsZero()
	if had {
		s.result.forget()
	}
	s.mu.Unlock()
	if had {
		s.noteWritten(p.ctx, s.writer.Gone(p.ctx, series.PollSubscribe, p.scheduled))
	}
}

// connect opens a stream and waits for its first record.
func (s *streamPoll) connect(p *scheduledPoll) error {
	s.noteChanges(p.run)                         // of the stream before
	ctx, cancel := context.WithCancel(p.run.ctx) // it outlasts the poll, and its trace
	st := &stream{run: p.run, cancel: cancel, asked: s.clock.Now(), begun: make(chan struct{}), ended: make(chan struct{})}
	s.mu.Lock()
	if s.Collector.run != p.run {
		s.mu.Unlock()
		cancel()
		return errSuperseded
	}
	s.open, s.kept = st, noNotes()
	s.mu.Unlock()
	s.running.Add(1)
	p.loops.Go(func() {
		defer s.running.Done()
		defer cancel()
		var err error
		panicked := s.guard("reading the event stream", func() {
			err = subscriberOf(p.client).Subscribe(ctx, func(e mesos.StreamEvent) error { return s.take(st, e) })
		})
		s.ended(st, cmp.Or(panicked, err, errEnded))
	})
	select {
	case <-st.begun:
		return nil
	case <-st.ended:
		return st.err
	case <-p.ctx.Done():
		return errSuperseded
	}
}

// errOtherLeader is why a stream is ended whose master does not lead any more.
var errOtherLeader = &mesos.Error{Category: mesos.NoLeader, Sentence: "Another master leads, so that the event stream is opened anew"}

var errEnded = errors.New("the event stream ended")

// take takes a record. It is called on the goroutine that reads the stream.
func (s *streamPoll) take(st *stream, e mesos.StreamEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open != st || st.why != nil {
		return errSuperseded
	}
	st.bytes += e.Bytes
	if st.target == s.leads.now.master { // not that of a master that has lost its leadership
		s.leads.answered(st.target, s.clock.Now())
	}
	switch e.Type {
	case mesos.StreamHeartbeat:
		return nil
	case mesos.StreamSubscribed:
		s.told.Opened++
		st.since, st.subscribed, st.before = s.clock.Now(), &e, s.lastKnown()
		st.target = e.Subscribed.Target
		done(st.begun)
		s.hasten(&s.state.when, s.state.earliest())
	default:
		s.told.Events++
		st.changes = append(st.changes, e)
		st.size += e.Bytes
	}
	if len(st.changes) > maxChanges || st.size > maxChangeBytes {
		s.told.Dropped += uint64(len(st.changes))
		return errTooMuch
	}
	s.noteSoon()
	return nil
}

var errTooMuch = &mesos.Error{
	Category: mesos.Timeout,
	Sentence: fmt.Sprintf("The event stream told of more than could be applied (%d changes or %d MiB at a time): it is opened again, and /state is asked instead.", maxChanges, maxChangeBytes>>20),
}

// ended is called when a stream has ended.
func (s *streamPoll) ended(st *stream, cause error) {
	defer close(st.ended)
	var kept *cluster.Cluster
	_ = s.guard("noting the last events of a stream", func() {
		s.noteChanges(st.run)
		s.mu.Lock()
		var model *cluster.Cluster
		if s.open == st && st.why == nil && !st.since.IsZero() {
			model = s.lastKnown()
		}
		changes := st.changes
		s.mu.Unlock()
		if model != nil {
			// What it told at this moment is in the model of just after it.
			kept = model.With(changes, s.clock.Now().Add(time.Nanosecond))
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	cause = cmp.Or(st.why, cause)
	st.err = cause
	if s.open != st {
		return
	}
	if kept != nil { // also where no /state has made a model that events keep
		s.last = kept
	}
	if s.kept.model != nil {
		// Until the stream is back, /state is asked as often as without it.
		s.kept.model = nil
		s.hasten(&s.state.when, s.state.last().Add(s.state.interval()))
	}
	s.open, s.kept = nil, keptModel{}
	now := s.clock.Now()
	begun := !st.since.IsZero()
	closed := begun && errors.Is(cause, io.EOF)
	steady := steadyAfter
	if closed {
		steady = max(steady, yieldShare*s.waited)
	}
	if begun && now.Sub(st.since) >= steady {
		s.attempts = 0
	}
	s.attempts++
	longest := longestRetry
	if closed {
		longest = longestYield
	}
	s.waited = s.retryIn(cause, longest)
	s.retryAt = now.Add(s.waited)
	if begun { // SUBSCRIBED costs the master no less than /state
		s.retryAt = later(s.retryAt, st.asked.Add(headShare*st.since.Sub(st.asked)))
	}
	if !begun || st.run.ctx.Err() != nil {
		return // connect returns it
	}
	if s.result.failedWith(cause, now) {
		s.log.Warn("A poll failed", "poll", s.result.Poll, "error", cause)
	}
	s.hasten(&s.when, s.retryAt)
}

// retryIn returns how long to wait before the next attempt. A master that refuses
// would do so again, and one that closes its oldest stream for each new one must not be
// asked by all of them at once. mu is held.
func (s *streamPoll) retryIn(cause error, longest time.Duration) time.Duration {
	switch categoryOf(cause) {
	case mesos.Auth, mesos.Forbidden, mesos.NotMesos:
		return longestRetry
	}
	wait := retryAfter(s.settings.PollInterval)
	for range s.attempts - 1 {
		wait = min(2*wait, longest)
	}
	return time.Duration(float64(wait) * (0.9 + 0.2*s.jitter()))
}

// noteSoon makes changes be noted within a second. mu is held.
func (c *Collector) noteSoon() {
	if r := c.run; r != nil && r.notes != nil && !r.noting {
		r.noting = true
		r.notes.Reset(noteWithin)
	}
}

// noteLoop notes changes as events, together, a while after the first of them.
func (c *Collector) noteLoop(r *run) {
	for {
		select {
		case <-r.notes.C():
			_ = c.guard("noting events", func() { c.stream.noteChanges(r) })
			c.mu.Lock()
			r.noting = false
			r.notes.Stop()
			if c.stream.unnoted() {
				c.noteSoon()
			}
			c.mu.Unlock()
		case <-r.ctx.Done():
			return
		}
	}
}

// unnoted reports whether there are changes that were not noted yet. mu is held.
func (s *streamPoll) unnoted() bool {
	return s.open != nil && (s.open.subscribed != nil || len(s.open.changes) > s.kept.noted)
}

// noteChanges notes the events of the changes that the stream brought.
func (s *streamPoll) noteChanges(r *run) {
	s.noticing.Lock()
	defer s.noticing.Unlock()
	s.noteLeft(r)
	s.mu.Lock()
	st, before := s.open, s.lastKnown()
	if st == nil || st.run != r || before == nil {
		s.mu.Unlock()
		return
	}
	told := leftChanges{before: before, changes: st.changes, kept: s.kept}
	begins := st.subscribed != nil && st.before != nil
	if begins {
		told.before, told.subscribed = st.before, st.subscribed
	}
	st.subscribed, st.before, s.kept.noted = nil, nil, len(st.changes)
	s.mu.Unlock()

	all, begun := told.events(r)
	s.mu.Lock()
	if begins && s.open == st && s.kept.model == nil {
		s.last = begun
	}
	if now := s.Collector.run; now != nil && !s.others.pending { // edited meanwhile
		r = now
	}
	s.mu.Unlock()
	s.note(r, all)
}

// noteLeft notes the events of what a stream told before the settings were edited. Where
// they name other masters, it waits until these are known as of the same cluster.
func (s *streamPoll) noteLeft(r *run) {
	s.mu.Lock()
	left := s.left
	if left == nil || s.Collector.run != r || s.others.pending {
		s.mu.Unlock()
		return
	}
	s.left = nil
	s.mu.Unlock()
	all, begun := left.events(r)
	last := begun.With(left.changes, left.at)
	s.mu.Lock()
	if known := s.lastKnown(); known == nil || last.Time.After(known.Time) {
		s.last = last
	}
	s.mu.Unlock()
	s.note(r, all)
}

// sinceNoted returns the changes that were not noted, and of those before them, in their order,
// the ones that they need: of the same tasks, and of agents and frameworks. While a /state is
// awaited tens of thousands wait, and all of them each second would be work that grows with
// the square of their number.
func sinceNoted(changes []mesos.StreamEvent, noted int) []mesos.StreamEvent {
	named := map[taskID]bool{}
	for i := range changes[noted:] {
		if id, ok := taskNamed(&changes[noted+i]); ok {
			named[id] = true
		}
	}
	var needed []mesos.StreamEvent
	for i := range changes[:noted] {
		if id, ok := taskNamed(&changes[i]); !ok || named[id] {
			needed = append(needed, changes[i])
		}
	}
	if needed == nil {
		return changes[noted:]
	}
	return append(needed, changes[noted:]...)
}

// events returns the events of the changes that were not noted, and the model before them:
// that with the tasks of SUBSCRIBED.
func (l *leftChanges) events(r *run) (all []events.Event, before *cluster.Cluster) {
	wanted := samples.TaskLabels(r.settings.TaskLabels)
	before = l.before
	if l.subscribed != nil {
		all = append(all, before.EventsOf([]mesos.StreamEvent{*l.subscribed}, wanted)...)
		before = begunWith(before, l.subscribed)
	}
	if len(l.changes) <= l.kept.noted {
		return all, before
	}
	for _, e := range before.EventsOf(sinceNoted(l.changes, l.kept.noted), wanted) {
		if !l.kept.told[e.ID] {
			l.kept.told[e.ID] = true
			switch task := (taskID{e.FrameworkID, e.TaskID}); {
			case e.Kind != events.KindTask:
			case e.What == events.What(cluster.Staging):
				l.kept.staged[task] = e.Time
			case e.Time.Before(l.kept.staged[task]): // the clock of its agent is behind
				e.Time = l.kept.staged[task]
			}
			all = append(all, e)
		}
	}
	return all, before
}
