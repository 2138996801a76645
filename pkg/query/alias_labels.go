package query

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/promql"
)

// This file is about the labels of other tools: what stands for them on the series here, in
// conditions and on what is answered.

// The values of labels that no series here has and every scraped one has.
const (
	aliasJob   = "mesos"  // job
	aliasState = "leader" // state, which DC/OS adds to what a master tells of the cluster
)

// scrapeLabels are the labels that Prometheus, Grafana's mixin or DC/OS add to every series.
var scrapeLabels = []string{"job", "instance", "host", "mesos_cluster", "dcos_cluster_name", "slave"}

// A standing is what stands for a label of another tool.
type standing int

const (
	standsNone     standing = iota // nothing: no series here has the label
	standsLabel                    // a label here
	standsConstant                 // one value for all series
	standsUnknown                  // a value that these series cannot tell
)

// standsFor returns what stands for a label of an alias on a series. alias is nil for a
// series by its own name.
func standsFor(label string, s *catalogue.Series, alias *catalogue.Alias) (kind standing, text string) {
	if alias != nil && alias.Labels[label] != "" {
		return standsLabel, alias.Labels[label]
	}
	if hasLabel(*s, label) {
		return standsLabel, label
	}
	switch label {
	case "job":
		return standsConstant, aliasJob
	case "mesos_cluster", "dcos_cluster_name":
		return standsLabel, labelCluster
	case "instance", "host":
		for _, who := range []string{"master", "agent"} {
			if hasLabel(*s, who) {
				return standsLabel, who
			}
		}
		return standsUnknown, ""
	case "slave":
		if hasLabel(*s, "agent") {
			return standsLabel, "agent"
		}
	case labelState:
		if hasLabel(*s, "master") && !s.Process {
			return standsConstant, aliasState
		}
	}
	return standsNone, ""
}

// withAgentID adds agent_id to labels that are left out, where they say which agent
// it is as other tools do: agents have both here.
func (r *renamer) withAgentID(leftOut []string) []string {
	who := slices.ContainsFunc(leftOut, func(label string) bool { return label == "instance" || label == "host" || label == "slave" })
	if !who || slices.Contains(leftOut, "agent_id") {
		return leftOut
	}
	return append(slices.Clone(leftOut), "agent_id")
}

// matchersOf returns the conditions of a selector on a series here.
func (r *renamer) matchersOf(matchers []*labels.Matcher, alias *catalogue.Alias, s *catalogue.Series, byOther bool) []*labels.Matcher {
	from := alias
	if !byOther {
		from = nil
	}
	var all []*labels.Matcher
	for _, m := range matchers {
		switch {
		case m.Name == labels.MetricName && byOther:
			m = labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, s.Name)
		case m.Name == labels.MetricName:
		case byOther && m.Name == alias.By:
			continue // the part was chosen by it
		default:
			kind, text := standsFor(m.Name, s, from)
			switch {
			case kind == standsLabel && from != nil && from.Prefix[m.Name] != "":
				m = withoutPrefix(m, text, from.Prefix[m.Name])
			case kind == standsLabel:
				m = renamedMatcher(m, text, byOther)
			case kind == standsUnknown:
				if !m.Matches("") {
					r.notice("%s is left out: %s has no label that says which process answered.", writtenMatcher(m), s.Name)
					r.untold = append(r.untold, r.notices[len(r.notices)-1])
				}
				continue
			case kind == standsConstant && m.Name == "job":
				if !history.Exactly(m)(text) {
					r.notice("%s is left out: nothing is scraped here, and job is %q for all series.", writtenMatcher(m), text)
				}
				continue
			case kind == standsConstant && history.Exactly(m)(text):
				continue
			}
		}
		all = append(all, m)
	}
	return all
}

// renamedMatcher returns a condition on another label. Of other tools, sources and
// reasons say slave where those here say agent.
func renamedMatcher(m *labels.Matcher, label string, byOther bool) *labels.Matcher {
	spelled := m.Value
	if byOther && (label == "source" || label == "reason") {
		spelled = strings.ReplaceAll(spelled, "slave", "agent")
	}
	if spelled != m.Value {
		if own, err := promql.NewMatcher(m.Type, label, spelled); err == nil {
			return own
		}
	}
	if label == m.Name {
		return m
	}
	own := *m
	own.Name = label
	return &own
}

// taskStates are the values of labels whose values have a prefix elsewhere.
var taskStates = []string{
	"staging", "starting", "running", "killing", "unreachable",
	"finished", "failed", "killed", "lost", "error", "dropped", "gone", "gone_by_operator", "unknown",
}

// withoutPrefix returns a condition on the values here of a label that elsewhere begin
// with a prefix.
func withoutPrefix(m *labels.Matcher, label, prefix string) *labels.Matcher {
	holds := history.Exactly(m)
	var values []string
	for _, state := range taskStates {
		if holds(prefix + state) {
			values = append(values, state)
		}
	}
	if len(values) == len(taskStates) {
		return labels.MustNewMatcher(labels.MatchRegexp, label, ".*")
	}
	return labels.MustNewMatcher(labels.MatchRegexp, label, strings.Join(values, "|"))
}

// partLabels gives the series of a part the label that tells the parts apart, and takes
// from them the labels by which they were selected.
func (r *renamer) partLabels(e parser.Expr, alias *catalogue.Alias, part chosenPart, in scope, several bool) parser.Expr {
	for _, label := range slices.Sorted(maps.Keys(part.Terms[0].Match)) {
		if label != alias.By && !r.mentioned[label] && (several || in.exposed) {
			e = setLabel(e, label, "")
		}
	}
	if alias.By != "" && !part.alone && (several || in.exposed || r.mentioned[alias.By]) {
		e = setLabel(e, alias.By, part.Value)
	}
	return e
}

// relabel gives series the labels of another tool.
func (r *renamer) relabel(e parser.Expr, alias *catalogue.Alias, s *catalogue.Series, in scope, byOther bool) (parser.Expr, bool) {
	from := alias
	if !byOther {
		from = nil
	}
	names := slices.Sorted(maps.Keys(alias.Labels))
	for _, label := range append(slices.Clone(scrapeLabels), labelState) {
		if !slices.Contains(names, label) && label != alias.By {
			names = append(names, label)
		}
	}
	relabeled := false
	var replaced []string
	for _, label := range names {
		always := alias.Labels[label] != "" || label == "instance" && r.foreign && alias.Labels["slave"] == "" // of slave, it is a master's there
		if !r.mentioned[label] && !(always && in.exposed) {
			continue
		}
		switch kind, text := standsFor(label, s, from); {
		case kind == standsConstant:
			e, relabeled = setLabel(e, label, text), true
		case kind == standsLabel && text != label:
			relabeled = true
			if prefix := alias.Prefix[label]; prefix != "" {
				e = call("label_replace", e, label, prefix+"$1", text, "(.+)")
			} else {
				e = call("label_join", e, label, "", text)
			}
			if text != labelCluster && !r.mentioned[text] && !slices.Contains(replaced, text) {
				replaced = append(replaced, text)
			}
		}
	}
	for _, label := range replaced {
		e = setLabel(e, label, "")
	}
	return e, relabeled
}

// setLabel returns an expression whose series have a value of a label; "": not the label.
func setLabel(e parser.Expr, label, value string) parser.Expr {
	return call("label_replace", e, label, strings.ReplaceAll(value, "$", "$$"), "", "")
}

func call(name string, e parser.Expr, texts ...string) parser.Expr {
	args := parser.Expressions{e}
	for _, text := range texts {
		args = append(args, &parser.StringLiteral{Val: text})
	}
	return &parser.Call{Func: parser.Functions[name], Args: args}
}
