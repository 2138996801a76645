package sqlite

import (
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"
)

// schema makes the tables. Times are Unix microseconds, "" is what is not known, and id
// is the first 16 bytes of a hash: identities are long, and the index of all of them
// must be small. end_time is 0 of what has not ended.
//
// Events of tasks, and those without a worry, are nearly all events: the others have
// indexes of their own.
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
	labels TEXT NOT NULL,
	cluster TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS events_time ON events (time);
CREATE INDEX IF NOT EXISTS events_worry ON events (time) WHERE severity > 0;
CREATE INDEX IF NOT EXISTS events_other ON events (time) WHERE kind <> 'task';
CREATE INDEX IF NOT EXISTS events_event ON events (event, time);
CREATE INDEX IF NOT EXISTS events_lasting ON events (time) WHERE opens <> '';
CREATE INDEX IF NOT EXISTS events_open ON events (opens) WHERE opens <> '' AND end_time = 0;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS remembered (n INTEGER PRIMARY KEY CHECK (n = 1), value BLOB NOT NULL) STRICT;
PRAGMA user_version = 2;
`

// subjects are indexes that only a file has: in memory there are so few events that reading all of
// them takes no tenth of a second, and these would be a third of what they take.
const subjects = `
CREATE INDEX IF NOT EXISTS events_agent ON events (agent, time) WHERE agent <> '';
CREATE INDEX IF NOT EXISTS events_task ON events (task_id, time) WHERE task_id <> '';
`

// version is the schema's; a file of a later one is left alone.
const version = 2

// addCluster makes a table of version 1 one of version 2.
const addCluster = "ALTER TABLE events ADD COLUMN cluster TEXT NOT NULL DEFAULT '';"

// prepareSchema makes what is missing of the tables.
//
// What is committed survives the end of the process; the newest transactions may be lost
// with the machine. A new file has a checksum in every page.
func (c *conn) prepareSchema(inFile bool, created time.Time) error {
	// What is removed from memory is given back.
	setup := fmt.Sprintf("PRAGMA page_size = %d; PRAGMA auto_vacuum = FULL; PRAGMA max_page_count = %d", pageSize, memoryPages)
	if inFile {
		setup = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304"
	}
	written, err := c.number("PRAGMA user_version")
	switch {
	case err != nil:
		return err
	case written > version:
		return errLater
	case written == 0 && inFile:
		if err := c.EnableChecksums(""); err != nil {
			return err
		}
	}
	if err := c.Exec(setup); err != nil {
		return err
	}
	if err := c.makeTables(inFile); err != nil {
		if !c.GetAutocommit() {
			_ = c.Exec("ROLLBACK")
		}
		return err
	}
	return c.exec("INSERT OR IGNORE INTO facts VALUES ('since', ?)", func(s *sqlite3.Stmt) error { return s.BindInt64(1, micro(created)) })
}

// makeTables makes the tables, or those of an earlier version into this one's.
func (c *conn) makeTables(inFile bool) error {
	if err := c.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	written, err := c.number("PRAGMA user_version") // another process may have been faster
	if err != nil {
		return err
	}
	if written == 1 {
		if err := c.Exec(addCluster); err != nil {
			return err
		}
	}
	if inFile {
		return c.Exec(schema + subjects + "COMMIT;")
	}
	return c.Exec(schema + "COMMIT;")
}
