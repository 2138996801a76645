package sqlite

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/events"
)

// The bounds where the options have none. A day of a busy cluster, one task event a second,
// is 90,000 events; in a file an event takes 300 to 600 bytes with its indexes, in memory about
// 120 (pages.go).
const (
	DefaultCount       = 2_000_000
	DefaultBytes       = 1 << 30  // of a file
	DefaultMemoryBytes = 16 << 20 // in memory
)

const (
	// trimAfter is how often the bounds are checked.
	trimAfter = time.Minute
	// jump is by how much the clock may move between two looks before it counts as set, as at
	// the start. Nothing is too old for holdFor then, as in the history on disk: a clock that is
	// wrong for a while must not remove all events.
	jump    = 6 * time.Hour
	holdFor = time.Hour
)

// Options are what a log is made with.
type Options struct {
	// File is an absolute path; what is missing of its directory is made. "": events are
	// kept in memory.
	File string
	Bounds
	// Reserve is how many bytes of the file's file system stay free: with less nothing
	// is written. 512 MiB if 0.
	Reserve int64
	// From is a log in memory to go on with: its events move to the file, and it must not
	// be used otherwise any more. May be nil.
	From *Log
	Now  func() time.Time
	Log  Logger // may be nil
}

// Bounds are how much is kept. Beyond them the oldest events go.
type Bounds struct {
	Retention   time.Duration // 0: no bound
	Count       int           // DefaultCount if 0
	Bytes       int64         // of the file; DefaultBytes if 0
	MemoryBytes int64         // of what is in memory; DefaultMemoryBytes if 0 or more than that
}

// Logger is the part of a structured logger that a log uses.
type Logger interface {
	Info(msg string, args ...any)
	Warn(msg string, args ...any)
}

// A Log is an events.Log. While its file cannot be written, events are kept in memory and
// move to the file later.
type Log struct {
	options Options

	// writing is held while events are added and while databases are opened or closed.
	writing sync.Mutex
	id      fileID    // of the file
	opened  bool      // whether the file was open before
	began   time.Time // from when on a new database has every event
	retryAt time.Time // when the file is tried again
	damage  error     // what was met in the file, which is to be put aside
	trimAt  time.Time
	// seen is when the clock was looked at last, and holdUntil until when nothing is too old.
	seen, holdUntil time.Time
	marked          time.Time      // what the file tells of when events were added
	ends            []events.Event // those of events in the file that could not be written there
	// learned is, by its ID, what completes an event in the file and could not be written there.
	learned map[string]events.Event

	prepared atomic.Bool // whether a database is open, and the file was tried

	// reading is held for reading while databases are read, and for writing while events
	// move from one to the other: each is counted once. It is taken before mu.
	reading sync.RWMutex

	// mu guards what follows, which is changed with writing held as well.
	mu      sync.RWMutex
	closed  bool
	bounds  Bounds
	disk    *database // nil: no file is wanted, or it could not be opened
	spare   *database // in memory; nil while the disk takes everything
	problem string    // why events go to memory
	note    string    // about a file that was put aside
	// lost is until when events were dropped from memory that were to move to the file;
	// zero: none were.
	lost time.Time
}

var _ events.Log = (*Log)(nil)

// New returns a log. Its file is opened with the first use.
func New(o Options) *Log {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Reserve <= 0 {
		o.Reserve = defaultReserve
	}
	l := &Log{options: o, bounds: o.Bounds, began: o.Now()}
	if o.From != nil {
		l.spare, l.began = o.From.give()
		l.options.From = nil
	}
	return l
}

// give closes a log in memory and returns its database, nil if it has none, and from when
// on it has every event.
func (l *Log) give() (spare *database, began time.Time) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	spare = l.spare
	l.spare, l.closed = nil, true
	return spare, l.began
}

// SetBounds changes how much is kept.
func (l *Log) SetBounds(b Bounds) {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bounds, l.trimAt = b, time.Time{}
}

// closeWithin bounds how long events in memory may take to move to the file in the end.
const closeWithin = time.Second

// Close closes the log, and ends what reads it. What was appended is kept, but for what is
// in memory.
func (l *Log) Close() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.isClosed() {
		return nil
	}
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	l.move(ctx)
	for _, d := range l.databases() {
		d.close()
	}
	return nil
}

func (l *Log) isClosed() bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.closed
}

// databases returns those that are open, the one that takes events last.
func (l *Log) databases() (all []*database) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, d := range []*database{l.disk, l.spare} {
		if d != nil {
			all = append(all, d)
		}
	}
	return all
}

// Append implements events.Log. Without events it does what is due: it applies the bounds,
// and moves events from memory to the file.
func (l *Log) Append(ctx context.Context, all []events.Event) (added []events.Event, err error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	if len(all) > 0 {
		if added, err = l.add(ctx, all); err != nil {
			return nil, err
		}
	}
	l.mark(ctx)
	l.trim(ctx)
	return added, nil
}

// markAfter is how exactly the file tells when events were added last.
const markAfter = 10 * time.Second

// mark writes into the file that events are added: the next process learns from it since
// when nobody has watched.
func (l *Log) mark(ctx context.Context) {
	now := l.options.Now()
	if l.disk == nil || l.spare != nil || now.Sub(l.marked).Abs() < markAfter || l.room() != nil {
		return
	}
	err := l.disk.write(ctx, func(c *conn) error {
		return c.exec("INSERT OR REPLACE INTO facts VALUES ('watched', ?)", func(s *sqlite3.Stmt) error { return s.BindInt64(1, micro(now)) })
	})
	switch {
	case err == nil:
		l.marked = now
	case ctx.Err() == nil:
		l.fail(err)
	}
}

// errNotRemembered is the error of Remember while the file cannot be written.
var errNotRemembered = errors.New("the event log cannot be written now")

// Remember keeps a value in the file, in place of the one before, for the next process. A
// log in memory does nothing.
func (l *Log) Remember(ctx context.Context, value []byte) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.prepare(ctx); err != nil || l.options.File == "" {
		return err
	}
	if l.disk == nil || l.spare != nil || l.room() != nil {
		return errNotRemembered
	}
	err := l.disk.write(ctx, func(c *conn) error {
		return c.exec("INSERT OR REPLACE INTO remembered VALUES (1, ?)", func(s *sqlite3.Stmt) error { return s.BindBlob(1, value) })
	})
	if err != nil && ctx.Err() == nil {
		l.fail(err)
	}
	return err
}

// Remembered returns what Remember kept in the file last, nil for nothing.
func (l *Log) Remembered(ctx context.Context) (value []byte, err error) {
	err = l.read(ctx, func() { value = nil }, func(d *database) error {
		if d.file == "" {
			return nil
		}
		return d.read(ctx, func(c *conn) error {
			return c.rows("SELECT value FROM remembered", nil, func(s *sqlite3.Stmt) error {
				value = slices.Clone(s.ColumnRawBlob(0))
				return nil
			})
		})
	})
	return value, err
}

// add adds events to the file, or to memory if that fails. writing is held.
func (l *Log) add(ctx context.Context, all []events.Event) (added []events.Event, err error) {
	if l.spare == nil {
		if err = l.room(); err == nil {
			added, err = l.disk.add(ctx, all, false)
		}
		if err == nil || ctx.Err() != nil {
			return added, err
		}
		l.fail(err)
		if err := l.openSpare(); err != nil {
			return nil, err
		}
	}
	fresh := all
	if l.disk != nil {
		if there, more, err := l.disk.has(ctx, all); err == nil {
			l.learnLater(more)
			fresh = slices.DeleteFunc(slices.Clone(all), func(e events.Event) bool { return there[e.ID] })
		}
	}
	if l.options.File != "" {
		l.remember(all)
	}
	return l.spare.add(ctx, fresh, false)
}

// trim applies the bounds, now and then, and to memory at once. writing is held.
func (l *Log) trim(ctx context.Context) {
	now := l.options.Now()
	if now.Sub(l.seen).Abs() > jump {
		l.holdUntil = now.Add(holdFor)
	}
	l.seen = now
	due := !now.Before(l.trimAt) || l.trimAt.Sub(now) > trimAfter // a clock that was ahead
	if due {
		l.trimAt = now.Add(trimAfter)
	}
	for _, d := range l.databases() {
		b := l.boundsOf(d, now)
		since := d.counted.Load().Since
		for again := due || d == l.spare && d.counted.Load().Bytes > b.bytes; again; {
			more, err := d.trim(ctx, b)
			if err != nil && ctx.Err() == nil {
				l.warn("Old events could not be removed, which is tried again", "error", err)
				if d == l.disk && l.spare == nil {
					l.fail(err)
				}
			}
			held := d.counted.Load()
			again = err == nil && d == l.spare && (more || held.Bytes > b.bytes && held.Events > 0)
			if more {
				l.trimAt = time.Time{} // the rest of a file is for the next time
			}
		}
		if left := d.counted.Load().Since; d == l.spare && l.options.File != "" && left.After(since) {
			l.mu.Lock()
			l.lost = left
			l.mu.Unlock()
		}
	}
}

// boundsOf returns the bounds of a database.
func (l *Log) boundsOf(d *database, now time.Time) (b bounds) {
	b.count, b.bytes = cmp.Or(l.bounds.Count, DefaultCount), cmp.Or(l.bounds.Bytes, DefaultBytes)
	if d.file == "" {
		b.bytes = min(cmp.Or(l.bounds.MemoryBytes, DefaultMemoryBytes), DefaultMemoryBytes)
	}
	if l.bounds.Retention > 0 && !now.Before(l.holdUntil) {
		b.oldest = now.Add(-l.bounds.Retention)
	}
	return b
}

// within returns the filter for what is kept: events that are too old are removed some time
// after.
func (l *Log) within(f events.Filter) events.Filter {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.bounds.Retention > 0 {
		if oldest := l.options.Now().Add(-l.bounds.Retention); f.From.Before(oldest) {
			f.From = oldest
		}
	}
	return f
}

// ready opens what a read needs.
func (l *Log) ready(ctx context.Context) error {
	if l.isClosed() {
		return errClosed
	}
	if l.prepared.Load() {
		return nil
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.prepare(ctx)
}

// read calls run for each database. If the file turns out to be damaged or gone, it is put
// aside, and run is called once more; first is called before each time.
func (l *Log) read(ctx context.Context, first func(), run func(*database) error) error {
	for again := false; ; again = true {
		if err := l.ready(ctx); err != nil {
			return err
		}
		first()
		err := l.readAll(run)
		if err == nil || again || ctx.Err() != nil {
			return err
		}
		switch {
		case damaged(err), errors.Is(err, errGone):
			if err := l.reopen(ctx, err); err != nil {
				return err
			}
		case !errors.Is(err, errClosed):
			return err
		}
	}
}

func (l *Log) readAll(run func(*database) error) error {
	l.reading.RLock()
	defer l.reading.RUnlock()
	for _, d := range l.databases() {
		if err := run(d); err != nil {
			return err
		}
	}
	return nil
}

// Select implements events.Log.
func (l *Log) Select(ctx context.Context, f events.Filter) (found []events.Event, more int, err error) {
	f = l.within(f)
	of := 0 // databases
	err = l.read(ctx, func() { found, more, of = nil, 0, 0 }, func(d *database) error {
		part, beyond, err := d.choose(ctx, f)
		found, more = append(found, part...), more+beyond
		of++
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	if of > 1 {
		slices.SortStableFunc(found, func(a, b events.Event) int { return b.Time.Compare(a.Time) })
		if len(found) > f.Limit {
			more += len(found) - f.Limit
			found = found[:f.Limit]
		}
	}
	return found, more, nil
}

// Count implements events.Log.
func (l *Log) Count(ctx context.Context, f events.Filter, by []events.Field, limit int) ([]events.Group, error) {
	f = l.within(f)
	var all counts
	err := l.read(ctx, func() { all = counts{} }, func(d *database) error {
		part, err := d.count(ctx, f, by)
		if err != nil || all.groups == nil {
			all = part
			return err
		}
		for key, n := range part.groups {
			if err := all.add([]byte(key), *n); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all.largest(limit), nil
}

// Values implements events.Log.
func (l *Log) Values(ctx context.Context, f events.Filter, field events.Field, limit int) (values []string, err error) {
	groups, err := l.Count(ctx, f, []events.Field{field}, math.MaxInt)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		if g.Values[0] != "" {
			values = append(values, g.Values[0])
		}
	}
	slices.Sort(values)
	return values[:min(limit, len(values))], nil
}

// Stats implements events.Log.
func (l *Log) Stats() events.Stats {
	s := events.Stats{Where: "memory"}
	if err := l.ready(context.Background()); err != nil {
		s.Problem = err.Error()
		return s
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.disk != nil && l.spare == nil {
		s.Where = "disk"
	}
	for _, d := range []*database{l.disk, l.spare} {
		if d == nil {
			continue
		}
		part := d.counted.Load()
		s.Events, s.Bytes = s.Events+part.Events, s.Bytes+part.Bytes
		if part.Watched.After(s.Watched) {
			s.Watched = part.Watched
		}
		if s.Start.IsZero() || !part.Start.IsZero() && part.Start.Before(s.Start) {
			s.Start = part.Start
		}
		if s.Since.IsZero() || part.Since.Before(s.Since) {
			s.Since = part.Since
		}
	}
	if l.lost.After(s.Since) {
		s.Since = l.lost
	}
	var said []string
	for _, text := range []string{l.problem, l.note} {
		if text != "" {
			said = append(said, text)
		}
	}
	s.Problem = strings.Join(said, "; ")
	return s
}

func (l *Log) warn(text string, args ...any) {
	if l.options.Log != nil {
		l.options.Log.Warn(text, args...)
	}
}
