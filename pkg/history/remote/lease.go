package remote

import (
	"context"
	"errors"
	"time"
)

// A Lease says whether this process is the one of several that collects. The others write
// nothing, and have nothing that is not in the other engine.
type Lease interface {
	// Held reports whether it is held, since when, and until when it is for sure.
	Held() (since, until time.Time, ok bool)
	// Changed returns a channel that is closed when it is won or lost.
	Changed() <-chan struct{}
}

// ErrNotHeld is the error of a batch that is not committed because another process collects.
var ErrNotHeld = errors.New("another Grafana polls this cluster: the samples are not kept")

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

// writable returns why a batch must not be committed.
func (s *Store) writable() error {
	if _, ok := s.collects(); !ok || s.sealed.Load() {
		return ErrNotHeld
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
	if _, ok := s.collects(); !ok {
		s.setCluster(name)
	}
}
