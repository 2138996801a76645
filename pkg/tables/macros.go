package tables

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"community-mesos-datasource/pkg/display"
)

// Macro describes a macro for completion.
type Macro struct {
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Help      string `json:"help"`
}

// Macros are the macros of statements.
var Macros = []Macro{
	{"$__timeFilter", "$__timeFilter(column)", "The column's time lies in the time range of the panel."},
	{"$__timeFrom", "$__timeFrom()", "The beginning of the time range."},
	{"$__timeTo", "$__timeTo()", "The end of the time range."},
	{"$__timeGroup", "$__timeGroup(column, 5m)", "The beginning of the column's bucket of that length: time_bucket('5m', column)."},
	{"$__interval", "$__interval", "The panel's step, such as 15s; $__interval_ms and $__interval_s are numbers."},
	{"$__range", "$__range", "The length of the time range, such as 3600s; $__range_ms and $__range_s are numbers."},
}

// macroCall is the beginning of a macro.
var macroCall = regexp.MustCompile(`^\$__\w+`)

// variable is what is left of a variable.
var variable = regexp.MustCompile(`^(?:\$\w+|\$\{[^}]*\})`)

// Expand replaces the macros of a statement, outside of its texts and comments, also in
// arguments of macros. $__interval and the like are replaced before. What else begins with $
// there is an *Error.
func Expand(sql string, from, to time.Time) (*Edits, error) {
	return expand(sql, from, to, maxNested)
}

// maxNested is how deep macros may be in arguments of macros: each level may double the text.
const maxNested = 3

func expand(sql string, from, to time.Time, nested int) (*Edits, error) {
	if len(sql) > MaxSQL {
		return nil, checkStatement(sql)
	}
	var b Edits
	for at := 0; at < len(sql); {
		rest := sql[at:]
		if n := opaque(rest); n > 0 {
			b.Keep(rest[:n])
			at += n
			continue
		}
		if rest[0] != '$' {
			b.Keep(rest[:1])
			at++
			continue
		}
		name := macroCall.FindString(rest)
		if name == "" {
			if left := variable.FindString(rest); left != "" {
				if instead := insteadOf(left); instead != "" {
					return nil, &Error{Text: fmt.Sprintf("%s has no value in SQL: write %s", quote(left), instead), Position: position(sql, at)}
				}
				return nil, &Error{Text: fmt.Sprintf("%s is a variable without a value here: define it on the dashboard, or write a value in its place. Explore, public dashboards and rules have no variables", quote(left)), Position: position(sql, at)}
			}
			b.Keep("$")
			at++
			continue
		}
		if nested < 0 {
			return nil, &Error{Text: fmt.Sprintf("macros are more than %d deep in arguments of macros", maxNested), Position: position(sql, at)}
		}
		text, n, err := call(name, rest[len(name):], from, to, nested)
		if err != nil {
			return nil, &Error{Text: err.Error(), Position: position(sql, at)}
		}
		b.Replace(rest[:len(name)+n], text)
		at += len(name) + n
	}
	return &b, nil
}

// call returns what a macro stands for whose arguments a text begins with, and their length.
func call(name, rest string, from, to time.Time, nested int) (text string, n int, err error) {
	args, n, err := arguments(rest)
	if err != nil {
		return "", 0, err
	}
	for i, arg := range args {
		within, err := expand(arg, from, to, nested-1)
		if of, ok := errors.AsType[*Error](err); ok {
			return "", 0, fmt.Errorf("argument %d of %s: %s", i+1, name, of.Text)
		}
		args[i] = within.String()
	}
	text, err = macro(name, args, from, to)
	return text, n, err
}

// insteadOf returns the macro for one of Grafana's own variables of the time range, which only
// dashboards replace; "" for others.
func insteadOf(variable string) string {
	switch name, _, _ := strings.Cut(strings.Trim(variable, "${}"), ":"); name {
	case "__from":
		return "$__timeFrom()"
	case "__to":
		return "$__timeTo()"
	}
	return ""
}

// Texts returns the texts of a statement, those between single quotation marks.
func Texts(sql string) (texts []string) {
	for at := 0; at < len(sql); {
		n := opaque(sql[at:])
		if n > 0 && sql[at] == '\'' {
			texts = append(texts, strings.Trim(sql[at:at+n], "'"))
		}
		at += max(n, 1)
	}
	return texts
}

// position returns the number of the character at a byte, from 1.
func position(sql string, at int) int { return len([]rune(sql[:at])) + 1 }

// opaque returns the length of the text, name in quotation marks or comment that a statement
// begins with; 0 for none.
func opaque(sql string) int {
	end := func(mark string, from int) int {
		if i := strings.Index(sql[from:], mark); i >= 0 {
			return from + i + len(mark)
		}
		return len(sql)
	}
	switch {
	case sql[0] == '\'' || sql[0] == '"' || sql[0] == '`':
		return end(sql[:1], 1) // a doubled mark begins the next text
	case strings.HasPrefix(sql, "--"):
		return end("\n", 2)
	case strings.HasPrefix(sql, "/*"):
		return end("*/", 2)
	}
	return 0
}

// arguments returns the arguments in the parentheses that a text begins with, and the length
// of them; none where it begins with none.
func arguments(text string) (args []string, n int, err error) {
	if !strings.HasPrefix(text, "(") {
		return nil, 0, nil
	}
	depth, begin := 0, 1
	for at := 0; at < len(text); {
		if n := opaque(text[at:]); n > 0 {
			at += n
			continue
		}
		switch text[at] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				if last := strings.TrimSpace(text[begin:at]); last != "" || len(args) > 0 {
					args = append(args, last)
				}
				return args, at + 1, nil
			}
		case ',':
			if depth == 1 {
				args = append(args, strings.TrimSpace(text[begin:at]))
				begin = at + 1
			}
		}
		at++
	}
	return nil, 0, fmt.Errorf("a macro has no closing parenthesis")
}

// macro returns what a macro stands for.
func macro(name string, args []string, from, to time.Time) (string, error) {
	need := map[string]int{"$__timeFilter": 1, "$__timeFrom": 0, "$__timeTo": 0, "$__timeGroup": 2}
	count, known := need[name]
	if instead := insteadOf(name); instead != "" {
		return "", fmt.Errorf("%s has no value in SQL: write %s", name, instead)
	}
	if !known {
		var names []string
		for _, m := range Macros {
			names = append(names, m.Signature)
		}
		return "", fmt.Errorf("unknown macro %q%s. Available: %s", cutText(name), display.DidYouMean(cutText(name), slices.Sorted(maps.Keys(need))), strings.Join(names, ", "))
	}
	if len(args) != count {
		return "", fmt.Errorf("%s has %d arguments and takes %d", name, len(args), count)
	}
	for i, arg := range args {
		if arg == "" {
			return "", fmt.Errorf("argument %d of %s is empty", i+1, name)
		}
	}
	switch name {
	case "$__timeFilter":
		return fmt.Sprintf("(%s >= %s AND %s <= %s)", args[0], literal(from), args[0], literal(to)), nil
	case "$__timeFrom":
		return literal(from), nil
	case "$__timeTo":
		return literal(to), nil
	}
	length := strings.Trim(args[1], `'"`)
	if _, err := bucketOf(length); err != nil {
		return "", err
	}
	return fmt.Sprintf("time_bucket('%s', %s)", length, args[0]), nil
}

// literal returns a time as a text of SQL.
func literal(t time.Time) string { return "'" + TimeText(t) + "'" }

// TimeText returns a time as the tables write it.
func TimeText(t time.Time) string { return t.UTC().Format(timeLayout) }

// Quote returns a text as a text of SQL.
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
