package sqlite

import (
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
		if !slices.Contains(f.Kinds, events.KindTask) {
			w.add("kind <> 'task'") // so that its index serves
		}
		kinds, _ := json.Marshal(f.Kinds)
		w.add("kind IN (SELECT value FROM json_each(?))", string(kinds))
	}
	if f.Least != "" {
		if rank(f.Least) > 0 {
			w.add("severity > 0") // so that its index serves
		}
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
		if (c.Field == events.FieldTaskID || c.Field == events.FieldAgent) && !c.Pattern && !c.Not && !slices.Contains(c.Values, "") {
			sql += " AND " + string(c.Field) + " <> ''" // so that its index serves
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
