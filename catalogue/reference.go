package catalogue

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// This file writes docs/metrics.md, the readable form of metrics.json.

const referenceHead = `<!-- Written by npm run generate from catalogue/metrics.json. Do not edit. -->

# Metrics

Every series the data source writes, by what it is about; at the end, every Mesos key by its own name.

- **Every series has the label ` + "`cluster`" + `**: the setting ` + "`clusterName`" + `, else the master's ` + "`--cluster`" + `, else the data source's UID. It is left out below.
- **Who answered**: a master's own series have ` + "`master`" + ` (host:port), an agent's ` + "`agent`" + ` (host name) and ` + "`agent_id`" + `. Series of the cluster, of frameworks and of roles have neither: they go on when another master is elected.
- **Base units**: bytes, seconds, ratios from 0 to 1, CPUs and GPUs as they are counted. Mesos' MB are MiB: they are multiplied by 1,048,576.
- **Allocated is not used.** What Mesos calls used is what tasks were given; it is called allocated here. Used is always measured.
- **Counters**, and nothing else, end in ` + "`_total`" + `. They start at 0 with the process that counts: use ` + "`rate()`" + ` or ` + "`increase()`" + `. A counter Mesos shows only after its first event begins with a 0 at the poll before.
- **Absent is not zero.** A series has samples only where Mesos gave a number. A failed poll ends its series until the next one succeeds.
- **One spelling**: states, sources and reasons are lower case and say ` + "`agent`" + ` where keys say ` + "`slave`" + `.
- **Followers** are asked for what is about their own process only: on them Mesos' figures of the cluster are zeros that mean nothing.
- **Keys that are not in this list** become untyped series named after them with the key as a label (` + "`a/b_ms`" + `: ` + "`mesos_a_b_ms{key=\"a/b_ms\"}`" + `), because another key may come out with the same name.

"Also named" are the names by which [other tools](migration.md) ask for the numbers of a series; DC/OS' names of Mesos' keys are left out.

"Since" is the first Mesos release with the key, or with that part of /state or /roles, of those from 0.19.0 on. Older ones have no such series, or less of it: see [Mesos versions](guide.md#mesos-versions). Sources are paths in %s.
`

// Reference returns docs/metrics.md, as catalogue/gen writes it.
func Reference() string {
	c := loaded()
	var doc strings.Builder
	fmt.Fprintf(&doc, referenceHead, c.Mesos)
	doc.WriteString("\n")
	for _, g := range c.Groups {
		fmt.Fprintf(&doc, "- [%s](#%s)\n", g.Name, anchor(g.Name))
	}
	fmt.Fprintf(&doc, "- [Mesos keys](#mesos-keys)\n")

	for _, g := range c.Groups {
		// The order of metrics.json is by subject; c.series is by name.
		members := c.inOrder(g)
		shared := sharedLabels(members)
		fmt.Fprintf(&doc, "\n## %s\n\n%s\n", g.Name, g.Intro)
		if len(shared) > 0 {
			fmt.Fprintf(&doc, "\nLabels of every series here: %s.", codes(shared))
		}
		if g.Source != "" {
			fmt.Fprintf(&doc, "%sSource, where none is named: %s.", separator(len(shared) > 0), g.Source)
		}
		if len(shared) > 0 || g.Source != "" {
			doc.WriteString("\n")
		}
		rows := [][]string{{"Series", "Type", "Unit", "Labels", "What it says", "From", "Since", "Also named"}}
		for _, s := range members {
			own := slices.DeleteFunc(slices.Clone(s.Labels), func(l string) bool { return slices.Contains(shared, l) })
			rows = append(rows, []string{
				codes([]string{s.Name}), string(s.Type), string(s.Unit),
				codes(append(own, s.OpenLabels...)), s.Help, c.from(s, g), since(s.Since), alsoNamed(s.Name),
			})
		}
		table(&doc, rows)
	}

	doc.WriteString("\n## Mesos keys\n\nEvery key of `/metrics/snapshot` that is known, by its own name. `<...>` stands for a part that becomes a label.\n")
	for _, origin := range []Origin{Master, Agent} {
		fmt.Fprintf(&doc, "\n### Of %ss\n", origin)
		rows := [][]string{{"Key", "Series", "Since"}}
		entries := slices.Clone(c.patterns[origin].entries)
		slices.SortFunc(entries, func(a, b *entry) int { return strings.Compare(a.text, b.text) })
		for _, e := range entries {
			rows = append(rows, []string{codes([]string{e.text}), codes([]string{e.series.Name + matchers(e.fixed)}), since(e.since)})
		}
		table(&doc, rows)
	}
	return doc.String()
}

// alsoNamed returns the aliases that read a series alone, but for those that are a key's
// own name.
func alsoNamed(series string) string {
	var names []string
	for _, a := range loadedAliases().all {
		for _, p := range a.Parts {
			if len(p.Terms) > 1 || p.Terms[0].Series != series || a.mechanical {
				continue
			}
			name := a.Name
			if a.By != "" {
				name += matchers(map[string]string{a.By: p.Value})
			}
			names = append(names, name)
		}
	}
	return codes(names)
}

// table writes rows, of which the first is the heading, without empty columns.
func table(doc *strings.Builder, rows [][]string) {
	doc.WriteString("\n")
	for i, row := range rows {
		line, rule := "|", "|"
		for column, cell := range row {
			if !slices.ContainsFunc(rows[1:], func(r []string) bool { return r[column] != "" }) {
				continue
			}
			line += " " + cell + " |"
			rule += " --- |"
		}
		fmt.Fprintln(doc, line)
		if i == 0 {
			fmt.Fprintln(doc, rule)
		}
	}
}

// inOrder returns a group's series in the order of metrics.json.
func (c *catalog) inOrder(g group) []*Series {
	var members []*Series
	for _, s := range c.written {
		if s.Group == g.Name {
			members = append(members, s)
		}
	}
	return members
}

// from returns what a series is made from: keys, with their unit where it is
// another, or what answers; and the source where it is not the group's.
func (c *catalog) from(s *Series, g group) string {
	if len(s.Keys) == 0 {
		if s.Source == g.Source {
			return ""
		}
		return s.Source
	}
	unit := map[float64]string{1048576: " (MB)", 0.001: " (ms)"}
	var keys []string
	for _, p := range c.patterns {
		for _, e := range p.entries {
			if e.series == s {
				keys = append(keys, "`"+e.text+"`"+unit[e.factor])
			}
		}
	}
	text := strings.Join(keys, ", ")
	if s.Source != g.Source {
		text += "; " + s.Source
	}
	return text
}

func sharedLabels(members []*Series) []string {
	if len(members) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(members[0].Labels), func(label string) bool {
		return slices.ContainsFunc(members, func(s *Series) bool { return !slices.Contains(s.Labels, label) })
	})
}

func codes(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "`" + strings.Join(words, "`, `") + "`"
}

func matchers(fixed map[string]string) string {
	if len(fixed) == 0 {
		return ""
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(fixed)) {
		parts = append(parts, fmt.Sprintf("%s=%q", name, fixed[name]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func since(release string) string {
	if oldest, ok := strings.CutPrefix(release, "<="); ok {
		return oldest + " or before"
	}
	return release
}

func separator(follows bool) string {
	if follows {
		return " "
	}
	return "\n"
}

// anchor returns the fragment that GitHub gives a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, strings.ToLower(heading))
}
