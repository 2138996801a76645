package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
)

// This file is the file of a log: opening it, what happens when it fails, and moving
// events there from memory.

const (
	// retryAfter is how long after a failure the file is tried again, and busyAfter
	// after another process kept it locked.
	retryAfter = 30 * time.Second
	busyAfter  = 2 * time.Second
	// defaultReserve is what the history leaves of the file system, too.
	defaultReserve = 512 << 20
	// mostEnds is how many ends wait for the file at most.
	mostEnds = 100_000
	// mostLearned is how many events in the file are completed later at most.
	mostLearned = 20_000
)

// unwatchedFor is how long a cluster is not watched for that to be an event.
const unwatchedFor = time.Minute

// prepare opens what is not open and due. writing is held.
func (l *Log) prepare(ctx context.Context) error {
	if l.isClosed() {
		return errClosed
	}
	now := l.options.Now()
	if l.disk != nil {
		if id, err := identify(l.options.File); err != nil || id != l.id {
			l.drop(errGone)
		}
	}
	if l.options.File != "" && l.disk == nil && !now.Before(l.retryAt) {
		if err := l.openDisk(now); err != nil {
			l.fail(err)
		}
	}
	if l.disk != nil && l.spare != nil && !now.Before(l.retryAt) {
		l.move(ctx)
	}
	if l.disk == nil && l.spare == nil {
		if err := l.openSpare(); err != nil {
			return err
		}
	}
	l.prepared.Store(true)
	return nil
}

// set changes the databases.
func (l *Log) set(disk, spare *database) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.disk, l.spare = disk, spare
	if disk != nil && spare == nil {
		l.problem = ""
	}
}

func (l *Log) openSpare() error {
	spare, err := open("", l.began)
	if err != nil {
		return err
	}
	l.set(l.disk, spare)
	return nil
}

// openDisk opens the file. One that is damaged is put aside.
func (l *Log) openDisk(now time.Time) error {
	dir := filepath.Dir(l.options.File)
	if err := l.makeDir(dir); err != nil {
		return err
	}
	if l.damage != nil && exists(l.options.File) {
		if err := l.putAside(now, l.damage); err != nil {
			return err
		}
	}
	d, err := open(l.options.File, l.began)
	if damaged(err) {
		if err := l.putAside(now, err); err != nil {
			return err
		}
		d, err = open(l.options.File, l.began)
	}
	if err != nil {
		return err
	}
	l.damage = nil
	if watched := d.counted.Load().Watched; l.spare != nil && !l.opened && !watched.IsZero() && l.began.Sub(watched) > unwatchedFor {
		// Nobody could ask this file at the start when the cluster was watched last.
		if _, err := d.add(context.Background(), []events.Event{events.NotWatched(watched, l.began, "the plugin was not running, and the event log could not be read when it started")}, false); err != nil {
			d.close()
			return err
		}
	}
	id, err := identify(l.options.File)
	if err != nil {
		d.close()
		return err
	}
	l.id, l.opened = id, true
	l.set(d, l.spare)
	return nil
}

// makeDir makes the directory of the file, and what is missing above it. Once the file
// was open it makes that one directory alone: others may be the empty place of a disk
// that is not mounted now.
func (l *Log) makeDir(dir string) error {
	if up := filepath.Dir(dir); !l.opened && up != dir && !exists(up) {
		if err := l.makeDir(up); err != nil {
			return err
		}
	}
	return makeDir(dir)
}

// room returns why nothing is written: too little of the file system is free.
func (l *Log) room() error {
	if l.disk.file == "" {
		return nil
	}
	free, err := freeSpace(filepath.Dir(l.options.File))
	if err == nil && free < l.options.Reserve {
		return fmt.Errorf("its file system has %s free and %s are needed", display.Size(free), display.Size(l.options.Reserve))
	}
	return nil
}

// damaged reports whether an error means that a file is no database, or a broken one.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.IOERR_DATA)
}

// putAside moves a damaged file, with its log, to quarantine beside it. writing is held.
func (l *Log) putAside(now time.Time, why error) error {
	dir := filepath.Join(filepath.Dir(l.options.File), "quarantine")
	if err := makeDir(dir); err != nil {
		return err
	}
	to := filepath.Join(dir, now.UTC().Format("20060102-150405")+"-"+filepath.Base(l.options.File))
	if err := rename(l.options.File, to); err != nil {
		return err
	}
	if wal := l.options.File + "-wal"; exists(wal) {
		if err := rename(wal, to+"-wal"); err != nil {
			return err
		}
	}
	l.began, l.damage = now, nil
	l.mu.Lock()
	l.note = fmt.Sprintf("the event log was damaged (%v) and was moved to %s: events begin anew", why, to)
	l.mu.Unlock()
	l.warn("The event log was damaged and put aside", "file", to, "error", why)
	return nil
}

// fail notes that the file cannot be written for now, and closes it where it is of no use
// any more. writing is held.
func (l *Log) fail(why error) {
	l.retryAt = l.options.Now().Add(retryAfter)
	text := fmt.Sprintf("the event log %s cannot be used (%v): events are kept in memory, and move there when it can be", l.options.File, why)
	if errors.Is(why, sqlite3.BUSY) {
		l.retryAt = l.options.Now().Add(busyAfter)
		text = fmt.Sprintf("another process has the event log %s locked: events are kept in memory, and move there when it has ended", l.options.File)
	}
	l.mu.Lock()
	first := text != l.problem
	l.problem = text
	l.mu.Unlock()
	if first {
		l.warn("The event log cannot be used", "file", l.options.File, "error", why)
	}
	if damaged(why) || errors.Is(why, errPanic) {
		l.drop(why)
	}
}

// drop closes a file that is damaged or gone. It is opened again, or put aside, as soon as
// something is due. writing is held.
func (l *Log) drop(why error) {
	disk := l.disk
	if disk == nil {
		return
	}
	l.prepared.Store(false)
	l.set(nil, l.spare)
	l.retryAt = time.Time{}
	if damaged(why) {
		l.damage = why
	}
	if errors.Is(why, errGone) {
		l.began = l.options.Now()
		l.warn("The file of the event log was removed or replaced, and another one is used", "file", l.options.File)
	}
	disk.close()
}

// reopen is called with what a read met in the file: it closes the file and opens another
// one.
func (l *Log) reopen(ctx context.Context, why error) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.drop(why)
	return l.prepare(ctx)
}

// remember keeps what events end until the file can be written. writing is held.
func (l *Log) remember(all []events.Event) {
	for _, e := range all {
		if len(e.Closes) > 0 && len(l.ends) < mostEnds {
			l.ends = append(l.ends, events.Event{Time: e.Time, Closes: e.Closes})
		}
	}
}

// learnLater keeps what completes events in the file until that can be written. writing is held.
func (l *Log) learnLater(all []events.Event) {
	for _, e := range all {
		before, known := l.learned[e.ID]
		switch {
		case known:
			e = completed(before, e)
		case len(l.learned) >= mostLearned:
			continue
		case l.learned == nil:
			l.learned = map[string]events.Event{}
		}
		l.learned[e.ID] = e
	}
}

// completed returns an event with what it lacks and another one of its ID has, as learn does in
// a database.
func completed(e, by events.Event) events.Event {
	for _, text := range learned {
		if into := text.of(&e); *into == "" {
			*into = *text.of(&by)
		}
	}
	if !e.NotBefore.IsZero() && by.NotBefore.IsZero() {
		e.Time, e.NotBefore = by.Time, by.NotBefore
	}
	if e.End.IsZero() {
		e.End = by.End
	}
	if len(e.Labels) == 0 {
		e.Labels = by.Labels
	}
	return e
}

// move moves events from memory to the file, in one transaction. It waits for nobody who
// reads: then it is for the next time. writing is held.
func (l *Log) move(ctx context.Context) {
	if l.spare == nil || l.disk == nil || !l.reading.TryLock() {
		return
	}
	defer l.reading.Unlock()
	err := l.room()
	if err == nil {
		err = l.disk.write(ctx, func(to *conn) error {
			var after int64
			for {
				some, last, err := l.spare.oldest(ctx, after, 1000)
				if err != nil {
					return err
				}
				if len(some) == 0 {
					if err := to.completeSince(l.lost); err != nil {
						return err
					}
					for _, e := range l.learned {
						if err := to.learn(&e, identity(e.ID)); err != nil {
							return err
						}
					}
					return to.end(l.ends)
				}
				if _, err := to.add(some, true); err != nil {
					return err
				}
				after = last
			}
		})
	}
	if err != nil {
		l.fail(err)
		return
	}
	spare := l.spare
	l.set(l.disk, nil)
	l.mu.Lock()
	l.lost = time.Time{}
	l.mu.Unlock()
	l.ends, l.learned = nil, nil
	spare.close()
	if l.options.Log != nil {
		l.options.Log.Info("Events are in the file of the event log again", "file", l.options.File)
	}
}
