package sqlite

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/events"
)

// choose returns the events that match, the newest first, and how many there are beyond
// the limit.
func (d *database) choose(ctx context.Context, f events.Filter) (found []events.Event, more int, err error) {
	base, err := conditions(f)
	if err != nil {
		return nil, 0, err
	}
	parts := []where{base.happened(f)}
	if !f.From.IsZero() {
		parts = append(parts, base.lasted(f))
	}
	err = d.read(ctx, func(c *conn) error {
		for _, w := range parts {
			total := 0
			read := 0
			sql := "SELECT " + columns + " FROM events WHERE " + w.String() + " ORDER BY time DESC, n DESC LIMIT ?"
			if err := c.rows(sql, func(s *sqlite3.Stmt) error {
				if err := w.bind(s, 1); err != nil {
					return err
				}
				return s.BindInt(len(w.args)+1, f.Limit-len(found))
			}, func(s *sqlite3.Stmt) error {
				read++
				found = append(found, scan(s))
				return nil
			}); err != nil {
				return err
			}
			if len(found) < f.Limit { // those were all
				continue
			}
			if err := c.rows("SELECT count(*) FROM events WHERE "+w.String(), func(s *sqlite3.Stmt) error { return w.bind(s, 1) }, func(s *sqlite3.Stmt) error {
				total = s.ColumnInt(0)
				return nil
			}); err != nil {
				return err
			}
			more += total - read
		}
		return nil
	})
	return found, more, err
}

// maxGroupBytes bounds the values of the groups of an answer.
const maxGroupBytes = 32 << 20

// errTooManyGroups is the error of an answer beyond that.
var errTooManyGroups = errors.New("the answer has too many different values: use filters, a shorter time range, or group by fewer fields")

// each calls see with the values of fields, and the time, of each event that happened in
// the filter's time. They are valid until it returns.
//
// SQLite itself would sort all events to group them, in memory.
func (d *database) each(ctx context.Context, f events.Filter, fields []events.Field, see func(values [][]byte, at int64) error) error {
	base, err := conditions(f)
	if err != nil {
		return err
	}
	w := base.happened(f)
	var selected []string
	var labels []any
	for _, field := range fields {
		sql, label, err := expression(field)
		if err != nil {
			return err
		}
		selected = append(selected, sql)
		if label != "" {
			labels = append(labels, label)
		}
	}
	w.args = slices.Concat(labels, w.args)
	sql := "SELECT " + strings.Join(append(selected, "time"), ", ") + " FROM events WHERE " + w.String()
	values := make([][]byte, len(fields))
	return d.read(ctx, func(c *conn) error {
		return c.rows(sql, func(s *sqlite3.Stmt) error { return w.bind(s, 1) }, func(s *sqlite3.Stmt) error {
			for i := range values {
				values[i] = s.ColumnRawText(i)
			}
			return see(values, s.ColumnInt64(len(values)))
		})
	})
}

// counts are the groups of events by their values, each after its length.
type counts struct {
	groups map[string]*count
	bytes  int
}

type count struct {
	n    int
	last int64
}

// count returns the groups of the events that happened in the filter's time.
func (d *database) count(ctx context.Context, f events.Filter, by []events.Field) (counts, error) {
	all := counts{groups: map[string]*count{}}
	if len(by) == 0 {
		n, err := d.total(ctx, f)
		all.groups[""] = &n
		return all, err
	}
	var key []byte
	err := d.each(ctx, f, by, func(values [][]byte, at int64) error {
		key = key[:0]
		for _, value := range values {
			key = append(binary.AppendUvarint(key, uint64(len(value))), value...)
		}
		return all.add(key, count{1, at})
	})
	return all, err
}

// total returns how many events happened in the filter's time.
func (d *database) total(ctx context.Context, f events.Filter) (n count, err error) {
	base, err := conditions(f)
	if err != nil {
		return n, err
	}
	w := base.happened(f)
	err = d.read(ctx, func(c *conn) error {
		return c.rows("SELECT count(*), max(time) FROM events WHERE "+w.String(), func(s *sqlite3.Stmt) error { return w.bind(s, 1) }, func(s *sqlite3.Stmt) error {
			n = count{s.ColumnInt(0), s.ColumnInt64(1)}
			return nil
		})
	})
	return n, err
}

// add adds to a group.
func (c *counts) add(key []byte, n count) error {
	group := c.groups[string(key)]
	if group == nil {
		if c.bytes += len(key) + 64; c.bytes > maxGroupBytes {
			return errTooManyGroups
		}
		group = &count{last: n.last}
		c.groups[string(key)] = group
	}
	group.n += n.n
	group.last = max(group.last, n.last)
	return nil
}

// largest returns the groups by falling count, at most limit.
func (c *counts) largest(limit int) (groups []events.Group) {
	for key, n := range c.groups {
		g := events.Group{Values: []string{}, Count: n.n}
		if n.n > 0 {
			g.Last = time.UnixMicro(n.last).UTC()
		}
		for rest := []byte(key); len(rest) > 0; {
			length, read := binary.Uvarint(rest)
			g.Values = append(g.Values, string(rest[read:][:length]))
			rest = rest[read:][length:]
		}
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b events.Group) int {
		return cmp.Or(b.Count-a.Count, slices.Compare(a.Values, b.Values))
	})
	return groups[:min(limit, len(groups))]
}

// oldest returns the events that were added first after a place, and the place of the last
// of them.
func (d *database) oldest(ctx context.Context, after int64, limit int) (some []events.Event, last int64, err error) {
	err = d.read(ctx, func(c *conn) error {
		return c.rows("SELECT "+columns+", n FROM events WHERE n > ? ORDER BY n LIMIT ?", func(s *sqlite3.Stmt) error {
			if err := s.BindInt64(1, after); err != nil {
				return err
			}
			return s.BindInt(2, limit)
		}, func(s *sqlite3.Stmt) error {
			some = append(some, scan(s))
			last = s.ColumnInt64(columnCount)
			return nil
		})
	})
	return some, last, err
}

// has returns which of the events are there, by their IDs, and which of those complete what is
// there.
func (d *database) has(ctx context.Context, all []events.Event) (there map[string]bool, more []events.Event, err error) {
	there = map[string]bool{}
	err = d.read(ctx, func(c *conn) error {
		for i := range all {
			if err := c.rows("SELECT 1 FROM events WHERE id = ?", func(s *sqlite3.Stmt) error { return s.BindBlob(1, identity(all[i].ID)) }, func(*sqlite3.Stmt) error {
				there[all[i].ID] = true
				return nil
			}); err != nil {
				return err
			}
			if !there[all[i].ID] {
				continue
			}
			lacks, err := c.lacks(&all[i])
			if err != nil {
				return err
			}
			if lacks {
				more = append(more, all[i])
			}
		}
		return nil
	})
	return there, more, err
}
