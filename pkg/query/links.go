package query

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/tables"
)

// This file is the one table of links: from a task, an agent, a framework or a role that an
// answer names to its row, its tasks, its logs, its events and its page in Mesos' web UI.
//
// A name may have any character. So a link has no names in it: it has variables, which
// Grafana replaces by the value of a label or of a cell, once, and in the texts of a query
// that it writes as JSON. Filters of queryType table compare such a text as it is.

// linker makes the links of one answer. The zero value makes none.
type linker struct {
	uid   string // of the data source; "": no links to its queries
	webUI string // address of Mesos' web UI; "": no links to its pages
	logs  bool   // logs of tasks can be read
	few   bool   // series have fewFirst links at most
	// labels are the labels of series by the fields that they are; nil: they have the same
	// names.
	labels map[string]string
	// made are the links of series, by which of linkedFields they have: all series of an
	// answer that have the same labels share them.
	made map[string][]data.DataLink
}

// linker returns what makes the links of an answer; of rules and expressions none.
func (src Source) linker(p parsed, o Options) linker {
	if o.evaluated() {
		return linker{}
	}
	// Messages of a channel come every few seconds. A panel keeps the links that it has.
	l := linker{uid: src.UID, logs: src.Logs, few: o.channel != nil, made: map[string][]data.DataLink{}}
	if of := p.Datasource; l.uid == "" && of != nil {
		l.uid = of.UID
	}
	if src.WebUI != nil {
		l.webUI = src.WebUI()
	}
	return l
}

// A linkedThing is a kind of thing that is linked, and how answers name one.
type linkedThing struct {
	title    string // Task
	table    string // that has its row
	id, text string // the fields that name it, by ID and by name
	// within are the fields that tell apart what has an equal ID or name: of each list the
	// first that the answer has.
	within [][]string
	page   string // of Mesos' web UI, before the ID. Newer ones redirect slaves to agents
	// parts: tasks can be of it.
	parts bool
}

func (t *linkedThing) name() string { return strings.ToLower(t.title) }

const (
	fieldTaskID      = "task_id"
	fieldTask        = "task"
	fieldAgentID     = "agent_id"
	fieldAgent       = "agent"
	fieldFrameworkID = "framework_id"
	fieldFramework   = "framework"
	fieldRole        = "role"
	fieldExecutorID  = "executor_id"
)

// linkedThings are in the order of what a series or an event is about first.
var linkedThings = []linkedThing{
	{title: "Task", table: "tasks", id: fieldTaskID, text: fieldTask, within: [][]string{{fieldFrameworkID, fieldFramework}}},
	{title: "Executor", table: "executors", id: fieldExecutorID, within: [][]string{{fieldFrameworkID, fieldFramework}, {fieldAgentID, fieldAgent}}, parts: true},
	{title: "Agent", table: "agents", id: fieldAgentID, text: fieldAgent, page: "slaves", parts: true},
	{title: "Framework", table: "frameworks", id: fieldFrameworkID, text: fieldFramework, page: "frameworks", parts: true},
	{title: "Role", table: "roles", text: fieldRole, parts: true},
}

// linkedFields are the fields that links of series are made of.
var linkedFields = []string{fieldTaskID, fieldTask, fieldAgentID, fieldAgent, fieldFrameworkID, fieldFramework, fieldRole}

// thingNamedBy returns the thing that a field names, nil for none.
func thingNamedBy(field string) *linkedThing {
	for i := range linkedThings {
		if t := &linkedThings[i]; field != "" && (field == t.id || field == t.text) {
			return t
		}
	}
	return nil
}

// A reference stands for a value in a link: what Grafana replaces by it, or the value itself.
// The zero value is not known.
type reference struct{ variable, value string }

func (r reference) known() bool { return r.variable != "" || r.value != "" }

// inQuery returns the reference in a text of a query.
func (r reference) inQuery() string {
	if r.variable == "" {
		return r.value
	}
	return "${" + r.variable + "}"
}

// inPath returns the reference in the path of a URL.
func (r reference) inPath() string {
	if r.variable == "" {
		return url.PathEscape(r.value)
	}
	return "${" + r.variable + ":percentencode}"
}

// A namer returns the reference to a field, such as task_id, of what is linked.
type namer func(field string) reference

// columnIn are fields whose column in a table has another name.
var columnIn = map[string]map[string]string{"tasks": {fieldTask: "name"}}

// equals returns a filter of a query.
func equals(column string, value reference) map[string]any {
	return map[string]any{"label": column, "operator": ComparisonEqual, "value": value.inQuery()}
}

// conditions returns the filters that choose a thing in a table or in events; nil where the
// answer does not name it.
func (t *linkedThing) conditions(table string, named namer) []any {
	column := func(field string) string { return cmp.Or(columnIn[table][field], field) }
	by := ""
	for _, field := range []string{t.id, t.text} {
		if field != "" && named(field).known() {
			by = field
			break
		}
	}
	if by == "" {
		return nil
	}
	all := []any{equals(column(by), named(by))}
	within := t.within
	if by == t.text && t.name() == "task" {
		within = append(within[:1:1], []string{fieldAgentID, fieldAgent}, []string{fieldRole})
	}
	for _, fields := range within {
		for _, field := range fields {
			if named(field).known() {
				all = append(all, equals(column(field), named(field)))
				break
			}
		}
	}
	return all
}

// A link is a link of a thing: to a query of the data source, or to a page.
type link struct {
	title string
	query map[string]any
	url   string
}

// of returns the links of a thing; nil where the answer does not name it.
func (l linker) of(t *linkedThing, named namer) (all []link) {
	if t == nil || t.conditions("", named) == nil {
		return nil
	}
	if l.uid != "" {
		all = l.queries(t, named)
	}
	if id := named(t.id); l.webUI != "" && t.page != "" && id.known() {
		all = append(all, link{title: t.title + " in Mesos' web UI", url: l.pageOf(t, id)})
	}
	return all
}

// pageOf returns the address of a thing in Mesos' web UI.
func (l linker) pageOf(t *linkedThing, id reference) string {
	return l.webUI + "/#/" + t.page + "/" + id.inPath()
}

// logsOf returns the links to the logs of a task; framework and agent may be not known. An ID may
// have been used on several agents.
func logsOf(id, framework, agent reference) (all []link) {
	for _, file := range []string{"stdout", "stderr"} {
		logs := map[string]any{"queryType": QueryTypeLogs, "taskId": id.inQuery(), "file": file}
		if framework.known() {
			logs["frameworkId"] = framework.inQuery()
		}
		if agent.known() {
			logs["agentId"] = agent.inQuery()
		}
		all = append(all, link{title: "Logs (" + file + ")", query: logs})
	}
	return all
}

// queries returns the links of a thing to queries, those of most use first.
func (l linker) queries(t *linkedThing, named namer) (all []link) {
	query := func(title string, keys map[string]any) { all = append(all, link{title: title, query: keys}) }
	rows := func(table string) map[string]any {
		return map[string]any{"queryType": QueryTypeTable, "table": table, "filters": t.conditions(table, named)}
	}
	if id := named(fieldTaskID); l.logs && t.name() == "task" && id.known() {
		all = logsOf(id, named(fieldFrameworkID), named(fieldAgentID))
	}
	query(t.title, rows(t.table))
	if t.parts {
		query("Tasks of this "+t.name(), rows("tasks"))
	}
	if t.name() != "executor" { // events do not have it
		query("Events of this "+t.name(), map[string]any{"queryType": QueryTypeEvents, "format": EventsTable, "filters": t.conditions("", named)})
	}
	return all
}

// dataLinks returns links as Grafana's frames have them.
func (l linker) dataLinks(all []link) []data.DataLink {
	made := make([]data.DataLink, len(all))
	for i, one := range all {
		made[i] = data.DataLink{Title: one.title, URL: one.url, TargetBlank: one.url != ""}
		if one.query != nil {
			made[i].Internal = &data.InternalDataLink{Query: one.query, DatasourceUID: l.uid}
		}
	}
	return made
}

// hasVariable reports whether a name can be part of a variable of Grafana's.
func hasVariable(name string) bool { return !strings.ContainsAny(name, "\"\\:^{}$[]\n") }

// columns adds links to the columns of a frame that name something. fields are the fields
// that its columns are, such as task_id, "" for those that name nothing.
func (l linker) columns(frame *data.Frame, fields []string) {
	for i, field := range fields {
		named := func(other string) reference {
			if other == "" {
				return reference{}
			}
			if other == field {
				return reference{variable: "__value.raw"}
			}
			for k, has := range fields {
				if has == other && hasVariable(frame.Fields[k].Name) {
					return reference{variable: fmt.Sprintf("__data.fields[%q]", frame.Fields[k].Name)}
				}
			}
			return reference{}
		}
		l.add(frame.Fields[i], l.of(thingNamedBy(field), named))
	}
}

// add adds links to a field.
func (l linker) add(field *data.Field, all []link) {
	if len(all) == 0 {
		return
	}
	if field.Config == nil {
		field.Config = &data.FieldConfig{}
	}
	field.Config.Links = append(field.Config.Links, l.dataLinks(all)...)
}

// result adds links to the columns of a statement's answer: to those that are columns of a
// table, whatever they are called.
func (l linker) result(frame *data.Frame, result *tables.Result) {
	fields := make([]string, len(result.Columns))
	for i := range result.Columns {
		c := &result.Columns[i]
		fields[i] = fieldOfColumn(c)
		switch {
		case c.Origin == "sandbox_url":
			l.add(frame.Fields[i], []link{{title: "Sandbox in Mesos' web UI", url: "${__value.raw}"}})
		case c.Origin == "webui_url":
			l.add(frame.Fields[i], []link{{title: "The framework's web UI", url: "${__value.raw}"}})
		}
	}
	l.columns(frame, fields)
}

// ofSeries returns what makes the links of series whose labels are columns of an answer: by
// those that are columns of a table.
func (l linker) ofSeries(result *tables.Result, columns []int) linker {
	l.labels, l.made = map[string]string{}, map[string][]data.DataLink{}
	for _, i := range columns {
		c := &result.Columns[i]
		if field := fieldOfColumn(c); field != "" && wordOnly.MatchString(c.Name) {
			l.labels[field] = c.Name
		}
	}
	return l
}

// wordOnly matches labels that can be part of a variable of Grafana's behind a dot.
var wordOnly = regexp.MustCompile(`^\w+$`)

// fieldOfColumn returns the field that a column of a table is, "" for others.
func fieldOfColumn(c *tables.ResultColumn) string {
	switch {
	case c.Origin == "name" && c.Table == "tasks":
		return fieldTask
	case c.Origin == "hostname" && c.Table == "maintenance":
		return fieldAgent
	}
	return c.Origin
}

// frame adds links to the columns of a frame whose names are fields.
func (l linker) frame(frame *data.Frame) {
	fields := make([]string, len(frame.Fields))
	for i, field := range frame.Fields {
		fields[i] = field.Name
	}
	l.columns(frame, fields)
}

// maxLinked is how many series of an answer have all of their links. Of more, each has the
// fewFirst of what it is about: links are a good part of the answer's size.
const maxLinked, fewFirst = 200, 2

// series returns the links of a series with these labels, one of several.
func (l linker) series(of labels.Labels, several int) []data.DataLink {
	named := func(field string) reference {
		label := field
		if l.labels != nil {
			label = l.labels[field]
		}
		if label == "" || of.Get(label) == "" {
			return reference{}
		}
		return reference{variable: "__field.labels." + label}
	}
	if l.uid == "" && l.webUI == "" {
		return nil
	}
	var present [8]byte // of linkedFields, and whether there are many
	for i, field := range linkedFields {
		if named(field).known() {
			present[i] = 1
		}
	}
	few := l.few || several > maxLinked
	if few {
		present[7] = 1
	}
	if made, known := l.made[string(present[:])]; known {
		return made
	}
	var all []link
	for i := range linkedThings {
		t := &linkedThings[i]
		if t.name() == "executor" {
			continue // of a command task it has no row
		}
		all = append(all, l.of(t, named)...)
	}
	if few {
		all = all[:min(len(all), fewFirst)]
	}
	made := l.dataLinks(all)
	if l.made != nil {
		l.made[string(present[:])] = made
	}
	return made
}

// exploreAround is how much before and after an event Explore shows.
const exploreBefore, exploreAfter = time.Hour, 10 * time.Minute

// explore returns the address of a query in Explore around a moment. It is relative to
// Grafana's own address, which the backend does not know.
func (l linker) explore(query map[string]any, at time.Time) string {
	keys := map[string]any{"refId": "A", "datasource": map[string]string{"uid": l.uid}}
	for key, value := range query {
		keys[key] = value
	}
	panes, err := json.Marshal(map[string]any{"a": map[string]any{
		"datasource": l.uid, "queries": []any{keys},
		"range": map[string]string{"from": millis(at.Add(-exploreBefore)), "to": millis(at.Add(exploreAfter))},
	}})
	if err != nil {
		return "" // texts always can be written
	}
	return "explore?schemaVersion=1&panes=" + url.QueryEscape(string(panes))
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
