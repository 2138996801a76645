package disk

import (
	"errors"
	"fmt"
	"time"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/disk/files"
)

// This file finds out when a directory must not be written, and puts it into
// sentences for the operator.

// A fault is why memory takes the samples instead of the directory.
type fault struct {
	kind faultKind
	text string // what is wrong and what to do; "" while there is nothing to tell
}

type faultKind uint8

const (
	none     faultKind = iota
	opening            // not a fault: not open yet
	inUse              // another process has locked the directory
	refused            // it cannot be opened
	full               // too little space is left
	readOnly           // it is open, but can no longer be written
	gone               // it was removed or replaced
	broken             // a write failed
	ahead              // its newest samples are in the future
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

// inspect returns what is wrong with an open directory. It costs some system
// calls.
func (d *Store) inspect(h *handle) fault {
	d.noticeJump()
	d.mu.RLock()
	failure, paused := h.failure, d.memory != nil && d.fault.kind == full
	d.mu.RUnlock()
	if t := d.inPlace(h); t.kind != none {
		return t
	}
	if err := files.Writable(d.opts.Dir); err != nil {
		return fault{readOnly, fmt.Sprintf("%v: %s until it can be written again", err, inMemory)}
	}
	if errors.Is(failure, errRepair) {
		return fault{broken, fmt.Sprintf("%v in %s: %s until then", failure, d.opts.Dir, inMemory)}
	}
	if failure != nil {
		return fault{broken, fmt.Sprintf("%s could not be written (%v): %s until it is opened again", d.opts.Dir, failure, inMemory)}
	}
	need := d.opts.Reserve
	if paused {
		need = int64(float64(need) * resumeShare)
	}
	if t := d.space(d.opts.Dir, need); t.kind != none {
		return t
	}
	return fault{}
}

// inPlace returns a fault where the files of an open directory are no longer
// those that its paths name.
func (d *Store) inPlace(h *handle) fault {
	for path, id := range h.files {
		now, err := files.Identify(path)
		if err != nil || now != id {
			return fault{gone, fmt.Sprintf("%s was removed or replaced at %s while it was in use: unless it is put back, a new history begins there",
				d.opts.Dir, history.Moment(d.opts.Now().UnixMilli()))}
		}
	}
	return fault{}
}

// space returns a fault where a file system has less free than is needed.
func (d *Store) space(path string, need int64) fault {
	free, err := files.FreeSpace(path)
	switch {
	case err != nil:
		return fault{refused, fmt.Sprintf("%v: %s", err, inMemory)}
	case free < need:
		return fault{full, fmt.Sprintf("the file system of %s has %s free and %s are needed: %s until there is more; free some space, or shorten retention", d.opts.Dir, history.Mebibytes(free), history.Mebibytes(need), inMemory)}
	}
	return fault{}
}

// openingFault puts the error of an opening into a sentence.
func (d *Store) openingFault(err error) fault {
	switch {
	case files.Locked(err):
		if time.Since(d.started) < d.opts.wait {
			return fault{kind: opening}
		}
		return fault{inUse, fmt.Sprintf("%s is in use by another process: %s until it is free; two Grafana servers need a history_path each", d.opts.Dir, inMemory)}
	case files.OutOfSpace(err):
		return fault{full, fmt.Sprintf("%s cannot be opened (%v): %s until there is space", d.opts.Dir, err, inMemory)}
	default:
		return fault{refused, fmt.Sprintf("%s cannot be opened (%v): %s; the user that Grafana runs as must be able to write there (history_path)", d.opts.Dir, err, inMemory)}
	}
}

// noticeJump keeps files from being deleted for a while after the clock was set.
func (d *Store) noticeJump() {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.opts.Now()
	if moved := now.Sub(d.seen); moved > jump || moved < -jump {
		d.holdUntil = now.Add(holdFor)
	}
	d.seen = now
}

// takeOver directs samples to memory, with t as the reason.
func (d *Store) takeOver(t fault) {
	d.mu.Lock()
	changed := d.fault.kind != t.kind
	d.fault = t
	if d.memory == nil && !d.closed {
		d.memory, d.newest = d.newMemory(), history.NoTime
		d.gen++
	}
	d.mu.Unlock()
	if changed && t.text != "" {
		d.log.Warn("The history cannot be written to disk", "error", t.text)
	}
}
