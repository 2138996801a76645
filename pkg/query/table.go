package query

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/tables"
)

// This file is queryType table: columns, filters, order and limit, compiled to SQL.

const (
	usualRows  = 1_000 // the default of limit
	maxOrderBy = 10
)

// checkTable returns what is wrong with a query of a table, and fills in its defaults.
func checkTable(q *TableQuery) error {
	if err := checkStrings(bounded{"table", q.Table, maxName}); err != nil {
		return err
	}
	for _, of := range []struct {
		key, what string
		n, most   int
	}{
		{"columns", "columns", len(q.Columns), maxGroupBy}, {"filters", "filters", len(q.Filters), maxFilters}, {"orderBy", "columns", len(q.OrderBy), maxOrderBy},
	} {
		if err := checkCount(of.key, of.what, of.n, of.most); err != nil {
			return err
		}
	}
	for i, f := range q.Filters {
		key := fmt.Sprintf("filters[%d]", i)
		if err := checkCount(key+".value", "values", len(f.Value.List), maxValues); err != nil {
			return err
		}
		if !slices.Contains(comparisons, f.Operator) {
			return unknown(key+".operator", string(f.Operator), comparisons)
		}
		if len(f.Value.List) == 0 {
			return bad(key+".value", "is empty, as a variable without a chosen value is: give a string or a list of at least one, or leave out the filter on %q", cut(f.Label))
		}
		for _, value := range f.Value.List {
			if err := checkStrings(bounded{key + ".value", value, maxValue}); err != nil {
				return err
			}
		}
	}
	for i, o := range q.OrderBy {
		if o.Direction != "" && !slices.Contains(directions, o.Direction) {
			return unknown(fmt.Sprintf("orderBy[%d].direction", i), string(o.Direction), directions)
		}
	}
	if q.Limit < 0 || q.Limit > maxTableRows {
		return bad("limit", "%d is out of range: 1 to %d", q.Limit, maxTableRows)
	}
	q.Limit = cmp.Or(q.Limit, usualRows)
	_, err := compileTable(q, nil, false, 0)
	return err
}

// narrowing are columns that rows of a large cluster are chosen by, and columns of JSON whose
// members are.
var narrowing, narrowingMembers = []string{"framework", "role", "agent", "state"}, []string{"attributes", "labels"}

// more returns the notice of a table that has more rows than are shown.
func (q *TableQuery) more() data.Notice {
	t := tables.TableNamed(q.Table)
	var by []string
	for _, name := range narrowing {
		if t.Column(name) != nil {
			by = append(by, name)
		}
	}
	by = by[:min(len(by), 2)]
	for _, name := range narrowingMembers {
		if t.Column(name) != nil {
			by = append(by, name+".NAME")
		}
	}
	advice := ": filter by a column"
	if len(by) > 0 {
		advice += " (" + strings.Join(by, ", ") + ")"
	}
	advice += ", order by another one"
	if q.Limit < maxTableRows {
		advice += fmt.Sprintf(", or raise the limit (%d at most)", maxTableRows)
	}
	return warning("The first %d rows of %s are shown, there are more%s.", q.Limit, t.Name, advice)
}

// tableColumn is a column of a table, or a member of one that is JSON.
type tableColumn struct {
	tables.Column
	member string // the name of a label or attribute; "" for the column itself
	sql    string
}

// columnOf returns a column by its name in a query: state, labels.team.
func columnOf(t *tables.Table, key, name string) (tableColumn, error) {
	if c := t.Column(name); c != nil {
		return tableColumn{Column: *c, sql: c.Name}, nil
	}
	column, member, found := strings.Cut(name, ".")
	if c := t.Column(column); found && member != "" && c != nil && c.Type == tables.JSON && !listColumns[c.Name] {
		return tableColumn{
			Column: tables.Column{Name: name, Type: tables.Text, Help: c.Help}, member: member, sql: c.Name + " ->> " + tables.Quote(jsonPath(member)),
		}, nil
	}
	return tableColumn{}, bad(key, "the table %s has no column %q%s. Available: %s", t.Name, cut(name), display.DidYouMean(cut(name), t.ColumnNames()), strings.Join(t.ColumnNames(), ", "))
}

// jsonPath returns a path to a member of an object, whatever characters its name has.
func jsonPath(member string) string {
	quoted, err := json.Marshal(member)
	if err != nil {
		return member
	}
	return "$." + string(quoted)
}

// compileTable returns the statement of a query of a table, with a dashboard's filters. Its
// warnings are of filters that are left out; for a rule they are an error. more is how many
// rows are read beyond the limit, to know whether there are any.
func compileTable(q *TableQuery, dashboard []AdhocFilter, rule bool, more int) (Compiled, error) {
	t := tables.TableNamed(q.Table)
	if t == nil {
		return Compiled{}, unknown("table", q.Table, tables.Names())
	}
	selected := "*"
	if len(q.Columns) > 0 {
		var columns []string
		for i, name := range q.Columns {
			c, err := columnOf(t, fmt.Sprintf("columns[%d]", i), name)
			if err != nil {
				return Compiled{}, err
			}
			if c.member != "" {
				c.sql += ` AS "` + strings.ReplaceAll(name, `"`, `""`) + `"`
			}
			columns = append(columns, c.sql)
		}
		selected = strings.Join(columns, ", ")
	}
	conditions, left, err := tableConditions(t, q.Filters, dashboard)
	if err != nil {
		return Compiled{}, err
	}
	if rule && len(left) > 0 {
		return Compiled{}, bad("adhocFilters", "a rule needs all of its filters. %s", left[0])
	}
	var b strings.Builder
	b.WriteString("SELECT " + selected + "\nFROM " + t.Name)
	if len(conditions) > 0 {
		parts := make([]string, len(conditions))
		for i, c := range conditions {
			parts[i] = c.sql
		}
		b.WriteString("\nWHERE " + strings.Join(parts, "\n  AND "))
	}
	var order []string
	for i, o := range q.OrderBy {
		c, err := columnOf(t, fmt.Sprintf("orderBy[%d].column", i), o.Column)
		if err != nil {
			return Compiled{}, err
		}
		// What is not known comes last, whatever the direction.
		direction := " NULLS LAST"
		if o.Direction == DirectionDescending {
			direction = " DESC NULLS LAST"
		}
		order = append(order, c.sql+direction)
	}
	if len(order) > 0 {
		b.WriteString("\nORDER BY " + strings.Join(order, ", "))
	}
	b.WriteString("\nLIMIT " + strconv.Itoa(cmp.Or(q.Limit, usualRows)+more))
	return Compiled{SQL: b.String(), Warnings: left}, nil
}

// A tableCondition is a filter of a table as a condition of SQL.
type tableCondition struct {
	written string // framework="marathon"
	sql     string
	// of is the column that is equal to value; nil where it is another comparison.
	of    *tableColumn
	value string
}

// tableConditions returns the filters of a query, and those of a dashboard that the table can have. left are
// sentences about the others.
func tableConditions(t *tables.Table, filters []TableFilter, dashboard []AdhocFilter) (all []tableCondition, left []string, err error) {
	for i, f := range filters {
		key := fmt.Sprintf("filters[%d]", i)
		sql, err := conditionOf(t, key, f)
		if err != nil {
			return nil, nil, err
		}
		one := tableCondition{written: newCondition(key, f.Label, string(f.Operator), f.Value.List).written, sql: sql}
		if c, err := columnOf(t, key, f.Label); err == nil && f.Operator == ComparisonEqual && len(f.Value.List) == 1 {
			one.of, one.value = &c, f.Value.List[0]
		}
		all = append(all, one)
	}
	matchers, left := adhocMatchers(dashboard)
	for _, m := range matchers {
		sql, err := conditionOfDashboard(t, m)
		if err != nil {
			left = append(left, fmt.Sprintf("The dashboard's filter on %s is left out: %v.", cut(m.label), err))
			continue
		}
		one := tableCondition{written: writtenMatcher(m.uncompiled()), sql: sql}
		if c, err := columnOf(t, "adhocFilters", columnOfLabel(t, m.label)); err == nil && m.kind == labels.MatchEqual {
			one.of, one.value = &c, m.value
		}
		all = append(all, one)
	}
	return all, left, nil
}

// conditionOf returns a filter as a condition of SQL.
func conditionOf(t *tables.Table, key string, f TableFilter) (string, error) {
	c, err := columnOf(t, key+".label", f.Label)
	if err != nil {
		return "", err
	}
	values := f.Value.List
	switch f.Operator {
	case ComparisonEqual, ComparisonNotEqual:
		return c.isAnyOf(key+".value", values, f.Operator == ComparisonNotEqual)
	case ComparisonMatch, ComparisonNotMatch:
		return c.matches(key, values, f.Operator == ComparisonNotMatch)
	}
	if len(values) > 1 {
		return "", bad(key+".value", "%s compares with one value, not with %d", f.Operator, len(values))
	}
	value, err := c.literal(key+".value", values[0])
	if err != nil {
		return "", err
	}
	switch c.Type {
	case tables.JSON, tables.Boolean:
		return "", bad(key+".operator", "%s compares numbers and times, and %s is %s", f.Operator, c.Name, c.Type)
	case tables.Text:
		if c.member == "" {
			return "", bad(key+".operator", "%s compares numbers and times, and %s is %s", f.Operator, c.Name, c.Type)
		}
		if value, err = c.number(key+".value", values[0]); err != nil {
			return "", err
		}
		return fmt.Sprintf("CAST(%s AS REAL) %s %s", c.sql, f.Operator, value), nil
	}
	return fmt.Sprintf("%s %s %s", c.sql, f.Operator, value), nil
}

// isAnyOf is = and != with one or several values; "" is a column that is null or empty. What
// is null is not equal to a value.
func (c tableColumn) isAnyOf(key string, values []string, not bool) (string, error) {
	var literals []string
	empty := false
	for _, value := range values {
		if value == "" {
			empty = true
			continue
		}
		written, err := c.literal(key, value)
		if err != nil {
			return "", err
		}
		literals = append(literals, written)
	}
	var parts []string
	switch len(literals) {
	case 0:
	case 1:
		parts = append(parts, c.sql+map[bool]string{false: " = ", true: " IS NOT "}[not]+literals[0])
	default:
		in := c.sql + " IN (" + strings.Join(literals, ", ") + ")"
		if not {
			in = "(" + c.sql + " IS NULL OR " + c.sql + " NOT IN (" + strings.Join(literals, ", ") + "))"
		}
		parts = append(parts, in)
	}
	if empty && not {
		parts = append(parts, c.sql+" IS NOT NULL", c.sql+" != ''")
		return strings.Join(parts, " AND "), nil
	}
	if empty {
		parts = append(parts, c.sql+" IS NULL", c.sql+" = ''")
		return "(" + strings.Join(parts, " OR ") + ")", nil
	}
	return strings.Join(parts, " AND "), nil
}

// matches is =~ and !~: regular expressions that match the whole text.
func (c tableColumn) matches(key string, values []string, not bool) (string, error) {
	if c.Type != tables.Text {
		return "", bad(key+".operator", "=~ compares texts, and %s is %s", c.Name, c.Type)
	}
	// As variables with several values become them: compared as texts, their number is not limited.
	if len(values) == 1 {
		if listed, is := history.LiteralValues(values[0]); is {
			return c.isAnyOf(key+".value", listed, not)
		}
	}
	pattern := values[0]
	if len(values) > 1 {
		pattern = "(?:" + strings.Join(values, ")|(?:") + ")"
	}
	if _, err := regexp.Compile(pattern); err != nil {
		return "", bad(key+".value", "%q is not a regular expression: %v", cut(pattern), err)
	}
	pattern = "^(?s:" + pattern + ")$"
	if err := promql.CheckPatterns(pattern); err != nil {
		return "", bad(key+".value", "%v", err)
	}
	// What is null matches as an empty text does.
	sql := "coalesce(" + c.sql + ", '') REGEXP " + tables.Quote(pattern)
	if not {
		sql = "NOT " + sql
	}
	return sql, nil
}

// ofMetrics are labels of series whose column has another name.
var ofMetrics = map[string]map[string]string{"tasks": {"task": "name"}}

// conditionOfDashboard returns a filter of a dashboard as a condition of SQL. It names a label of
// series: a column, a label of tasks, or what agents have, also where the table is of what is on them.
func conditionOfDashboard(t *tables.Table, m matcher) (string, error) {
	name := columnOfLabel(t, m.label)
	c, err := columnOf(t, "adhocFilters", name)
	if err == nil {
		return c.compared(m)
	}
	if ofAgents := strings.HasPrefix(name, "attributes.") || name == "zone" || name == "region"; ofAgents && t.Column("agent_id") != nil {
		if c, wrong := columnOf(tables.TableNamed("agents"), "adhocFilters", name); wrong == nil {
			condition, err := c.compared(m)
			return "agent_id IN (SELECT agent_id FROM agents WHERE " + condition + ")", err
		}
	}
	return "", err
}

// columnOfLabel returns the name of the column that has what a label of series has.
func columnOfLabel(t *tables.Table, label string) string {
	if attribute, is := strings.CutPrefix(label, "attr_"); is {
		return "attributes." + attribute
	}
	if ofTask, is := strings.CutPrefix(label, "label_"); is {
		return "labels." + ofTask
	}
	return cmp.Or(ofMetrics[t.Name][label], label)
}

// compared returns the condition of a matcher.
func (c tableColumn) compared(m matcher) (string, error) {
	switch m.kind {
	case labels.MatchEqual, labels.MatchNotEqual:
		return c.isAnyOf("adhocFilters", []string{m.value}, m.kind == labels.MatchNotEqual)
	}
	return c.matches("adhocFilters", []string{m.value}, m.kind == labels.MatchNotRegexp)
}

// literal returns a value of a filter as SQL, in the type of the column.
func (c tableColumn) literal(key, value string) (string, error) {
	switch c.Type {
	case tables.Integer, tables.Real:
		if c.Unit == tables.Bytes {
			if n, ok := bytesOf(value); ok {
				return n, nil
			}
		}
		return c.number(key, value)
	case tables.Boolean:
		switch strings.ToLower(value) {
		case "true", "1":
			return "1", nil
		case "false", "0":
			return "0", nil
		}
		return "", bad(key, "%q is not a boolean: write true or false (column %s)", cut(value), cut(c.Name))
	case tables.Time:
		if t, ok := timeOf(value); ok {
			return tables.Quote(tables.TimeText(t)), nil
		}
		return "", bad(key, "%q is not a time: write for example 2026-01-31T12:00:00Z, or milliseconds since 1970 (column %s)", cut(value), cut(c.Name))
	}
	return tables.Quote(value), nil
}

// number returns a number as SQL.
func (c tableColumn) number(key, value string) (string, error) {
	if x, ok := finite(value); ok {
		return strconv.FormatFloat(x, 'g', -1, 64), nil
	}
	return "", bad(key, "%q is not a number: write for example %s (column %s)", cut(value), cut(c.meant(value)), cut(c.Name))
}

// finite returns the number that a text is.
func finite(text string) (float64, bool) {
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return x, err == nil && x-x == 0 // neither infinite nor NaN
}

var (
	amountText = regexp.MustCompile(`^\s*([0-9]+(?:\.[0-9]+)?)\s*(B|[KMGTP]i?B)\s*$`)
	// groupedText is a number whose commas may stand between thousands.
	groupedText = regexp.MustCompile(`^\s*[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\s*$`)
)

// meant returns what a text that is not a number most likely stands for, else an example. The comma of 0,5 is the
// point of other languages; that of 1,500 may be either.
func (c tableColumn) meant(value string) string {
	plain := strings.TrimSpace(value)
	point := strings.ReplaceAll(plain, ",", ".")
	if groupedText.MatchString(plain) {
		whole := strings.ReplaceAll(plain, ",", "")
		if x, ok := finite(point); ok {
			return fmt.Sprintf("%s or %s", whole, formatNumber(x))
		}
		return whole
	}
	_, isAmount := bytesOf(point)
	if _, ok := finite(point); ok || isAmount && c.Unit == tables.Bytes {
		return point
	}
	if c.Unit == tables.Bytes {
		return "512MiB or 2GiB"
	}
	return "0.5"
}

// bytesOf returns an amount such as 512MiB or 2GB in bytes, as SQL.
func bytesOf(value string) (string, bool) {
	parts := amountText.FindStringSubmatch(value)
	if parts == nil {
		return "", false
	}
	x, err := strconv.ParseFloat(parts[1], 64)
	if err != nil {
		return "", false
	}
	unit := 1024.0
	if !strings.Contains(parts[2], "i") {
		unit = 1000
	}
	for range 1 + strings.IndexByte("KMGTP", parts[2][0]) {
		x *= unit
	}
	return strconv.FormatFloat(x, 'f', -1, 64), true
}

// timeOf returns a time written as RFC 3339, as a day, or in milliseconds since 1970.
func timeOf(value string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			return t, true
		}
	}
	// A smaller number is a year or seconds: in milliseconds it would be a time before 1973.
	if ms, err := strconv.ParseInt(value, 10, 64); err == nil && ms >= 1e11 && ms < 253402300800000 {
		return time.UnixMilli(ms), true
	}
	return time.Time{}, false
}
