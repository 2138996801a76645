package tables

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"community-mesos-datasource/pkg/display"
)

// Error is what is wrong with a statement.
type Error struct {
	Text string
	// Position is the number of the character at which it is wrong, from 1; 0: unknown.
	Position int
}

func (e *Error) Error() string {
	if e.Position == 0 {
		return e.Text
	}
	return fmt.Sprintf("%s (at character %d)", e.Text, e.Position)
}

// quote returns the beginning of a text in quotation marks.
func quote(s string) string { return fmt.Sprintf("%.60q", s) }

func sizes(has, most int) string {
	return fmt.Sprintf("%d bytes and may have %d at most", has, most)
}

var (
	noColumn    = regexp.MustCompile(`no such column: ("[^"]*"|\S+)`)
	noTable     = regexp.MustCompile(`no such table: (\S+)`)
	noFunction  = regexp.MustCompile(`no such function: (\S+)`)
	notAllowed  = regexp.MustCompile(`(?:access to (\S+) is prohibited|not authorized to use function: (\S+))`)
	notAllowed2 = "not authorized"
)

// explained returns an error of SQLite as an *Error with its place and a hint.
func explained(err error, sql string) error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	if errors.Is(err, sqlite3.TOOBIG) {
		return &Error{Text: fmt.Sprintf("a text has more than %s: use substr, or group fewer rows", display.Size(maxLength))}
	}
	of, ok := errors.AsType[*sqlite3.Error](err)
	if !ok {
		return &Error{Text: beginning(err.Error(), maxMessage)}
	}
	message := strings.TrimPrefix(of.Error(), "sqlite3: ")
	message = strings.TrimPrefix(message, "SQL logic error: ")
	e := &Error{Text: beginning(message, maxMessage)}
	rest := of.SQL()
	if rest != "" && strings.HasSuffix(sql, rest) {
		e.Position = len([]rune(sql[:len(sql)-len(rest)])) + 1
	}
	switch {
	case noColumn.MatchString(message):
		e.Text = unknownColumn(noColumn.FindStringSubmatch(message)[1], sql)
	case strings.Contains(message, "no tables specified"):
		e.Text = "FROM and a table are missing: write for example SELECT * FROM tasks. Available: " + strings.Join(Names(), ", ")
	case message == "incomplete input" && strings.HasSuffix(strings.TrimSpace(bare(sql)), "from"):
		e.Text = "FROM names no table. Available: " + strings.Join(Names(), ", ")
	case noTable.MatchString(message):
		e.Text = unknownName("table", noTable.FindStringSubmatch(message)[1], Names())
	case noFunction.MatchString(message):
		e.Text = unknownName("function", noFunction.FindStringSubmatch(message)[1], functionNames())
	case strings.Contains(message, "too many FROM clause terms"):
		e.Text = "the statement names too many tables: join fewer"
	case strings.Contains(message, notAllowed2), notAllowed.MatchString(message):
		if parts := notAllowed.FindStringSubmatch(message); parts != nil && parts[2] != "" {
			e.Text = fmt.Sprintf("the function %s may not be used: there are %s", cutText(parts[2]), strings.Join(functionNames(), ", "))
		} else if parts != nil {
			e.Text = fmt.Sprintf("%s may not be read: there are the tables %s", cutText(parts[1]), strings.Join(Names(), ", "))
		} else {
			e.Text = "the statement does something that is not allowed: write a SELECT of the tables " + strings.Join(Names(), ", ")
		}
	}
	return e
}

// maxMessage bounds a message of SQLite, which may quote a value.
const maxMessage = 300

func cutText(s string) string { return beginning(s, 60) }

func beginning(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// unknownName returns the sentence about a name of a kind that is none of those there are.
func unknownName(kind, name string, known []string) string {
	if near := display.Similar(bareName(name), known); near != "" {
		return fmt.Sprintf("Unknown %s %q. Did you mean %q?", kind, cutText(name), near)
	}
	return fmt.Sprintf("Unknown %s %q. Available: %s", kind, cutText(name), strings.Join(known, ", "))
}

// unknownColumn returns the sentence about a name that is no column of the tables that a
// statement names.
func unknownColumn(name, sql string) string {
	column := strings.ToLower(bareName(name))
	of := tablesWith(column)
	if !slices.Contains(words.FindAllString(bare(sql), -1), "from") {
		if len(of) > 0 {
			return fmt.Sprintf("FROM and a table are missing: the column %q is of %s. Write for example SELECT %s FROM %s", cutText(name), anyOf(of), column, of[0])
		}
		if near := display.Similar(column, allColumns()); near != "" {
			of = tablesWith(near)
			return fmt.Sprintf("FROM and a table are missing, and no table has a column %q. Did you mean %q, which is of %s? Write for example SELECT %s FROM %s",
				cutText(name), near, anyOf(of), near, of[0])
		}
		return fmt.Sprintf("FROM and a table are missing, and no table has a column %q. Available are the tables %s", cutText(name), strings.Join(Names(), ", "))
	}
	text := fmt.Sprintf("Unknown column %q. ", cutText(name))
	near := similarColumns(name, sql)
	switch literal, quoted := strings.CutPrefix(name, `"`); {
	case quoted:
		literal = cutText(strings.TrimSuffix(literal, `"`))
		text = fmt.Sprintf("Unknown column %q: double quotes are for names. Write a text in single quotes: '%s'", literal, strings.ReplaceAll(literal, "'", "''"))
		if len(near) > 0 {
			text += ", or did you mean the column " + quotedChoices(near) + "?"
		} else {
			text += "."
		}
	case len(near) > 0:
		text += "Did you mean " + quotedChoices(near) + "?"
	case len(of) > 0:
		text += columnsHint(sql) + "."
	default:
		text += columnsHint(sql)
	}
	if len(of) > 0 {
		text += " The column is of " + anyOf(of)
	}
	return text
}

// bareName returns a name without the table before it and without quotation marks.
func bareName(name string) string {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	return strings.Trim(name, `"'[]`+"`")
}

// tablesWith returns the names of the tables that have a column.
func tablesWith(column string) (names []string) {
	for _, t := range Tables {
		if slices.Contains(t.ColumnNames(), column) {
			names = append(names, t.Name)
		}
	}
	return names
}

// allColumns returns the columns of all tables.
func allColumns() (names []string) {
	for _, t := range Tables {
		names = append(names, t.ColumnNames()...)
	}
	return names
}

// anyOf returns names as a, b or c.
func anyOf(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// similarColumns returns the columns that a name may stand for, of the tables that a
// statement names.
func similarColumns(name, sql string) (found []string) {
	name = bareName(name)
	if len(name) < 2 {
		return nil
	}
	lower := strings.ToLower(name)
	seen := map[string]bool{}
	add := func(column string) {
		if !seen[column] && len(found) < 5 {
			seen[column] = true
			found = append(found, column)
		}
	}
	for _, t := range tablesIn(sql) {
		for _, c := range t.ColumnNames() {
			if strings.HasPrefix(c, lower+"_") || strings.HasSuffix(c, "_"+lower) {
				add(c)
			}
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, t := range tablesIn(sql) {
		if near := display.Similar(lower, t.ColumnNames()); near != "" {
			add(near)
		}
	}
	return found
}

// columnsHint names the columns of the tables that a statement names.
func columnsHint(sql string) string {
	var parts []string
	for _, t := range tablesIn(sql) {
		parts = append(parts, t.Name+" has "+strings.Join(t.ColumnNames(), ", "))
	}
	if len(parts) == 0 {
		return "Available are the tables " + strings.Join(Names(), ", ")
	}
	return "Available: " + strings.Join(parts, "; ")
}

// quotedChoices returns names as "a", "b" or "c".
func quotedChoices(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return anyOf(quoted)
}

var words = regexp.MustCompile(`[A-Za-z_]+`)

// fromList matches the tables behind a FROM or JOIN of a bare statement, with aliases before
// commas.
var fromList = regexp.MustCompile(`\b(?:from|join)\s+(\w+(?:(?:\s+(?:as\s+)?\w+)?\s*,\s*\w+)*)`)

// tablesIn returns the tables that a statement reads. A word elsewhere may be a column with the
// name of a table, as framework is.
func tablesIn(sql string) (found []*Table) {
	for _, list := range fromList.FindAllStringSubmatch(bare(sql), -1) {
		for _, part := range strings.Split(list[1], ",") {
			if t := TableNamed(words.FindString(part)); t != nil && !slices.Contains(found, t) {
				found = append(found, t)
			}
		}
	}
	return found
}
