// Package sqlite keeps events in SQLite: in a file beside the history where there is a
// directory for it, else in memory.
//
// Its files: log.go which database events go to, and what happens when one fails;
// database.go one database: schema, bounds, transactions; write.go adding events; read.go
// choosing and counting them.
//
// github.com/ncruces/go-sqlite3 (MIT) is SQLite itself as Go code, so nothing needs cgo. Its
// low-level API is used: behind database/sql running out of memory deadlocks.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// schema makes the tables. Times are Unix microseconds, "" is what is not known, and id
// is the first 16 bytes of a hash: identities are long, and the index of all of them
// must be small.
const schema = `
CREATE TABLE IF NOT EXISTS events (
	n INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	time INTEGER NOT NULL,
	not_before INTEGER NOT NULL,
	end_time INTEGER NOT NULL,
	opens TEXT NOT NULL,
	kind TEXT NOT NULL,
	event TEXT NOT NULL,
	severity INTEGER NOT NULL,
	agent TEXT NOT NULL, agent_id TEXT NOT NULL,
	framework TEXT NOT NULL, framework_id TEXT NOT NULL,
	role TEXT NOT NULL,
	task TEXT NOT NULL, task_id TEXT NOT NULL,
	reason TEXT NOT NULL, source TEXT NOT NULL, message TEXT NOT NULL,
	labels TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS events_time ON events (time);
CREATE INDEX IF NOT EXISTS events_task ON events (task_id, time) WHERE task_id <> '';
CREATE INDEX IF NOT EXISTS events_lasting ON events (time) WHERE opens <> '';
CREATE INDEX IF NOT EXISTS events_open ON events (opens) WHERE opens <> '' AND end_time = 0;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
`

// version is the schema's; a file of a later one is left alone.
const version = 1

// A database is one SQLite database with one connection, which one caller uses at a time.
// Its file is locked as long as it is open.
type database struct {
	file string // "": in memory

	mu     sync.Mutex
	conn   *sqlite3.Conn
	closed bool
}

// memoryPages bounds a database in memory, of pages of 4 KiB: 64 MiB.
const memoryPages = 16 << 10

// errLater is the error of a file that a later version of the plugin wrote.
var errLater = errors.New("a later version of the plugin wrote it")

// open opens a database and makes its tables. created is the time from which on a new
// one is complete.
func open(file string, created time.Time) (d *database, err error) {
	name := file
	if file == "" {
		name = ":memory:"
	}
	// Reading more than this at once is a fault of this package, not of the data.
	conn, err := sqlite3.OpenContext(sqlite3.WithMaxMemory(context.Background(), 256<<20), name)
	if err != nil {
		return nil, err
	}
	d = &database{file: file, conn: conn}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	// One connection that holds the lock needs no shared memory, whose mapped file
	// would end the process on a full disk. What is committed survives the end of the
	// process; the newest transactions may be lost with the machine.
	setup := `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = 0; PRAGMA journal_size_limit = 4194304;`
	if file == "" {
		setup = fmt.Sprintf(`PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = 0; PRAGMA max_page_count = %d;`, memoryPages)
	}
	return d, guarded(func() error {
		if err := conn.Exec(setup); err != nil {
			return err
		}
		var written int64
		if err := d.row("PRAGMA user_version", func(s *sqlite3.Stmt) { written = s.ColumnInt64(0) }); err != nil {
			return err
		}
		if written > version {
			return errLater
		}
		if err := conn.Exec("BEGIN IMMEDIATE;" + schema + "COMMIT;"); err != nil {
			_ = conn.Exec("ROLLBACK")
			return err
		}
		if err := registerFunctions(conn); err != nil {
			return err
		}
		return d.exec("INSERT OR IGNORE INTO facts VALUES ('created', ?)", func(s *sqlite3.Stmt) error { return s.BindInt64(1, created.UnixMicro()) })
	})
}

// close closes the database. Later calls of use return an error.
func (d *database) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	_ = guarded(d.conn.Close)
}

var errClosed = errors.New("the event log is closed")

// use runs a function with the connection, which ends early with ctx.
func (d *database) use(ctx context.Context, run func() error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	before := d.conn.SetInterrupt(ctx)
	defer d.conn.SetInterrupt(before)
	err := guarded(run)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// transaction is use in a transaction: all of it is kept, or nothing.
func (d *database) transaction(ctx context.Context, run func() error) error {
	return d.use(ctx, func() error {
		if err := d.conn.Exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		err := guarded(run)
		if err == nil {
			err = d.conn.Exec("COMMIT")
		}
		if err != nil && !d.conn.GetAutocommit() {
			d.conn.SetInterrupt(context.Background())
			_ = d.conn.Exec("ROLLBACK")
		}
		return err
	})
}

// guarded makes an error of a panic: SQLite that runs out of memory panics.
func guarded(run func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("SQLite failed: %v", cause)
		}
	}()
	return run()
}

// exec runs one statement that has no rows.
func (d *database) exec(sql string, bind func(*sqlite3.Stmt) error) error {
	return d.rows(sql, bind, func(*sqlite3.Stmt) error { return nil })
}

// row runs one statement and reads its only row.
func (d *database) row(sql string, read func(*sqlite3.Stmt)) error {
	return d.rows(sql, nil, func(s *sqlite3.Stmt) error { read(s); return nil })
}

// rows runs one statement and reads its rows; bind may be nil.
func (d *database) rows(sql string, bind func(*sqlite3.Stmt) error, read func(*sqlite3.Stmt) error) error {
	s, _, err := d.conn.Prepare(sql)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if bind != nil {
		if err := bind(s); err != nil {
			return err
		}
	}
	for s.Step() {
		if err := read(s); err != nil {
			return err
		}
	}
	return s.Err()
}
