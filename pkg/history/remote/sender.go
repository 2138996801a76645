package remote

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"time"

	"community-mesos-datasource/pkg/history"
)

// mostBackOff is the longest time between two tries.
const mostBackOff = time.Minute

// forward sends what is queued until the store is closed.
func (s *Store) forward() {
	for s.ctx.Err() == nil {
		if !s.readsOn() {
			if samples := s.next(); len(samples) > 0 {
				if s.deliverAll(samples) == nil {
					s.done()
				}
				continue
			}
		}
		read, err := s.catchUp()
		switch {
		case err != nil && s.ctx.Err() == nil:
			s.failed(fmt.Sprintf("the local history could not be read: %v", err))
			s.pause(10 * time.Second)
			continue
		case read, err != nil:
			continue
		}
		s.saveMark()
		select {
		case <-s.wake:
		case <-s.ctx.Done():
		}
	}
}

// deliverAll sends samples, request by request, until each is taken or refused. Only the
// end of the store ends it before; the chunk is then sent from its beginning again.
func (s *Store) deliverAll(samples []sample) error {
	for len(samples) > 0 {
		n := cut(samples)
		s.refusals.request, s.refusals.newest = samples[:n], nil
		s.refusals.unsure, s.refusals.silent = false, false
		if err := s.deliver(samples[:n]); err != nil {
			return err
		}
		samples = samples[n:]
	}
	return nil
}

// deliver sends the samples of one request.
func (s *Store) deliver(samples []sample) error {
	for tries := 0; ; tries++ {
		ctx, release, err := s.leased()
		if err != nil {
			return err
		}
		t := s.target.Load()
		got, version := s.try(ctx, t, samples, tries)
		lost := ctx.Err() != nil
		release()
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		if lost && got.status == 0 {
			s.refusals.unsure = true
			continue // it is not known what came of the request
		}
		s.mu.Lock()
		proven := s.proven && s.stats.Protocol == version
		s.mu.Unlock()
		switch verdictOf(got, version, proven) {
		case taken:
			n := len(samples)
			// 202 is Mimir's answer to a replica while it takes the samples of another.
			if version == version2 && got.status != http.StatusAccepted {
				n = min(n, got.written)
			}
			s.tookAll(t, version, n)
			if n < len(samples) {
				s.refuse(samples, len(samples)-n, otherWhy, fmt.Sprintf("%d of %d samples are written by what the engine says", n, len(samples)))
			}
			return nil
		case refused:
			return s.deliverRefused(t, samples, got, version)
		case split:
			if len(samples) == 1 && got.aboveBurst() { // a burst of none: the operator may raise it
				s.failed(got.sentence(t))
				s.pause(s.backOff(tries))
				continue
			}
			if len(samples) == 1 {
				s.refuse(samples, 1, tooLarge, got.text)
				return nil
			}
			return s.halves(samples)
		default:
			s.refusals.unsure = s.refusals.unsure || got.mayBeTaken()
			s.failed(got.sentence(t))
			s.pause(max(s.backOff(tries), got.retryAfter))
		}
	}
}

// try sends a request in the version that the target understands. Where that is not known
// yet it is 2.0 first.
func (s *Store) try(ctx context.Context, t *Target, samples []sample, tries int) (response, string) {
	s.mu.Lock()
	version, proven := s.stats.Protocol, s.proven
	s.mu.Unlock()
	if version != "" {
		got := t.post(ctx, version, samples)
		if version == version1 || verdictOf(got, version, proven) != unknown {
			return got, version
		}
		return t.post(ctx, version1, samples), version1 // an older engine has taken its place
	}
	// Who does not know 2.0 may fail in any way.
	if tries%2 == 0 {
		got := t.post(ctx, version2, samples)
		if verdictOf(got, version2, proven) != unknown {
			return got, version2
		}
	}
	return t.post(ctx, version1, samples), version1
}

// deliverRefused finds out which samples of a request are refused: by 1.0 Prometheus takes
// all samples of a request or none, and others do not say what they took.
func (s *Store) deliverRefused(t *Target, samples []sample, got response, version string) error {
	why := reasonOf(got.text)
	if why == "" {
		why = otherWhy
	}
	switch {
	case got.countsOf(len(samples)): // by 2.0 the others are written
		n := got.written
		s.took(n)
		s.refuse(samples, len(samples)-n, why, got.text) // which ones is in the text
		return nil
	case len(samples) == 1:
		if why == tooOld {
			s.refusals.old++
			s.refusals.tooOld = max(s.refusals.tooOld, samples[0].t)
		}
		if newest, ok := s.refusals.newest[samples[0].series]; ok && samples[0].t < newest && (why == outOfOrder || why == duplicate) {
			s.wasThere()
			return nil
		}
		s.refuse(samples, 1, why, got.text)
		return nil
	}
	if s.refusals.newest == nil && got.keepsPart() {
		s.refusals.newest = map[*entry]int64{}
		for _, x := range s.refusals.request {
			s.refusals.newest[x.series] = max(x.t, s.refusals.newest[x.series])
		}
	}
	if why == tooOld && s.refusals.old >= oldInARow && !slices.ContainsFunc(samples, func(x sample) bool { return x.t > s.refusals.tooOld }) {
		s.refuse(samples, len(samples), why, got.text)
		return nil
	}
	if why == overLimit && got.keepsPart() && !s.mayCount() {
		s.tookPart(t, samples, got.text, version)
		return nil
	}
	if err := s.awaitSplit(); err != nil {
		return err
	}
	return s.halves(samples)
}

func (s *Store) halves(samples []sample) error {
	first, second := halved(samples)
	if err := s.deliver(first); err != nil {
		return err
	}
	return s.deliver(second)
}

// halved splits samples into older and newer ones, in the order that they had, since what is too
// old is so together; those of one time in the middle.
func halved(samples []sample) (first, second []sample) {
	times := make([]int64, len(samples))
	for i, x := range samples {
		times[i] = x.t
	}
	slices.Sort(times)
	oldest, newest := times[0], times[len(times)-1]
	if oldest == newest {
		return samples[:len(samples)/2], samples[len(samples)/2:]
	}
	from := times[len(times)/2]
	if from == oldest {
		from++
	}
	for _, x := range samples {
		if x.t < from {
			first = append(first, x)
		} else {
			second = append(second, x)
		}
	}
	return first, second
}

// Bounds of splitting: an engine that refuses everything would get two requests per sample.
// What is too old after an outage may be millions of samples, for which newer ones would
// wait: once so many in a row were too old alone, requests of no newer ones are not split.
// A tenant that has as many series as it may refuses the rest with each poll, and keeps the others
// of a request: splitting it only counts, so it ends sooner.
const (
	oldInARow    = 100
	splitsAtOnce = 2000 // requests that are split within splitsEvery
	countShare   = 10   // one in so many of them may be split only to count
	splitsEvery  = time.Minute
)

// splits returns how many requests were split since when, within the current splitsEvery.
func (s *Store) splits() (n int, since time.Duration) {
	r := &s.refusals
	if since = time.Since(r.since); since > s.opts.splitsEvery {
		r.since, r.splits, since = time.Now(), 0, 0
	}
	return r.splits, since
}

// mayCount reports whether a refused request may be split only to count what is refused.
func (s *Store) mayCount() bool {
	n, _ := s.splits()
	return n < s.opts.splits/countShare
}

// awaitSplit waits until a refused request may be split.
func (s *Store) awaitSplit() error {
	for {
		n, since := s.splits()
		if n < s.opts.splits {
			s.refusals.splits++
			return s.ctx.Err()
		}
		s.pause(s.opts.splitsEvery - since + time.Millisecond)
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
	}
}

// refusals are what the goroutine that sends knows of refused requests.
type refusals struct {
	since  time.Time
	splits int
	// request is the one that is split. newest is of each series in it the newest time, where
	// the engine keeps a part of what it refuses: an older sample is out of order then.
	request []sample
	newest  map[*entry]int64
	// unsure: the request was sent before, and it is not known whether it was taken.
	unsure bool
	// silent: the engine did not answer a look-up of it.
	silent bool
	// old counts samples that were too old alone since the latest that was taken, and tooOld
	// is the newest time of them.
	old    int
	tooOld int64
}

func (s *Store) tookAll(t *Target, version string, n int) {
	s.mu.Lock()
	s.proves(t, version)
	recovered := !s.failing.IsZero()
	s.failing, s.stats.Failing = time.Time{}, ""
	s.mu.Unlock()
	if recovered {
		s.info("The remote engine takes samples again")
	}
	s.took(n)
}

// proves notes that a target takes requests of a version, if it is still the one that is meant. mu is held.
func (s *Store) proves(t *Target, version string) {
	if s.target.Load() != t {
		return
	}
	if !s.proven {
		select {
		case s.taken <- struct{}{}:
		default:
		}
	}
	s.proven, s.stats.Protocol = true, version
}

func (s *Store) took(n int) {
	if n > 0 {
		s.refusals.old, s.refusals.tooOld = 0, history.NoTime
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Sent += int64(n)
	s.queue.unsent = max(0, s.queue.unsent-int64(n))
}

// refuse counts n of these samples as never taken. Those that a process before or an earlier
// request may have brought, and that are there, are counted apart.
func (s *Store) refuse(samples []sample, n int, why, text string) {
	again, asks := 0, (s.opts.Lease != nil || s.refusals.unsure) && (why == outOfOrder || why == duplicate)
	if asks {
		again = max(0, n-s.absent(samples))
	}
	s.mu.Lock()
	first := s.stats.Refused[why] == 0
	if !asks && (why == outOfOrder || why == duplicate) {
		for _, x := range samples {
			if x.t <= s.queue.again {
				again++
			}
		}
		switch { // by 2.0 it is not known which ones are refused
		case again == len(samples):
			again = n
		case n < len(samples):
			again = 0
		}
	}
	s.stats.Again += int64(again)
	if lost := n - again; lost > 0 {
		s.stats.Refused[why] += int64(lost)
		s.stats.Refusal = why + quoted(text)
		if len(samples) == 1 {
			s.stats.Refusal = fmt.Sprintf("%s of %s at %s%s", why, samples[0].series.labels.Get("__name__"), history.Moment(samples[0].t), quoted(text))
		}
	}
	s.queue.unsent = max(0, s.queue.unsent-int64(n))
	first = first && s.stats.Refused[why] > 0
	refusal := s.stats.Refusal
	s.failing, s.stats.Failing = time.Time{}, "" // it answers
	s.mu.Unlock()
	if first {
		s.warn("The remote engine refuses samples for good; more of the same reason are counted only", "reason", why, "one", refusal)
	}
}

// tookPart counts samples of which the engine took some and refused the others for good, without
// saying which.
func (s *Store) tookPart(t *Target, samples []sample, text, version string) {
	s.mu.Lock()
	s.proves(t, version)
	first := s.stats.Partly == 0 && s.stats.Refused[overLimit] == 0
	s.stats.Partly += int64(len(samples))
	s.stats.Refusal = overLimit + quoted(text)
	s.queue.unsent = max(0, s.queue.unsent-int64(len(samples)))
	refusal := s.stats.Refusal
	s.failing, s.stats.Failing = time.Time{}, "" // it answers
	s.mu.Unlock()
	if first {
		s.warn("The remote engine refuses samples for good; more of the same reason are counted only", "reason", overLimit, "one", refusal)
	}
}

// wasThere counts a sample that came back because a newer one of its request is there.
func (s *Store) wasThere() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Again++
	s.queue.unsent = max(0, s.queue.unsent-1)
	s.failing, s.stats.Failing = time.Time{}, "" // it answers
}

// failed notes why requests fail.
func (s *Store) failed(text string) {
	s.mu.Lock()
	first := s.failing.IsZero() || s.stats.Failing != text
	if s.failing.IsZero() {
		s.failing = s.opts.Now()
	}
	s.stats.Failing = text
	s.mu.Unlock()
	if first {
		s.warn("The remote engine takes no samples: they are kept in the local history until it does", "error", text)
	}
}

// backOff returns how long to wait after so many failures.
func (s *Store) backOff(tries int) time.Duration {
	wait := min(s.opts.backOff<<min(tries, 16), mostBackOff)
	return min(wait/2+rand.N(wait), mostBackOff)
}

// pause waits, as long as the store and the target are the same.
func (s *Store) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.renewed:
	case <-s.ctx.Done():
	}
}

// errorText returns an error of the HTTP client without the address, which is said already.
func errorText(err error) string {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no response in time"
	}
	return err.Error()
}
