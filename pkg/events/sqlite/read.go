package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/events"
)

// expression returns the SQL of a field. Labels are the names of users, so they are
// bound and not written.
func expression(f events.Field) (sql string, label string, err error) {
	switch {
	case strings.HasPrefix(string(f), "label_"):
		return "coalesce(label(labels, ?), '')", string(f), nil
	case f == events.FieldSeverity:
		return "CASE severity WHEN 0 THEN 'info' WHEN 1 THEN 'warning' ELSE 'error' END", "", nil
	case slices.Contains(events.Fields, f):
		return string(f), "", nil
	}
	return "", "", fmt.Errorf("events have no field %q", f)
}

// registerFunctions adds the functions of conditions.
func registerFunctions(c *sqlite3.Conn) error {
	const pure = sqlite3.DETERMINISTIC | sqlite3.INNOCUOUS
	return errors.Join(
		c.CreateFunction("label", 2, pure, func(ctx sqlite3.Context, args ...sqlite3.Value) {
			var labels map[string]string
			if raw := args[0].RawText(); len(raw) > 0 && json.Unmarshal(raw, &labels) == nil {
				if value, ok := labels[args[1].Text()]; ok {
					ctx.ResultText(value)
					return
				}
			}
			ctx.ResultNull()
		}),
		c.CreateFunction("matches", 2, pure, func(ctx sqlite3.Context, args ...sqlite3.Value) {
			// Compiled once per statement: SQLite keeps what a constant argument gave.
			compiled, _ := ctx.GetAuxData(0).(*regexp.Regexp)
			if compiled == nil {
				var err error
				if compiled, err = anchored(args[0].Text()); err != nil {
					ctx.ResultError(err)
					return
				}
				ctx.SetAuxData(0, compiled)
			}
			ctx.ResultBool(compiled.Match(args[1].RawText()))
		}),
	)
}

// anchored compiles a pattern that matches whole values.
func anchored(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile("^(?s:" + pattern + ")$")
}

// A where is the conditions of a query and what is bound to them.
type where struct {
	sql  []string
	args []any // int64, string
}

func (w *where) add(sql string, args ...any) {
	w.sql, w.args = append(w.sql, sql), append(w.args, args...)
}

func (w *where) String() string {
	if len(w.sql) == 0 {
		return "1"
	}
	return strings.Join(w.sql, " AND ")
}

func (w *where) bind(s *sqlite3.Stmt, from int) error {
	for i, arg := range w.args {
		var err error
		switch value := arg.(type) {
		case int64:
			err = s.BindInt64(from+i, value)
		case string:
			err = s.BindText(from+i, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// conditions returns the conditions of a filter, but for its times.
func conditions(f events.Filter) (w where, err error) {
	if len(f.Kinds) > 0 {
		kinds, _ := json.Marshal(f.Kinds)
		w.add("kind IN (SELECT value FROM json_each(?))", string(kinds))
	}
	if f.Least != "" {
		w.add("severity >= ?", int64(rank(f.Least)))
	}
	for _, c := range f.Where {
		sql, label, err := expression(c.Field)
		if err != nil {
			return w, err
		}
		var args []any
		switch {
		case c.Pattern:
			pattern := "(?:" + strings.Join(c.Values, ")|(?:") + ")"
			if _, err := anchored(pattern); err != nil {
				return w, fmt.Errorf("the pattern of %s is not a regular expression: %w", c.Field, err)
			}
			sql = "matches(?, " + sql + ")"
			args = append(args, pattern)
			if label != "" {
				args = append(args, label)
			}
		default:
			if label != "" {
				args = append(args, label)
			}
			if len(c.Values) == 1 {
				sql += " = ?"
				args = append(args, c.Values[0])
				break
			}
			values, _ := json.Marshal(c.Values)
			sql += " IN (SELECT value FROM json_each(?))"
			args = append(args, string(values))
		}
		if c.Field == events.FieldTaskID && !c.Pattern && !c.Not && !slices.Contains(c.Values, "") {
			sql += " AND task_id <> ''" // so that its index serves
		}
		if c.Not {
			sql = "NOT (" + sql + ")"
		}
		w.add(sql, args...)
	}
	return w, nil
}

// happened adds that events happened in the filter's time.
func (w where) happened(f events.Filter) where {
	w.sql, w.args = slices.Clone(w.sql), slices.Clone(w.args)
	if !f.From.IsZero() {
		w.add("time >= ?", f.From.UnixMicro())
	}
	if !f.To.IsZero() {
		w.add("time <= ?", f.To.UnixMicro())
	}
	return w
}

// lasted adds that events happened before the filter's time and lasted into it.
func (w where) lasted(f events.Filter) where {
	w.sql, w.args = slices.Clone(w.sql), slices.Clone(w.args)
	from := f.From.UnixMicro()
	w.add("opens <> '' AND time < ? AND (end_time = 0 OR end_time >= ?)", from, from)
	return w
}

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
	err = d.use(ctx, func() error {
		for _, w := range parts {
			total := 0
			read := 0
			sql := "SELECT " + columns + " FROM events WHERE " + w.String() + " ORDER BY time DESC, n DESC LIMIT ?"
			if err := d.rows(sql, func(s *sqlite3.Stmt) error {
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
			if err := d.rows("SELECT count(*) FROM events WHERE "+w.String(), func(s *sqlite3.Stmt) error { return w.bind(s, 1) }, func(s *sqlite3.Stmt) error {
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
	err = d.use(ctx, func() error {
		return d.rows(sql+" LIMIT ?", func(s *sqlite3.Stmt) error {
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
	err = d.use(ctx, func() error {
		return d.rows("SELECT DISTINCT "+sql+" AS v FROM events WHERE "+w.String()+" ORDER BY v LIMIT ?", func(s *sqlite3.Stmt) error {
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

// oldest returns the events that were added first; more reports whether there are others.
func (d *database) oldest(ctx context.Context, limit int) (some []events.Event, more bool, err error) {
	err = d.use(ctx, func() error {
		return d.rows("SELECT "+columns+" FROM events ORDER BY n LIMIT ?", func(s *sqlite3.Stmt) error { return s.BindInt(1, limit+1) }, func(s *sqlite3.Stmt) error {
			some = append(some, scan(s))
			return nil
		})
	})
	if len(some) > limit {
		some, more = some[:limit], true
	}
	return some, more, err
}

// forget removes events that are elsewhere now.
func (d *database) forget(ctx context.Context, some []events.Event) error {
	return d.transaction(ctx, func() error {
		for i := range some {
			if err := d.exec("DELETE FROM events WHERE id = ?", func(s *sqlite3.Stmt) error { return s.BindBlob(1, kept(some[i].ID)) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// has returns which of the events are there, by their IDs.
func (d *database) has(ctx context.Context, all []events.Event) (there map[string]bool, err error) {
	there = map[string]bool{}
	err = d.use(ctx, func() error {
		for i := range all {
			if err := d.rows("SELECT 1 FROM events WHERE id = ?", func(s *sqlite3.Stmt) error { return s.BindBlob(1, identity(all[i].ID)) }, func(*sqlite3.Stmt) error {
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

// stats returns what is in it.
func (d *database) stats(ctx context.Context) (st events.Stats, err error) {
	err = d.use(ctx, func() (err error) {
		if st.Events, st.Bytes, err = d.size(); err != nil {
			return err
		}
		if err := d.row("SELECT min(time) FROM events", func(s *sqlite3.Stmt) { st.Start = fromMicro(s.ColumnInt64(0)) }); err != nil {
			return err
		}
		trimmed := false
		return d.rows("SELECT name, value FROM facts ORDER BY name", nil, func(s *sqlite3.Stmt) error {
			switch s.ColumnText(0) {
			case "created":
				st.Since = fromMicro(s.ColumnInt64(1))
			case "trimmed":
				trimmed = true
			}
			if trimmed && st.Start.After(st.Since) {
				st.Since = st.Start
			}
			return nil
		})
	})
	return st, err
}
