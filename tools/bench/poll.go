//go:build linux

package main

import (
	"runtime/debug"
	"time"
)

// pollFound holds the cost of whole polls: /metrics/snapshot, /state and /roles,
// from asking to samples written. Bytes, and CPU in seconds.
type pollFound struct {
	Before  footprint `json:"before"`  // of a process that has done nothing yet
	First   footprint `json:"first"`   // after the first poll, which makes all series
	History int64     `json:"history"` // bytes the history accounts for after the first poll
	FirstS  float64   `json:"firstCPU"`
	// Later are polls of a history that has the series: how much memory each
	// took at most above what was there before it.
	Later   float64 `json:"laterCPU"` // median
	Added   int64   `json:"added"`    // the most
	Peak    int64   `json:"peak"`     // of the process, during any
	Series  int     `json:"series"`
	Samples int64   `json:"samples"` // of one poll
}

// poll measures polls, each of one request of a kind.
func poll(o options) (any, error) {
	var found pollFound
	var err error
	if found.Before, err = resident(); err != nil {
		return nil, err
	}
	o.pollInterval = o.step
	b, err := newBackend(o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	before := cpu()
	if err := b.start(); err != nil {
		return nil, err
	}
	found.FirstS = (cpu() - before).Seconds()
	if found.First, err = resident(); err != nil {
		return nil, err
	}
	found.Peak = found.First.Peak
	stats := b.store.Stats()
	found.History, found.Series = stats.Bytes, stats.Series

	var spent []float64
	for range o.rounds {
		debug.FreeOSMemory()
		if err := forgetPeak(); err != nil {
			return nil, err
		}
		start, err := resident()
		if err != nil {
			return nil, err
		}
		samples, before := b.counted.samples, cpu()
		if err := b.advance(o.step); err != nil {
			return nil, err
		}
		spent = append(spent, (cpu() - before).Seconds())
		found.Samples = b.counted.samples - samples
		end, err := resident()
		if err != nil {
			return nil, err
		}
		found.Added = max(found.Added, end.Peak-start.Now)
		found.Peak = max(found.Peak, end.Peak)
		time.Sleep(50 * time.Millisecond)
	}
	found.Later = median(spent)
	return found, nil
}
