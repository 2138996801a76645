package sqlite

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/events"
)

// columns are the columns of an event, in the order of bind and scan.
const columns = "id, time, not_before, end_time, opens, kind, event, severity, agent, agent_id, framework, framework_id, role, task, task_id, reason, source, message, labels, cluster"

// columnCount is how many columns those are.
const columnCount = 20

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

// micro returns a time that there may not be in microseconds, 0 for none. The moment 0
// itself is one microsecond later.
func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return cmp.Or(t.UnixMicro(), 1)
}

// fromMicro is the reverse of micro.
func fromMicro(t int64) time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.UnixMicro(t).UTC()
}

func rank(s events.Severity) int { return max(0, slices.Index(events.Severities, s)) }

// labelsText returns the labels of an event as they are kept, "" for none.
func labelsText(e *events.Event) (string, error) {
	if len(e.Labels) == 0 {
		return "", nil
	}
	text, err := json.Marshal(e.Labels)
	return string(text), err
}

// bind binds an event to the columns.
func bind(s *sqlite3.Stmt, e *events.Event, id []byte) error {
	labels, err := labelsText(e)
	if err != nil {
		return err
	}
	if err := s.BindBlob(1, id); err != nil {
		return err
	}
	for i, n := range []int64{e.Time.UnixMicro(), micro(e.NotBefore), micro(e.End)} {
		if err := s.BindInt64(2+i, n); err != nil {
			return err
		}
	}
	for i, text := range []string{
		e.Opens, string(e.Kind), string(e.What), "", e.Agent, e.AgentID, e.Framework, e.FrameworkID,
		e.Role, e.Task, e.TaskID, e.Reason, e.Source, e.Message, labels, e.Cluster,
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
	e.Time, e.NotBefore, e.End = time.UnixMicro(s.ColumnInt64(1)).UTC(), fromMicro(s.ColumnInt64(2)), fromMicro(s.ColumnInt64(3))
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
	e.Cluster = s.ColumnText(19)
	return e
}

// add adds events in one transaction and returns those that were not there. hashed: the
// identities are those of a database already.
func (d *database) add(ctx context.Context, all []events.Event, hashed bool) (added []events.Event, err error) {
	err = d.write(ctx, func(c *conn) error {
		added, err = c.add(all, hashed)
		return err
	})
	if err != nil {
		return nil, err
	}
	return added, nil
}

func (c *conn) add(all []events.Event, hashed bool) (added []events.Event, err error) {
	insert, _, err := c.Prepare("INSERT OR IGNORE INTO events (" + columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
	if err != nil {
		return nil, err
	}
	defer func() { _ = insert.Close() }()
	if err := c.endEarlier(all); err != nil {
		return nil, err
	}
	for i := range all {
		e := &all[i]
		id := identity(e.ID)
		if hashed {
			id = kept(e.ID)
		}
		if err := bind(insert, e, id); err != nil {
			return nil, err
		}
		if err := insert.Exec(); err != nil {
			return nil, err
		}
		if c.Changes() > 0 {
			added = append(added, *e)
		} else if err := c.learn(e, id); err != nil {
			return nil, err
		}
	}
	return added, c.end(all)
}

// learned are the texts of an event that may be known later: polls tell no reason, and the
// event stream may tell of a task that nothing else told of before.
var learned = []struct {
	column string
	of     func(*events.Event) *string
}{
	{"reason", func(e *events.Event) *string { return &e.Reason }},
	{"source", func(e *events.Event) *string { return &e.Source }},
	{"message", func(e *events.Event) *string { return &e.Message }},
	{"agent", func(e *events.Event) *string { return &e.Agent }},
	{"agent_id", func(e *events.Event) *string { return &e.AgentID }},
	{"framework", func(e *events.Event) *string { return &e.Framework }},
	{"role", func(e *events.Event) *string { return &e.Role }},
	{"task", func(e *events.Event) *string { return &e.Task }},
}

// teaches is the condition that an event completes the one that is there, and complete does so:
// with texts, with the exact time of what was known to lie between two moments, and with an end.
// bindLearned binds their parameters.
var teaches, complete = func() (string, string) {
	where := "id = ?1 AND (?2 AND not_before <> 0 OR ?4 <> 0 AND opens <> '' AND end_time = 0 OR labels = '' AND ?5 <> ''"
	set := "time = iif(?2 AND not_before <> 0, ?3, time), not_before = iif(?2, 0, not_before), end_time = iif(opens <> '' AND end_time = 0, ?4, end_time), labels = iif(labels = '', ?5, labels)"
	for i, text := range learned {
		where += fmt.Sprintf(" OR %s = '' AND ?%d <> ''", text.column, firstLearned+i)
		set += fmt.Sprintf(", %[1]s = iif(%[1]s = '', ?%[2]d, %[1]s)", text.column, firstLearned+i)
	}
	return where + ")", "UPDATE events SET " + set + " WHERE "
}()

// firstLearned is the number of the parameter of the first text.
const firstLearned = 6

func bindLearned(s *sqlite3.Stmt, e *events.Event, id []byte) error {
	labels, err := labelsText(e)
	if err != nil {
		return err
	}
	if err := s.BindBlob(1, id); err != nil {
		return err
	}
	if err := s.BindBool(2, e.NotBefore.IsZero()); err != nil {
		return err
	}
	if err := s.BindInt64(3, e.Time.UnixMicro()); err != nil {
		return err
	}
	if err := s.BindInt64(4, micro(e.End)); err != nil {
		return err
	}
	if err := s.BindText(5, labels); err != nil {
		return err
	}
	for i, text := range learned {
		if err := s.BindText(firstLearned+i, *text.of(e)); err != nil {
			return err
		}
	}
	return nil
}

// learn completes an event that is there with what it lacked when it was learned first.
func (c *conn) learn(e *events.Event, id []byte) error {
	return c.exec(complete+teaches, func(s *sqlite3.Stmt) error { return bindLearned(s, e, id) })
}

// lacks reports whether an event that is there lacks what this one has.
func (c *conn) lacks(e *events.Event) (lacks bool, err error) {
	err = c.rows("SELECT 1 FROM events WHERE "+teaches, func(s *sqlite3.Stmt) error { return bindLearned(s, e, identity(e.ID)) }, func(*sqlite3.Stmt) error {
		lacks = true
		return nil
	})
	return lacks, err
}

// endEarlier sets the ends of what is there, by events that are not: what they close was learned
// before them, and is over, also where clocks that differ give it a later time.
func (c *conn) endEarlier(all []events.Event) error {
	return c.closeOpen(all, "end_time = max(?1, time)", "NOT EXISTS (SELECT 1 FROM events WHERE id = ?3)")
}

// end sets the ends of what events close. What one event opens another of the same list may
// close, wherever it is in it.
func (c *conn) end(all []events.Event) error {
	return c.closeOpen(all, "end_time = ?1", "time <= ?1 AND id <> ?3")
}

// closeOpen sets the ends of what events close and has not ended, in the order of time. ?1 is the
// time of the event, ?3 its identity.
func (c *conn) closeOpen(all []events.Event, set, where string) error {
	var closing []*events.Event
	for i := range all {
		if len(all[i].Closes) > 0 {
			closing = append(closing, &all[i])
		}
	}
	slices.SortStableFunc(closing, func(a, b *events.Event) int { return a.Time.Compare(b.Time) })
	for _, e := range closing {
		for _, key := range e.Closes {
			if err := c.exec("UPDATE events SET "+set+" WHERE opens = ?2 AND opens <> '' AND end_time = 0 AND "+where, func(s *sqlite3.Stmt) error {
				if err := s.BindInt64(1, micro(e.Time)); err != nil {
					return err
				}
				if err := s.BindText(2, key); err != nil {
					return err
				}
				return s.BindBlob(3, identity(e.ID))
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
