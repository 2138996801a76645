package query

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"

	"community-mesos-datasource/pkg/tables"
)

// This file makes frames of the answer to a statement.

// frames returns the frames of a statement's format.
func (s statement) frames(result *tables.Result, times stepRange, o Options) (data.Frames, error) {
	switch s.format {
	case SQLNumeric:
		return s.numbers(result, o)
	case SQLTimeSeries:
		return s.series(result, times, o)
	}
	frame := tableFrame(result)
	s.links.result(frame, result)
	return data.Frames{frame}, nil
}

// tableFrame returns an answer as a table.
func tableFrame(result *tables.Result) *data.Frame {
	frame := data.NewFrame("")
	for i, name := range columnNames(result) {
		field := fieldOf(&result.Columns[i])
		field.Name = name
		frame.Fields = append(frame.Fields, field)
	}
	frame.Meta = &data.FrameMeta{Type: data.FrameTypeTable, TypeVersion: typeVersion, PreferredVisualization: data.VisTypeTable}
	return frame
}

// columnNames returns the names of the columns, each once: id, id 2.
func columnNames(result *tables.Result) []string {
	names := make([]string, 0, len(result.Columns))
	for _, c := range result.Columns {
		name := c.Name
		for n := 2; slices.Contains(names, name); n++ {
			name = fmt.Sprintf("%s %d", c.Name, n)
		}
		names = append(names, name)
	}
	return names
}

// fieldOf returns a column as a field.
func fieldOf(c *tables.ResultColumn) *data.Field {
	var field *data.Field
	switch c.Type {
	case tables.Integer:
		field = data.NewField("", nil, c.Integers)
	case tables.Real:
		field = data.NewField("", nil, c.Reals)
	case tables.Boolean:
		field = data.NewField("", nil, c.Booleans)
	case tables.Time:
		field = data.NewField("", nil, c.Times)
	case tables.JSON:
		values := make([]*json.RawMessage, len(c.Texts))
		for i, text := range c.Texts {
			if text != nil && json.Valid([]byte(*text)) {
				raw := json.RawMessage(*text)
				values[i] = &raw
			}
		}
		field = data.NewField("", nil, values)
	default:
		field = data.NewField("", nil, c.Texts)
	}
	if c.Unit != "" || c.Help != "" {
		field.Config = &data.FieldConfig{Unit: string(c.Unit), Description: c.Help}
	}
	if c.Type == tables.Text {
		if field.Config == nil {
			field.Config = &data.FieldConfig{}
		}
		field.Config.Filterable = filterable()
	}
	return field
}

// columnShape is which columns of an answer are numbers and which are labels.
type columnShape struct {
	names           []string // of all columns, each once
	numbers, labels []int
	time            int // -1: none
}

// columnShapeOf sorts the columns of an answer. A column of NULL only is a number where there is no
// other number: what is not known is not a label either.
func columnShapeOf(result *tables.Result) (s columnShape, times int) {
	s.time, s.names = -1, columnNames(result)
	for i, c := range result.Columns {
		switch {
		case c.Type == tables.Time:
			if s.time < 0 || strings.EqualFold(c.Name, "time") {
				s.time = i
			}
			times++
		case c.Type == tables.Integer, c.Type == tables.Real:
			s.numbers = append(s.numbers, i)
		default:
			s.labels = append(s.labels, i)
		}
	}
	if len(s.numbers) == 0 {
		for k, i := range s.labels {
			if result.Columns[i].Empty() {
				s.numbers = []int{i}
				s.labels = slices.Delete(s.labels, k, k+1)
				break
			}
		}
	}
	return s, times
}

// labelsOf returns the labels of a row: its texts. A NULL is no label.
func (s columnShape) labelsOf(result *tables.Result, row int) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, i := range s.labels {
		b.Set(s.names[i], result.Columns[i].Text(row))
	}
	return b.Labels()
}

// columnLabel returns the label that tells several columns of numbers apart: column, or
// another name where a column of texts is called so.
func (s columnShape) columnLabel() string {
	const name = "column"
	label := name
	for n := 2; slices.Contains(s.names, label); n++ {
		label = fmt.Sprintf("%s %d", name, n)
	}
	return label
}

// framer returns what makes frames of a column of numbers.
func (s statement) framer(result *tables.Result, of columnShape, o Options) framer {
	p := plan{title: of.names[of.numbers[0]]}
	for _, i := range of.labels {
		p.groupBy = append(p.groupBy, of.names[i])
	}
	c := &result.Columns[of.numbers[0]]
	o.Names.set(s.refID, p.title, s.legend, o)
	return framer{legend: legend{format: s.legend, plan: p}, unit: string(c.Unit), about: c.Help, links: s.links.ofSeries(result, of.labels), computed: o.evaluated()}
}

// empty returns frames without values.
func (s statement) empty(of data.FrameType, o Options) data.Frames {
	return framer{legend: legend{format: s.legend}, computed: o.evaluated()}.frames(nil, of)
}

// numbers returns a number for each combination of the texts. A NULL is no number.
func (s statement) numbers(result *tables.Result, o Options) (data.Frames, error) {
	if result.Rows == 0 {
		return s.empty(data.FrameTypeNumericWide, o), nil
	}
	of, times := columnShapeOf(result)
	switch {
	case times > 0:
		return nil, bad("format", "numeric has no times, and the column %s is one: leave it out, or use time_series", cut(result.Columns[of.time].Name))
	case len(of.numbers) == 0:
		return nil, bad("format", "numeric needs a column of numbers: %s", s.columnsOf(result))
	case len(of.numbers) > 1:
		return nil, bad("format", "numeric needs one column of numbers, and there are %s: leave out all but one", s.namesOf(result, of.numbers))
	}
	var all []answerSeries
	seen := map[uint64]bool{}
	for row := range result.Rows {
		x, known := result.Columns[of.numbers[0]].Number(row)
		if !known {
			continue
		}
		named := of.labelsOf(result, row)
		if hash := named.Hash(); seen[hash] {
			return nil, bad("sql", "two rows have the same texts, %s, so that their numbers could not be told apart: select another text column, or use GROUP BY", cut(named.String()))
		} else {
			seen[hash] = true
		}
		all = append(all, answerSeries{labels: named, points: []prom.FPoint{{F: x}}})
	}
	return s.limited(all, s.framer(result, of, o), data.FrameTypeNumericWide, o)
}

// series returns a series for each combination of the texts and each column of numbers.
func (s statement) series(result *tables.Result, times stepRange, o Options) (data.Frames, error) {
	if result.Rows == 0 {
		return s.empty(data.FrameTypeTimeSeriesMulti, o), nil
	}
	of, _ := columnShapeOf(result)
	switch {
	case of.time < 0:
		return nil, bad("format", "time_series needs a column of times, such as $__timeGroup(start_time, 5m) AS time: %s", s.columnsOf(result))
	case len(of.numbers) == 0:
		return nil, bad("format", "time_series needs a column of numbers: %s", s.columnsOf(result))
	}
	column := of.columnLabel()
	byLabels := map[uint64]int{}
	outside := 0
	var all []answerSeries
	for row := range result.Rows {
		at := result.Columns[of.time].Times[row]
		switch {
		case at == nil:
			continue
		// A panel may begin with the bucket that its left edge is in; a rule is given its window only.
		case at.After(times.to), o.evaluated() && at.Before(times.from):
			outside++
			continue
		}
		named := of.labelsOf(result, row)
		for _, i := range of.numbers {
			x, known := result.Columns[i].Number(row)
			if !known {
				continue
			}
			own := named
			if len(of.numbers) > 1 {
				b := labels.NewBuilder(named)
				b.Set(column, of.names[i])
				own = b.Labels()
			}
			at := prom.FPoint{T: at.UnixMilli(), F: x}
			if k, known := byLabels[own.Hash()]; known {
				all[k].points = append(all[k].points, at)
				continue
			}
			byLabels[own.Hash()] = len(all)
			all = append(all, answerSeries{labels: own, points: []prom.FPoint{at}})
		}
	}
	for _, one := range all {
		slices.SortStableFunc(one.points, func(a, b prom.FPoint) int { return int(min(max(a.T-b.T, -1), 1)) })
		for i := 1; i < len(one.points); i++ {
			if one.points[i].T == one.points[i-1].T {
				return nil, bad("sql", "two rows have the time %s and the same texts, %s: select another text column, or use GROUP BY", time.UnixMilli(one.points[i].T).UTC().Format(time.RFC3339), cut(one.labels.String()))
			}
		}
	}
	f := s.framer(result, of, o)
	if len(of.numbers) > 1 {
		f.legend.plan.groupBy = append(f.legend.plan.groupBy, column)
		f.unit, f.about = "", ""
	}
	frames, err := s.limited(all, f, data.FrameTypeTimeSeriesMulti, o)
	if err == nil && outside > 0 && !o.evaluated() {
		frames[0].Meta.Notices = append(frames[0].Meta.Notices, warning("%d of %d rows are left out, as their time is after the time range: use WHERE $__timeFilter(%s).", outside, result.Rows, cut(of.names[of.time])))
	}
	return frames, err
}

// limited returns the frames of as many series as the asker can take.
func (s statement) limited(all []answerSeries, f framer, of data.FrameType, o Options) (data.Frames, error) {
	if o.evaluated() && len(all) > maxEvaluated {
		return nil, bad("sql", "the answer has %d series, and rules and expressions are given %d at most: use WHERE, or GROUP BY fewer columns", len(all), maxEvaluated)
	}
	if n := len(all); !o.evaluated() && n > maxShown {
		all = highest(all, maxShown)
		f.notices = []data.Notice{warning("%d of %d series are shown, those with the highest average: use WHERE, or ORDER BY with LIMIT, to choose others.", maxShown, n)}
	}
	return f.frames(all, of), nil
}

func (s statement) namesOf(result *tables.Result, columns []int) string {
	var names []string
	for _, i := range columns {
		names = append(names, cut(result.Columns[i].Name))
	}
	return list(names)
}

// columnsOf names the columns of an answer with their types.
func (s statement) columnsOf(result *tables.Result) string {
	var parts []string
	for _, c := range result.Columns {
		parts = append(parts, fmt.Sprintf("%s is %s", cut(c.Name), c.Type))
	}
	return strings.Join(parts[:min(len(parts), 20)], ", ")
}
