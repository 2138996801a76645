package query

import (
	"context"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/tables"
)

// This file finds out which filters are the reason that a table, a graph or a list of events shows
// nothing to people, as empty.go does for series. Filters are looked at one by one.

// A look is one filter of an answer without anything.
type look struct {
	written string // framework="marathn"
	// passes reports whether something passes this filter alone.
	passes func(context.Context) (bool, error)
	// value is what known values are compared with; known is nil for a filter that is no equality with one value.
	value string
	known func(context.Context) ([]string, error)
}

// nothing returns that nothing passes the filter, with the value that was probably meant, or some that there are.
func (l look) nothing(ctx context.Context, subject string) string {
	text := fmt.Sprintf("No %s has %s", subject, l.written)
	if l.known == nil || l.value == "" || len(l.value) > maxName {
		return text + "."
	}
	values, err := l.known(ctx)
	if err != nil || len(values) == 0 {
		return text + "."
	}
	if near := display.Similar(l.value, values); near != "" {
		return fmt.Sprintf("%s: did you mean %q?", text, cut(near))
	}
	return fmt.Sprintf("%s. There are: %s.", text, shortList(values))
}

// whyNothing returns a sentence for each filter that nothing passes, or one about all of them; none where that is not
// known in time. subject is one of what is filtered, subjects are several.
func whyNothing(ctx context.Context, subject, subjects string, looks []look) []string {
	ctx, cancel := context.WithTimeout(ctx, emptyTimeout)
	defer cancel()
	var sentences, written []string
	for _, l := range looks[:min(len(looks), maxEmptyLookUps)] {
		passes, err := l.passes(ctx)
		if err != nil {
			return nil
		}
		if !passes {
			sentences = append(sentences, l.nothing(ctx, subject))
		}
		written = append(written, l.written)
	}
	switch {
	case len(sentences) > 0:
		return unique(sentences)
	case len(looks) < 2 || len(looks) > maxEmptyLookUps:
		return nil
	default:
		return []string{fmt.Sprintf("%s match each of %s, and none matches all of them.", subjects, shortList(written))}
	}
}

// noRows returns why a table has no rows.
func (src Source) noRows(ctx context.Context, p parsed, times stepRange, o Options) []string {
	t := tables.TableNamed(p.table.Table)
	conditions, _, err := tableConditions(t, p.table.Filters, p.AdhocFilters)
	if err != nil {
		return nil
	}
	read := func(ctx context.Context, sql string, limit int) (*tables.Result, error) {
		return src.rows(ctx, expansion{sql: sql, written: sql}, times, o, limit)
	}
	if all, err := read(ctx, "SELECT 1 FROM "+t.Name, 1); err != nil || all.Rows == 0 {
		if err != nil {
			return nil
		}
		return []string{fmt.Sprintf("The table %s has no rows, with or without filters.", t.Name)}
	}
	looks := make([]look, len(conditions))
	for i, c := range conditions {
		looks[i] = look{written: c.written, value: c.value, passes: func(ctx context.Context) (bool, error) {
			if len(conditions) == 1 { // it is what was asked
				return false, nil
			}
			found, err := read(ctx, "SELECT 1 FROM "+t.Name+" WHERE "+c.sql, 1)
			return err == nil && found.Rows > 0, err
		}}
		if c.of == nil || c.of.Type != tables.Text {
			continue
		}
		looks[i].known = func(ctx context.Context) ([]string, error) {
			found, err := read(ctx, fmt.Sprintf("SELECT DISTINCT %[1]s FROM %[2]s WHERE %[1]s != ''", c.of.sql, t.Name), maxSuggested)
			if err != nil {
				return nil, err
			}
			var values []string
			for _, text := range found.Columns[0].Texts {
				values = append(values, *text)
			}
			slices.Sort(values) // here, so that SQLite ends with the last that is read
			return values, nil
		}
	}
	return whyNothing(ctx, "row of "+t.Name, "Rows of "+t.Name, looks)
}

// notMeant returns a sentence for each filter of events whose value no event of the log has, where one that events have
// was probably meant. That nothing of the kind has happened is usual, and nothing to speak of.
func (r *eventsReader) notMeant(ctx context.Context) (sentences []string) {
	ctx, cancel := context.WithTimeout(ctx, emptyTimeout)
	defer cancel()
	for _, c := range r.filter.Where {
		if c.Not || c.Pattern || len(c.Values) != 1 || c.Values[0] == "" || len(c.Values[0]) > maxName {
			continue
		}
		has, err := r.src.Events.Values(ctx, events.Filter{Where: []events.Condition{c}}, c.Field, 1)
		if err != nil || len(has) > 0 {
			continue
		}
		known, err := r.src.Events.Values(ctx, events.Filter{}, c.Field, maxSuggested)
		if err != nil {
			continue
		}
		if near := display.Similar(c.Values[0], known); near != "" {
			sentences = append(sentences, fmt.Sprintf("No event of the log has %s=%q: did you mean %q?", c.Field, cut(c.Values[0]), cut(near)))
		}
	}
	return sentences
}

// noNodes returns why a graph has no nodes.
func (g *graph) noNodes(ctx context.Context) []string {
	looks := make([]look, len(g.filters))
	for i, m := range g.filters {
		var values []string // that there are
		looks[i] = look{written: writtenMatcher(m), value: m.Value, passes: func(ctx context.Context) (bool, error) {
			passes, seen := false, map[string]bool{}
			err := g.members(ctx, func(x topologyMember) bool {
				value := g.value(x, m.Name)
				if passes = m.Matches(value); passes {
					return false
				}
				if value != "" && !seen[value] && len(seen) < maxSuggested {
					seen[value] = true
					values = append(values, value)
				}
				return true
			})
			return passes, err
		}}
		if m.Type == labels.MatchEqual {
			looks[i].known = func(context.Context) ([]string, error) { return values, nil }
		}
	}
	return whyNothing(ctx, "node", "Nodes", looks)
}

// members calls visit for all that nodes may be of, until it returns false.
func (g *graph) members(ctx context.Context, visit func(topologyMember) bool) error {
	c := g.view.Cluster
	for _, f := range c.Frameworks {
		if f.Listed && !visit(topologyMember{framework: f}) {
			return nil
		}
	}
	for _, a := range c.Agents {
		if a.Listed && !visit(topologyMember{agent: a}) {
			return nil
		}
	}
	for i := range c.Executors {
		if e := &c.Executors[i]; !visit(topologyMember{agent: e.Agent, framework: e.Framework, role: e.Role}) {
			return nil
		}
	}
	tasks := c.Tasks()
	for i := range tasks {
		if i%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if !visit(memberOf(&tasks[i])) {
			return nil
		}
	}
	return nil
}
