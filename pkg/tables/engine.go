package tables

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/display"
)

// This file is SQLite. Its low-level API is used on purpose: behind database/sql a statement
// that runs out of memory deadlocks (sql.Conn.Close waits for ever after the panic).

const (
	// maxMemory bounds what a statement's connection may hold.
	maxMemory = 64 << 20
	// maxRunning is how many statements run at once, of people and rules together;
	// maxForPeople of them may be people's, so that rules do not wait for dashboards.
	maxRunning   = 4
	maxForPeople = 2
	// maxTime bounds the time of a statement.
	maxTime = 10 * time.Second
	// MaxSQL is the most bytes of a statement: that of 10,000 names of agents has 300 kB.
	MaxSQL = 512 << 10
	// maxLength bounds texts. instr() and replace() of long texts cannot be interrupted.
	maxLength  = 256 << 10
	maxColumns = 200
	// maxAnswer bounds the texts of an answer, in bytes.
	maxAnswer = 32 << 20
)

// Engine runs statements.
type Engine struct {
	running, people chan struct{}
	timeout         time.Duration

	// Hold is called with how many bytes beside Go's heap a statement may take, when it begins, and what it
	// returns when it has ended; nil: nothing is.
	Hold func(bytes int64) (release func())
}

// NewEngine returns an engine. A process has one, for the limits are its.
func NewEngine() *Engine {
	return &Engine{running: make(chan struct{}, maxRunning), people: make(chan struct{}, maxForPeople), timeout: maxTime}
}

// Request is a statement and what it may read.
type Request struct {
	SQL string // without macros
	// View is what the statement reads; nil: it is prepared and not run.
	View *View
	// Limit is the most rows of the answer.
	Limit int
	// Alert: of an alert or recording rule.
	Alert bool
}

// Run runs one SELECT. What is wrong with the statement is an *Error.
func (e *Engine) Run(ctx context.Context, r Request) (*Result, error) {
	if err := checkStatement(r.SQL); err != nil {
		return nil, err
	}
	leave, err := e.enter(ctx, r.Alert)
	if err != nil {
		return nil, err
	}
	defer leave()
	if e.Hold != nil {
		defer e.Hold(maxMemory)()
	}
	within, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	result, err := run(within, r)
	switch {
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case within.Err() != nil:
		return nil, &Error{Text: fmt.Sprintf("the statement ran longer than %s and was stopped: use conditions that choose fewer rows, or fewer joins", e.timeout)}
	case errors.Is(err, sqlite3.NOMEM), errors.Is(err, errPanic):
		return nil, &Error{Text: fmt.Sprintf("the statement needs more than %s of memory: use conditions that choose fewer rows, or group by fewer columns", display.Size(maxMemory))}
	}
	return nil, explained(err, r.SQL)
}

// Check returns what is wrong with a statement that is not run: an *Error.
func (e *Engine) Check(ctx context.Context, sql string) error {
	_, err := e.Run(ctx, Request{SQL: sql})
	return err
}

// enter waits until a statement may run.
func (e *Engine) enter(ctx context.Context, alert bool) (leave func(), err error) {
	gates := []chan struct{}{e.people, e.running}
	if alert {
		gates = gates[1:]
	}
	entered := 0
	leave = func() {
		for _, gate := range gates[:entered] {
			<-gate
		}
	}
	for _, gate := range gates {
		select {
		case gate <- struct{}{}:
			entered++
		case <-ctx.Done():
			leave()
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
			}
			return nil, ctx.Err()
		}
	}
	return leave, nil
}

// ErrBusy is the error of a statement that waited for its place until its deadline.
var ErrBusy = errors.New("other statements were running")

// errPanic is the error of a panic of SQLite: it ran out of memory.
var errPanic = errors.New("SQLite failed")

// guarded makes an error of a panic.
func guarded(run func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", errPanic, cause)
		}
	}()
	return run()
}

// run runs a statement on a connection of its own.
func run(ctx context.Context, r Request) (result *Result, err error) {
	var c *sqlite3.Conn
	err = guarded(func() (err error) {
		c, err = sqlite3.OpenContext(sqlite3.WithMaxMemory(context.Background(), maxMemory), ":memory:")
		return err
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = guarded(c.Close) }()
	err = guarded(func() error {
		if err := prepare(c, r.View); err != nil {
			return err
		}
		c.SetInterrupt(ctx)
		st, tail, err := c.Prepare(r.SQL)
		if err != nil {
			return err
		}
		if st == nil {
			return errEmpty
		}
		defer func() { _ = guarded(st.Close) }()
		if rest := skipBlank(tail); rest != "" {
			return &Error{Text: "there is a second statement: write one SELECT", Position: position(r.SQL, len(r.SQL)-len(rest))}
		}
		if r.View == nil {
			return nil
		}
		if result, err = read(st, r.SQL, r.Limit); err == nil {
			result.Notes = r.View.notes
		}
		return err
	})
	return result, err
}

// prepare gives a connection the tables and functions, and takes from it what a statement
// may not do.
func prepare(c *sqlite3.Conn, v *View) error {
	for _, t := range Tables {
		for _, name := range append([]string{t.Name}, t.Aliases...) {
			// Without a constructor the table is there by itself, without CREATE VIRTUAL TABLE.
			if err := sqlite3.CreateModule(c, name, nil, func(c *sqlite3.Conn, _, _, _ string, _ ...string) (*virtual, error) {
				return &virtual{table: t, view: v}, c.DeclareVTab(t.declaration())
			}); err != nil {
				return err
			}
		}
	}
	if err := c.Exec("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = 0; PRAGMA query_only = 1"); err != nil {
		return err
	}
	for _, limit := range []struct {
		of sqlite3.LimitCategory
		n  int
	}{
		{sqlite3.LIMIT_LENGTH, maxLength}, {sqlite3.LIMIT_SQL_LENGTH, MaxSQL}, {sqlite3.LIMIT_ATTACHED, 0}, {sqlite3.LIMIT_COLUMN, maxColumns},
		{sqlite3.LIMIT_COMPOUND_SELECT, 50}, {sqlite3.LIMIT_LIKE_PATTERN_LENGTH, 256}, {sqlite3.LIMIT_EXPR_DEPTH, 200},
		{sqlite3.LIMIT_FUNCTION_ARG, 50}, {sqlite3.LIMIT_VARIABLE_NUMBER, 0}, {sqlite3.LIMIT_TRIGGER_DEPTH, 0}, {sqlite3.LIMIT_WORKER_THREADS, 0},
	} {
		c.Limit(limit.of, limit.n)
	}
	if err := registerFunctions(c); err != nil {
		return err
	}
	modules()
	return c.SetAuthorizer(authorize)
}

// authorize allows to read tables and to call the functions that are listed; nothing else.
func authorize(action sqlite3.AuthorizerActionCode, name3rd, name4th, _, _ string) sqlite3.AuthorizerReturnCode {
	switch action {
	case sqlite3.AUTH_SELECT, sqlite3.AUTH_RECURSIVE:
		return sqlite3.AUTH_OK
	case sqlite3.AUTH_READ:
		name := strings.ToLower(name3rd)
		if name == "" || TableNamed(name) != nil || readable[name] {
			return sqlite3.AUTH_OK
		}
		// Without a column it may be count(*) of a WITH clause, which has any name.
		if name4th == "" && !ofSQLite(name) {
			return sqlite3.AUTH_OK
		}
	case sqlite3.AUTH_FUNCTION:
		if allowedFunctions[strings.ToLower(name4th)] {
			return sqlite3.AUTH_OK
		}
	}
	return sqlite3.AUTH_DENY
}

// readable are tables of SQLite that may be read: functions that return rows.
var readable = map[string]bool{"json_each": true, "json_tree": true}

// ofSQLite reports whether a table that is not ours is one of SQLite's own.
func ofSQLite(name string) bool {
	return strings.HasPrefix(name, "sqlite_") || strings.HasPrefix(name, "pragma_") || modules()[name]
}

// modules returns the names of SQLite's own virtual tables.
var modules = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	c, err := sqlite3.Open(":memory:")
	if err != nil {
		return names // then no statement can be run either
	}
	defer func() { _ = c.Close() }()
	st, _, err := c.Prepare("SELECT lower(name) FROM pragma_module_list")
	if err != nil {
		return names
	}
	defer func() { _ = st.Close() }()
	for st.Step() {
		names[st.ColumnText(0)] = true
	}
	return names
})

// virtual is a table of a connection.
type virtual struct {
	table *Table
	view  *View
	rows  rows // nil until it is first read
}

func (t *virtual) opened() rows {
	if t.view == nil {
		return noRows{}
	}
	if t.rows == nil {
		t.rows = t.table.rows(t.view)
	}
	return t.rows
}

// noRows are those of a table of a statement that is not run.
type noRows struct{}

func (noRows) count() int          { return 0 }
func (noRows) cell(int, int) value { return value{} }

// BestIndex implements sqlite3.VTab: a column that is looked up by equality has an index.
func (t *virtual) BestIndex(x *sqlite3.IndexInfo) error {
	n := int64(t.opened().count())
	x.IdxNum, x.EstimatedRows, x.EstimatedCost = -1, n, float64(n)
	best := -1 // of the constraints
	for _, column := range t.table.keys {
		for k, constraint := range x.Constraint {
			// With another collation, as in name = 'WEB' COLLATE NOCASE, equal texts are more than the index finds
			// (https://www.sqlite.org/c3ref/vtab_collation.html).
			if !constraint.Usable || constraint.Op != sqlite3.INDEX_CONSTRAINT_EQ || constraint.Column != column || x.Collation(k) != "BINARY" {
				continue
			}
			// Of several the one with the fewest rows of a text: the executors of a large cluster may all have the ID default.
			if rows := t.rowsOfText(column); best < 0 || rows < x.EstimatedRows {
				best, x.IdxNum, x.EstimatedRows, x.EstimatedCost = k, column, rows, float64(rows)
			}
		}
	}
	if best >= 0 {
		x.ConstraintUsage[best].ArgvIndex = 1 // SQLite compares again, in its own way
	}
	return nil
}

// rowsOfText returns how many rows a text in a column has, on average and rounded up.
func (t *virtual) rowsOfText(column int) int64 {
	if t.view == nil || t.table.unknown != nil && t.table.unknown(t.view) != "" {
		return 1 // it is not read, or an error when it is
	}
	x := t.view.indexOf(t.table.Name, column, t.opened())
	n, texts := int64(len(x.next)), int64(max(1, len(x.first)))
	return max(1, (n+texts-1)/texts)
}

// Open implements sqlite3.VTab.
func (t *virtual) Open() (sqlite3.VTabCursor, error) { return &cursor{virtual: t}, nil }

// cursor is a reading of a table.
type cursor struct {
	*virtual
	row  int
	next []int32 // of an index; nil: all rows
}

// Filter implements sqlite3.VTabCursor.
func (c *cursor) Filter(column int, _ string, args ...sqlite3.Value) error {
	if c.table.unknown != nil {
		if why := c.table.unknown(c.view); why != "" {
			return fmt.Errorf("the table %s cannot be read: %s", c.table.Name, why)
		}
	}
	if c.table.doubt != nil {
		if why := c.table.doubt(c.view); why != "" && c.view.Evaluated {
			return fmt.Errorf("the table %s cannot be read: %s", c.table.Name, why)
		} else if why != "" {
			c.view.note(fmt.Sprintf("The table %s may lack rows: %s.", c.table.Name, why))
		}
	}
	c.row, c.next = 0, nil
	if column < 0 {
		return nil
	}
	x := c.view.indexOf(c.table.Name, column, c.opened())
	c.next, c.row = x.next, -1
	if args[0].Type() == sqlite3.TEXT {
		c.row = int(x.find(args[0].Text()))
	}
	return nil
}

// Next implements sqlite3.VTabCursor.
func (c *cursor) Next() error {
	if c.next != nil {
		c.row = int(c.next[c.row])
	} else {
		c.row++
	}
	return nil
}

// EOF implements sqlite3.VTabCursor.
func (c *cursor) EOF() bool { return c.row < 0 || c.row >= c.opened().count() }

// RowID implements sqlite3.VTabCursor.
func (c *cursor) RowID() (int64, error) { return int64(c.row), nil }

// Column implements sqlite3.VTabCursor.
func (c *cursor) Column(ctx sqlite3.Context, column int) error {
	switch v := c.opened().cell(c.row, column); v.kind {
	case isText:
		ctx.ResultText(v.text)
	case isInteger:
		ctx.ResultInt64(v.n)
	case isReal:
		ctx.ResultFloat(v.x)
	default:
		ctx.ResultNull()
	}
	return nil
}
