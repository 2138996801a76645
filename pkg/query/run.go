package query

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/series"
	"community-mesos-datasource/pkg/tables"
)

// Engine evaluates PromQL, looks up labels, and admits other reads; *promql.Engine is one.
type Engine interface {
	Instant(context.Context, promql.Request) (promql.Result, error)
	Range(context.Context, promql.Request) (promql.Result, error)
	LabelNames(context.Context, promql.LookUp) (promql.Listing, error)
	LabelValues(ctx context.Context, label string, l promql.LookUp) (promql.Listing, error)
	Series(ctx context.Context, l promql.LookUp, yield func(labels.Labels)) error
	Read(ctx context.Context, r promql.Reading, read func(context.Context) error) error
}

// Source holds what queries are answered from.
type Source struct {
	Engine Engine
	Store  history.Store
	// Events is the log of events; nil where none is kept.
	Events events.Log
	// Status returns the current status of the collector.
	Status func() collector.Status
	// Interval is how often a poll is made now; 0 for never.
	Interval func(series.Poll) time.Duration
	// ViewInterval is how often the model is read that View shows, where that is not
	// Interval(series.PollModel); Polls are those that bring the samples of Store, where they
	// are not Status().Polls. Both may be nil: they are not where another process collects.
	ViewInterval func() time.Duration
	Polls        func() []collector.PollStatus
	// EventsElsewhere is where the event log of the cluster is while another process
	// collects; "" where it is Events.
	EventsElsewhere string
	// CurrentTasks is where instant queries find tasks whose history is not
	// kept; may be nil.
	CurrentTasks func() CurrentTasks
	// SQL runs statements over View, what the tables show now but for events; both may be
	// nil, and View may return nil.
	SQL  SQL
	View func() *tables.View
	// UID is that of the data source, for links to its queries; "": that of the query.
	UID string
	// WebUI returns the address of Mesos' web UI, "" while there is none; may be nil.
	WebUI func() string
	// Logs: logs of tasks are shown, to some.
	Logs bool
	// Notices are more notices for every answer; may be nil.
	Notices func() []data.Notice
	// Answered is called for each query that was answered, or refused; may be nil.
	Answered func(Answered)
	// Now is the time notices compare with; nil is time.Now.
	Now func() time.Time
}

func (s Source) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// viewInterval returns how often the model is read that View shows.
func (s Source) viewInterval() time.Duration {
	if s.ViewInterval != nil {
		return s.ViewInterval()
	}
	return s.Interval(series.PollModel)
}

// polls returns the polls that bring samples.
func (s Source) polls() []collector.PollStatus {
	if s.Polls != nil {
		return s.Polls()
	}
	return s.Status().Polls
}

// Options say who asks.
type Options struct {
	// Alert: an alert or recording rule.
	Alert bool
	// Expression: a server-side expression reads the answer.
	Expression bool
	// Trial: people try what a rule would get. It is as complete as a rule's, and waits
	// with the queries of people.
	Trial bool
	// Ready is why there may be nothing to answer from: the first poll is still
	// running, or failed. It concerns queries only while there is no history.
	Ready error
	// Sandboxes reads files of tasks for who asks; nil where who asks may not, and
	// NoSandboxes says why.
	Sandboxes   *Sandboxes
	NoSandboxes error
	// Names is told what the query's series are told apart by from those of other queries;
	// may be nil.
	Names *Names
	// channel is set for a message of a live panel's channel.
	channel *channelPart
}

// evaluated reports whether a rule or an expression computes with the answer: then
// the answer is complete, or an error.
func (o Options) evaluated() bool { return o.Alert || o.Expression }

// ofRule reports whether a rule itself asks, which never waits for people's queries.
func (o Options) ofRule() bool { return o.Alert && !o.Trial }

// Run answers one query. Whatever goes wrong is an error of its response; a
// panic is too.
func Run(ctx context.Context, src Source, q backend.DataQuery, o Options) (response backend.DataResponse) {
	about := answering{began: time.Now()}
	ctx, end := about.trace(ctx, src, q, o)
	defer func() {
		end(response)
		if src.Answered != nil {
			src.Answered(about.answered(o, response))
		}
	}()
	defer func() {
		if cause := recover(); cause != nil {
			log.DefaultLogger.Error("A query panicked", "refId", q.RefID, "panic", cause, "stack", string(debug.Stack()))
			response = backend.ErrDataResponseWithSource(backend.StatusInternal, backend.ErrorSourcePlugin,
				fmt.Sprintf("the query failed in the plugin (%v): its log has the details", cause))
		}
	}()
	frames, err := answer(ctx, src, q, o, &about)
	if err != nil {
		return failed(err)
	}
	for _, frame := range frames {
		frame.RefID = q.RefID
	}
	return backend.DataResponse{Frames: frames, Status: backend.StatusOK}
}

func answer(ctx context.Context, src Source, q backend.DataQuery, o Options, about *answering) (data.Frames, error) {
	clock := src.clock()
	withCost := func(frames data.Frames, err error) (data.Frames, error) {
		addCost(frames, clock, o)
		return frames, err
	}
	parsed, err := parseFor(q.JSON, o.Alert)
	if err != nil {
		return nil, err
	}
	about.kind = parsed.kind()
	if parsed.variable != nil && o.evaluated() {
		return nil, errNoNumbers
	}
	if q.TimeRange.To.Before(q.TimeRange.From) {
		return nil, bad("", "the time range ends (%s) before it begins (%s)", display.Time(q.TimeRange.To), display.Time(q.TimeRange.From))
	}
	if o.Alert {
		if err := parsed.unknown.err(); err != nil {
			return nil, err
		}
	}
	notices, err := beginning(src, o)
	if err != nil {
		return nil, err
	}
	notices = append(notices, warnings(parsed.unknown.sentences())...)
	if parsed.events != nil {
		return withCost(answerEvents(ctx, src, q, o, parsed, notices))
	}
	if parsed.logs != nil {
		return withCost(answerLogs(ctx, src, q, o, parsed, notices))
	}
	if parsed.sql != nil || parsed.table != nil {
		return withCost(answerSQL(ctx, src, q, o, parsed, notices))
	}
	if parsed.topology != nil {
		return withCost(answerTopology(ctx, src, q, o, parsed, notices))
	}
	if parsed.variable != nil {
		return answerVariable(ctx, src, q, parsed, notices)
	}
	var frames data.Frames
	// A rule that has both gets the instant one alone: it is the one that
	// resolves when a series ends.
	if parsed.overRange() && !(parsed.instant() && o.Alert) {
		part, err := evaluate(ctx, src, q, o, parsed, false, notices)
		if err != nil {
			return nil, err
		}
		frames = append(frames, part...)
	}
	if parsed.instant() {
		part, err := evaluate(ctx, src, q, o, parsed, true, notices)
		if err != nil {
			return nil, err
		}
		frames = append(frames, part...)
	}
	return frames, nil
}

// beginning decides what a missing first poll means for a query: a notice while it
// runs; when it failed, its error, or nothing where there is history already.
func beginning(src Source, o Options) ([]data.Notice, error) {
	running := errors.Is(o.Ready, collector.ErrFirstPoll)
	switch history := !src.Store.Stats().Start.IsZero(); {
	case running && history:
		return []data.Notice{info("The first poll of the cluster is still running: answers have only what was collected before it.")}, nil
	case o.Ready == nil || history:
		return nil, nil
	case running:
		return []data.Notice{info("The first poll of the cluster is still running: there is nothing to show yet.")}, nil
	default:
		return nil, &unreadyError{o.Ready}
	}
}

// unreadyError is why there is nothing to answer from: the cluster's fault, in
// the words of the caller.
type unreadyError struct{ error }

func (e *unreadyError) Unwrap() error { return e.error }

// evaluate answers a query over its range or at its end.
func evaluate(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, instant bool, notices []data.Notice) (data.Frames, error) {
	clock := src.clock()
	e, err := ask(ctx, src, q, o, p, instant)
	if err != nil {
		return nil, err
	}
	defer e.release()
	built, result := e.built, e.result
	all, of := seriesOf(result), frameType(p.Format, instant, o)
	found := len(all)
	notices = slices.Concat(notices, built.notices(src, instant), coverage(ctx, src, built, e.request))
	for _, text := range result.Warnings {
		notices = append(notices, warning("%s", text))
	}
	for _, text := range result.Infos {
		notices = append(notices, info("%s", text))
	}
	all, more, err := limit(all, of, o)
	if err != nil {
		return nil, err
	}
	if built.plan.drawn {
		expected, err := e.expected(ctx, src, q.TimeRange.To, all)
		if err != nil {
			return nil, err
		}
		all, more = append(slices.Clip(all), expected...), append(more, built.forecastNotices(q, p)...)
	}
	if len(all) > 0 && !o.evaluated() {
		notices = append(notices, warnings(src.idle(ctx, built, e.request))...)
		known := func() []string { return src.labelsRead(ctx, built, e.request) }
		notices = append(notices, warnings(oneGroup(built.plan.groupBy, all, src.Status().Version, known))...)
	}
	if len(all) == 0 && !o.evaluated() && o.channel == nil {
		e.release() // look-ups wait for their turn, and must not hold room meanwhile
		notices = append(notices, src.whyEmpty(ctx, built, e.request)...)
	}
	if err := promql.HoldAnswer(ctx, pointsOf(all)); err != nil {
		return nil, err
	}
	step := built.times.step
	if instant {
		step = 0
	}
	o.Names.set(q.RefID, built.plan.named(), p.LegendFormat, o)
	frames := framer{
		legend: legend{format: p.LegendFormat, plan: built.plan, promql: p.promql != nil, differing: differing(all)},
		unit:   built.plan.unit, about: built.plan.about, expr: cutAt(built.expr, maxShownExpr), step: step,
		notices: append(notices, more...), links: src.linker(p, o), computed: o.evaluated(),
	}.frames(all, of)
	nameChannel(frames, src, q, o, p, built)
	if !o.evaluated() && o.channel == nil {
		frames[0].Meta.Stats = costOfSeries(clock, found, result.Samples, src.Store.Stats().Engine)
	}
	return frames, nil
}

// oneGroup returns a sentence for each label that a query groups by and no series has,
// where it is one of attributes or of tasks, which depend on the cluster, or one that
// not every version of Mesos tells. known returns the labels that there are.
func oneGroup(groupBy []string, all []answerSeries, version string, known func() []string) (sentences []string) {
	for _, label := range groupBy {
		why, near, since := "", "", labelsSince[label]
		switch {
		case slices.ContainsFunc(all, func(s answerSeries) bool { return s.labels.Has(label) }):
			continue
		case strings.HasPrefix(label, "attr_"), strings.HasPrefix(label, "label_"):
			why, near = "Check the attribute's or the label's name.", likeLabel(label, known())
		case since != "" && catalogue.Older(version, since):
			why = fmt.Sprintf("Mesos %s does not tell it, which is since %s.", cut(version), since)
		case label == "region", label == "zone":
			why = "An agent has one where it is started with --domain."
		case label == "principal":
			why = "A framework has one where it gives it when it subscribes."
		default:
			continue
		}
		sentences = append(sentences, fmt.Sprintf("No series has the label %q%s, by which the query groups: they are not told apart by it. %s", cut(label), near, why))
	}
	return sentences
}

// pointsOf returns how many points series have together.
func pointsOf(all []answerSeries) (n int) {
	for _, s := range all {
		n += len(s.points)
	}
	return n
}

// evaluation holds a query, the request to the engine and its result.
type evaluation struct {
	built
	request promql.Request
	result  promql.Result
	release func() // what the engine holds
}

// ask builds a query and has the engine evaluate it, over its range or at its
// end. The caller releases what it returns.
func ask(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, instant bool) (evaluation, error) {
	b, err := build(ctx, src, q, o, p, instant)
	if err != nil {
		return evaluation{}, err
	}
	if b.doubts, err = src.doubts(ctx, src.withTasks(b.reads), b.plan.conditions, o.Alert); err != nil {
		return evaluation{}, err
	}
	if o.evaluated() { // for eyes there is a notice
		if err := b.needsTaskHistory(src.Status(), instant); err != nil {
			return evaluation{}, err
		}
	}
	var hold promql.Hold // until frames are made
	e := evaluation{built: b, release: hold.Release, request: promql.Request{
		Store: src.Store, Expr: b.expr, Lookback: b.times.lookback(), Alert: o.ofRule(), Hold: &hold,
		Start: b.times.start, End: b.times.end, Step: b.times.step,
	}}
	run := src.Engine.Range
	if instant {
		e.request.Start, e.request.End, e.request.Step = b.times.to, b.times.to, 0
		run = src.Engine.Instant
		e.request.Store = src.withTasks(b.reads)
	}
	if e.request.Start.After(e.request.End) {
		e.result.Type = parser.ValueTypeMatrix // of no series: the range begins after now
		return e, nil
	}
	if e.result, err = run(ctx, e.request); err == nil {
		err = numbers(e.result, instant)
	}
	if err != nil {
		e.release()
		return evaluation{}, err
	}
	return e, nil
}

// numbers returns an error for a result that frames cannot be made of.
func numbers(result promql.Result, instant bool) error {
	switch {
	case instant && result.Type == parser.ValueTypeMatrix:
		return bad("expr", "a range of samples cannot be shown: use a function such as rate() or last_over_time() around it")
	case result.Type == parser.ValueTypeString:
		return bad("expr", "a text cannot be shown: write an expression with a number")
	default:
		return nil
	}
}

// frameType is the shape of an answer. Rules and expressions know no tables
// over time.
func frameType(format Format, instant bool, o Options) data.FrameType {
	switch {
	case instant && format == FormatTable:
		return data.FrameTypeNumericLong
	case instant:
		return data.FrameTypeNumericWide
	case format == FormatTable && !o.evaluated():
		return data.FrameTypeTimeSeriesLong
	default:
		return data.FrameTypeTimeSeriesMulti
	}
}

// limit keeps as many series as the asker can take: a part, named as one, for
// people; never a part for rules.
func limit(all []answerSeries, of data.FrameType, o Options) ([]answerSeries, []data.Notice, error) {
	switch {
	case o.evaluated() && len(all) > maxEvaluated:
		return nil, nil, bad("", "the answer has %d series, and rules and expressions are given %d at most: add filters, group by fewer labels, or use top", len(all), maxEvaluated)
	case o.evaluated():
		return all, nil, nil
	case of == data.FrameTypeNumericLong, of == data.FrameTypeTimeSeriesLong:
		some, kept, rows := highestRows(all, maxTableRows)
		if kept == rows {
			return all, nil, nil
		}
		fewer := "use top to choose others, filters or fewer labels to group by"
		if of == data.FrameTypeTimeSeriesLong {
			fewer += ", or a longer interval"
		}
		return some, []data.Notice{warning("%d of %d rows are shown, those of the series with the highest average: %s.", kept, rows, fewer)}, nil
	case len(all) <= maxShown:
		return all, nil, nil
	}
	notice := warning("%d of %d series are shown, those with the highest average: use top to choose others, filters or fewer labels to group by.", maxShown, len(all))
	return highest(all, maxShown), []data.Notice{notice}, nil
}

// built is a query ready to be evaluated.
type built struct {
	plan  plan
	expr  string // without macros
	times stepRange
	reads reads
	// doubts are sentences about conditions that match nothing.
	doubts []string
}

// build compiles a query, finds its step by the polls that bring what it reads,
// and replaces the macros.
func build(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, instant bool) (built, error) {
	plan, err := compile(p, instant)
	if err != nil {
		return built{}, err
	}
	if len(plan.filters) > 0 {
		unknown, err := src.labelsOfUnknown(ctx, plan.reads.names)
		if err != nil {
			return built{}, err
		}
		plan.placeFilters(unknown)
	}
	if o.Alert && len(plan.leftOut) > 0 {
		return built{}, bad("adhocFilters", "a rule needs all of its filters. %s", plan.leftOut[0])
	}
	polled := src.schedule(plan.reads.polls)
	if o.channel != nil {
		polled.step = o.channel.step
	}
	b := built{plan: plan, times: newStepRange(q, src.now(), p.least, polled, o.evaluated()), reads: plan.reads}
	switch {
	case o.channel == nil || o.channel.after.IsZero():
		b.times = b.times.within(src.Store.Stats().Start)
	case !instant:
		b.times = b.times.after(o.channel.after)
	}
	if plan.drawsForecast(o) {
		plan.drawn, plan.per = true, ""
		b.plan = plan
	}
	b.expr, b.reads.reach, err = plan.at(b.times)
	if plan.counts {
		span := b.reads.reach
		if span >= time.Hour {
			span = span.Round(time.Minute)
		}
		b.plan.per = " in " + written(span)
		b.plan.about += " Each value is of the " + written(span) + " before it."
	}
	return b, err
}

// compile returns the plan of a query for numbers.
func compile(p parsed, instant bool) (plan, error) {
	return compileUpTo(promql.MaxExpressionLists, p, instant)
}

// compileUpTo is compile for at most so many bytes of PromQL of a builder query.
func compileUpTo(most int, p parsed, instant bool) (plan, error) {
	switch {
	case p.metrics != nil:
		made, err := compileMetrics(p.metrics, instant, most)
		made.conditions = slices.Concat(conditionsOf(p.metrics.Filters), conditionsOfDashboard(p.AdhocFilters))
		return made, err
	case p.promql != nil:
		return compilePromQL(p.promql, p.rule)
	case p.topology != nil:
		return plan{}, errGraphNoPromQL
	case p.events != nil:
		return plan{}, errNoPromQL
	case p.logs != nil:
		return plan{}, errLinesNoPromQL
	default:
		return plan{}, errNoNumbers
	}
}

func (b built) notices(src Source, instant bool) []data.Notice {
	earliest := b.times.from
	if b.plan.drawn && b.times.to.Add(-b.plan.ahead).Before(earliest) {
		earliest = b.times.to.Add(-b.plan.ahead)
	}
	if instant {
		earliest = b.times.to.Add(-b.reads.reach)
	}
	var all []data.Notice
	if !instant && b.times.start.After(b.times.end) && !b.plan.drawn {
		all = append(all, info("The time range begins after now, so there is nothing to show yet."))
	}
	if !instant && b.times.alone && b.times.step > b.times.poll {
		all = append(all, info("Points are %s apart, more than the history is long, so there is one, at %s: choose a shorter time range to see more.", written(b.times.step), display.Time(b.times.end)))
	}
	if !instant && b.times.between {
		all = append(all, info("Points are %s apart, more than the time range is long, so there is one, at its end: choose a longer time range to see more.", written(b.times.step)))
	}
	if age := b.times.age(instant); age > 0 {
		all = append(all, info("The newest samples of %s are of %s, %s before the end of the time range: it is polled every %s.",
			collector.PageOf(b.times.polled.of), display.Time(b.times.polled.latest), display.Age(age), written(b.times.polled.every)))
	}
	for _, text := range slices.Concat(b.doubts, b.plan.notices) {
		all = append(all, warning("%s", text))
	}
	all = append(all, circumstances{
		now: src.now(), earliest: earliest, latest: b.times.to, reads: b.reads, measured: b.plan.measured,
		status: src.Status(), stats: src.Store.Stats(),
	}.notices()...)
	if src.Notices != nil {
		all = append(all, src.Notices()...)
	}
	return all
}

// coverage returns a notice where efficiency is that of a part: agents that did not
// answer are in neither side of the quotient.
func coverage(ctx context.Context, src Source, b built, request promql.Request) []data.Notice {
	if b.plan.coverage == "" {
		return nil
	}
	request.Expr = b.times.interpolate(b.plan.coverage)
	request.Start, request.Step = request.End, 0
	result, err := src.Engine.Instant(ctx, request)
	if err != nil || len(result.Vector) != 1 {
		return nil // without this notice; the result is valid
	}
	const nearlyAll = 0.999
	part := result.Vector[0].F
	if !(part < nearlyAll) {
		return nil
	}
	return []data.Notice{info("Use was measured for %.0f %% of what is allocated: the efficiency is that of this part.", part*100)}
}

// RefusedError is why who asks may not have an answer.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

// StatusOf returns the HTTP status for an error of this package or of promql.
func StatusOf(err error) int { return int(failed(err).Status) }

// failed returns the response of an error. Mistakes in queries, the cluster's and
// PromQL's errors are downstream's: the plugin did its part.
func failed(err error) backend.DataResponse {
	status, source := backend.StatusInternal, backend.ErrorSourcePlugin
	if _, ok := errors.AsType[*InvalidError](err); ok {
		status, source = backend.StatusBadRequest, backend.ErrorSourceDownstream
	} else if _, ok := errors.AsType[*RefusedError](err); ok {
		status, source = backend.StatusForbidden, backend.ErrorSourceDownstream
	} else if kind := promql.KindOf(err); kind != "" {
		status, source = statusOf(kind)
	} else if _, ok := errors.AsType[*unreadyError](err); ok || mesos.CategoryOf(err) != "" {
		status, source = backend.StatusBadGateway, backend.ErrorSourceDownstream
	}
	return backend.DataResponse{Error: err, Status: status, ErrorSource: source}
}

func statusOf(kind promql.ErrorKind) (backend.Status, backend.ErrorSource) {
	switch kind {
	case promql.ErrorParse, promql.ErrorRequest, promql.ErrorSamples, promql.ErrorEval:
		return backend.StatusBadRequest, backend.ErrorSourceDownstream
	case promql.ErrorRemote:
		return backend.StatusBadGateway, backend.ErrorSourceDownstream
	case promql.ErrorTimeout:
		return backend.StatusTimeout, backend.ErrorSourceDownstream
	case promql.ErrorBusy:
		return backend.StatusTooManyRequests, backend.ErrorSourceDownstream
	case promql.ErrorCancel:
		return 499, backend.ErrorSourceDownstream // nginx' code for a client that went away, which Grafana uses too
	default:
		return backend.StatusInternal, backend.ErrorSourcePlugin
	}
}
