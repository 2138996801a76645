package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// This file finds what is left of a dashboard's variables in a query. Rules,
// Explore and public dashboards have no variables, and a variable that does not
// exist stays as it is written: its text matches nothing.

// variableText matches the three spellings of a variable (variableRegex in
// grafana/grafana public/app/features/variables/utils.ts). A name of digits only is
// a group of a regular expression, such as $1 in label_replace.
var variableText = regexp.MustCompile(`\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*(?:\.[^:^}]+)?(?::[^}]+)?\}|\[\[[A-Za-z_]\w*(?::\w+)?\]\]`)

// bracketed matches a variable as [[name]] at the beginning of a text.
var bracketed = regexp.MustCompile(`^\[\[[A-Za-z_]\w*(?::\w+)?\]\]`)

// variablesIn returns the variables in a text as they are written, each once.
func variablesIn(text string) []string {
	if !strings.Contains(text, "$") && !strings.Contains(text, "[[") {
		return nil
	}
	return unique(variableText.FindAllString(text, -1))
}

// variablesInPattern returns the variables in a regular expression. A dollar sign
// that is escaped, or in a class of characters, is meant.
func variablesInPattern(pattern string) []string {
	if len(variablesIn(pattern)) == 0 {
		return nil
	}
	var plain strings.Builder
	for rest := pattern; rest != ""; {
		length := 1
		switch {
		case strings.HasPrefix(rest, `\Q`):
			if length = strings.Index(rest, `\E`) + 2; length < 2 {
				length = len(rest)
			}
			plain.WriteByte(' ')
		case rest[0] == '\\':
			length = min(2, len(rest))
			plain.WriteByte(' ')
		case bracketed.MatchString(rest):
			length = len(bracketed.FindString(rest))
			plain.WriteString(rest[:length])
		case rest[0] == '[':
			length = classLength(rest)
			plain.WriteByte(' ')
		default:
			plain.WriteByte(rest[0])
		}
		rest = rest[length:]
	}
	return variablesIn(plain.String())
}

// classLength returns the length of the class of characters that a pattern begins
// with, [^a-z] or [[:alpha:]$].
func classLength(pattern string) int {
	i := 1
	if strings.HasPrefix(pattern[i:], "^") {
		i++
	}
	if strings.HasPrefix(pattern[i:], "]") {
		i++
	}
	for i < len(pattern) {
		switch rest := pattern[i:]; {
		case rest[0] == '\\':
			i += 2
		case strings.HasPrefix(rest, "[:") && strings.Contains(rest, ":]"):
			i += strings.Index(rest, ":]") + 2
		case rest[0] == ']':
			return i + 1
		default:
			i++
		}
	}
	return len(pattern)
}

// variablesInReplacement returns the variables in the replacement of label_replace,
// where $name and ${name} are also groups of its regular expression, and $$ is a
// dollar sign.
func variablesInReplacement(replacement, pattern string) []string {
	found := variablesIn(strings.ReplaceAll(replacement, "$$", " "))
	return slices.DeleteFunc(found, func(text string) bool {
		name := strings.Trim(text, "${}")
		return strings.Contains(pattern, "(?P<"+name+">") || strings.Contains(pattern, "(?<"+name+">")
	})
}

// variablesInCode returns the variables in an expression outside of its strings and
// comments, where PromQL has no dollar sign and no two brackets.
func variablesInCode(expr string) []string {
	if len(variablesIn(expr)) == 0 {
		return nil
	}
	var code strings.Builder
	for rest := expr; rest != ""; {
		length := 1
		switch quote := rest[0]; quote {
		case '"', '\'', '`':
			for length < len(rest) && rest[length] != quote {
				if rest[length] == '\\' && quote != '`' {
					length++
				}
				length++
			}
			length = min(length+1, len(rest))
			code.WriteByte(' ')
		case '#':
			if length = strings.IndexByte(rest, '\n'); length < 0 {
				length = len(rest)
			}
		default:
			code.WriteByte(quote)
		}
		rest = rest[length:]
	}
	return variablesIn(code.String())
}

// A leftover is what is left of variables in one part of a query.
type leftover struct {
	key       string // of the query
	variables []string
	where     string // the part of the expression, such as framework="$framework"; "" for the whole key
}

// err returns the error of a leftover in a rule, or where it can be nothing else
// than a variable.
func (l leftover) err(rule bool) error { return bad(l.key, "%s", l.sentence(rule)) }

func (l leftover) sentence(rule bool) string {
	quoted := make([]string, 0, len(l.variables))
	own := false // one of Grafana's own
	for _, text := range l.variables[:min(len(l.variables), maxUnknown)] {
		quoted = append(quoted, fmt.Sprintf("%q", cut(text)))
		own = own || strings.HasPrefix(strings.TrimLeft(text, "${["), "__")
	}
	text := list(quoted)
	if l.where != "" {
		text += " in " + cut(l.where)
	}
	is, its, value := "is a variable", "its", "a value"
	if len(l.variables) > 1 {
		is, its, value = "are variables", "their", "values"
	}
	if l.macros() {
		text += fmt.Sprintf(" has a value in expressions and as the interval only: write %s in its place", map[bool]string{false: "a value", true: "a duration, for example 1h,"}[l.key == "forecast"])
		return text + l.meant()
	}
	macros := ""
	if own {
		macros = " but $__interval, $__rate_interval and $__range"
	}
	if rule {
		text += fmt.Sprintf(" %s of dashboards, and rules have no variables%s: write %s in %s place", is, macros, value, its)
	} else {
		text += fmt.Sprintf(" %s without %s here: define %s on the dashboard, or write %s in %s place. Explore, public dashboards and rules have no variables%s",
			is, value, map[bool]string{false: "it", true: "them"}[len(l.variables) > 1], value, its, macros)
	}
	return text + l.meant()
}

// macros reports whether all variables are macros, which have values elsewhere in a query.
func (l leftover) macros() bool {
	return !slices.ContainsFunc(l.variables, func(text string) bool { return !isMacro(text) })
}

// meant says how a text of a part of an expression, or of a filter, is written that is no variable.
func (l leftover) meant() string {
	if l.where == "" {
		return ""
	}
	return `. For a dollar sign that is meant, write [$] with =~`
}

// The texts of a query that are no expression and no value of a filter. Expressions are
// looked at by their syntax, values of filters by what there is, and keys that nobody
// knows not at all.
var (
	textKeys = []string{
		"entity", "resource", "measure", "metric", "groupBy", "aggregate", "rate", "top", "forecast", "legendFormat", "interval", "format", "queryType",
		"kinds", "severity", "limit",
	}
	filterTexts = map[string][]string{"filters": {"label", "operator"}, "adhocFilters": {"key", "operator"}}
)

// leftInTexts returns an error for a variable that is left in a text of a query
// other than an expression or the value of a filter: there it is an error for rules
// and elsewhere alike, but for legends, which are shown as they are.
func leftInTexts(raw json.RawMessage, rule bool) error {
	if !bytes.Contains(raw, []byte("$")) && !bytes.Contains(raw, []byte("[[")) && !bytes.Contains(raw, []byte(`\u00`)) {
		return nil
	}
	query := objectOf(raw)
	for _, key := range textKeys {
		if key == "legendFormat" && !rule {
			continue
		}
		if err := leftInText(key, query[key], rule); err != nil {
			return err
		}
	}
	if err := leftInFilters("", query, rule); err != nil {
		return err
	}
	variable := objectOf(query["variable"])
	if err := leftInText("variable.labelValues.label", objectOf(variable[kindLabelValues])["label"], rule); err != nil {
		return err
	}
	entities := objectOf(variable[kindEntities])
	for _, key := range []string{"entity", "field"} {
		if err := leftInText("variable.entities."+key, entities[key], rule); err != nil {
			return err
		}
	}
	return leftInFilters("variable.entities.", entities, rule)
}

// leftInFilters returns an error for a variable in a label or an operator of filters.
func leftInFilters(place string, object map[string]json.RawMessage, rule bool) error {
	for _, name := range []string{"filters", "adhocFilters"} {
		var members []map[string]json.RawMessage
		if json.Unmarshal(object[name], &members) != nil {
			continue // absent, or the decoder says why
		}
		for i, member := range members {
			for _, key := range filterTexts[name] {
				if err := leftInText(fmt.Sprintf("%s%s[%d].%s", place, name, i, key), member[key], rule); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// leftInText returns an error for a variable in a text, or in one of a list.
func leftInText(key string, raw json.RawMessage, rule bool) error {
	var text any
	if json.Unmarshal(raw, &text) != nil {
		return nil
	}
	texts, many := text.([]any)
	if !many {
		texts = []any{text}
	}
	for i, member := range texts {
		text, ok := member.(string)
		if !ok {
			continue
		}
		if variables := variablesIn(text); len(variables) > 0 && !(key == "interval" && isMacro(text)) {
			if many {
				key = fmt.Sprintf("%s[%d]", key, i)
			}
			return leftover{key: key, variables: variables}.err(rule)
		}
	}
	return nil
}

// A condition is a comparison of a label with values, as it was written.
type condition struct {
	key     string // of the query: expr, filters[0].value
	label   string
	kind    labels.MatchType
	values  []string
	written string // framework="$framework"
}

// exact reports whether values are compared as they are.
func (c condition) exact() bool { return c.kind == labels.MatchEqual || c.kind == labels.MatchNotEqual }

// variables returns the variables in one value of the condition.
func (c condition) variables(value string) []string {
	if c.exact() {
		return variablesIn(value)
	}
	return variablesInPattern(value)
}

// conditionsOf returns the conditions of filters.
func conditionsOf(filters []Filter) []condition {
	all := make([]condition, len(filters))
	for i, f := range filters {
		all[i] = newCondition(fmt.Sprintf("filters[%d].value", i), f.Label, string(f.Operator), f.Value.List)
	}
	return all
}

// conditionsOfDashboard returns the conditions of a dashboard's filters.
func conditionsOfDashboard(filters []AdhocFilter) []condition {
	all := make([]condition, len(filters))
	for i, f := range filters {
		all[i] = newCondition(fmt.Sprintf("adhocFilters[%d].value", i), f.Key, f.Operator, f.list())
	}
	return all
}

func newCondition(key, label, operator string, values []string) condition {
	written := label + operator
	if len(values) == 1 {
		written += fmt.Sprintf("%q", cut(values[0]))
	} else {
		written += fmt.Sprintf("(%d values)", len(values))
	}
	return condition{key: key, label: label, kind: matchTypes[Operator(strings.TrimSuffix(operator, "|"))], values: values, written: written}
}

// leftInExpression returns the conditions of an expression's selectors, and the
// variables that are left in its other strings.
func leftInExpression(key string, parsed parser.Expr) (conditions []condition, left []leftover) {
	found := func(where string, variables []string) {
		if len(variables) > 0 {
			left = append(left, leftover{key: key, variables: variables, where: where})
		}
	}
	names := func(where string, all []string) {
		for _, name := range all {
			found(where, variablesIn(name))
		}
	}
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			for _, m := range n.LabelMatchers {
				found("the name of a label", variablesIn(m.Name))
				conditions = append(conditions, condition{key: key, label: m.Name, kind: m.Type, values: []string{m.Value}, written: writtenMatcher(m)})
			}
		case *parser.AggregateExpr:
			names("the labels of "+n.Op.String(), n.Grouping)
			if text, ok := n.Param.(*parser.StringLiteral); ok {
				found(n.Op.String(), variablesIn(text.Val))
			}
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				names("the labels of "+n.Op.String(), slices.Concat(n.VectorMatching.MatchingLabels, n.VectorMatching.Include))
			}
		case *parser.Call:
			texts := make([]string, len(n.Args))
			for i, arg := range n.Args {
				if text, ok := arg.(*parser.StringLiteral); ok {
					texts[i] = text.Val
				}
			}
			if n.Func.Name == "label_replace" && len(texts) == 5 {
				found(n.Func.Name, variablesInReplacement(texts[2], texts[4]))
				found(n.Func.Name, variablesInPattern(texts[4]))
				texts[2], texts[4] = "", ""
			}
			names(n.Func.Name, texts)
		}
		return nil
	})
	return conditions, left
}

// writtenMatcher returns a matcher as PromQL has it, cut.
func writtenMatcher(m *labels.Matcher) string {
	return fmt.Sprintf("%s%s%q", m.Name, m.Type, cut(m.Value))
}
