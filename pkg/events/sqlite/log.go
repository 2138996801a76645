package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/prometheus/prometheus/tsdb/fileutil"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/history/disk/files"
)

// The bounds where the options have none. A day of a busy cluster, one task event a second,
// is 90,000 events; an event takes 300 to 600 bytes with its indexes.
const (
	DefaultCount       = 2_000_000
	DefaultBytes       = 1 << 30  // of a file
	DefaultMemoryBytes = 48 << 20 // in memory
)

// retryAfter is how long after a failure of the disk it is tried again, and trimAfter how
// often the bounds are checked.
const (
	retryAfter = 30 * time.Second
	trimAfter  = time.Minute
)

// Options are what a log is made with.
type Options struct {
	// File is an absolute path; what is missing of its directory is made. "": events are
	// kept in memory.
	File string
	Bounds
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

	mu     sync.Mutex
	closed bool
	began  time.Time // from when on a new database has every event
	disk   *database // nil: no file is wanted, or it could not be opened
	id     files.ID  // of the file
	opened bool      // whether the file was open before
	spare  *database // in memory; nil while the disk takes everything
	// ends are those of events on disk that could not be written there.
	ends    []events.Event
	problem string // why events go to memory
	note    string // about a file that was put aside
	retryAt time.Time
	trimAt  time.Time
}

// New returns a log. Its file is opened with the first use.
func New(o Options) *Log {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Log{options: o, began: o.Now()}
	if o.From != nil {
		l.spare, l.began = o.From.give()
		l.options.From = nil
	}
	return l
}

var _ events.Log = (*Log)(nil)

// SetBounds changes how much is kept.
func (l *Log) SetBounds(b Bounds) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.options.Bounds, l.trimAt = b, time.Time{}
}

// give closes a log in memory and returns its database, nil if it has none, and from when
// on it has every event.
func (l *Log) give() (spare *database, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	spare = l.spare
	l.spare, l.closed = nil, true
	return spare, l.began
}

// Close closes the log. What was appended is kept, but for what is in memory.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.move(context.Background())
	for _, d := range l.databases() {
		d.close()
	}
	return nil
}

// databases returns those that are open, the one that takes events last. mu is held.
func (l *Log) databases() (all []*database) {
	for _, d := range []*database{l.disk, l.spare} {
		if d != nil {
			all = append(all, d)
		}
	}
	return all
}

// prepare opens what is not open and due. mu is held.
func (l *Log) prepare(ctx context.Context) error {
	if l.closed {
		return errClosed
	}
	now := l.options.Now()
	if l.options.File != "" && l.disk != nil {
		if id, err := files.Identify(l.options.File); err != nil || id != l.id {
			l.fail(errors.New("its file was removed or replaced"))
			l.disk.close()
			l.disk, l.retryAt, l.began = nil, time.Time{}, now
		}
	}
	if l.options.File != "" && l.disk == nil && !now.Before(l.retryAt) {
		if err := l.openDisk(now); err != nil {
			l.fail(err)
		} else if l.spare == nil {
			l.problem = ""
		}
	}
	if l.spare != nil && l.disk != nil && !now.Before(l.retryAt) {
		l.move(ctx)
	}
	if l.disk == nil && l.spare == nil {
		return l.openSpare()
	}
	return nil
}

func (l *Log) openSpare() (err error) {
	l.spare, err = open("", l.began)
	return err
}

// openDisk opens the file. One that is damaged is put aside.
func (l *Log) openDisk(now time.Time) error {
	if err := l.makeDir(filepath.Dir(l.options.File)); err != nil {
		return err
	}
	d, err := open(l.options.File, l.began)
	if damaged(err) {
		if err := l.putAside(now, err); err != nil {
			return err
		}
		l.began = now
		d, err = open(l.options.File, l.began)
	}
	if err != nil {
		return err
	}
	id, err := files.Identify(l.options.File)
	if err != nil {
		d.close()
		return err
	}
	l.disk, l.id, l.opened = d, id, true
	return nil
}

// makeDir makes the directory of the file, and what is missing above it. Once the file
// was open it makes that one directory alone: others may be the empty place of a disk
// that is not mounted now.
func (l *Log) makeDir(dir string) error {
	if up := filepath.Dir(dir); !l.opened && up != dir && !files.Exists(up) {
		if err := l.makeDir(up); err != nil {
			return err
		}
	}
	return files.MakeDir(dir)
}

// damaged reports whether an error means that a file is no database, or a broken one.
func damaged(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB)
}

// putAside moves a damaged file, with its log, to quarantine beside it.
func (l *Log) putAside(now time.Time, why error) error {
	dir := filepath.Join(filepath.Dir(l.options.File), "quarantine")
	if err := files.MakeDir(dir); err != nil {
		return err
	}
	to := filepath.Join(dir, now.UTC().Format("20060102-150405")+"-"+filepath.Base(l.options.File))
	if err := fileutil.Rename(l.options.File, to); err != nil {
		return err
	}
	if wal := l.options.File + "-wal"; files.Exists(wal) {
		if err := fileutil.Rename(wal, to+"-wal"); err != nil {
			return err
		}
	}
	l.note = fmt.Sprintf("the event log was damaged (%v) and was moved to %s: events begin anew", why, to)
	l.warn("The event log was damaged and put aside", "moved to", to, "error", why)
	return nil
}

// fail notes that the disk cannot be used for now. mu is held.
func (l *Log) fail(why error) {
	l.retryAt = l.options.Now().Add(retryAfter)
	text := fmt.Sprintf("the event log %s cannot be used (%v): events are kept in memory, and move there when it can be", l.options.File, why)
	if errors.Is(why, sqlite3.BUSY) || errors.Is(why, sqlite3.BUSY_RECOVERY) {
		text = fmt.Sprintf("another process has the event log %s open: events are kept in memory, and move there when it has ended", l.options.File)
	}
	if text != l.problem {
		l.warn("The event log cannot be used", "file", l.options.File, "error", why)
	}
	l.problem = text
}

// move moves events from memory to the file. mu is held.
func (l *Log) move(ctx context.Context) {
	if l.spare == nil || l.disk == nil {
		return
	}
	for {
		some, more, err := l.spare.oldest(ctx, 1000)
		if err == nil && len(some) > 0 {
			_, err = l.disk.add(ctx, some, true)
		}
		if err == nil && !more && len(l.ends) > 0 {
			_, err = l.disk.add(ctx, nil, true)
			for i := range l.ends {
				err = errors.Join(err, l.disk.use(ctx, func() error { return l.disk.end(&l.ends[i]) }))
			}
		}
		if err == nil {
			err = l.spare.forget(ctx, some)
		}
		switch {
		case err != nil:
			l.fail(err)
			return
		case !more:
			l.spare.close()
			l.spare, l.ends, l.problem = nil, nil, ""
			if l.options.Log != nil {
				l.options.Log.Info("The event log can be used again", "file", l.options.File)
			}
			return
		}
	}
}

// Append implements events.Log.
func (l *Log) Append(ctx context.Context, all []events.Event) (added []events.Event, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, l.trim(ctx)
	}
	if l.spare == nil {
		added, err = l.disk.add(ctx, all, false)
		if err == nil {
			return added, l.trim(ctx)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		l.fail(err)
		if damaged(err) { // put aside when it is opened again
			l.disk.close()
			l.disk, l.retryAt = nil, time.Time{}
		}
		if err := l.openSpare(); err != nil {
			return nil, err
		}
	}
	fresh := all
	if l.disk != nil {
		if there, err := l.disk.has(ctx, all); err == nil {
			fresh = slices.DeleteFunc(slices.Clone(all), func(e events.Event) bool { return there[e.ID] })
		}
		l.remember(all)
	}
	added, err = l.spare.add(ctx, fresh, false)
	if err != nil {
		return nil, err
	}
	return added, l.trim(ctx)
}

// most is how many ends wait for the disk at most.
const most = 100_000

// remember keeps what events end until the disk can be written. mu is held.
func (l *Log) remember(all []events.Event) {
	for _, e := range all {
		if len(e.Closes) > 0 && len(l.ends) < most {
			l.ends = append(l.ends, events.Event{Time: e.Time, Closes: e.Closes})
		}
	}
}

// trim applies the bounds, now and then. mu is held.
func (l *Log) trim(ctx context.Context) error {
	now := l.options.Now()
	if now.Before(l.trimAt) {
		return nil
	}
	l.trimAt = now.Add(trimAfter)
	for _, d := range l.databases() {
		if err := d.trim(ctx, l.bounds(d, now)); err != nil {
			if d == l.disk && ctx.Err() == nil {
				l.fail(err)
				continue
			}
			return err
		}
	}
	return nil
}

func (l *Log) bounds(d *database, now time.Time) (b bounds) {
	o := l.options.Bounds
	b.count, b.bytes = cmp.Or(o.Count, DefaultCount), cmp.Or(o.Bytes, DefaultBytes)
	if d.file == "" {
		b.bytes = min(cmp.Or(o.MemoryBytes, DefaultMemoryBytes), DefaultMemoryBytes)
	}
	if o.Retention > 0 {
		b.oldest = now.Add(-o.Retention)
	}
	return b
}

// reading returns the databases to read from.
func (l *Log) reading(ctx context.Context) ([]*database, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	return l.databases(), nil
}

// Select implements events.Log.
func (l *Log) Select(ctx context.Context, f events.Filter) (found []events.Event, more int, err error) {
	all, err := l.reading(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, d := range all {
		part, beyond, err := d.choose(ctx, f)
		if err != nil {
			return nil, 0, err
		}
		found, more = append(found, part...), more+beyond
	}
	if len(all) > 1 {
		slices.SortStableFunc(found, func(a, b events.Event) int { return b.Time.Compare(a.Time) })
		if len(found) > f.Limit {
			more += len(found) - f.Limit
			found = found[:f.Limit]
		}
	}
	return found, more, nil
}

// Count implements events.Log.
func (l *Log) Count(ctx context.Context, f events.Filter, by []events.Field, limit int) (groups []events.Group, err error) {
	all, err := l.reading(ctx)
	if err != nil {
		return nil, err
	}
	sums := map[string]int{} // place in groups
	for _, d := range all {
		part, err := d.count(ctx, f, by, limit)
		if err != nil {
			return nil, err
		}
		for _, g := range part {
			key := strings.Join(g.Values, "\x00")
			i, ok := sums[key]
			if !ok {
				sums[key] = len(groups)
				groups = append(groups, g)
				continue
			}
			groups[i].Count += g.Count
			if g.Last.After(groups[i].Last) {
				groups[i].Last = g.Last
			}
		}
	}
	slices.SortStableFunc(groups, func(a, b events.Group) int { return b.Count - a.Count })
	return groups[:min(limit, len(groups))], nil
}

// Values implements events.Log.
func (l *Log) Values(ctx context.Context, f events.Filter, field events.Field, limit int) (values []string, err error) {
	all, err := l.reading(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		part, err := d.values(ctx, f, field, limit)
		if err != nil {
			return nil, err
		}
		values = append(values, part...)
	}
	slices.Sort(values)
	values = slices.Compact(values)
	return values[:min(limit, len(values))], nil
}

// Stats implements events.Log.
func (l *Log) Stats() events.Stats {
	ctx := context.Background()
	l.mu.Lock()
	defer l.mu.Unlock()
	s := events.Stats{Where: "memory"}
	if err := l.prepare(ctx); err != nil {
		s.Problem = err.Error()
		return s
	}
	if l.options.File != "" && l.disk != nil && l.spare == nil {
		s.Where = "disk"
	}
	for _, d := range l.databases() {
		part, err := d.stats(ctx)
		if err != nil {
			continue
		}
		s.Events, s.Bytes = s.Events+part.Events, s.Bytes+part.Bytes
		if s.Start.IsZero() || !part.Start.IsZero() && part.Start.Before(s.Start) {
			s.Start = part.Start
		}
		if s.Since.IsZero() || part.Since.Before(s.Since) {
			s.Since = part.Since
		}
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
