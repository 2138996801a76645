package plugin

import (
	"bytes"
	"io"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

// endless streams bytes for ever.
func endless(w http.ResponseWriter, begin, more string) {
	if _, err := io.WriteString(w, begin); err != nil {
		return
	}
	block := bytes.Repeat([]byte(more), 1<<16/len(more))
	for {
		if _, err := w.Write(block); err != nil {
			return // the client has had enough
		}
	}
}

// packed is a gigabyte of a JSON object's inside, a few megabytes as it is sent:
// parts that were compressed for themselves and follow each other, which gzip
// allows.
func packed(t *testing.T, begin, more string) http.HandlerFunc {
	compressed := func(text []byte) []byte {
		var body bytes.Buffer
		zip, err := gzip.NewWriterLevel(&body, gzip.BestSpeed)
		require.NoError(t, err)
		_, err = zip.Write(text)
		require.NoError(t, err)
		require.NoError(t, zip.Close())
		return body.Bytes()
	}
	head, part := compressed([]byte(begin)), compressed(bytes.Repeat([]byte(more), 1<<20/len(more)))
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(head)
		for range 1 << 10 {
			_, _ = w.Write(part)
		}
	}
}

// An answer that does not end is read up to a limit, is the panel's error, and
// costs no memory.
func TestHugeAnswersAreReadToALimit(t *testing.T) {
	const page = "/metrics/snapshot"
	cases := map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"metrics without end": {want: "longer than the limit of 64 MiB",
			answer: func(w http.ResponseWriter, _ *http.Request) {
				endless(w, `{"master/elected":1`, `,"a/b":`+strings.Repeat(" ", 1000)+"1")
			}},
		"a gigabyte of nothing, packed": {want: "single value of more than 16 MiB", answer: packed(t, `{"a/b":`, " \n")},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t, nil, workload)
			s.handle(func(http.ResponseWriter, *http.Request) {}, polled...) // an empty body fails at once
			var tries atomic.Int32
			s.handle(func(w http.ResponseWriter, r *http.Request) {
				if tries.Add(1) > 1 { // a poll's second attempt is the one that is reported
					c.answer(w, r)
				}
			}, page)

			runtime.GC()
			before := heap()
			peak, stop := watchHeap()
			s.start()
			stop()
			require.Less(t, int64(peak.Load())-int64(before), int64(256<<20), "growth in bytes, with what the collector has not freed yet")

			require.ErrorContains(t, s.ask(cpusByFramework).Error, c.want)
			_, details := s.check()
			require.Contains(t, details, c.want)

			s.handle(nil, polled...)
			s.clock.Advance(every)
			s.works()
			s.stored()
		})
	}
}

// heap is how many bytes objects take, those included that were not freed yet.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// watchHeap records the largest heap until it is stopped.
func watchHeap() (peak *atomic.Uint64, stop func()) {
	peak = new(atomic.Uint64)
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		for {
			peak.Store(max(peak.Load(), heap()))
			select {
			case <-ended:
				return
			case <-look.C:
			}
		}
	}()
	return peak, func() { close(ended); <-done }
}
