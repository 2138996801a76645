package query

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// This file finds out why an answer for people has no series. It looks at the labels
// of the selectors that the query was made of, and at no samples.

const (
	// maxEmptySelectors is how many selectors of an expression are looked at, and
	// maxEmptyLookUps how many look-ups are made for them.
	maxEmptySelectors = 4
	maxEmptyLookUps   = 25
	// maxEmptyExpr is the longest expression that is parsed once more for it: a longer
	// one holds lists of thousands of values.
	maxEmptyExpr = 256 << 10
	// maxSuggested is how many values of a label are compared with one that no series has.
	maxSuggested = 1000
	// emptyTimeout is how long an answer without series may wait for its reasons.
	emptyTimeout = time.Second
)

// An emptiness looks for the reasons of one empty answer.
type emptiness struct {
	src    Source
	store  storage.Queryable
	status collector.Status
	// from and to bound the time that the answer depends on.
	from, to time.Time
	measured bool // the query is about measured use, and has notices about it
	lookUps  int
	silent   bool // another notice says why a selector matches nothing
	failed   bool // a look-up failed, so that it is not known
}

// whyEmpty returns notices about why a query has no series; none where other notices
// say so already.
func (src Source) whyEmpty(ctx context.Context, b built, request promql.Request) []data.Notice {
	if len(b.doubts) > 0 || request.Start.After(request.End) || len(b.expr) > maxEmptyExpr {
		return nil
	}
	parsed, err := promql.ParseExpr(b.expr)
	if err != nil {
		return nil // it was evaluated: only a list that is too long is refused here
	}
	e := emptiness{
		src: src, store: request.Store, status: src.Status(),
		measured: b.plan.measured,
		from:     request.Start.Add(-max(b.reads.reach, 0) - request.Lookback), to: request.End,
	}
	return infos(e.ofExpression(ctx, parsed))
}

func infos(texts []string) []data.Notice {
	var all []data.Notice
	for _, text := range texts {
		all = append(all, info("%s", text))
	}
	return all
}

// ofExpression returns a sentence for each selector that matches nothing, or one about
// the expression where all match something.
func (e *emptiness) ofExpression(ctx context.Context, parsed parser.Expr) (sentences []string) {
	if !e.collected() {
		return nil // a notice says what there is
	}
	ctx, cancel := context.WithTimeout(ctx, emptyTimeout)
	defer cancel()
	seen := map[string]bool{}
	compares, moved := false, false
	parser.Inspect(parsed, func(node parser.Node, path []parser.Node) error {
		switch n := node.(type) {
		case *parser.BinaryExpr:
			compares = compares || n.Op.IsComparisonOperator() && !n.ReturnBool && !isDivisor(n, path)
		case *parser.VectorSelector:
			moved = moved || n.Timestamp != nil || n.OriginalOffset < 0
			text := commaList(matchersOf(n))
			if n.OriginalOffset > 0 {
				text += " offset " + n.OriginalOffset.String()
			}
			if len(seen) < maxEmptySelectors && !seen[text] && n.Timestamp == nil && n.OriginalOffset >= 0 {
				seen[text] = true
				if sentence := e.ofSelector(ctx, n); sentence != "" {
					sentences = append(sentences, sentence)
				}
			}
		}
		return nil
	})
	if len(sentences) > 0 || compares || moved || e.silent || e.failed || len(seen) == 0 || e.lookUps > maxEmptyLookUps {
		return unique(sentences)
	}
	return []string{"The series that the query reads exist in the time range, and its expression gives no value of them: the samples are too few (a rate, an increase or a forecast needs two), nothing matches on both sides of an operation, or a divisor is 0."}
}

// isDivisor reports whether a comparison is the `> 0` that keeps a divisor from being 0.
func isDivisor(n *parser.BinaryExpr, path []parser.Node) bool {
	if zero, ok := n.RHS.(*parser.NumberLiteral); !ok || n.Op != parser.GTR || zero.Val != 0 {
		return false
	}
	for _, around := range slices.Backward(path) {
		if _, ok := around.(*parser.ParenExpr); !ok {
			division, ok := around.(*parser.BinaryExpr)
			return ok && division.Op == parser.DIV
		}
	}
	return false
}

func matchersOf(selector *parser.VectorSelector) []matcher {
	all := make([]matcher, len(selector.LabelMatchers))
	for i, m := range selector.LabelMatchers {
		all[i] = matcher{m.Name, m.Type, m.Value}
	}
	return all
}

// collected reports whether history reaches into the time that the answer depends on.
func (e *emptiness) collected() bool {
	stats := e.src.Store.Stats()
	return !stats.Start.IsZero() && (stats.StartsBefore || !e.to.Before(stats.Start))
}

// exists reports whether series match. After too many look-ups, and where one fails,
// all do: nothing is said then.
func (e *emptiness) exists(ctx context.Context, from, to time.Time, matchers ...*labels.Matcher) bool {
	if e.lookUps++; e.lookUps > maxEmptyLookUps {
		return true
	}
	found, err := e.src.Engine.LabelValues(ctx, labels.MetricName, promql.LookUp{
		Store: e.store, Start: from, End: to, Match: [][]*labels.Matcher{matchers}, Limit: 1,
	})
	e.failed = e.failed || err != nil
	return err != nil || len(found.Values) > 0
}

func (e *emptiness) inRange(ctx context.Context, matchers ...*labels.Matcher) bool {
	return e.exists(ctx, e.from, e.to, matchers...)
}

// ofSelector returns why a selector matches nothing; "" where it matches something.
func (e *emptiness) ofSelector(ctx context.Context, selector *parser.VectorSelector) string {
	if until, stats := e.to.Add(-selector.OriginalOffset), e.src.Store.Stats(); selector.OriginalOffset > 0 && !stats.StartsBefore && until.Before(stats.Start) {
		return fmt.Sprintf("With its offset the query reads samples until %s, and history begins at %s: what was before is not known.", display.Time(until), display.Time(stats.Start))
	}
	matchers := selector.LabelMatchers
	if e.inRange(ctx, matchers...) {
		return ""
	}
	var named, others []*labels.Matcher
	for _, m := range matchers {
		if m.Name == labels.MetricName {
			named = append(named, m)
		} else {
			others = append(others, m)
		}
	}
	subject := "series"
	if names, pattern := promql.MetricNames(selector); len(names) == 1 && !pattern {
		subject = names[0]
	}
	if len(named) > 0 && !e.inRange(ctx, named...) {
		switch {
		case e.told(subject):
			e.silent = true
			return ""
		case subject == "series":
			return fmt.Sprintf("No series has a name like %s in the time range.", writtenMatcher(named[0]))
		case e.exists(ctx, time.Time{}, time.Time{}, named...):
			return fmt.Sprintf("%s has no samples in the time range%s.", subject, e.because(ctx, subject))
		default:
			return e.ofName(ctx, subject)
		}
	}
	var unmatched []string
	for _, m := range others {
		if !e.inRange(ctx, append(slices.Clone(named), m)...) {
			unmatched = append(unmatched, e.ofMatcher(ctx, subject, named, m))
		}
	}
	switch {
	case len(unmatched) > 0:
		return strings.Join(unmatched, " ")
	case e.lookUps > maxEmptyLookUps || e.failed:
		return ""
	default:
		return fmt.Sprintf("%s match each of %s in the time range, and none matches all of them.", plural(subject), shortList(writtenMatchers(others)))
	}
}

// plural returns the subject of a sentence about several series.
func plural(subject string) string {
	if subject == "series" {
		return "Series"
	}
	return "Series " + subject
}

func writtenMatchers(matchers []*labels.Matcher) []string {
	texts := make([]string, len(matchers))
	for i, m := range matchers {
		texts[i] = writtenMatcher(m)
	}
	return texts
}

// ofMatcher returns the sentence about a matcher that no series of a name passes, with
// the value that was probably meant, or some that there are.
func (e *emptiness) ofMatcher(ctx context.Context, subject string, named []*labels.Matcher, m *labels.Matcher) string {
	text := fmt.Sprintf("No %s has %s in the time range", subject, writtenMatcher(m))
	if subject != "series" {
		text = fmt.Sprintf("No series %s has %s in the time range", subject, writtenMatcher(m))
	}
	if why := e.ofState(subject, m); why != "" {
		return text + why + "."
	}
	if m.Matches("") {
		return text + "."
	}
	in := promql.LookUp{Store: e.store, Start: e.from, End: e.to, Limit: maxSuggested}
	if len(named) > 0 {
		in.Match = [][]*labels.Matcher{named}
	}
	if e.lookUps++; e.lookUps > maxEmptyLookUps {
		return text + "."
	}
	values, err := e.src.Engine.LabelValues(ctx, m.Name, in)
	switch {
	case err != nil:
		return text + "."
	case len(values.Values) == 0:
		if hashed := e.hashed(ctx, m.Name, in); len(hashed) > 0 {
			return fmt.Sprintf("%s: none has the label %q. Of a key with other characters the label ends in a hash: %s.", text, cut(m.Name), shortList(hashed))
		}
		return fmt.Sprintf("%s: none has the label %q%s.", text, cut(m.Name), e.likeLabel(ctx, m.Name, in))
	case m.Type == labels.MatchEqual && len(m.Value) <= maxName:
		if near := display.Similar(m.Value, values.Values); near != "" {
			return fmt.Sprintf("%s: did you mean %q?", text, cut(near))
		}
	}
	return fmt.Sprintf("%s. There are: %s.", text, shortList(values.Values))
}

// likeLabel returns the label of series that another one may stand for, as likeLabel does.
func (e *emptiness) likeLabel(ctx context.Context, label string, in promql.LookUp) string {
	if e.lookUps++; e.lookUps > maxEmptyLookUps {
		return ""
	}
	names, err := e.src.Engine.LabelNames(ctx, in)
	if err != nil {
		return ""
	}
	return likeLabel(label, names.Values)
}

// hashed returns the labels of attributes' and tasks' keys that a user takes for
// label, because other characters in them were replaced: my.key has
// label_my_key_xf3f510ae (package samples).
func (e *emptiness) hashed(ctx context.Context, label string, in promql.LookUp) []string {
	if !strings.HasPrefix(label, "label_") && !strings.HasPrefix(label, "attr_") {
		return nil
	}
	if e.lookUps++; e.lookUps > maxEmptyLookUps {
		return nil
	}
	in.Search = label + "_x"
	names, err := e.src.Engine.LabelNames(ctx, in)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(names.Values, func(name string) bool { return !strings.HasPrefix(name, in.Search) })
}

// told reports whether other notices say why there is no series with a name.
func (e *emptiness) told(name string) bool {
	return isOfTasks(name) && !e.status.TaskSeries && e.status.TaskSeriesWhy != "" || e.measured && !e.agentsAsked()
}

func (e *emptiness) agentsAsked() bool {
	return slices.ContainsFunc(e.status.Polls, func(p collector.PollStatus) bool { return p.Poll == series.PollAgents })
}

// ofName returns why there never was a series with a name.
func (e *emptiness) ofName(ctx context.Context, name string) string {
	if _, known := catalogue.Lookup(name); known {
		return fmt.Sprintf("No poll has brought %s%s.", name, e.because(ctx, name))
	}
	return fmt.Sprintf("No series is called %s%s.", cut(name), similar(cut(name)))
}

// because returns the reason why a series of the catalogue may be missing, with what
// separates it from the sentence before; "" for none that is known.
func (e *emptiness) because(ctx context.Context, name string) string {
	known, ok := catalogue.Lookup(name)
	if !ok {
		return ""
	}
	switch {
	case known.Poll == series.PollAgents && !e.agentsAsked():
		return ": it comes from the agents, which are queried only where the setting agentStatistics is on"
	case catalogue.Older(e.status.Version, known.Since):
		return fmt.Sprintf(": %s, which is since %s", e.untold("it"), known.Since)
	case known.Resource != "" && addedUp[known.Measure] && catalogue.Older(e.status.Version, "0.23.0"):
		return fmt.Sprintf(": Mesos %s does not tell it itself, and what frameworks list does not add up to it", cut(e.status.Version))
	case strings.HasPrefix(known.Measure, "quota_"):
		return ": no role has a quota of this resource, or the master does not tell"
	case known.Resource == string(ResourceGPUs):
		return ": no agent has GPUs"
	case known.Poll == series.PollModel && known.Type == catalogue.Counter:
		return ": nothing of the kind has happened since collection began"
	case e.leftOut(known.Poll):
		return "" // a warning says what
	case (known.Poll == series.PollState || known.Poll == series.PollModel) && slices.Contains([]Entity{EntityAgent, EntityFramework, EntityRole, EntityTask, EntityExecutor}, Entity(known.Entity)):
		if e.any(ctx, Entity(known.Entity)) {
			return ": the master does not report it"
		}
		return fmt.Sprintf(": there was no %s, or the master does not report it", known.Entity)
	case known.Poll == series.PollSnapshot && e.answers(series.PollSnapshot) && (known.Since == "" || strings.HasPrefix(known.Since, "<=")):
		return ": the leader's /metrics/snapshot does not have it"
	case known.Since != "" && !strings.HasPrefix(known.Since, "<="):
		return fmt.Sprintf(": Mesos has it since %s, and nothing of the kind was there to be counted, or the master does not tell", known.Since)
	default:
		return ""
	}
}

// leftOut reports whether values of a kind of poll were left out in the time range.
func (e *emptiness) leftOut(poll series.Poll) bool {
	if poll == series.PollModel {
		poll = series.PollState
	}
	return slices.ContainsFunc(e.status.LeftOut, func(l samples.LeftOut) bool { return l.Poll == poll && l.Between(e.from, e.to) })
}

// addedUp are the measures that are added up from what frameworks list where the master
// does not tell them.
var addedUp = map[string]bool{"allocated": true, "offered": true}

// answers reports whether the latest poll of a kind succeeded.
func (e *emptiness) answers(poll series.Poll) bool {
	return slices.ContainsFunc(e.status.Polls, func(p collector.PollStatus) bool {
		return p.Poll == poll && p.Err == nil && !p.LastSuccess.IsZero()
	})
}

// untold returns that the master's version does not tell something.
func (e *emptiness) untold(what string) string {
	return fmt.Sprintf("Mesos %s does not tell %s", cut(e.status.Version), what)
}

// anyOf are series that each entity of a kind has, whatever version the master is.
var anyOf = map[Entity]string{
	EntityAgent: "mesos_agent_info", EntityFramework: "mesos_framework_info", EntityRole: "mesos_role_cpus_allocated",
	EntityTask: "mesos_task_state", EntityExecutor: "mesos_executor_cpus_allocated",
}

// any reports whether there was an entity of a kind in the time range.
func (e *emptiness) any(ctx context.Context, entity Entity) bool {
	return e.inRange(ctx, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, anyOf[entity])) && !e.failed && e.lookUps <= maxEmptyLookUps
}

// statesSince are the states that not every version of Mesos tells, by series.
var statesSince = map[string]map[string]string{
	"mesos_cluster_agents": {"unreachable": "1.2.0", "recovered": "1.2.0", "deactivated": "1.9.0", "draining": "1.9.0", "drained": "1.9.0"},
	"mesos_agent_state":    {"deactivated": "1.9.0", "draining": "1.9.0", "drained": "1.9.0"},
}

// tasksSince are the states of tasks that not every version tells.
var tasksSince = map[string]string{"killing": "0.28.0", "unreachable": "1.2.0"}

// endedSince are the states of ended tasks that not every master counts.
var endedSince = map[string]string{"error": "0.22.0", "dropped": "1.1.0", "gone": "1.1.0", "gone_by_operator": "1.1.0"}

// labelsSince are the labels that not every version tells.
var labelsSince = map[string]string{"version": "0.26.0", "region": "1.5.0", "zone": "1.5.0"}

// ofState returns a sentence where the master's version does not tell the state that a
// matcher selects; "" elsewhere.
func (e *emptiness) ofState(name string, m *labels.Matcher) string {
	if m.Name != "state" || m.Type != labels.MatchEqual {
		return ""
	}
	since := statesSince[name][m.Value]
	if strings.HasSuffix(name, "_tasks") || name == "mesos_task_state" {
		since = tasksSince[m.Value]
	}
	if name == "mesos_cluster_tasks_ended_total" {
		since = endedSince[m.Value]
	}
	if since == "" || !catalogue.Older(e.status.Version, since) {
		return ""
	}
	return fmt.Sprintf(": %s, which is since %s", e.untold("this state"), since)
}

// emptyList returns what looks for the reasons of an empty list.
func (src Source) emptyList(store storage.Queryable, from, to time.Time) *emptiness {
	return &emptiness{src: src, store: store, status: src.Status(), from: from, to: to}
}

// ofMatchers returns why matchers match nothing; nil where they match something.
func (e *emptiness) ofMatchers(ctx context.Context, matchers []matcher) []string {
	if len(matchers) == 0 || !e.collected() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, emptyTimeout)
	defer cancel()
	all, err := compiled(matchers)
	if err != nil {
		return nil
	}
	if sentence := e.ofSelector(ctx, &parser.VectorSelector{LabelMatchers: all}); sentence != "" {
		return []string{sentence}
	}
	return nil
}

// ofLabel returns why the series that match have no value of a label.
func (e *emptiness) ofLabel(ctx context.Context, label string, matchers []matcher) []string {
	if !e.collected() {
		return nil
	}
	if sentences := e.ofMatchers(ctx, matchers); sentences != nil {
		return sentences
	}
	in := promql.LookUp{Store: e.store, Start: e.from, End: e.to, Limit: maxSuggested}
	which := "No series"
	if len(matchers) > 0 {
		all, err := compiled(matchers)
		if err != nil {
			return nil
		}
		in.Match, which = [][]*labels.Matcher{all}, "No series that "+cut(braces(matchers))+" matches"
	}
	names, err := e.src.Engine.LabelNames(ctx, in)
	if err != nil || slices.Contains(names.Values, label) {
		return nil
	}
	text := fmt.Sprintf("%s has the label %q in the time range", which, label)
	if near := display.Similar(label, names.Values); near != "" {
		return []string{fmt.Sprintf("%s: did you mean %q?", text, near)}
	}
	return []string{fmt.Sprintf("%s. There are: %s.", text, shortList(names.Values))}
}
