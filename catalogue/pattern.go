package catalogue

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"community-mesos-datasource/pkg/series"
)

// This file parses the keys and patterns of metrics.json, matches keys of Mesos
// against them, and derives names from keys. In a pattern
//
//	<label>        is a part of a key that becomes that label's value: no slash in it
//	<label*>       may hold slashes (roles, principals: Mesos writes them as they are)
//	<label%>       is percent-encoded by Mesos (framework names), so never holds a slash
//	<label:a|b|c>  is one of those, and stands for a key each

// placeholder finds <label>, <label*>, <label%> and <label:a|b>.
var placeholder = regexp.MustCompile(`<([a-z_]+)([*%]?)(?::([^>]*))?>`)

// rootRole is the value of the label role where Mesos writes an empty name: the
// root that all roles are below. No role can be called so, since names neither
// begin nor end with a slash (src/common/roles.cpp).
const rootRole = "/"

// entry holds one key or pattern and the series that it maps to.
type entry struct {
	text   string // for people: placeholders by their names
	series *Series
	factor float64
	since  string
	fixed  map[string]string // labels of the key that are not in its text

	// A pattern with placeholders also has these; a plain key is text itself.
	prefix, suffix string   // what every match begins and ends with
	within         []string // and contains: cheaper to check than match
	match          *regexp.Regexp
	groups         []string // label per group of match
	encoded        []bool   // percent-encoded, per group
	literal        int      // characters that are not placeholders: the more, the more specific
}

// labelNames returns the labels of a match of the entry.
func (e *entry) labelNames() []string {
	return append(slices.Clone(e.groups), slices.Sorted(maps.Keys(e.fixed))...)
}

// parsePattern reads a pattern; a list of values makes an entry of each.
func parsePattern(pattern string) ([]*entry, error) {
	for _, at := range placeholder.FindAllStringSubmatchIndex(pattern, -1) {
		if at[6] < 0 {
			continue
		}
		label, values := pattern[at[2]:at[3]], strings.Split(pattern[at[6]:at[7]], "|")
		var all []*entry
		for _, value := range values {
			each, err := parsePattern(pattern[:at[0]] + value + pattern[at[1]:])
			if err != nil {
				return nil, err
			}
			for _, e := range each {
				if e.fixed == nil {
					e.fixed = map[string]string{}
				}
				e.fixed[label] = value
			}
			all = append(all, each...)
		}
		return all, nil
	}

	e := &entry{text: pattern}
	places := placeholder.FindAllStringSubmatchIndex(pattern, -1)
	if len(places) == 0 {
		if strings.ContainsAny(pattern, "<>{}") {
			return nil, fmt.Errorf("%q: a placeholder is <label>, <label*>, <label%%> or <label:a|b>", pattern)
		}
		return []*entry{e}, nil
	}
	var text, expr strings.Builder
	rest := 0
	for _, at := range places {
		label, kind := pattern[at[2]:at[3]], pattern[at[4]:at[5]]
		between := pattern[rest:at[0]]
		e.literal += len(between)
		text.WriteString(between + "<" + label + ">")
		expr.WriteString(regexp.QuoteMeta(between))
		if rest > 0 {
			e.within = append(e.within, between)
		}
		switch kind {
		case "*":
			expr.WriteString(`((?s:.*))`)
		case "%":
			expr.WriteString(`([^/]*)`)
		default:
			expr.WriteString(`([^/]+)`)
		}
		e.groups = append(e.groups, label)
		e.encoded = append(e.encoded, kind == "%")
		rest = at[1]
	}
	e.prefix, e.suffix = pattern[:places[0][0]], pattern[rest:]
	e.literal += len(e.suffix)
	e.text = text.String() + e.suffix
	// Groups are greedy, so that of several ways to read a key the one whose
	// last parts are shortest wins: it is read from the right.
	e.match = regexp.MustCompile(`\A` + expr.String() + regexp.QuoteMeta(e.suffix) + `\z`)
	return []*entry{e}, nil
}

// patterns holds the entries of one origin.
type patterns struct {
	entries []*entry
	keys    map[string]*entry // those without placeholders
	open    []*entry          // those with, the most specific first
}

// add enters e, and reports whether it is new.
func (p *patterns) add(e *entry) bool {
	if p.keys == nil {
		p.keys = map[string]*entry{}
	}
	if slices.ContainsFunc(p.entries, func(o *entry) bool { return o.text == e.text }) {
		return false
	}
	p.entries = append(p.entries, e)
	if e.match == nil {
		p.keys[e.text] = e
	} else {
		p.open = append(p.open, e)
	}
	return true
}

// sort puts the most specific patterns first: those with more characters of
// their own; then those with fewer placeholders.
func (p *patterns) sort() {
	slices.SortStableFunc(p.open, func(a, b *entry) int {
		if a.literal != b.literal {
			return b.literal - a.literal
		}
		return len(a.groups) - len(b.groups)
	})
}

// find returns the entry for a key, with the values of its groups.
func (p *patterns) find(key string) (*entry, []string) {
	if e, ok := p.keys[key]; ok {
		return e, nil
	}
	for _, e := range p.open {
		if e.mayMatch(key) {
			if m := e.match.FindStringSubmatch(key); m != nil {
				return e, m[1:]
			}
		}
	}
	return nil, nil
}

// mayMatch returns false for most keys that do not match.
func (e *entry) mayMatch(key string) bool {
	if !strings.HasPrefix(key, e.prefix) || !strings.HasSuffix(key, e.suffix) {
		return false
	}
	for _, part := range e.within {
		if !strings.Contains(key, part) {
			return false
		}
	}
	return true
}

// value returns a part of a key as the value of a label, and whether no other part
// becomes the same. Every part that Mesos writes is kept.
func (e *entry) value(group int, part string) (value string, kept bool) {
	kept = true
	switch e.groups[group] {
	case "state", "source", "reason":
		value = spelled(part)
		kept = unspelled(value) == part
		part = value
	case "role":
		kept = part != rootRole
		if part == "" {
			return rootRole, kept
		}
	}
	if e.encoded[group] {
		if decoded, err := url.PathUnescape(part); err == nil {
			part = decoded
		}
	}
	valid := strings.ToValidUTF8(part, "\uFFFD") // as label values must be
	return series.CutName(valid), kept && valid == part
}

// spelled returns the one spelling of words that Mesos' keys and responses write
// differently: lower case, and agent where the key says slave.
func spelled(words string) string {
	parts := strings.Split(strings.ToLower(words), "_")
	for i, part := range parts {
		switch part {
		case "slave":
			parts[i] = "agent"
		case "slaves":
			parts[i] = "agents"
		}
	}
	return strings.Join(parts, "_")
}

// unspelled returns words as Mesos' keys write them: slave where spelled says agent.
func unspelled(words string) string {
	parts := strings.Split(words, "_")
	for i, part := range parts {
		switch part {
		case "agent":
			parts[i] = "slave"
		case "agents":
			parts[i] = "slaves"
		}
	}
	return strings.Join(parts, "_")
}

// mechanical returns the default name of a key's series: mesos_,
// the key without its placeholders, the unit, _total for counters alone. Keys
// of agents that do not contain it get the prefix agent_.
func mechanical(origin Origin, key string, t Type, unit Unit) string {
	var parts []string
	for part := range strings.SplitSeq(key, "/") {
		bare := placeholder.ReplaceAllString(part, "")
		if bare != part && strings.Trim(bare, "._") == "" {
			continue
		}
		parts = append(parts, bare)
	}
	name := plainName(strings.Join(parts, "/"))
	if origin == Agent && !strings.HasPrefix(name, "mesos_agent_") {
		name = strings.Replace(name, "mesos_", "mesos_agent_", 1)
	}
	switch unit {
	case Seconds:
		name = strings.TrimSuffix(name, "_secs") + "_seconds"
	case Bytes:
		name = strings.TrimSuffix(name, "_bytes") + "_bytes"
	case BytesPS:
		name += "_bytes_per_second"
	}
	if t == Counter {
		name += "_total"
	} else if bare, ok := strings.CutSuffix(name, "_total"); ok {
		name = bare + "_all"
	}
	return name
}

// plainName returns a key as a name: mesos_, lower case, an underscore
// for every character a name cannot hold, agent for slave.
func plainName(key string) string {
	legal := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '_'
	}, key)
	name := "mesos_" + spelled(legal)
	if len(name) > series.MaxName { // with a hash, so that two stay two
		hash := "_" + series.Hash(name, 16)
		name = name[:series.MaxName-len(hash)] + hash
	}
	return name
}
