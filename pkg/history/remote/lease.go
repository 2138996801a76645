package remote

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"community-mesos-datasource/pkg/series"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// A Lease says whether this process is the one of several that collects. The others write
// nothing, and have nothing that is not in the other engine.
type Lease interface {
	// Held reports whether it is held, since when, and until when it is for sure.
	Held() (since, until time.Time, ok bool)
	// Changed returns a channel that is closed when it is won or lost.
	Changed() <-chan struct{}
}

// collects reports whether this process may collect, and since when.
func (s *Store) collects() (since time.Time, ok bool) {
	if s.opts.Lease == nil {
		return time.Time{}, true
	}
	since, _, ok = s.opts.Lease.Held()
	return since, ok
}

// Seal refuses batches from now on: a process that hands the lease over does not end series
// which the next continues.
func (s *Store) Seal() { s.sealed.Store(true) }

// writable returns why a batch must not be committed: series.ErrNotCollecting, or nil.
func (s *Store) writable() error {
	if _, ok := s.collects(); !ok || s.sealed.Load() {
		return series.ErrNotCollecting
	}
	return nil
}

// leased waits until the lease is held, and returns a context that ends when it is not any
// more, with what releases it.
func (s *Store) leased() (context.Context, func(), error) {
	if s.opts.Lease == nil {
		return s.ctx, func() {}, s.ctx.Err()
	}
	for {
		changed := s.opts.Lease.Changed()
		since, until, ok := s.opts.Lease.Held()
		if s.ctx.Err() != nil {
			return nil, nil, s.ctx.Err()
		}
		if ok {
			ctx, cancel := context.WithCancel(s.ctx)
			watched := make(chan struct{})
			go func() {
				defer close(watched)
				defer cancel()
				s.watchTerm(ctx, since, until)
			}()
			return ctx, func() { cancel(); <-watched }, nil
		}
		select {
		case <-changed:
		case <-time.After(time.Second): // it may have run out and been confirmed without a change
		case <-s.ctx.Done():
		}
	}
}

// watchTerm returns when the lease that was won at some time is not held any more, or ctx ends.
func (s *Store) watchTerm(ctx context.Context, since, until time.Time) {
	for {
		changed := s.opts.Lease.Changed()
		timer := time.NewTimer(time.Until(until))
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
		again, next, ok := s.opts.Lease.Held()
		if ctx.Err() != nil || !ok || !again.Equal(since) {
			return
		}
		until = next
	}
}

// SetCluster sets the value of the label cluster where no batch brings it: that of the
// cluster which another process collects.
func (s *Store) SetCluster(name string) {
	if _, ok := s.collects(); ok || name == "" {
		return
	}
	if is := s.cluster.Load(); is != nil && *is == name {
		return
	}
	s.setCluster(name)
	s.mu.Lock() // what was found out was of another cluster, or of none
	s.reach, s.reachesFurther, s.reachError, s.reachAsked = time.Time{}, false, "", time.Time{}
	s.mu.Unlock()
}

// LookReach asks how far the other engine reaches: where that is not known and was not asked a moment ago, or at once. Those
// who ask at once do so one after the other, and share an answer: whoever may query may be among them, as often as they like.
func (s *Store) LookReach(ctx context.Context, atOnce bool) {
	if !atOnce {
		if s.mayAskReach() {
			s.askReach(ctx)
		}
		return
	}
	select {
	case s.looking <- struct{}{}:
	case <-ctx.Done():
		return
	}
	defer func() { <-s.looking }()
	s.mu.Lock()
	asked := s.reachAsked
	s.mu.Unlock()
	if time.Since(asked) > reachShared {
		s.askReach(ctx)
	}
}

// mostLookUps is how many series of a refused request are looked up in the other engine.
const mostLookUps = 100

// absent returns how many of these samples the other engine does not have, which it refused as
// behind what it has. Where this process is the only one that collects, what it may have sent
// before is there; where others do, newer samples may be theirs. Without an answer all count as
// absent, and the rest of the request is not asked for: each sample may come here alone. A marker of
// staleness cannot be seen from outside, and does not count.
func (s *Store) absent(samples []sample) (n int) {
	series := 0
	bySeries(samples, func([]sample) { series++ })
	bySeries(samples, func(of []sample) {
		var there map[int64]float64
		if series <= mostLookUps && !s.refusals.silent {
			there = s.lookUp(of)
			s.refusals.silent = there == nil // one that does not answer now holds up what waits once only
		}
		for _, x := range of {
			if v, ok := there[x.t]; (!ok || v != x.v) && !math.IsNaN(x.v) {
				n++
			}
		}
	})
	return n
}

// lookUp returns what the other engine has of a series in the time of these samples, by time; nil where it did not answer.
func (s *Store) lookUp(of []sample) map[int64]float64 {
	first, last := of[0].t, of[0].t
	for _, x := range of {
		first, last = min(first, x.t), max(last, x.t)
	}
	t, l := s.target.Load(), of[0].series.labels
	var matchers []*labels.Matcher
	l.Range(func(l labels.Label) {
		matchers = append(matchers, labels.MustNewMatcher(labels.MatchEqual, l.Name, l.Value))
	})
	within := model.Duration(time.Duration(last-first+1000) * time.Millisecond)
	form := url.Values{"query": {newBinder(l.Get(clusterLabel), t.labels).selector(matchers) + "[" + within.String() + "]"}, "time": {unix(time.UnixMilli(last))}}
	form.Set("nocache", "1")
	form.Set("latency_offset", "1ms")
	var answer struct {
		Data struct {
			Result []struct{ Values [][2]any }
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, reachWithin)
	defer cancel()
	if err := t.call(ctx, http.MethodPost, "/api/v1/query", form, func(body io.Reader) error {
		return json.NewDecoder(body).Decode(&answer)
	}); err != nil {
		return nil
	}
	there := map[int64]float64{}
	for _, one := range answer.Data.Result {
		for _, point := range one.Values {
			at, _ := point[0].(float64)
			text, _ := point[1].(string)
			if v, err := strconv.ParseFloat(text, 64); err == nil {
				there[int64(math.Round(at*1000))] = v
			}
		}
	}
	return there
}
