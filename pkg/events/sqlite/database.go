// Package sqlite keeps events in SQLite: in a file beside the history where there is a
// directory for it, else in memory.
//
// Its files: log.go how a log is used; disk.go its file, and what happens when it fails;
// database.go one database and its connections; pages.go those in memory; schema.go the tables; write.go adding
// events and what they end; trim.go the bounds; filter.go and read.go choosing and counting
// events.
//
// github.com/ncruces/go-sqlite3 (MIT) is SQLite itself as Go code, so nothing needs cgo. Its
// low-level API is used: behind database/sql running out of memory deadlocks.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/display"
)

const (
	// maxReaders is how many connections read at the same time. Each may hold maxMemory.
	maxReaders = 4
	maxMemory  = 64 << 20
	// busyFor is how long to wait for another process that writes.
	busyFor = 2 * time.Second
	// memoryPages bounds a database in memory, of pages of 4 KiB before they are compressed: 256 MiB. The bounds of a
	// log are checked after each batch, so this is for none that is larger than all.
	memoryPages = 64 << 10
)

var (
	// errLater is the error of a file that a later version of the plugin wrote.
	errLater = errors.New("a later version of the plugin wrote it")
	// errClosed is the error of a log, or a database of it, that is closed.
	errClosed = errors.New("the event log is closed")
	// errPanic is the error of a panic of SQLite, after which its connection is not used.
	errPanic = errors.New("SQLite failed")
	// errGone is the error of a file that was removed or replaced while it was open.
	errGone = errors.New("its file was removed or replaced")
)

// A database is one SQLite database: a connection that writes, and others that read
// meanwhile.
type database struct {
	file string // "": in memory
	name string // as SQLite takes it
	// memory is the name of a database in memory (pages.go).
	memory string

	ctx  context.Context // ends with close
	stop context.CancelFunc

	writer  chan *conn // holds the one that writes while nobody does
	reading chan struct{}

	// What stats answers, since the last write.
	counted atomic.Pointer[counted]
}

// open opens a database and makes its tables. created is the time from which on a new
// one is complete.
func open(file string, created time.Time) (*database, error) {
	d := &database{
		file: file, name: file,
		writer: make(chan *conn, 1), reading: make(chan struct{}, maxReaders),
	}
	if file == "" {
		d.memory = fmt.Sprintf("/events-%d", unique.Add(1))
		d.name = "file:" + d.memory + "?vfs=" + pagesVFS
	}
	d.ctx, d.stop = context.WithCancel(context.Background())
	c, err := d.connect()
	if err == nil {
		err = guarded(func() error {
			if err := c.prepareSchema(d.file != "", created); err != nil {
				return err
			}
			if err := d.recount(c); err != nil {
				return err
			}
			d.weigh()
			return nil
		})
	}
	if err != nil {
		d.stop()
		c.close()
		return nil, err
	}
	d.writer <- c
	return d, nil
}

// unique makes the names of databases in memory.
var unique atomic.Int64

// connect opens a connection.
func (d *database) connect() (*conn, error) {
	var c conn
	err := guarded(func() (err error) {
		c.Conn, err = sqlite3.OpenContext(sqlite3.WithMaxMemory(context.Background(), maxMemory), d.name)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = guarded(func() error {
		if err := c.BusyTimeout(busyFor); err != nil {
			return err
		}
		if err := c.Exec("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = 0; PRAGMA cache_size = -4096"); err != nil {
			return err
		}
		return registerFunctions(c.Conn)
	})
	if err != nil {
		c.close()
		return nil, err
	}
	return &c, nil
}

// write runs a function in a transaction: all of it is kept, or nothing. It ends early
// with ctx.
func (d *database) write(ctx context.Context, run func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var c *conn
	select {
	case c = <-d.writer:
	case <-ctx.Done():
		return ctx.Err()
	case <-d.ctx.Done():
		return errClosed
	}
	defer func() { d.writer <- c }()
	return d.during(ctx, c, func() error {
		if err := c.Exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		before := d.counted.Load()
		err := guarded(func() error { return run(c) })
		if err == nil {
			err = d.recount(c)
		}
		if err == nil {
			err = c.Exec("COMMIT")
		}
		if err == nil {
			d.weigh()
		}
		if err != nil {
			d.counted.Store(before)
			if !c.GetAutocommit() {
				c.SetInterrupt(context.Background())
				_ = c.Exec("ROLLBACK")
			}
		}
		return err
	})
}

// read runs a function that reads, on a connection of its own. It ends early with ctx.
// Connections are not kept: memory that one has taken, for example to sort, it keeps until
// it is closed, and to open one takes less than a millisecond.
func (d *database) read(ctx context.Context, run func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case d.reading <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-d.ctx.Done():
		return errClosed
	}
	defer func() { <-d.reading }()
	if d.file != "" && !exists(d.file) {
		return errGone // SQLite would make another one
	}
	c, err := d.connect()
	if err != nil {
		return err
	}
	defer c.close()
	err = d.during(ctx, c, func() error { return run(c) })
	if errors.Is(err, errPanic) || errors.Is(err, sqlite3.NOMEM) {
		return fmt.Errorf("%w: the answer needs more than %s of memory: use filters, a shorter time range, or group by fewer fields", err, display.Size(maxMemory))
	}
	return err
}

// during runs a function with a connection, which is interrupted when ctx or the database
// ends.
func (d *database) during(ctx context.Context, c *conn, run func() error) error {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	before := c.SetInterrupt(within)
	err := guarded(run)
	c.SetInterrupt(before)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case d.ctx.Err() != nil:
		return errClosed
	default:
		return err
	}
}

// close ends what runs and closes all connections. Later calls return errClosed.
func (d *database) close() {
	if d.ctx.Err() != nil {
		return
	}
	d.stop()
	for range maxReaders {
		d.reading <- struct{}{}
	}
	c := <-d.writer // last, so that it writes what its log has into the file
	c.close()
	d.writer <- c // for a write that has passed the check of d.ctx
}

// guarded makes an error of a panic: SQLite that runs out of memory panics.
func guarded(run func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %v", errPanic, cause)
		}
	}()
	return run()
}

// A conn is a connection, which one caller uses at a time.
type conn struct{ *sqlite3.Conn }

func (c *conn) close() {
	if c != nil {
		_ = guarded(c.Conn.Close)
	}
}

// exec runs one statement that has no rows; bind may be nil.
func (c *conn) exec(sql string, bind func(*sqlite3.Stmt) error) error {
	return c.rows(sql, bind, func(*sqlite3.Stmt) error { return nil })
}

// number runs one statement and returns its only number, 0 for none.
func (c *conn) number(sql string) (n int64, err error) {
	err = c.rows(sql, nil, func(s *sqlite3.Stmt) error { n = s.ColumnInt64(0); return nil })
	return n, err
}

// rows runs one statement and reads its rows; bind may be nil.
func (c *conn) rows(sql string, bind func(*sqlite3.Stmt) error, read func(*sqlite3.Stmt) error) error {
	s, _, err := c.Prepare(sql)
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
