package query

import (
	"context"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"

	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/query/logline"
)

// This file counts lines of logs over time, by severity: what Explore draws above them. It
// reads as many bytes as a query of lines, so a time range may be covered from a later moment
// on only. Before that nothing is known, and there is no point.

// maxVolumePoints is about how many moments a count of lines has at most.
const maxVolumePoints = 1_000

// severities are the levels in the order in which they are shown.
var severities = []string{logline.Critical, logline.Error, logline.Warning, logline.Info, logline.Debug, logline.Trace, logline.Unknown}

// A logVolume counts lines. A nil one does nothing.
type logVolume struct {
	step   time.Duration
	counts map[string]map[int64]int // by severity and Unix milliseconds of the step's begin
	oldest time.Time                // of the lines that were read
	began  bool                     // a line before the time range was read
}

// reach notes that a line was read. Lines come from the newest to the oldest.
func (v *logVolume) reach(l logLine) {
	if v != nil && !l.at.IsZero() {
		v.oldest = l.at
	}
}

// begin notes that the begin of the time range was reached.
func (v *logVolume) begin() {
	if v != nil {
		v.began = true
	}
}

// count counts a line. One without a time cannot be.
func (v *logVolume) count(l logLine) {
	if l.at.IsZero() {
		return
	}
	if v.counts[l.severity] == nil {
		v.counts[l.severity] = map[int64]int{}
	}
	v.counts[l.severity][v.stepOf(l.at).UnixMilli()]++
}

// stepOf returns the begin of the step that has a moment.
func (v *logVolume) stepOf(t time.Time) time.Time { return floor(t, v.step, time.Time{}) }

// series returns a series for each severity that has lines: a point for each step in which
// all lines were read, from the begin of the time range or of the file on.
func (v *logVolume) series(in lineRange, more bool) (all []answerSeries) {
	from, to := v.stepOf(v.oldest), v.stepOf(in.to)
	switch {
	case v.began:
		from = v.stepOf(in.from)
	case more:
		from = from.Add(v.step) // of the step before some lines were not read
	}
	for _, counts := range v.counts {
		for at := range counts { // of a clock that is ahead
			to = later(to, time.UnixMilli(at))
		}
	}
	for _, severity := range severities {
		counts := v.counts[severity]
		if len(counts) == 0 {
			continue
		}
		one := answerSeries{labels: labels.FromStrings("level", severity)}
		for at := from; !at.After(to); at = at.Add(v.step) {
			one.points = append(one.points, prom.FPoint{T: at.UnixMilli(), F: float64(counts[at.UnixMilli()])})
		}
		if len(one.points) > 0 {
			all = append(all, one)
		}
	}
	return all
}

// answerVolume answers a query for the number of lines. Without lines that carry times there
// are no frames: Explore fails on one without fields.
func answerVolume(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, in lineRange, notices []data.Notice) (data.Frames, error) {
	width := min(in.to.Sub(in.from), maxSpan)
	volume := &logVolume{
		step:   roundUp(min(max(q.Interval, p.least, ceil(width, maxVolumePoints), time.Second), maxSpan)),
		counts: map[string]map[int64]int{},
	}
	answer, err := readLogs(ctx, src, o.Sandboxes, p.logs, in, volume)
	if err != nil {
		return nil, err
	}
	if now := src.now(); in.to.After(now) {
		in.to = now
	}
	all := volume.series(in, answer.more || answer.compared > 0)
	if len(all) == 0 {
		return data.Frames{}, nil
	}
	if err := promql.HoldAnswer(ctx, pointsOf(all)); err != nil {
		return nil, err
	}
	return framer{
		legend: legend{format: "{{level}}"}, unit: unitCount, about: "Lines of the file by severity.", step: volume.step,
		notices: append(notices, answer.notices()...),
	}.frames(all, data.FrameTypeTimeSeriesMulti), nil
}
