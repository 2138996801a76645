package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/pkg/series"
)

// A sink passes samples to a history in its own goroutine: one poll is written
// while the next is requested, which uses two cores. It leaves out series whose
// values are unknown here (see unknown).
type sink struct {
	to      series.Sink
	batches chan []sample
	done    chan struct{}

	mu     sync.Mutex
	known  []*entry // by reference, from 1
	failed error    // the first
}

// An entry is a series.
type entry struct {
	labels labels.Labels
	ref    series.Ref // of the history; only the goroutine that writes looks at it
}

type sample struct {
	of *entry
	t  int64
	v  float64
}

// waiting is the largest number of polls that wait to be written.
const waiting = 64

func newSink(to series.Sink) *sink {
	s := &sink{to: to, batches: make(chan []sample, waiting), done: make(chan struct{})}
	go s.write()
	return s
}

// Room implements series.Sink.
func (s *sink) Room(interval time.Duration) int { return s.to.Room(interval) }

// Batch implements series.Sink.
func (s *sink) Batch(context.Context) series.Batch { return &batch{sink: s} }

// err returns the first error of writing, or nil.
func (s *sink) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// close waits until everything is written. Nothing may be appended after it.
func (s *sink) close() error {
	close(s.batches)
	<-s.done
	return s.err()
}

func (s *sink) write() {
	defer close(s.done)
	for samples := range s.batches {
		if err := s.writeBatch(samples); err != nil {
			s.mu.Lock()
			if s.failed == nil {
				s.failed = fmt.Errorf("writing the history: %w", err)
			}
			s.mu.Unlock()
		}
	}
}

func (s *sink) writeBatch(samples []sample) error {
	b := s.to.Batch(context.Background())
	var failed error
	for _, one := range samples {
		ref, err := b.Append(one.of.ref, func() labels.Labels { return one.of.labels }, one.t, one.v)
		// The end of a series may come twice.
		if err != nil && !errors.Is(err, storage.ErrDuplicateSampleForTimestamp) && failed == nil {
			failed = fmt.Errorf("%s: %w", one.of.labels, err)
		}
		if ref != 0 {
			one.of.ref = ref
		}
	}
	return errors.Join(failed, b.Commit())
}

type batch struct {
	sink    *sink
	samples []sample
}

// Append implements series.Batch.
func (b *batch) Append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	s := b.sink
	s.mu.Lock()
	defer s.mu.Unlock()
	if ref == 0 {
		of := lset()
		if unknown(of.Get(labels.MetricName), v) {
			return 0, nil
		}
		s.known = append(s.known, &entry{labels: of})
		ref = series.Ref(len(s.known))
	}
	b.samples = append(b.samples, sample{s.known[ref-1], t, v})
	return ref, nil
}

// unknown reports whether the values of a series cannot be known here: the
// duration of responses, because the clock does not move meanwhile, and their
// compressed size. Unknown is never 0.
func unknown(name string, v float64) bool {
	return name == "mesos_poll_bytes" || (name == "mesos_poll_duration_seconds" && (v == 0 || series.IsStale(v)))
}

// Commit implements series.Batch.
func (b *batch) Commit() error {
	if len(b.samples) > 0 {
		b.sink.batches <- b.samples
	}
	return nil
}

// Rollback implements series.Batch.
func (b *batch) Rollback() error { return nil }
