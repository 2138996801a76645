package collector_test

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/series"
)

// recorder is a sink that keeps everything and is as strict as Prometheus.
type recorder struct {
	mu     sync.Mutex
	byName map[string]*recorded // by labels as text
	byRef  []*recorded
	called int    // how often labels were asked for
	full   error  // where not nil, the answer to new series
	broken error  // where not nil, the answer to commits
	room   int    // in series
	panics string // the name of a metric whose samples make it panic
}

type recorded struct {
	labels  labels.Labels
	ref     series.Ref
	last    int64 // time of the newest sample, staged or not
	samples []sample
}

type sample struct {
	t int64
	v float64
}

func newRecorder() *recorder { return &recorder{byName: map[string]*recorded{}} }

type recorderBatch struct {
	*recorder
	staged []staged
}

type staged struct {
	s *recorded
	sample
}

func (r *recorder) Room(time.Duration) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.room
}

func (r *recorder) Batch(context.Context) series.Batch { return &recorderBatch{recorder: r} }

// newest returns the time of the newest sample of the series of a name, in Unix milliseconds.
func (r *recorder) newest(name string) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	newest := int64(0)
	for _, s := range r.byRef {
		if n := len(s.samples); n > 0 && s.labels.Get(labels.MetricName) == name {
			newest = max(newest, s.samples[n-1].t)
		}
	}
	return newest
}

func (b *recorderBatch) Append(ref series.Ref, lset func() labels.Labels, t int64, v float64) (series.Ref, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ref == 0 {
		b.called++
		l := lset()
		if b.panics != "" && l.Get(labels.MetricName) == b.panics {
			panic("made up: " + b.panics)
		}
		if name, twice := l.HasDuplicateLabelNames(); twice {
			panic("twice " + name + " in " + l.String())
		}
		text := l.String()
		if b.byName[text] == nil {
			b.byRef = append(b.byRef, &recorded{labels: l, ref: series.Ref(len(b.byRef) + 1)})
			b.byName[text] = b.byRef[len(b.byRef)-1]
		}
		ref = b.byName[text].ref
	}
	s := b.byRef[ref-1]
	switch {
	case b.full != nil && len(s.samples) == 0:
		return 0, b.full
	case t < s.last:
		return ref, storage.ErrOutOfOrderSample
	case t == s.last:
		return ref, storage.ErrDuplicateSampleForTimestamp
	}
	s.last = t
	b.staged = append(b.staged, staged{s, sample{t, v}})
	return ref, nil
}

func (b *recorderBatch) Commit() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return b.broken
	}
	for _, x := range b.staged {
		x.s.samples = append(x.s.samples, x.sample)
	}
	return nil
}

func (b *recorderBatch) Rollback() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, x := range b.staged {
		x.s.last = 0
		if n := len(x.s.samples); n > 0 {
			x.s.last = x.s.samples[n-1].t
		}
	}
	return nil
}

// set changes how it answers.
func (r *recorder) set(change func(*recorder)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

// find returns the series of a name whose labels hold those given as
// name=value, by their labels.
func (r *recorder) find(name string, with ...string) []*recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []*recorded
	for _, s := range r.byRef {
		if s.labels.Get(labels.MetricName) != name {
			continue
		}
		holds := true
		for _, w := range with {
			label, value, _ := strings.Cut(w, "=")
			holds = holds && s.labels.Get(label) == value
		}
		if holds {
			found = append(found, &recorded{labels: s.labels, samples: slices.Clone(s.samples)})
		}
	}
	sort.Slice(found, func(i, j int) bool { return labels.Compare(found[i].labels, found[j].labels) < 0 })
	return found
}

// one returns the only series of a name and labels.
func (r *recorder) one(t *testing.T, name string, with ...string) *recorded {
	t.Helper()
	found := r.find(name, with...)
	require.Len(t, found, 1, "%s %v", name, with)
	return found[0]
}

// sum adds up what the series of a name say at a time.
func (r *recorder) sum(at time.Time, name string, with ...string) float64 {
	total := 0.0
	for _, s := range r.find(name, with...) {
		if v, ok := s.at(at); ok {
			total += v
		}
	}
	return total
}

// open are the series of a name that have a value at a time.
func (r *recorder) open(at time.Time, name string, with ...string) int {
	n := 0
	for _, s := range r.find(name, with...) {
		if _, ok := s.at(at); ok {
			n++
		}
	}
	return n
}

func (r *recorder) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := map[string]bool{}
	for _, s := range r.byRef {
		names[s.labels.Get(labels.MetricName)] = true
	}
	var sorted []string
	for n := range names {
		sorted = append(sorted, n)
	}
	sort.Strings(sorted)
	return sorted
}

// at is the latest value at a time, and whether the series goes on there. How
// far it looks back is not bounded: only a staleness marker ends a series here.
func (s *recorded) at(t time.Time) (float64, bool) {
	for i := len(s.samples) - 1; i >= 0; i-- {
		if s.samples[i].t <= t.UnixMilli() {
			return s.samples[i].v, !series.IsStale(s.samples[i].v)
		}
	}
	return 0, false
}

// text is what happened to a series: "15s 1, 30s end", since a time.
func (s *recorded) text(since time.Time) string {
	var parts []string
	for _, x := range s.samples {
		value := fmt.Sprint(x.v)
		if series.IsStale(x.v) {
			value = "end"
		}
		parts = append(parts, fmt.Sprintf("%s %s", time.UnixMilli(x.t).Sub(since), value))
	}
	return strings.Join(parts, ", ")
}
