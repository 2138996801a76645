package remote

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/pkg/history"
)

// decode reads a response of Prometheus' HTTP API while it comes: an answer may have
// millions of points. Labels of these names are left out.
func decode(body io.Reader, without []string, maxSamples int) (history.Evaluated, error) {
	d := &decoder{
		json:    jsontext.NewDecoder(body, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		without: without, left: maxSamples,
	}
	answer, err := d.answer()
	switch tooMany := promql.ErrTooManySamples(""); {
	case err == nil, errors.As(err, &tooMany), errors.Is(err, errTooLong), errors.Is(err, history.ErrElsewhere):
		return answer, err
	default:
		return answer, elsewhere(err, "the remote engine's answer is not Prometheus' JSON: %v", err)
	}
}

// partial is the warning where an engine says so in its answer alone.
const partial = "The remote engine's answer is partial: a part of it did not answer"

type decoder struct {
	json    *jsontext.Decoder
	without []string
	left    int  // samples
	alone   bool // the result is one time and one value
	builder labels.ScratchBuilder
	names   []string // of the metric that is read
}

// fields calls read with the name of each field of an object.
func (d *decoder) fields(read func(name string) error) error {
	if err := d.expect('{'); err != nil {
		return err
	}
	for d.json.PeekKind() != '}' {
		name, err := d.json.ReadToken()
		if err != nil {
			return err
		}
		if err := read(name.String()); err != nil {
			return err
		}
	}
	return d.expect('}')
}

// items calls read for each item of an array.
func (d *decoder) items(read func(i int) error) error {
	if err := d.expect('['); err != nil {
		return err
	}
	for i := 0; d.json.PeekKind() != ']'; i++ {
		if err := read(i); err != nil {
			return err
		}
	}
	return d.expect(']')
}

func (d *decoder) expect(kind jsontext.Kind) error {
	token, err := d.json.ReadToken()
	if err != nil {
		return err
	}
	if token.Kind() != kind {
		return fmt.Errorf("%s where %s is expected", token.Kind(), kind)
	}
	return nil
}

func (d *decoder) text() (string, error) {
	token, err := d.json.ReadToken()
	if err != nil {
		return "", err
	}
	if token.Kind() != '"' {
		return "", fmt.Errorf("%s where a text is expected", token.Kind())
	}
	return token.String(), nil
}

func (d *decoder) answer() (answer history.Evaluated, err error) {
	status, failure, given := "", "", false
	err = d.fields(func(name string) error {
		var err error
		switch name {
		case "status":
			status, err = d.text()
		case "error":
			failure, err = d.text()
		case "warnings":
			err = d.texts(&answer.Warnings)
		case "infos":
			err = d.texts(&answer.Infos)
		case "isPartial": // VictoriaMetrics' cluster
			var token jsontext.Token
			if token, err = d.json.ReadToken(); err == nil && token.Kind() == 't' {
				answer.Warnings = append(answer.Warnings, partial)
			}
		case "data":
			if d.json.PeekKind() != '{' {
				return d.json.SkipValue()
			}
			given, err = true, d.data(&answer)
		default:
			err = d.json.SkipValue()
		}
		return err
	})
	switch {
	case err != nil:
	case status != "success":
		err = elsewhere(nil, "the remote engine answered %q%s", status, quoted(failure))
	case !given:
		err = errors.New("data is missing")
	}
	return answer, err
}

func (d *decoder) texts(into *[]string) error {
	if d.json.PeekKind() != '[' { // null
		return d.json.SkipValue()
	}
	const most = 10
	return d.items(func(int) error {
		text, err := d.text()
		if err == nil && len(*into) < most {
			*into = append(*into, text)
		}
		return err
	})
}

func (d *decoder) data(answer *history.Evaluated) error {
	given := false
	err := d.fields(func(name string) error {
		switch name {
		case "resultType":
			kind, err := d.text()
			answer.Type = parser.ValueType(kind)
			return err
		case "result":
			given = true
			return d.result(answer)
		default:
			return d.json.SkipValue()
		}
	})
	if err != nil {
		return err
	}
	switch answer.Type { // which may come after the result
	case parser.ValueTypeMatrix, parser.ValueTypeVector:
	case parser.ValueTypeString:
		given = given && d.alone
	case parser.ValueTypeScalar:
		given = given && d.alone
		answer.Scalar.T = answer.String.T
		if answer.Scalar.V, err = strconv.ParseFloat(answer.String.V, 64); err != nil && given {
			return err
		}
	default:
		return fmt.Errorf("unknown type of result %q", answer.Type)
	}
	if !given {
		return errors.New("the result is missing")
	}
	return nil
}

// result reads series, or the time and value of a scalar or a text.
func (d *decoder) result(answer *history.Evaluated) error {
	n := 0
	err := d.items(func(i int) error {
		if d.json.PeekKind() == '{' {
			return d.series(answer)
		}
		n++
		var err error
		switch i {
		case 0:
			answer.String.T, err = d.time()
		case 1:
			answer.String.V, err = d.text()
		default:
			err = d.json.SkipValue()
		}
		return err
	})
	d.alone = n == 2
	if err == nil && n != 0 && n != 2 {
		return errors.New("a time and a value are expected")
	}
	return err
}

func (d *decoder) series(answer *history.Evaluated) error {
	var (
		metric labels.Labels
		points []promql.FPoint
		single bool
	)
	err := d.fields(func(name string) error {
		var err error
		switch name {
		case "metric":
			metric, err = d.metric()
		case "value":
			single = true
			points, err = d.point(points)
		case "values":
			err = d.items(func(int) error {
				points, err = d.point(points)
				return err
			})
		default: // histograms, which this data source has none of
			err = d.json.SkipValue()
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case len(points) == 0:
	case single:
		answer.Vector = append(answer.Vector, promql.Sample{Metric: metric, T: points[0].T, F: points[0].F})
	default:
		answer.Matrix = append(answer.Matrix, promql.Series{Metric: metric, Floats: points})
	}
	return nil
}

func (d *decoder) metric() (labels.Labels, error) {
	d.builder.Reset()
	d.names = d.names[:0]
	err := d.fields(func(name string) error {
		value, err := d.text()
		// VictoriaMetrics names a label of absent() as often as matchers do.
		if err == nil && value != "" && !slices.Contains(d.without, name) && !slices.Contains(d.names, name) {
			d.names = append(d.names, name)
			d.builder.Add(name, value)
		}
		return err
	})
	d.builder.Sort()
	return d.builder.Labels(), err
}

func (d *decoder) point(points []promql.FPoint) ([]promql.FPoint, error) {
	if d.left--; d.left < 0 {
		return nil, promql.ErrTooManySamples("answer of the remote engine")
	}
	var p promql.FPoint
	n := 0
	err := d.items(func(i int) error {
		var err error
		switch i {
		case 0:
			p.T, err = d.time()
		case 1:
			var text string
			if text, err = d.text(); err == nil {
				p.F, err = strconv.ParseFloat(text, 64)
			}
		default:
			err = d.json.SkipValue()
		}
		n++
		return err
	})
	if err == nil && n != 2 {
		err = errors.New("a time and a value are expected")
	}
	return append(points, p), err
}

func (d *decoder) time() (int64, error) {
	token, err := d.json.ReadToken()
	if err != nil {
		return 0, err
	}
	if token.Kind() != '0' {
		return 0, fmt.Errorf("%s where a time is expected", token.Kind())
	}
	seconds, err := token.Float()
	return int64(math.Round(seconds * 1000)), err
}

// merged joins series that are the same without the labels that are left out, which are
// then of different times, and sorts all. Where no label of this data source is left out
// they are of several metrics, and their values must not be mixed.
func merged(matrix promql.Matrix, mixed bool) (promql.Matrix, error) {
	slices.SortStableFunc(matrix, func(a, b promql.Series) int { return labels.Compare(a.Metric, b.Metric) })
	kept := matrix[:0]
	for _, s := range matrix {
		if n := len(kept); n > 0 && labels.Equal(kept[n-1].Metric, s.Metric) {
			all := append(kept[n-1].Floats, s.Floats...)
			slices.SortStableFunc(all, func(a, b promql.FPoint) int { return int(max(-1, min(1, a.T-b.T))) })
			for i := 1; i < len(all) && !mixed; i++ {
				if all[i].T == all[i-1].T && math.Float64bits(all[i].F) != math.Float64bits(all[i-1].F) {
					return nil, sameLabels(s.Metric)
				}
			}
			kept[n-1].Floats = slices.CompactFunc(all, func(a, b promql.FPoint) bool { return a.T == b.T })
			continue
		}
		kept = append(kept, s)
	}
	return kept, nil
}

// distinct returns an error where samples of several metrics are the same without the labels
// that are left out.
func distinct(vector promql.Vector) error {
	there := make(map[uint64]float64, len(vector))
	for _, x := range vector {
		hash := x.Metric.Hash()
		if v, again := there[hash]; again && math.Float64bits(v) != math.Float64bits(x.F) {
			return sameLabels(x.Metric)
		}
		there[hash] = x.F
	}
	return nil
}

func sameLabels(metric labels.Labels) error {
	return fmt.Errorf("the remote engine's answer has several series %s, which differ by the name of their metric alone: select one metric", metric)
}
