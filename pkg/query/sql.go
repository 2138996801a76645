package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
	"community-mesos-datasource/pkg/tables"
)

// This file is queryType sql: one SELECT over the tables of package tables. sql_frames.go
// makes frames of its answer, table.go makes statements of queryType table.

// checkSQL returns what is wrong with a query of SQL, and fills in its defaults.
func checkSQL(q *SQLQuery) error {
	if q.Format == "" {
		q.Format = SQLTable
	}
	if !slices.Contains(sqlFormats, q.Format) {
		return unknown("format", string(q.Format), sqlFormats)
	}
	return checkStatement("sql", q.SQL)
}

func checkStatement(key, sql string) error {
	if strings.TrimSpace(sql) == "" {
		return bad(key, "is empty: write a SELECT, for example SELECT name, state FROM tasks")
	}
	return checkStrings(bounded{key, sql, tables.MaxSQL})
}

// checkPrepared returns what SQLite finds wrong with a statement before it runs. Macros stand
// for an hour of 1970.
func checkPrepared(ctx context.Context, sql string, engine Preparer) error {
	e, _, err := statement{key: "sql", sql: sql}.expand(placeholder, false)
	if err != nil {
		return err
	}
	err = engine.Check(ctx, e.sql)
	if of, ok := errors.AsType[*tables.Error](err); ok {
		return within("sql", e.bad(of))
	}
	return err
}

// SQL runs statements; *tables.Engine is one.
type SQL interface {
	Run(context.Context, tables.Request) (*tables.Result, error)
}

var (
	// errNoTables is for a data source without tables.
	errNoTables = bad("queryType", "this data source has no tables")
	// errTableForRules is for rules and expressions.
	errTableForRules = bad("format", "a table has no one number per row, which rules and expressions need: use queryType sql with format numeric or time_series")
)

// statement is a statement of a query and how it is answered.
type statement struct {
	key string // of the query: sql, or table
	sql string // with macros
	// compiled: of queryType table.
	compiled bool
	format   SQLFormat
	limit    int // the most rows, of queryType table
	legend   string
	links    linker
	refID    string
}

// answerSQL answers a query of SQL or of a table.
func answerSQL(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, notices []data.Notice) (data.Frames, error) {
	s := statement{key: "sql", format: SQLTable, limit: maxTableRows, legend: p.LegendFormat, links: src.linker(p, o), refID: q.RefID}
	if p.table != nil {
		compiled, err := compileTable(p.table, p.AdhocFilters, o.Alert, 1)
		if err != nil {
			return nil, err
		}
		s.key, s.sql, s.limit, s.compiled = "", compiled.SQL, p.table.Limit, true
		notices = append(notices, warnings(compiled.Warnings)...)
	} else {
		s.sql, s.format = p.sql.SQL, p.sql.Format
		if len(p.AdhocFilters) > 0 {
			if o.Alert {
				return nil, bad("adhocFilters", "a rule needs all of its filters, and SQL has its own: write them into WHERE")
			}
			notices = append(notices, warning("The dashboard's filters do not change SQL: write conditions into WHERE."))
		}
	}
	if s.format == SQLTable && o.evaluated() {
		return nil, errTableForRules
	}
	times := newStepRange(q, src.now(), p.least, schedule{}, o.evaluated())
	expanded, left, err := s.expand(times, o.Alert)
	if err != nil {
		return nil, err
	}
	result, err := src.rows(ctx, expanded, times, o, s.limit)
	if err != nil {
		return nil, within(s.key, err)
	}
	if p.table == nil || result.Rows == 0 { // in a filter that finds rows, a dollar sign is part of a name
		notices = append(notices, warnings(left)...)
	}
	notices = append(notices, warnings(result.Notes)...)
	if p.table != nil && result.Rows == 0 && !o.evaluated() {
		notices = append(notices, infos(src.noRows(ctx, p, times, o))...)
	}
	if result.More && o.evaluated() {
		return nil, bad(s.key, "the answer has more than %d rows, and rules and expressions need all: use WHERE or GROUP BY", s.limit)
	}
	if result.More && p.table != nil {
		notices = append(notices, p.table.more())
	} else if result.More {
		notices = append(notices, warning("The first %d rows are shown, there are more: use WHERE, GROUP BY or LIMIT.", s.limit))
	}
	now := src.now()
	notices = append(notices, circumstances{
		now: now, earliest: now, latest: now, reads: reads{polls: []series.Poll{series.PollState}}, status: src.Status(), stats: src.Store.Stats(),
	}.notices()...)
	if src.Notices != nil {
		notices = append(notices, src.Notices()...)
	}
	frames, err := s.frames(result, times, o)
	if err != nil {
		return nil, err
	}
	frames[0].Meta.ExecutedQueryString = cutAt(expanded.sql, maxShownExpr)
	frames[0].Meta.Notices = append(notices, frames[0].Meta.Notices...)
	if err := promql.HoldAnswer(ctx, cells(frames)); err != nil {
		return nil, err
	}
	return frames, nil
}

// expansion is a statement with its macros replaced.
type expansion struct {
	sql string
	// first and then are what was replaced, of written and of what first made of it; nil: nothing.
	written     string
	first, then *tables.Edits
}

// bad returns an error of the statement as one of the query, with its place in what the user wrote.
func (e expansion) bad(wrong *tables.Error) error {
	at := *wrong
	if e.then != nil {
		at.Position = e.then.OriginalPosition(e.first.String(), at.Position)
	}
	if e.first != nil {
		at.Position = e.first.OriginalPosition(e.written, at.Position)
	}
	return bad("", "%s", at.Error())
}

// expand replaces the macros. left are sentences about variables that are left in texts. What a
// table compiles to has none: what looks like one there is a value.
func (s statement) expand(times stepRange, rule bool) (e expansion, left []string, err error) {
	e = expansion{sql: s.sql, written: s.sql}
	if s.compiled {
		return e, nil, nil
	}
	e.first = times.replaced(s.sql)
	e.sql = e.first.String()
	if variables := variablesIn(strings.Join(tables.Texts(e.sql), "\n")); len(variables) > 0 {
		l := leftover{key: s.key, variables: variables}
		if rule {
			return e, nil, l.err(true)
		}
		left = []string{l.sentence(false) + "."}
	}
	then, err := tables.Expand(e.sql, times.from, times.to)
	if of, ok := errors.AsType[*tables.Error](err); ok {
		return e, nil, within(s.key, e.bad(of))
	}
	e.then, e.sql = then, then.String()
	return e, left, nil
}

// rowSamples is about how many samples a row takes as much memory as.
const rowSamples = 40

// rows runs a statement.
func (src Source) rows(ctx context.Context, e expansion, times stepRange, o Options, limit int) (result *tables.Result, err error) {
	if src.SQL == nil || src.View == nil {
		return nil, errNoTables
	}
	view := src.View()
	if view == nil {
		return nil, bad("", "the cluster has not been read yet, so its tables are not known: Save & test says why")
	}
	if age, most := src.now().Sub(view.Cluster.Time), src.viewInterval()*5/2; o.evaluated() && most > 0 && age > most {
		return nil, bad("", "the cluster was last read %s ago, so its tables are not known: Save & test says why", display.Age(age))
	}
	view.Evaluated = o.evaluated()
	var wrong error
	work := promql.Reading{Weight: int64(limit) * rowSamples, Work: float64(view.Cluster.TaskCounts.Total()), Alert: o.ofRule()}
	err = src.Engine.Read(ctx, work, func(ctx context.Context) (err error) {
		if src.Events != nil {
			view.Events = func() (tables.Events, error) { return src.eventsOfRange(ctx, times, o) }
		}
		result, err = src.SQL.Run(ctx, tables.Request{SQL: e.sql, View: view, Limit: limit, Alert: o.ofRule()})
		if of, ok := errors.AsType[*tables.Error](err); ok {
			wrong = e.bad(of)
			return nil
		}
		if errors.Is(err, tables.ErrBusy) {
			wrong = errBusySQL
			return nil
		}
		return err
	})
	switch {
	case wrong != nil:
		return nil, wrong
	case promql.KindOf(err) == promql.ErrorTimeout:
		return nil, errSlowSQL
	}
	return result, err
}

// errBusySQL is the error of a statement that got no place in the time of its request, errSlowSQL of one that was
// running, or reading events, when that ended.
var (
	errBusySQL = &promql.Error{Kind: promql.ErrorBusy, Sentence: "Other statements of SQL were running for the whole time that this request had: try again in some seconds"}
	errSlowSQL = &promql.Error{Kind: promql.ErrorTimeout, Sentence: "The statement was stopped because its request had no more time: read fewer rows with WHERE, fewer events with a shorter time range, or try again"}
)

// eventsOfRange returns the events of a time range, of the cluster that is watched now. For a
// rule it is an error where not all of them are known.
func (src Source) eventsOfRange(ctx context.Context, times stepRange, o Options) (tables.Events, error) {
	r := eventsReader{
		src: src, stats: src.Events.Stats(), query: &EventsQuery{Format: EventsCount}, from: times.from, to: times.to, evaluated: o.evaluated(),
		filter: events.Filter{From: times.from, To: times.to},
	}
	wrong, err := r.ofOneCluster(ctx)
	if err == nil && wrong == nil && o.evaluated() {
		var found gaps
		if found, err = r.gaps(ctx); err == nil {
			wrong = r.lacks(found)
		}
	}
	if err == nil {
		err = wrong
	}
	if err != nil {
		return tables.Events{}, err
	}
	r.filter.Limit = tables.EventLimit
	found, more, err := src.Events.Select(ctx, r.filter)
	return tables.Events{List: found, More: more}, err
}

// listSQL lists what a statement gives: its columns text and value, else its first one.
func (src Source) listSQL(ctx context.Context, q backend.DataQuery, p parsed, sql string) (listing, error) {
	times := newStepRange(q, src.now(), p.least, schedule{}, false)
	s := statement{key: "variable.sql", sql: sql}
	expanded, left, err := s.expand(times, false)
	if err != nil {
		return listing{}, err
	}
	result, err := src.rows(ctx, expanded, times, Options{}, MaxLabelValues)
	if err != nil {
		return listing{}, within(s.key, err)
	}
	made := listing{notices: warnings(left), reads: reads{polls: []series.Poll{series.PollState}}}
	if result.More {
		made.notices = append(made.notices, warning("The statement has more than %d rows, and the values of the others are missing: use SELECT DISTINCT, WHERE or LIMIT.", MaxLabelValues))
	}
	shown, value := 0, 0
	for i, c := range result.Columns {
		switch strings.ToLower(c.Name) {
		case fieldText, "__text":
			shown = i
		case fieldChoiceValue, "__value":
			value = i
		}
	}
	if shown == 0 && value > 0 && !strings.EqualFold(result.Columns[0].Name, fieldText) && !strings.EqualFold(result.Columns[0].Name, "__text") {
		shown = value // one named value without one named text
	}
	for row := range result.Rows {
		if held := result.Columns[value].Text(row); held != "" {
			made.choices = append(made.choices, choice{first(result.Columns[shown].Text(row), held), held})
		}
	}
	return made, nil
}

// Schema is the answer of GET schema: what a statement may use.
type Schema struct {
	Tables    []*tables.Table   `json:"tables"`
	Functions []tables.Function `json:"functions"`
	Macros    []tables.Macro    `json:"macros"`
}

// SQLSchema returns what a statement may use.
func SQLSchema() Schema {
	return Schema{Tables: tables.Tables, Functions: tables.Functions, Macros: tables.Macros}
}

// ColumnValues lists the values that a column of a table has now, sorted; of events those of
// the look-up's time. column may be labels.team, or labels for the names of labels.
func ColumnValues(ctx context.Context, src Source, table, column string, l LookUp) (List, error) {
	t := tables.TableNamed(table)
	if t == nil {
		return List{}, unknown("table", table, tables.Names())
	}
	limit := MaxLabelValues
	if l.Limit > 0 {
		limit = min(l.Limit, MaxLabelValues)
	}
	if len(l.Search) > maxValue {
		return List{}, bad("search", "has %d bytes and may have %d at most", len(l.Search), maxValue)
	}
	c, err := columnOf(t, "column", column)
	if err != nil {
		return List{}, err
	}
	from, of := t.Name, c.sql
	if c.Type == tables.JSON && c.member == "" {
		from, of = t.Name+", json_each("+t.Name+"."+c.Name+") AS member", "member.key"
		if typeof := listColumns[c.Name]; typeof {
			of = "member.value"
		}
	}
	asked, err := l.filters(map[string]any{"queryType": QueryTypeTable, "table": t.Name})
	if err != nil {
		return List{}, err
	}
	where := of + " IS NOT NULL"
	for i, f := range asked.table.Filters {
		condition, err := conditionOf(t, fmt.Sprintf("filters[%d]", i), f)
		if err != nil {
			return List{}, err
		}
		where += " AND " + condition
	}
	if l.Search != "" {
		where += fmt.Sprintf(" AND instr(lower(%s), lower(%s)) > 0", of, tables.Quote(l.Search))
	}
	to := l.To
	if to.IsZero() || to.After(src.now()) {
		to = src.now()
	}
	begin := l.From
	if begin.IsZero() {
		begin = to.Add(-time.Hour)
	}
	read := func(sql string, limit int) (*tables.Result, error) {
		return src.rows(ctx, expansion{sql: sql}, stepRange{from: begin, to: to}, Options{}, limit)
	}
	result, err := read(fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s ORDER BY 1", of, from, where), limit)
	if err != nil {
		return List{}, err
	}
	list := List{}
	for row := range result.Rows {
		list.Values = append(list.Values, result.Columns[0].Text(row))
	}
	list.Total = len(list.Values)
	if result.More {
		counted, err := read(fmt.Sprintf("SELECT count(DISTINCT %s) FROM %s WHERE %s", of, from, where), 1)
		if err != nil {
			return List{}, err
		}
		if list.Total, err = strconv.Atoi(counted.Columns[0].Text(0)); err != nil {
			return List{}, err
		}
		list.Warnings = append(list.Warnings, fmt.Sprintf("%d of %d values are listed: search for a part of one.", limit, list.Total))
	}
	return list, nil
}

// listColumns are columns of JSON that are lists.
var listColumns = map[string]bool{"roles": true, "ip_addresses": true}
