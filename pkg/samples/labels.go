package samples

import (
	"slices"
	"strconv"
	"strings"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file makes labels of names and values that an operator or a framework
// chose: attr_* of agents' attributes, label_* of tasks' labels. Characters that
// a label's name cannot have are replaced, and long values are cut.
const (
	maxChosen      = 20  // labels of one thing
	maxChosenBytes = 128 // of a value
)

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

// chosenLabels returns labels of names and values. Names that become the same are
// distinguished by _conflict1, _conflict2, ..., as kube-state-metrics does.
func chosenLabels(prefix string, chosen []pair) pairs {
	slices.SortFunc(chosen, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	if len(chosen) > maxChosen {
		chosen = chosen[:maxChosen]
	}
	same := make(map[string]int, len(chosen))
	for i := range chosen {
		chosen[i].name = prefix + labelCharacters(chosen[i].name)
		same[chosen[i].name]++
	}
	seen := map[string]int{}
	var out strings.Builder
	for _, c := range chosen {
		if same[c.name] > 1 {
			seen[c.name]++
			c.name += "_conflict" + strconv.Itoa(seen[c.name])
		}
		out.WriteString(c.name)
		out.WriteByte(0)
		out.WriteString(strings.ReplaceAll(series.Cut(c.value, maxChosenBytes), "\x00", "\uFFFD"))
		out.WriteByte(0)
	}
	return pairs(out.String())
}

// labelCharacters replaces the characters that a label's name cannot have.
func labelCharacters(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		default:
			return '_'
		}
	}, series.Cut(text, maxChosenBytes))
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
