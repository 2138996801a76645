package disk

import (
	"errors"
	"fmt"
	"time"

	"community-mesos-datasource/pkg/history"
)

// This file says when a directory must not be written, and why, in sentences
// for the operator.

// A trouble is why memory takes the samples instead of the directory.
type trouble struct {
	kind troubleKind
	text string // what is wrong and what to do; "" while there is nothing to tell
}

type troubleKind uint8

const (
	none     troubleKind = iota
	opening              // not a trouble: not open yet
	inUse                // another process has locked the directory
	refused              // it cannot be opened
	full                 // too little space is left
	readOnly             // it is open, but can no longer be written
	gone                 // it was removed or replaced
	broken               // a write failed
	ahead                // its newest samples lie in the future
)

const (
	// jump is by how much the clock may move between two looks before it counts
	// as set, and nothing is deleted for holdFor: a clock that is wrong for a
	// while must not make all history too old.
	jump    = 10 * time.Minute
	holdFor = time.Hour

	// resumeShare keeps a disk at the limit from switching back and forth: so
	// much of the reserve must be free before writing begins again.
	resumeShare = 1.1
)

const inMemory = "history is kept in memory"

// inspect tells what is wrong with an open directory. It costs some system
// calls.
func (d *Store) inspect(h *handle) trouble {
	d.noticeJump()
	d.mu.RLock()
	failure, paused := h.failure, d.memory != nil && d.trouble.kind == full
	d.mu.RUnlock()
	for path, id := range h.files {
		now, err := identify(path)
		if err != nil || now != id {
			return trouble{gone, fmt.Sprintf("%s was removed or replaced at %s while it was in use: unless it is put back, a new history begins there",
				d.opts.Dir, history.Moment(d.opts.Now().UnixMilli()))}
		}
	}
	if err := writable(d.opts.Dir); err != nil {
		return trouble{readOnly, fmt.Sprintf("%v: %s until it can be written again", err, inMemory)}
	}
	if failure != nil {
		return trouble{broken, fmt.Sprintf("%s could not be written (%v): %s until it is opened anew", d.opts.Dir, failure, inMemory)}
	}
	need := d.opts.Reserve
	if paused {
		need = int64(float64(need) * resumeShare)
	}
	if t := d.space(d.opts.Dir, need); t.kind != none {
		return t
	}
	return trouble{}
}

// space tells whether a file system has as much free as is needed.
func (d *Store) space(path string, need int64) trouble {
	free, err := freeSpace(path)
	switch {
	case err != nil:
		return trouble{refused, fmt.Sprintf("%v: %s", err, inMemory)}
	case free < need:
		return trouble{full, fmt.Sprintf("the file system of %s has %s free and %s are needed: %s until there is more; free some space, or shorten retention", d.opts.Dir, history.Mebibytes(free), history.Mebibytes(need), inMemory)}
	}
	return trouble{}
}

// openingTrouble puts the error of an opening into a sentence.
func (d *Store) openingTrouble(err error) trouble {
	switch {
	case locked(err):
		if time.Since(d.started) < d.opts.patience {
			return trouble{kind: opening}
		}
		return trouble{inUse, fmt.Sprintf("%s is in use by another process: %s until it is free; two Grafana servers need a history_path each", d.opts.Dir, inMemory)}
	case outOfSpace(err):
		return trouble{full, fmt.Sprintf("%s cannot be opened (%v): %s until there is space", d.opts.Dir, err, inMemory)}
	default:
		return trouble{refused, fmt.Sprintf("%s cannot be opened (%v): %s; the user that Grafana runs as must be able to write there (history_path)", d.opts.Dir, err, inMemory)}
	}
}

// noticeJump sees to it that nothing is deleted soon after the clock was set.
func (d *Store) noticeJump() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.opts.Now()
	if moved := now.Sub(d.seen); moved > jump || moved < -jump {
		d.holdUntil = now.Add(holdFor)
	}
	d.seen = now
}

// takeOver lets memory take the samples from now on.
func (d *Store) takeOver(t trouble) {
	d.mu.Lock()
	changed := d.trouble.kind != t.kind
	d.trouble = t
	if d.memory == nil {
		d.memory, d.newest = d.newMemory(), history.NoTime
		d.gen++
	}
	d.mu.Unlock()
	if changed && t.text != "" {
		d.log.Warn("The history cannot be written to disk", "why", t.text)
	}
}

// errPanic is what a panic of the TSDB becomes.
var errPanic = errors.New("the database failed")

// guarded runs what may panic.
func guarded(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if cause, ok := p.(error); ok {
				err = fmt.Errorf("%w: %w", errPanic, cause)
			} else {
				err = fmt.Errorf("%w: %v", errPanic, p)
			}
		}
	}()
	return work()
}
