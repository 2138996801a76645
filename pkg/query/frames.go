package query

import (
	"cmp"
	"math"
	"slices"
	"time"

	"community-mesos-datasource/pkg/promql"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// This file makes data frames in shapes of Grafana's dataplane contract. Their
// type and version are part of the answer: without them labels get lost or
// rules fail.
//
//	range             timeseries-multi: a frame per series, only points that exist
//	range as table    timeseries-long: time, a column per label, value
//	instant           numeric-wide: a field per series, no null and no NaN
//	instant as table  numeric-long: a column per label, value
//	no data           one frame of that type without fields; tables for people keep theirs

var typeVersion = data.FrameTypeVersion{0, 1}

const (
	fieldTime  = "Time"
	fieldValue = "Value"
)

// Limits on series in an answer.
const (
	// maxShown is how many a browser is sent: more stall a page. As rows of a
	// table they cost less.
	maxShown     = 1_000
	maxTableRows = 10_000
	// maxEvaluated is how many a rule or an expression is sent: above it an
	// error, never a part.
	maxEvaluated = 10_000
)

// maxShownExpr is the most bytes of the expression that a frame carries; longer
// expressions hold lists of values. Of several frames the first carries it, and
// the others only up to maxRepeatExpr bytes.
const (
	maxShownExpr  = promql.MaxExpression
	maxRepeatExpr = 1024
)

// answerSeries is a series of an answer.
type answerSeries struct {
	labels labels.Labels
	points []prom.FPoint // without NaN: an unknown value has no point
}

// seriesOf returns the series of a result that have points. A number without
// series, as of 1 + 1, is a series without labels.
func seriesOf(result promql.Result) []answerSeries {
	var all []answerSeries
	add := func(of labels.Labels, points ...prom.FPoint) {
		points = slices.DeleteFunc(points, func(p prom.FPoint) bool { return math.IsNaN(p.F) })
		if len(points) > 0 {
			all = append(all, answerSeries{labels: of, points: points})
		}
	}
	switch result.Type {
	case parser.ValueTypeScalar:
		add(labels.EmptyLabels(), prom.FPoint{T: result.Scalar.T, F: result.Scalar.V})
	case parser.ValueTypeVector:
		for _, s := range result.Vector {
			if s.H == nil {
				add(s.Metric, prom.FPoint{T: s.T, F: s.F})
			}
		}
	default:
		for _, s := range result.Matrix {
			add(s.Metric, s.Floats...)
		}
	}
	return all
}

// byAverage returns the positions of series, those with the highest averages first.
func byAverage(all []answerSeries) []int {
	ranks := make([]int, len(all))
	means := make([]float64, len(all))
	for i, s := range all {
		sum := 0.0
		for _, p := range s.points {
			sum += p.F
		}
		ranks[i], means[i] = i, sum/float64(len(s.points))
	}
	slices.SortStableFunc(ranks, func(a, b int) int { return cmp.Compare(means[b], means[a]) })
	return ranks
}

// highest keeps the n series with the highest averages, in the order they came.
func highest(all []answerSeries, n int) []answerSeries {
	if len(all) <= n {
		return all
	}
	kept := byAverage(all)[:n]
	slices.Sort(kept)
	some := make([]answerSeries, n)
	for i, at := range kept {
		some[i] = all[at]
	}
	return some
}

// highestRows keeps the series with the highest averages whose points make at
// most n rows, in the order they came. Of one that alone has more, the latest
// points are kept. It returns how many rows are kept and how many there are.
func highestRows(all []answerSeries, n int) (some []answerSeries, kept, rows int) {
	for _, s := range all {
		rows += len(s.points)
	}
	if rows <= n {
		return all, rows, rows
	}
	var chosen []int
	for _, at := range byAverage(all) {
		if size := len(all[at].points); kept+size <= n {
			chosen, kept = append(chosen, at), kept+size
		} else if len(chosen) == 0 {
			all[at].points = all[at].points[size-n:]
			chosen, kept = append(chosen, at), n
		} else {
			break // the ones below it are not higher because they are shorter
		}
	}
	slices.Sort(chosen)
	for _, at := range chosen {
		some = append(some, all[at])
	}
	return some, kept, rows
}

// framer builds the frames of one result.
type framer struct {
	legend  legend
	unit    string
	about   string
	expr    string // as it was evaluated
	step    time.Duration
	notices []data.Notice
	links   linker
	// computed: a rule or an expression reads the frames.
	computed bool
}

func (f framer) meta(of data.FrameType) *data.FrameMeta {
	shown := data.VisTypeGraph
	if of != data.FrameTypeTimeSeriesMulti {
		shown = data.VisTypeTable
	}
	return &data.FrameMeta{
		Type: of, TypeVersion: typeVersion, ExecutedQueryString: f.expr, PreferredVisualization: shown,
	}
}

// nothing is an answer without series: a frame without fields. Value fields
// without rows would be read as normal by rules. Tables for people have their
// fields, as Grafana's transformations fail on a table without them.
func (f framer) nothing(of data.FrameType) data.Frames {
	frame := data.NewFrame("")
	frame.Meta = f.meta(of)
	if f.computed || of != data.FrameTypeNumericLong && of != data.FrameTypeTimeSeriesLong {
		return data.Frames{frame}
	}
	if of == data.FrameTypeTimeSeriesLong {
		frame.Fields = append(frame.Fields, f.times([]time.Time{}))
	}
	for _, label := range f.legend.plan.columns {
		frame.Fields = append(frame.Fields, data.NewField(label, nil, []string{}))
	}
	value := data.NewField(f.legend.column(), nil, []float64{})
	value.Config = f.config()
	frame.Fields = append(frame.Fields, value)
	return data.Frames{frame}
}

// frames returns the frames of one result; the notices are on the first of them.
func (f framer) frames(all []answerSeries, of data.FrameType) data.Frames {
	var frames data.Frames
	switch {
	case len(all) == 0:
		frames = f.nothing(of)
	case of == data.FrameTypeTimeSeriesMulti:
		frames = f.multi(all)
	case of == data.FrameTypeTimeSeriesLong:
		frames = f.timeTable(all)
	case of == data.FrameTypeNumericLong:
		frames = f.table(all)
	default:
		frames = f.wide(all)
	}
	frames[0].Meta.Notices = f.notices
	return frames
}

func (f framer) multi(all []answerSeries) data.Frames {
	frames := make(data.Frames, len(all))
	for i, s := range all {
		times, values := make([]time.Time, len(s.points)), make([]float64, len(s.points))
		for j, p := range s.points {
			times[j], values[j] = time.UnixMilli(p.T).UTC(), p.F
		}
		frame := data.NewFrame("", f.times(times), f.value(s.labels, values, len(all)))
		frame.Meta = f.meta(data.FrameTypeTimeSeriesMulti)
		if i > 0 && len(f.expr) > maxRepeatExpr {
			frame.Meta.ExecutedQueryString = ""
		}
		frames[i] = frame
	}
	return frames
}

// times returns a time field with the distance of its points: Grafana draws gaps
// by it.
func (f framer) times(times []time.Time) *data.Field {
	field := data.NewField(fieldTime, nil, times)
	if f.step > 0 {
		field.Config = &data.FieldConfig{Interval: float64(f.step.Milliseconds())}
	}
	return field
}

func (f framer) wide(all []answerSeries) data.Frames {
	frame := data.NewFrame("")
	for _, s := range all {
		frame.Fields = append(frame.Fields, f.value(s.labels, []float64{s.points[len(s.points)-1].F}, len(all)))
	}
	f.nameApart(frame.Fields)
	frame.Meta = f.meta(data.FrameTypeNumericWide)
	return data.Frames{frame}
}

// nameApart adds the labels that differ to names that several fields of a frame have:
// Grafana's table takes fields by their names, and would show one value in all of them.
func (f framer) nameApart(fields []*data.Field) {
	same := map[string]int{}
	for _, field := range fields {
		same[field.Config.DisplayNameFromDS]++
	}
	for _, field := range fields {
		if name := &field.Config.DisplayNameFromDS; same[*name] > 1 {
			of := labels.FromMap(field.Labels)
			*name += " " + full("", labels.NewBuilder(of).Keep(f.legend.differing...).Labels(), of.Get(labels.MetricName))
		}
	}
}

// value returns the field of values of one of several series.
func (f framer) value(of labels.Labels, values []float64, several int) *data.Field {
	field := data.NewField(fieldValue, data.Labels(of.Map()), values)
	field.Config = f.config()
	switch {
	case f.legend.plan.drawn && of.Has(labelForecast):
		field.Config.Custom = dashes
	case !f.computed && !of.IsEmpty():
		field.Config.Filterable = filterable()
	}
	field.Config.DisplayNameFromDS = f.legend.name(of)
	if links := f.links.series(of, several); len(links) > 0 {
		field.Config.Links = links
	}
	return field
}

func (f framer) config() *data.FieldConfig {
	return &data.FieldConfig{Unit: f.unit, Description: f.about}
}

// table returns a frame with a row per series.
func (f framer) table(all []answerSeries) data.Frames {
	values := make([]float64, len(all))
	for i, s := range all {
		values[i] = s.points[len(s.points)-1].F
	}
	value := data.NewField(f.legend.column(), nil, values)
	value.Config = f.config()
	frame := data.NewFrame("", append(f.columns(all, func(i int) int { return i }, len(all)), value)...)
	f.links.frame(frame)
	frame.Meta = f.meta(data.FrameTypeNumericLong)
	return data.Frames{frame}
}

// timeTable returns a frame with a row per series and moment, in order of time.
func (f framer) timeTable(all []answerSeries) data.Frames {
	type row struct {
		series int
		point  prom.FPoint
	}
	var rows []row
	for i, s := range all {
		for _, p := range s.points {
			rows = append(rows, row{i, p})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.point.T, b.point.T) })
	times, values := make([]time.Time, len(rows)), make([]float64, len(rows))
	for i, r := range rows {
		times[i], values[i] = time.UnixMilli(r.point.T).UTC(), r.point.F
	}
	value := data.NewField(f.legend.column(), nil, values)
	value.Config = f.config()
	fields := append([]*data.Field{f.times(times)}, f.columns(all, func(i int) int { return rows[i].series }, len(rows))...)
	frame := data.NewFrame("", append(fields, value)...)
	f.links.frame(frame)
	frame.Meta = f.meta(data.FrameTypeTimeSeriesLong)
	return data.Frames{frame}
}

// columns returns a text field per label: those grouped by in their order, then
// others that any series has, by name. at returns a row's series.
func (f framer) columns(all []answerSeries, at func(row int) int, rows int) []*data.Field {
	present := map[string]bool{}
	for _, s := range all {
		s.labels.Range(func(l labels.Label) { present[l.Name] = true })
	}
	var order []string
	for _, label := range f.legend.plan.groupBy {
		order = append(order, label)
		delete(present, label)
	}
	var rest []string
	for label := range present {
		rest = append(rest, label)
	}
	slices.Sort(rest)
	fields := make([]*data.Field, 0, len(order)+len(rest))
	for _, label := range append(order, rest...) {
		texts := make([]string, rows)
		for i := range texts {
			texts[i] = all[at(i)].labels.Get(label)
		}
		field := data.NewField(label, nil, texts)
		field.Config = &data.FieldConfig{Filterable: filterable()}
		fields = append(fields, field)
	}
	return fields
}

// filterable returns what makes Grafana offer to filter for a text, or to filter it out.
func filterable() *bool {
	yes := true
	return &yes
}
