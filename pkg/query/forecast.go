package query

import (
	"context"
	"fmt"
	"time"

	"community-mesos-datasource/pkg/display"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
)

// This file draws forecasts: in a panel over a range what is known is a line, and what is
// expected goes on from now as a dashed one, as far as the range and the forecast reach. Rules
// and expressions, which read no point after now, get what is expected as of each moment.

// labelForecast is the label of series that are expected; its value is how far ahead the
// forecast looks.
const labelForecast = "forecast"

// dashes are the settings of Grafana's time series panel for an expected series.
var dashes = map[string]any{"lineStyle": map[string]any{"fill": "dash", "dash": []int{10, 10}}}

// drawsForecast reports whether a forecast is drawn ahead of now.
func (p plan) drawsForecast(o Options) bool { return p.ahead > 0 && !p.instant && !o.evaluated() }

// predicted returns what a measure is expected to be some time after the moment of
// evaluation, from as much history as the forecast looks ahead.
func (p plan) predicted(step, after time.Duration) expr {
	every := max(step, p.ahead/forecastPoints).Round(time.Second)
	return expr{text: fmt.Sprintf("predict_linear((%s)[%s:%s], %s)",
		p.measure.text, promDuration(p.ahead), promDuration(max(every, time.Second)), formatSeconds(after))}
}

// expected returns the series that a forecast draws: those of the series that are known
// or, where the range begins after now, of all.
func (e evaluation) expected(ctx context.Context, src Source, to time.Time, known []answerSeries) ([]answerSeries, error) {
	now := e.times.to
	until := to
	if reach := now.Add(e.plan.ahead); reach.Before(until) {
		until = reach
	}
	if until.Sub(now) < e.times.step || e.times.from.After(until) {
		return nil, nil
	}
	step, err := e.plan.forecastStep(e.times)
	if err != nil {
		return nil, err
	}
	p := e.plan
	p.drawn, p.instant = false, true
	if len(known) > 0 {
		p.top = 0 // chosen among those already
	}
	begins, err := e.at(ctx, src, p.predicted(step, 0).text)
	if err != nil {
		return nil, err
	}
	ends, err := e.at(ctx, src, p.around(step))
	if err != nil {
		return nil, err
	}
	first := make(map[uint64]float64, len(begins))
	for _, s := range begins {
		first[withoutName(s.labels)] = s.points[0].F
	}
	drawn := make(map[uint64]bool, len(known))
	for _, s := range known {
		drawn[withoutName(s.labels)] = true
	}
	var all []answerSeries
	for _, s := range ends {
		of := withoutName(s.labels)
		begin, found := first[of]
		if !found || len(known) > 0 && !drawn[of] {
			continue
		}
		slope := (s.points[0].F - begin) / float64(e.plan.ahead)
		all = append(all, answerSeries{
			labels: labels.NewBuilder(s.labels).Set(labelForecast, promDuration(e.plan.ahead)).Labels(),
			points: e.line(until, func(after time.Duration) float64 { return begin + slope*float64(after) }),
		})
	}
	return all, nil
}

// withoutName returns a hash of a series' labels but its name, which functions take away.
func withoutName(of labels.Labels) uint64 {
	return labels.NewBuilder(of).Del(labels.MetricName).Labels().Hash()
}

// line returns points of a line from now, or from the range's begin where that is later, on the
// grid of the range up to a moment.
func (e evaluation) line(until time.Time, value func(after time.Duration) float64) (points []prom.FPoint) {
	add := func(at time.Time) {
		points = append(points, prom.FPoint{T: at.UnixMilli(), F: value(at.Sub(e.times.to))})
	}
	at := e.times.to
	if e.times.from.After(at) {
		at = e.times.from
	}
	for add(at); ; add(at) {
		next := floor(at, e.times.step, e.times.end).Add(e.times.step)
		if !next.Before(until) {
			break
		}
		at = next
	}
	add(until)
	return points
}

// at evaluates another expression at the end of the range, as a part of the same answer.
func (e evaluation) at(ctx context.Context, src Source, text string) ([]answerSeries, error) {
	request := e.request
	request.Expr = e.times.interpolate(text)
	request.Start, request.End, request.Step = e.times.to, e.times.to, 0
	result, err := src.Engine.Instant(ctx, request)
	return seriesOf(result), err
}

// forecastNotices say where a forecast is not seen, and what it does not do.
func (b built) forecastNotices(q backend.DataQuery, p parsed) (all []data.Notice) {
	if end := b.times.to.Add(b.plan.ahead); b.times.from.After(end) {
		all = append(all, info("The forecast reaches %s, and the time range begins later.", display.Time(end)))
	} else if q.TimeRange.To.Sub(b.times.to) < b.times.step {
		all = append(all, info("The forecast is drawn from now on, and the time range does not reach beyond now: choose one that ends later, such as now-%[1]s to now+%[1]s.", promDuration(b.plan.ahead)))
	}
	if p.live() {
		all = append(all, info("A panel with a forecast is not live: it is drawn anew with each refresh."))
	}
	return all
}
