package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/events"
)

// columns are the columns of an event, in the order of bind and scan.
const columns = "id, time, not_before, end_time, opens, kind, event, severity, agent, agent_id, framework, framework_id, role, task, task_id, reason, source, message, labels"

// identity returns what is kept of an event's identity.
func identity(id string) []byte {
	sum := sha256.Sum256([]byte(id))
	return sum[:16]
}

// kept returns the identity of an event that was read from a database, which is the
// hash's text already.
func kept(id string) []byte {
	if raw, err := hex.DecodeString(id); err == nil && len(raw) == 16 {
		return raw
	}
	return identity(id)
}

// micro returns a time in microseconds, 0 for none.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicro is the reverse of micro.
func fromMicro(t int64) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(t).UTC()
}

func rank(s events.Severity) int { return max(0, slices.Index(events.Severities, s)) }

// bind binds an event to the columns.
func bind(s *sqlite3.Stmt, e *events.Event, id []byte) error {
	labels := ""
	if len(e.Labels) > 0 {
		text, err := json.Marshal(e.Labels)
		if err != nil {
			return err
		}
		labels = string(text)
	}
	if err := s.BindBlob(1, id); err != nil {
		return err
	}
	for i, n := range []int64{micro(e.Time), micro(e.NotBefore), micro(e.End)} {
		if err := s.BindInt64(2+i, n); err != nil {
			return err
		}
	}
	for i, text := range []string{
		e.Opens, string(e.Kind), string(e.What), "", e.Agent, e.AgentID, e.Framework, e.FrameworkID,
		e.Role, e.Task, e.TaskID, e.Reason, e.Source, e.Message, labels,
	} {
		if i == 3 {
			if err := s.BindInt(5+i, rank(e.Severity)); err != nil {
				return err
			}
			continue
		}
		if err := s.BindText(5+i, text); err != nil {
			return err
		}
	}
	return nil
}

// scan reads an event from the columns.
func scan(s *sqlite3.Stmt) (e events.Event) {
	e.ID = hex.EncodeToString(s.ColumnRawBlob(0))
	e.Time, e.NotBefore, e.End = fromMicro(s.ColumnInt64(1)), fromMicro(s.ColumnInt64(2)), fromMicro(s.ColumnInt64(3))
	e.Opens = s.ColumnText(4)
	e.Kind, e.What = events.Kind(s.ColumnText(5)), events.What(s.ColumnText(6))
	e.Severity = events.Severities[min(max(0, s.ColumnInt(7)), len(events.Severities)-1)]
	for i, into := range []*string{
		&e.Agent, &e.AgentID, &e.Framework, &e.FrameworkID, &e.Role, &e.Task, &e.TaskID, &e.Reason, &e.Source, &e.Message,
	} {
		*into = s.ColumnText(8 + i)
	}
	if labels := s.ColumnRawText(18); len(labels) > 0 {
		_ = json.Unmarshal(labels, &e.Labels) // written by bind
	}
	return e
}

// add adds events in one transaction and returns those that were not there. hashed: the
// identities are those of a database already.
func (d *database) add(ctx context.Context, all []events.Event, hashed bool) (added []events.Event, err error) {
	err = d.transaction(ctx, func() error {
		added = added[:0]
		insert, _, err := d.conn.Prepare("INSERT OR IGNORE INTO events (" + columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
		if err != nil {
			return err
		}
		defer func() { _ = insert.Close() }()
		for i := range all {
			e := &all[i]
			id := identity(e.ID)
			if hashed {
				id = kept(e.ID)
			}
			if err := bind(insert, e, id); err != nil {
				return err
			}
			if err := insert.Exec(); err != nil {
				return err
			}
			isNew := d.conn.Changes() > 0
			if err := insert.Reset(); err != nil {
				return err
			}
			if isNew {
				added = append(added, *e)
			} else if err := d.learn(e, id); err != nil {
				return err
			}
			if err := d.end(e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

// learn completes an event that is there with what it lacked when it was learned first:
// polls tell no reason, and only an interval for the time.
func (d *database) learn(e *events.Event, id []byte) error {
	if e.Reason == "" && e.Source == "" && e.Message == "" && !e.NotBefore.IsZero() {
		return nil
	}
	exact := e.NotBefore.IsZero()
	return d.exec(`UPDATE events SET reason = iif(reason = '', ?1, reason), source = iif(source = '', ?2, source), message = iif(message = '', ?3, message),
		time = iif(?4 AND not_before <> 0, ?5, time), not_before = iif(?4, 0, not_before)
		WHERE id = ?6 AND (reason = '' AND ?1 <> '' OR source = '' AND ?2 <> '' OR message = '' AND ?3 <> '' OR ?4 AND not_before <> 0)`,
		func(s *sqlite3.Stmt) error {
			for i, text := range []string{e.Reason, e.Source, e.Message} {
				if err := s.BindText(1+i, text); err != nil {
					return err
				}
			}
			if err := s.BindBool(4, exact); err != nil {
				return err
			}
			if err := s.BindInt64(5, micro(e.Time)); err != nil {
				return err
			}
			return s.BindBlob(6, id)
		})
}

// end sets the end of what an event closes.
func (d *database) end(e *events.Event) error {
	for _, key := range e.Closes {
		if err := d.exec("UPDATE events SET end_time = ?1 WHERE opens = ?2 AND opens <> '' AND end_time = 0 AND time <= ?1", func(s *sqlite3.Stmt) error {
			if err := s.BindInt64(1, micro(e.Time)); err != nil {
				return err
			}
			return s.BindText(2, key)
		}); err != nil {
			return err
		}
	}
	return nil
}

// bounds are how much a database may hold.
type bounds struct {
	oldest time.Time // events that ended before go; zero: none
	count  int
	bytes  int64
}

// trim removes the oldest events beyond the bounds. Pages that become free are used
// again; the file does not become smaller.
func (d *database) trim(ctx context.Context, b bounds) error {
	return d.transaction(ctx, func() error {
		removed := int64(0)
		if !b.oldest.IsZero() {
			if err := d.exec("DELETE FROM events WHERE time < ?1 AND (opens = '' OR end_time <> 0 AND end_time < ?1)", func(s *sqlite3.Stmt) error { return s.BindInt64(1, micro(b.oldest)) }); err != nil {
				return err
			}
			removed += d.conn.Changes()
		}
		n, used, err := d.size()
		if err != nil {
			return err
		}
		excess := max(0, n-b.count)
		if used > b.bytes && n > 0 {
			excess = max(excess, int(float64(n)*float64(used-b.bytes)/float64(used))+n/50+1)
		}
		if excess > 0 {
			if err := d.exec("DELETE FROM events WHERE n IN (SELECT n FROM events ORDER BY time LIMIT ?)", func(s *sqlite3.Stmt) error { return s.BindInt(1, min(excess, n)) }); err != nil {
				return err
			}
			removed += d.conn.Changes()
		}
		if removed == 0 {
			return nil
		}
		return d.exec("INSERT OR REPLACE INTO facts VALUES ('trimmed', 1)", nil)
	})
}

// size returns the number of events, and the bytes of the pages that are in use.
func (d *database) size() (n int, used int64, err error) {
	if err := d.row("SELECT count(*) FROM events", func(s *sqlite3.Stmt) { n = s.ColumnInt(0) }); err != nil {
		return 0, 0, err
	}
	pages := map[string]int64{}
	for _, name := range []string{"page_count", "freelist_count", "page_size"} {
		if err := d.row("PRAGMA "+name, func(s *sqlite3.Stmt) { pages[name] = s.ColumnInt64(0) }); err != nil {
			return 0, 0, err
		}
	}
	return n, (pages["page_count"] - pages["freelist_count"]) * pages["page_size"], nil
}
