package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

// count returns the groups of the events that happened in the filter's time.
func (d *database) count(ctx context.Context, f events.Filter, by []events.Field, limit int) (groups []events.Group, err error) {
	base, err := conditions(f)
	if err != nil {
		return nil, err
	}
	w := base.happened(f)
	var fields []string
	var labels []any
	for _, field := range by {
		sql, label, err := expression(field)
		if err != nil {
			return nil, err
		}
		fields = append(fields, sql)
		if label != "" {
			labels = append(labels, label)
		}
	}
	sql := "SELECT " + strings.Join(append(slices.Clone(fields), "count(*) AS matching", "max(time)"), ", ") + " FROM events WHERE " + w.String()
	if len(by) > 0 {
		var numbers []string
		for i := range by {
			numbers = append(numbers, fmt.Sprint(i+1))
		}
		columns := strings.Join(numbers, ", ")
		sql += " GROUP BY " + columns + " ORDER BY matching DESC, " + columns
	}
	w.args = slices.Concat(labels, w.args)
	err = d.read(ctx, func(c *conn) error {
		return c.rows(sql+" LIMIT ?", func(s *sqlite3.Stmt) error {
			if err := w.bind(s, 1); err != nil {
				return err
			}
			return s.BindInt(len(w.args)+1, limit)
		}, func(s *sqlite3.Stmt) error {
			g := events.Group{Values: make([]string, len(by)), Count: s.ColumnInt(len(by)), Last: fromMicro(s.ColumnInt64(len(by) + 1))}
			for i := range by {
				g.Values[i] = s.ColumnText(i)
			}
			groups = append(groups, g)
			return nil
		})
	})
	return groups, err
}

// values returns the values of a field among the events that match, sorted.
func (d *database) values(ctx context.Context, f events.Filter, field events.Field, limit int) (values []string, err error) {
	base, err := conditions(f)
	if err != nil {
		return nil, err
	}
	sql, label, err := expression(field)
	if err != nil {
		return nil, err
	}
	w := base.happened(f)
	if label != "" {
		w.args = slices.Concat([]any{label}, w.args)
	}
	err = d.read(ctx, func(c *conn) error {
		return c.rows("SELECT DISTINCT "+sql+" AS v FROM events WHERE "+w.String()+" ORDER BY v LIMIT ?", func(s *sqlite3.Stmt) error {
			if err := w.bind(s, 1); err != nil {
				return err
			}
			return s.BindInt(len(w.args)+1, limit+1)
		}, func(s *sqlite3.Stmt) error {
			if v := s.ColumnText(0); v != "" {
				values = append(values, v)
			}
			return nil
		})
	})
	return values, err
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

// has returns which of the events are there, by their IDs.
func (d *database) has(ctx context.Context, all []events.Event) (there map[string]bool, err error) {
	there = map[string]bool{}
	err = d.read(ctx, func(c *conn) error {
		for i := range all {
			if err := c.rows("SELECT 1 FROM events WHERE id = ?", func(s *sqlite3.Stmt) error { return s.BindBlob(1, identity(all[i].ID)) }, func(*sqlite3.Stmt) error {
				there[all[i].ID] = true
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return there, err
}
