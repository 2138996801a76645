package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/events"
)

// This file is how much a database holds, and the bounds of that.

// counted is how much a database holds.
type counted struct {
	events.Stats
	version int64 // SQLite's data_version: it changes when another connection writes
	next    int64 // the lowest n that was not there when events were counted last
}

// recount fills in what the database holds. Only what was added since the last time is
// counted, where nobody else has written and nothing was removed.
func (d *database) recount(c *conn) (err error) {
	now := counted{}
	if now.version, err = c.number("PRAGMA data_version"); err != nil {
		return err
	}
	before := d.counted.Load()
	if before == nil || before.version != now.version {
		before = &counted{}
	}
	added, err := c.number(fmt.Sprintf("SELECT count(*) FROM events WHERE n >= %d", before.next))
	if err != nil {
		return err
	}
	now.Events = before.Events + int(added)
	if now.next, err = c.number("SELECT max(n) + 1 FROM events"); err != nil {
		return err
	}
	if now.Bytes, err = d.used(c); err != nil {
		return err
	}
	start, err := c.number("SELECT min(time) FROM events")
	if err != nil {
		return err
	}
	since, err := c.number("SELECT value FROM facts WHERE name = 'since'")
	if err != nil {
		return err
	}
	watched, err := c.number("SELECT value FROM facts WHERE name = 'watched'")
	if err != nil {
		return err
	}
	now.Start, now.Since, now.Watched = time.Time{}, fromMicro(since), fromMicro(watched)
	if now.Events > 0 {
		now.Start = time.UnixMicro(start).UTC()
	}
	d.counted.Store(&now)
	return nil
}

// weigh notes what a database in memory takes, once its pages are written.
func (d *database) weigh() {
	if d.file != "" {
		return
	}
	now := *d.counted.Load()
	now.Bytes = pageFiles.held(d.memory)
	d.counted.Store(&now)
}

// used returns the bytes of the pages that are in use; of those in memory, as they were
// committed last.
func (d *database) used(c *conn) (int64, error) {
	if d.file == "" {
		return pageFiles.held(d.memory), nil
	}
	used := int64(1)
	for _, pages := range []string{"page_count", "freelist_count", "page_size"} {
		n, err := c.number("PRAGMA " + pages)
		if err != nil {
			return 0, err
		}
		switch pages {
		case "page_count":
			used = n
		case "freelist_count":
			used -= n
		default:
			used *= n
		}
	}
	return used, nil
}

// bounds are how much a database may hold.
type bounds struct {
	oldest time.Time // events that ended before go; zero: none
	count  int
	bytes  int64
}

// trimmed is how many events one trim removes at most: it holds up what is added.
const trimmed = 20_000

// trim removes the oldest events beyond the bounds; more reports whether there are others.
// Pages that become free are used again; the file does not become smaller.
func (d *database) trim(ctx context.Context, b bounds) (more bool, err error) {
	err = d.write(ctx, func(c *conn) error {
		held := d.counted.Load()
		n, used := held.Events, held.Bytes
		since := held.Since
		if !b.oldest.IsZero() {
			gone, err := c.remove("time < ?1 AND (opens = '' OR end_time <> 0 AND end_time < ?1)", b.oldest, trimmed)
			if err != nil {
				return err
			}
			if more = gone == trimmed; gone > 0 && b.oldest.After(since) {
				since = b.oldest
			}
			n -= gone
		}
		excess := max(0, n-b.count)
		if used > b.bytes {
			excess = max(excess, int(float64(n)*float64(used-b.bytes)/float64(used))+n/50+1)
		}
		if excess > 0 && !more {
			gone, err := c.remove("time > ?1", time.UnixMicro(-1<<62), min(excess, n, trimmed))
			if err != nil {
				return err
			}
			more = gone == trimmed
			start, err := c.number("SELECT min(time) FROM events")
			if err != nil {
				return err
			}
			// Others of the oldest moment may be gone.
			if oldest := fromMicro(start).Add(time.Microsecond); oldest.After(since) {
				since = oldest
			}
			n -= gone
		}
		if n == held.Events {
			return nil
		}
		left := *held
		left.Events = n
		d.counted.Store(&left)
		return c.exec("UPDATE facts SET value = ? WHERE name = 'since'", func(s *sqlite3.Stmt) error { return s.BindInt64(1, micro(since)) })
	})
	return more, err
}

// completeSince raises the time from which on the database has every event; zero leaves it.
func (c *conn) completeSince(t time.Time) error {
	if t.IsZero() {
		return nil
	}
	return c.exec("UPDATE facts SET value = max(value, ?) WHERE name = 'since'", func(s *sqlite3.Stmt) error { return s.BindInt64(1, micro(t)) })
}

// remove removes the oldest events of a condition on a time, at most limit.
func (c *conn) remove(condition string, at time.Time, limit int) (gone int, err error) {
	err = c.exec("DELETE FROM events WHERE n IN (SELECT n FROM events WHERE "+condition+" ORDER BY time LIMIT ?2)", func(s *sqlite3.Stmt) error {
		if err := s.BindInt64(1, at.UnixMicro()); err != nil {
			return err
		}
		return s.BindInt(2, limit)
	})
	return int(c.Changes()), err
}
