package catalogue

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// This file writes the tables of docs/migration.md, the readable form of aliases.json.

// The tables stand between these lines.
const (
	migrationBegin = "<!-- Written by npm run generate from catalogue/aliases.json. Do not edit down to the end of the tables. -->"
	migrationEnd   = "<!-- The end of the tables. -->"
)

// Migration returns docs/migration.md with its tables written anew.
func Migration(doc string) (string, error) {
	before, rest, found := strings.Cut(doc, migrationBegin)
	_, after, ends := strings.Cut(rest, migrationEnd)
	if !found || !ends {
		return "", fmt.Errorf("the lines around the tables are missing: %s", migrationBegin)
	}
	var tables strings.Builder
	c := loadedAliases()
	for _, tool := range c.tools {
		fmt.Fprintf(&tables, "\n### Names of %s\n\nSource: %s.\n", tool.Tool, tool.Source)
		rows := [][]string{{"Name", "Answered by", "Labels", "Difference"}}
		for _, a := range c.all {
			if a.Tool == tool.Tool {
				rows = append(rows, []string{codes([]string{a.Name}), a.answers(), a.labels(), a.difference()})
			}
		}
		table(&tables, rows)
	}
	return before + migrationBegin + "\n" + tables.String() + "\n" + migrationEnd + after, nil
}

// Formula returns what answers a part, as PromQL.
func (p AliasPart) Formula() string {
	text := p.Terms[0].String()
	if len(p.Terms) > 1 {
		text += " " + p.Op + " " + p.Terms[1].String()
		if p.Factor != 1 {
			text = "(" + text + ")"
		}
	}
	switch {
	case p.Factor == 1:
		return text
	case p.Factor < 1:
		return text + " / " + strconv.FormatFloat(1/p.Factor, 'f', -1, 64)
	default:
		return text + " * " + strconv.FormatFloat(p.Factor, 'f', -1, 64)
	}
}

func (a *Alias) answers() string {
	if a.Instead != "" {
		return "an error that says: use " + codes(strings.Split(a.Instead, ", "))
	}
	var parts []string
	for _, p := range a.Parts {
		text := codes([]string{p.Formula()})
		if a.By != "" {
			text = p.Value + ": " + text
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, "; ")
	if a.By != "" {
		text = "By `" + a.By + "`: " + text
	}
	return text
}

func (a *Alias) labels() string {
	var pairs []string
	for _, there := range slices.Sorted(maps.Keys(a.Labels)) {
		pairs = append(pairs, codes([]string{there})+" is `"+a.Labels[there]+"`")
	}
	return strings.Join(pairs, ", ")
}

func (a *Alias) difference() string {
	if a.Why != "" {
		return a.Why
	}
	return a.Note
}
