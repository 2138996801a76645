package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	sdk "github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/query"
)

// A question is a query, and the name of its answer.
type question struct {
	Expr  string         `json:"expr"`
	Query map[string]any `json:"query"`
}

// An answer holds the result of a question.
type answer struct {
	Expr   string   `json:"expr"`
	Series []points `json:"series"`
}

// points holds a series' values at the moments of polls.
type points struct {
	Labels map[string]string `json:"labels"`
	// Unix seconds and value. A moment without a value is not there.
	Points [][2]float64 `json:"points"`
}

// perQuery is the number of steps per query, below the limit of points of a
// range query.
const perQuery = 5000

// ask runs every query at every step between two moments, as a panel does.
func ask(source query.Source, asked []question, from, to time.Time, step time.Duration) ([]answer, error) {
	var answers []answer
	for _, q := range asked {
		one, err := askFor(source, q, from, to, step)
		if err != nil {
			return nil, fmt.Errorf("asking for %s: %w", q.Expr, err)
		}
		answers = append(answers, one)
	}
	return answers, nil
}

func askFor(source query.Source, q question, from, to time.Time, step time.Duration) (answer, error) {
	q.Query["range"] = true
	body, err := json.Marshal(q.Query)
	if err != nil {
		return answer{}, err
	}
	response := query.Run(context.Background(), source, sdk.DataQuery{
		RefID: "A", JSON: body, TimeRange: sdk.TimeRange{From: from, To: to}, Interval: step, MaxDataPoints: perQuery,
	}, query.Options{Expression: true}) // else at most 1000 series
	if response.Error != nil {
		return answer{}, response.Error
	}
	found := answer{Expr: q.Expr, Series: []points{}}
	for _, frame := range response.Frames {
		found.Series = append(found.Series, seriesOf(frame)...)
	}
	return found, nil
}

// seriesOf reads a frame of times and numbers.
func seriesOf(frame *data.Frame) []points {
	var found []points
	times := frame.TypeIndices(data.FieldTypeTime)
	if len(times) == 0 {
		return nil
	}
	for _, i := range frame.TypeIndices(data.FieldTypeFloat64, data.FieldTypeNullableFloat64) {
		one := points{Labels: frame.Fields[i].Labels}
		for row := range frame.Rows() {
			at, timed := frame.Fields[times[0]].ConcreteAt(row)
			value, set := frame.Fields[i].ConcreteAt(row)
			if timed && set {
				one.Points = append(one.Points, [2]float64{float64(at.(time.Time).UnixMilli()) / 1000, value.(float64)})
			}
		}
		found = append(found, one)
	}
	return found
}
