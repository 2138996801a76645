package tables

import (
	"regexp"
	"slices"
	"strings"
)

// SQLite declares no types of expressions, and a column of NULL only has no value to take one
// of. So that a panel's field keeps its type when nothing is known, as without measured use, the
// type of such a column is read in the statement, as far as its words give it.

// numberFunctions are functions whose values are numbers.
var numberFunctions = []string{
	"sum", "total", "avg", "count", "abs", "sign", "round", "ceil", "ceiling", "floor", "trunc", "mod", "pow", "power", "sqrt", "exp", "ln", "log", "log2", "log10",
	"length", "instr", "unixepoch", "julianday", "json_array_length", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile",
}

// valueFunctions are functions whose values are those of their arguments.
var valueFunctions = []string{"min", "max", "coalesce", "ifnull", "nullif", "lag", "lead", "first_value", "last_value", "nth_value"}

var (
	// called matches a call of a function, alone.
	called = regexp.MustCompile(`(?is)^(\w+)\s*(\(.*)$`)
	// named matches a column, alone, maybe with its table.
	named = regexp.MustCompile(`^(?:\w+\.)?(\w+)$`)
	// renamed matches the name that an expression gets.
	renamed = regexp.MustCompile(`(?is)\s+AS\s+(?:\w+|"[^"]*"|\[[^\]]*\]|` + "`[^`]*`" + `)$`)
)

// declaredType returns the type of an expression whose values are all NULL; Text where it is not
// known.
func declaredType(expression string) Type {
	expression = strings.TrimSpace(expression)
	for strings.HasPrefix(expression, "(") {
		args, n, err := arguments(expression)
		if err != nil || n != len(expression) || len(args) != 1 {
			break
		}
		expression = args[0]
	}
	if computes(expression) {
		return Real
	}
	if parts := named.FindStringSubmatch(expression); parts != nil {
		return typeOfName(parts[1])
	}
	parts := called.FindStringSubmatch(expression)
	if parts == nil {
		return Text
	}
	function := strings.ToLower(parts[1])
	args, n, err := arguments(parts[2])
	switch alone := err == nil && (n == len(parts[2]) || regexp.MustCompile(`(?i)^\s*(OVER|FILTER)\b`).MatchString(parts[2][n:])); {
	case !alone || len(args) == 0:
		return Text
	case slices.Contains(numberFunctions, function):
		return Real
	case slices.Contains(valueFunctions, function):
		return declaredType(args[0])
	}
	return Text
}

// computes reports whether an expression is arithmetic, outside of parentheses and texts.
func computes(expression string) bool {
	found, depth := false, 0
	for at := 0; at < len(expression); {
		if n := opaque(expression[at:]); n > 0 {
			at += n
			continue
		}
		rest := expression[at:]
		switch {
		case rest[0] == '(':
			depth++
		case rest[0] == ')':
			depth--
		case depth > 0:
		case strings.HasPrefix(rest, "->"), strings.HasPrefix(rest, "||"):
			return false // JSON and texts
		case strings.ContainsRune("+-/%", rune(rest[0])), rest[0] == '*' && at > 0:
			found = true
		}
		at++
	}
	return found
}

// typeOfName returns the type of the columns with a name, where all tables agree; else Text.
func typeOfName(name string) Type {
	found := Type("")
	for _, t := range Tables {
		if c := t.Column(strings.ToLower(name)); c != nil && c.Type != found {
			if found != "" {
				return Text
			}
			found = c.Type
		}
	}
	if found == "" {
		return Text
	}
	return found
}

// selected returns the expressions that a statement selects, without their names; nil where
// that is not certain, as with a star.
func selected(sql string) (expressions []string) {
	depth, begin := 0, -1
	add := func(end int) {
		if begin >= 0 {
			expressions = append(expressions, renamed.ReplaceAllString(strings.TrimSpace(sql[begin:end]), ""))
		}
	}
	for at := 0; at < len(sql); {
		if n := opaque(sql[at:]); n > 0 {
			at += n
			continue
		}
		word := ""
		if at == 0 || !isWord(sql[at-1]) {
			word = wordAt(sql[at:])
		}
		switch {
		case sql[at] == '(':
			depth++
		case sql[at] == ')':
			depth--
		case depth > 0:
		case begin < 0 && word == "SELECT":
			begin = at + len(word)
		case begin >= 0 && sql[at] == ',':
			add(at)
			begin = at + 1
		case begin >= 0 && slices.Contains([]string{"FROM", "WHERE", "UNION", "EXCEPT", "INTERSECT", "ORDER", "GROUP", "HAVING", "LIMIT", "WINDOW"}, word), sql[at] == ';':
			add(at)
			return starless(expressions)
		}
		at += max(1, len(word))
	}
	add(len(sql))
	return starless(expressions)
}

// starless returns expressions, nil where one is a star.
func starless(expressions []string) []string {
	for i, e := range expressions {
		if i == 0 {
			for _, word := range []string{"DISTINCT", "ALL"} {
				if strings.EqualFold(wordAt(e), word) {
					expressions[0] = strings.TrimSpace(e[len(word):])
				}
			}
		}
		if expressions[i] == "*" || strings.HasSuffix(expressions[i], ".*") {
			return nil
		}
	}
	return expressions
}

func isWord(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// wordAt returns the word that a text begins with, in capital letters.
func wordAt(text string) string {
	n := 0
	for n < len(text) && isWord(text[n]) {
		n++
	}
	return strings.ToUpper(text[:n])
}
