package query

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/promql"
)

// This file looks up labels and their values for selectors with names of other tools
// (alias.go), which dashboards' variables have.

// An aliasLookUp is a look-up here that answers a part of one with names of other tools.
type aliasLookUp struct {
	matchers []*labels.Matcher
	label    string
	constant string // the value where series match, in place of the label's
	prefix   string // of values
	// added and replaced are the names of labels that the series have there and here.
	added, replaced []string
}

// aliasLookUps returns the look-ups for a label of selectors; "" for the names of
// labels. foreign reports whether something of another tool is in it: else it is looked up as
// it is. Errors are *InvalidError.
func aliasLookUps(label string, selectors [][]*labels.Matcher) (found []aliasLookUp, foreign bool, err error) {
	if len(selectors) == 0 {
		selectors = [][]*labels.Matcher{nil}
	}
	for _, matchers := range selectors {
		some, ofOther, err := aliasLookUpsOf(label, matchers)
		if err != nil {
			return nil, true, err
		}
		foreign = foreign || ofOther
		if !ofOther {
			some = []aliasLookUp{{matchers: matchers, label: label}}
		}
		found = append(found, some...)
	}
	return found, foreign, nil
}

func aliasLookUpsOf(label string, matchers []*labels.Matcher) (found []aliasLookUp, foreign bool, err error) {
	if names := namesToLookUp(label, matchers); len(names) > 0 {
		for _, name := range names {
			one := withName(matchers, name)
			some, ofOther, err := aliasLookUpsOf(label, one)
			if err != nil {
				return nil, true, err
			}
			if !ofOther {
				some = []aliasLookUp{{matchers: one, label: label}}
			}
			found = append(found, some...)
		}
		return found, true, nil
	}
	alias, own := aliasOf(matchers)
	isScraped := func(name string) bool { return slices.Contains(scrapeLabels, name) }
	scraped := isScraped(label) || slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return isScraped(m.Name) })
	switch {
	case alias == nil && !scraped:
		return nil, false, nil
	case alias == nil && own == nil:
		return lookUpsWithoutName(label, matchers), true, nil
	case alias == nil:
		alias = &catalogue.Alias{Parts: []catalogue.AliasPart{{Terms: []catalogue.AliasTerm{{Series: own.Name}}}}}
	case alias.Instead != "":
		return nil, true, bad("match", "%s", notAnswered(alias))
	}
	parts := chosenParts(alias, matchers, label == alias.By)
	if len(parts) == 0 {
		return nil, true, bad("match", "%s", noPart(alias, matchers))
	}
	from := alias
	if own != nil {
		from = nil
	}
	var r renamer
	for _, part := range parts {
		term := part.Terms[len(part.Terms)-1] // a difference needs both
		s, _ := catalogue.Lookup(term.Series)
		one := aliasLookUp{label: label, matchers: r.matchersOf(matchers, alias, s, own == nil)}
		for name, value := range term.Match {
			one.matchers = append(one.matchers, labels.MustNewMatcher(labels.MatchEqual, name, value))
			one.replaced = append(one.replaced, name)
		}
		switch kind, text := standsFor(label, s, from); {
		case label == labels.MetricName && own == nil:
			one.constant = alias.Name
		case label != "" && label == alias.By:
			one.constant = part.Value
		case kind == standsConstant:
			one.constant = text
		case kind == standsLabel:
			one.label, one.prefix = text, alias.Prefix[label]
		}
		for there, here := range alias.Labels {
			one.added, one.replaced = append(one.added, there), append(one.replaced, here)
		}
		if own == nil && alias.By != "" {
			one.added = append(one.added, alias.By)
		}
		if kind, text := standsFor("instance", s, from); kind == standsLabel {
			one.added = append(one.added, "instance")
			if own == nil {
				one.replaced = append(one.replaced, text)
			}
		}
		one.added = append(one.added, "job")
		found = append(found, one)
	}
	return found, true, nil
}

// namesToLookUp returns the names of other tools, and those here that are listed with
// them, that a selector chooses by a list or a pattern. withAliasNames has the names that a
// pattern fits.
func namesToLookUp(label string, matchers []*labels.Matcher) []string {
	if _, open := promql.MetricNames(&parser.VectorSelector{LabelMatchers: matchers}); open && label == labels.MetricName {
		return nil
	}
	return namingOf(matchers).names
}

// lookUpsWithoutName returns the look-ups for a selector without a name: of what a master
// tells and of what is of an agent.
func lookUpsWithoutName(label string, matchers []*labels.Matcher) (found []aliasLookUp) {
	var r renamer
	for _, like := range []string{"mesos_master_elected", "mesos_agent_state"} {
		s, _ := catalogue.Lookup(like)
		one := aliasLookUp{label: label}
		for _, m := range matchers {
			if slices.Contains(scrapeLabels, m.Name) {
				one.matchers = append(one.matchers, r.matchersOf([]*labels.Matcher{m}, &catalogue.Alias{}, s, false)...)
			} else {
				one.matchers = append(one.matchers, m)
			}
		}
		if slices.Contains(scrapeLabels, label) {
			switch kind, text := standsFor(label, s, nil); kind {
			case standsConstant:
				one.constant = text
			case standsLabel:
				one.label = text
			default:
				continue
			}
		}
		found = append(found, one)
	}
	return found
}

// aliasValues lists the values of a label for selectors with names of other tools.
func (s Source) aliasValues(ctx context.Context, in promql.LookUp, found []aliasLookUp) (promql.Listing, error) {
	var all promql.Listing
	search := strings.ToLower(in.Search)
	for _, one := range found {
		ask, label := in, one.label
		ask.Match = nil
		if len(one.matchers) > 0 {
			ask.Match = [][]*labels.Matcher{one.matchers}
		}
		if one.constant != "" {
			ask.Search, ask.Limit, ask.Count, label = "", 1, false, labels.MetricName
		}
		listing, err := s.Engine.LabelValues(ctx, label, ask)
		if err != nil {
			return promql.Listing{}, err
		}
		values := listing.Values
		switch {
		case one.constant != "" && len(values) > 0 && strings.Contains(strings.ToLower(one.constant), search):
			values = []string{one.constant}
		case one.constant != "":
			values = nil
		default:
			all.More = all.More || listing.More
			for i, value := range values {
				values[i] = one.prefix + value
			}
		}
		all.Values = append(all.Values, values...)
		all.Warnings = append(all.Warnings, listing.Warnings...)
	}
	return atMost(all, in.Limit), nil
}

// aliasNames lists the names of labels for selectors with names of other tools.
func (s Source) aliasNames(ctx context.Context, in promql.LookUp, found []aliasLookUp) (promql.Listing, error) {
	var all promql.Listing
	search := strings.ToLower(in.Search)
	for _, one := range found {
		ask := in
		ask.Search, ask.Match = "", nil
		if len(one.matchers) > 0 {
			ask.Match = [][]*labels.Matcher{one.matchers}
		}
		listing, err := s.Engine.LabelNames(ctx, ask)
		if err != nil {
			return promql.Listing{}, err
		}
		all.More = all.More || listing.More
		all.Warnings = append(all.Warnings, listing.Warnings...)
		names := slices.DeleteFunc(listing.Values, func(name string) bool { return slices.Contains(one.replaced, name) })
		if len(names) > 0 {
			names = append(names, one.added...)
		}
		all.Values = append(all.Values, slices.DeleteFunc(names, func(name string) bool { return !strings.Contains(strings.ToLower(name), search) })...)
	}
	return atMost(all, in.Limit), nil
}

// atMost returns a listing with each value once, in order, and at most limit of them.
func atMost(all promql.Listing, limit int) promql.Listing {
	all.Values, all.Warnings = unique(all.Values), unique(all.Warnings)
	slices.Sort(all.Values)
	all.Total = 0
	if !all.More {
		all.Total = len(all.Values)
	}
	if limit > 0 && len(all.Values) > limit {
		all.Values, all.More = all.Values[:limit], true
	}
	return all
}

// withAliasNames adds to a list of names of series those of other tools that are asked
// for, where no name here is: by a pattern of a variable, or by a search.
func (s Source) withAliasNames(ctx context.Context, store storage.Queryable, asked promql.LookUp, listing promql.Listing) (promql.Listing, error) {
	var holds []func(string) bool
	for _, matchers := range asked.Match {
		for _, m := range matchers {
			if m.Name == labels.MetricName {
				holds = append(holds, history.Exactly(m))
			} else if !m.Matches("") {
				return listing, nil // a condition on labels here
			}
		}
	}
	if len(listing.Values) > 0 || len(asked.Match) > 1 || len(holds) == 0 && asked.Search == "" {
		return listing, nil
	}
	there, err := s.Engine.LabelValues(ctx, labels.MetricName, promql.LookUp{Store: store, Start: asked.Start, End: asked.End, Limit: MaxLabelValues})
	if err != nil {
		return listing, err
	}
	search := strings.ToLower(asked.Search)
	for _, alias := range catalogue.Aliases() {
		matches := strings.Contains(alias.Name, search) && !slices.ContainsFunc(holds, func(hold func(string) bool) bool { return !hold(alias.Name) })
		if matches && slices.ContainsFunc(alias.Parts, func(p catalogue.AliasPart) bool { return slices.Contains(there.Values, p.Terms[0].Series) }) {
			listing.Values = append(listing.Values, alias.Name)
		}
	}
	return atMost(listing, asked.Limit), nil
}

// isOfAliases reports whether a label of a selector is one of another tool's.
func isOfAliases(label string, selector []matcher) bool {
	if slices.Contains(scrapeLabels, label) {
		return true
	}
	all, err := compiled(selector)
	return err == nil && slices.ContainsFunc(aliasesOf(all), func(alias *catalogue.Alias) bool {
		return label == labels.MetricName || label == alias.By || alias.Labels[label] != "" || label == labelState
	})
}

// hereOf returns the label and the conditions here that stand for those of a selector.
func hereOf(label string, selector []matcher) (string, []matcher) {
	all, err := compiled(selector)
	if err != nil {
		return label, selector
	}
	found, foreign, err := aliasLookUps(label, [][]*labels.Matcher{all})
	if err != nil || !foreign || len(found) == 0 {
		return label, selector
	}
	here := make([]matcher, len(found[0].matchers))
	for i, m := range found[0].matchers {
		here[i] = matcher{m.Name, m.Type, m.Value}
	}
	return found[0].label, here
}
