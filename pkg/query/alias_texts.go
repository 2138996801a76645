package query

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
)

// This file has the sentences about names of other tools.

func (r *renamer) notice(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(r.notices, text) {
		r.notices = append(r.notices, text)
	}
}

// notAnswered returns the sentence about an alias that nothing answers.
func notAnswered(alias *catalogue.Alias) string {
	return fmt.Sprintf("%s is a series of %s that is not answered here. %s Use %s", alias.Name, alias.Tool, alias.Why, alias.Instead)
}

// noPart returns the sentence about an alias of which conditions select no part.
func noPart(alias *catalogue.Alias, matchers []*labels.Matcher) string {
	var values []string
	for _, part := range alias.Parts {
		values = append(values, part.Value)
	}
	for _, m := range matchers {
		if m.Name == alias.By {
			return fmt.Sprintf("%s matches no %s of %s, a series of %s. There are: %s", writtenMatcher(m), alias.By, alias.Name, alias.Tool, strings.Join(values, ", "))
		}
	}
	return alias.Name
}

// sentenceOfParts lists the series that answer an alias.
func sentenceOfParts(alias *catalogue.Alias) string {
	var names []string
	for _, part := range alias.Parts {
		for _, term := range part.Terms {
			names = append(names, term.Series)
		}
	}
	return shortList(names)
}

// describedAliases returns the aliases as series, whose help says what answers them.
func describedAliases() []catalogue.Series {
	var all []catalogue.Series
	for _, alias := range catalogue.Aliases() {
		described := catalogue.Series{Name: alias.Name, Type: alias.Type, Unit: catalogue.None, Help: aliasSentence(alias)}
		if alias.By != "" {
			described.Labels = append(described.Labels, alias.By)
		}
		described.Labels = append(described.Labels, slices.Sorted(maps.Keys(alias.Labels))...)
		all = append(all, described)
	}
	return all
}

// aliasSentence returns what answers an alias, for people.
func aliasSentence(alias *catalogue.Alias) string {
	if alias.Instead != "" {
		return notAnswered(alias) + "."
	}
	const most = 4
	var parts []string
	for _, part := range alias.Parts[:min(len(alias.Parts), most)] {
		text := part.Formula()
		if alias.By != "" {
			text = fmt.Sprintf("%s=%q: %s", alias.By, part.Value, text)
		}
		parts = append(parts, text)
	}
	if more := len(alias.Parts) - most; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("A name of %s, answered from %s.", alias.Tool, strings.Join(parts, "; "))
}

// percentsOfRatios returns a sentence for each comparison that takes the part percent of
// an alias, which is a ratio there and here, for a percentage: it never holds.
func percentsOfRatios(parsed parser.Expr) (sentences []string) {
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		comparison, ok := node.(*parser.BinaryExpr)
		if !ok || comparison.Op != parser.GTR && comparison.Op != parser.GTE {
			return nil
		}
		limit, isNumber := comparison.RHS.(*parser.NumberLiteral)
		selector := selectorWithin(comparison.LHS)
		if !isNumber || limit.Val <= 1 || selector == nil {
			return nil
		}
		alias, _ := aliasOf(selector.LabelMatchers)
		if alias == nil || alias.By == "" {
			return nil
		}
		if parts := chosenParts(alias, selector.LabelMatchers, true); len(parts) == 1 && parts[0].Value == "percent" {
			sentences = append(sentences, fmt.Sprintf("%s is a ratio from 0 to 1, as %s has it, and never above %v: compare it with %v.", selector, alias.Tool, limit.Val, limit.Val/100))
		}
		return nil
	})
	return sentences
}

// selectorWithin returns the selector of which an expression is some value; nil for others.
func selectorWithin(e parser.Expr) *parser.VectorSelector {
	switch n := e.(type) {
	case *parser.VectorSelector:
		return n
	case *parser.ParenExpr:
		return selectorWithin(n.Expr)
	case *parser.AggregateExpr:
		if n.Op == parser.MIN || n.Op == parser.MAX || n.Op == parser.AVG { // a sum may be above 1
			return selectorWithin(n.Expr)
		}
	}
	return nil
}
