package samples

import (
	"slices"
	"strings"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file makes labels of names and values that an operator or a framework
// chose: attr_* of agents' attributes, label_* of tasks' labels. Characters that
// a label's name cannot have are replaced, and long values are cut.

// MaxChosen is how many bytes such a name or value may have.
const MaxChosen = 128

// pairs are chosen labels as one text, so that they can be part of a map's
// key: name NUL value NUL ..., sorted by name.
type pairs string

// each calls add with every name and value.
func (p pairs) each(add func(name, value string)) {
	rest := string(p)
	for rest != "" {
		var name, value string
		name, rest, _ = strings.Cut(rest, "\x00")
		value, rest, _ = strings.Cut(rest, "\x00")
		add(name, value)
	}
}

type pair struct{ name, value string }

// chosenLabels returns labels of names and values.
func chosenLabels(prefix string, chosen []pair) pairs {
	slices.SortFunc(chosen, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	if len(chosen) > series.MaxLabels { // of an agent: settings name no more for tasks
		chosen = chosen[:series.MaxLabels]
	}
	var out strings.Builder
	names := make([]string, 0, len(chosen))
	for _, c := range chosen {
		name := prefix + labelName(c.name)
		if slices.Contains(names, name) {
			continue // the same key twice, or two of one hash: a label is there once
		}
		names = append(names, name)
		out.WriteString(name)
		out.WriteByte(0)
		out.WriteString(strings.ReplaceAll(series.Cut(c.value, MaxChosen), "\x00", "\uFFFD"))
		out.WriteByte(0)
	}
	return pairs(out.String())
}

const (
	hashMark   = "_x"
	hashDigits = 8
)

// labelName returns a key as the name of a label. It depends on nothing but the
// key, so that a key has one name on all agents and tasks, whatever other keys they
// have: one that cannot be a name as it is ends in _x and a hash of the key, because
// another could become the same (my.key, my-key and my_key).
func labelName(key string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		default:
			return '_'
		}
	}, series.Cut(key, MaxChosen))
	if name == key && !endsInHash(key) {
		return name
	}
	suffix := hashMark + series.Hash(key, hashDigits)
	return name[:min(len(name), MaxChosen-len(suffix))] + suffix
}

// endsInHash reports whether a key ends in what labelName appends.
func endsInHash(key string) bool {
	mark := len(key) - hashDigits - len(hashMark)
	return mark >= 0 && key[mark:mark+len(hashMark)] == hashMark &&
		strings.Trim(key[mark+len(hashMark):], "0123456789abcdef") == ""
}

func attributeLabels(attributes map[string]mesos.Attribute) pairs {
	if len(attributes) == 0 {
		return ""
	}
	chosen := make([]pair, 0, len(attributes))
	for name, value := range attributes {
		chosen = append(chosen, pair{name, string(value)})
	}
	return chosenLabels("attr_", chosen)
}

// taskLabels returns the labels of a task that the settings name. Of a key that
// a task has twice, the first counts.
func taskLabels(labels []mesos.Label, wanted []string) pairs {
	if len(labels) == 0 || len(wanted) == 0 {
		return ""
	}
	var chosen []pair
	for _, name := range wanted {
		if i := slices.IndexFunc(labels, func(l mesos.Label) bool { return l.Key == name }); i >= 0 {
			chosen = append(chosen, pair{name, labels[i].Value})
		}
	}
	return chosenLabels("label_", chosen)
}

// AttributeLabels calls yield with the name and value of each label that an agent's
// attributes become: attr_rack.
func AttributeLabels(attributes map[string]mesos.Attribute, yield func(name, value string)) {
	attributeLabels(attributes).each(yield)
}
