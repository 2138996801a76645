//go:build linux

package main

import "time"

// daysFound holds the result of bench days.
type daysFound struct {
	Days      []day      `json:"days"`
	Questions []question `json:"questions"`
	// Asked is the memory after the queries.
	Asked footprint `json:"asked"`
	Disk  *blocks   `json:"disk,omitempty"`
}

// day holds the state of the backend at the end of a day, in bytes.
type day struct {
	Memory   footprint `json:"memory"`
	LiveHeap int64     `json:"liveHeap"`
	History  int64     `json:"history"` // as the store accounts for it
	Series   int       `json:"series"`
	Samples  int64     `json:"samples"` // since the beginning
	Hours    float64   `json:"hours"`   // that the history reaches back
	Note     string    `json:"note,omitempty"`
	CPU      float64   `json:"cpu"` // seconds, of this day
	Polls    int       `json:"polls"`
}

// days moves the clock by days, step by step, and runs the queries at their
// end. The cluster's clock runs along with the polls (--step of the
// generator).
func days(o options) (any, error) {
	b, err := newBackend(o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := b.start(); err != nil {
		return nil, err
	}
	var found daysFound
	for range o.days {
		before, polls := cpu(), 0
		for passed := time.Duration(0); passed < 24*time.Hour; passed += o.step {
			if err := b.advance(o.step); err != nil {
				return nil, err
			}
			polls++
		}
		d := day{CPU: (cpu() - before).Seconds(), Polls: polls, Samples: b.counted.samples}
		// Before the collection that liveHeap makes.
		if d.Memory, err = resident(); err != nil {
			return nil, err
		}
		d.LiveHeap = liveHeap()
		stats := b.store.Stats()
		d.History, d.Series, d.Note = stats.Bytes, stats.Series, stats.Note
		d.Hours = b.clock.Now().Sub(stats.Start).Hours()
		found.Days = append(found.Days, d)
	}
	if o.questions {
		if found.Questions, err = b.ask(); err != nil {
			return nil, err
		}
	}
	if found.Asked, err = resident(); err != nil {
		return nil, err
	}
	if o.directory != "" {
		if err := b.close(); err != nil {
			return nil, err
		}
		found.Disk, err = blocksIn(o.directory)
	}
	return found, err
}
