package plugin

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/dataplane/sdata"
	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/dataplane/sdata/timeseries"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
)

// readable has the dataplane library, with which Grafana reads the answers to
// rules and expressions, read frames: all of each.
func readable(t *testing.T, frames data.Frames) {
	t.Helper()
	require.NotEmpty(t, frames)
	byType := map[data.FrameType]data.Frames{}
	for _, frame := range frames {
		require.NotNil(t, frame.Meta)
		require.Equal(t, data.FrameTypeVersion{0, 1}, frame.Meta.TypeVersion)
		if frame.Meta.Type == data.FrameTypeLogLines {
			continue // dataplane has no reader of these
		}
		byType[frame.Meta.Type] = append(byType[frame.Meta.Type], frame)
	}
	for kind, some := range byType {
		var (
			found   int
			left    []sdata.FrameFieldIndex
			warning error
		)
		switch kind {
		case data.FrameTypeTable:
			continue // which rules and expressions cannot ask for
		case data.FrameTypeTimeSeriesMulti, data.FrameTypeTimeSeriesLong:
			reader, err := timeseries.CollectionReaderFromFrames(some)
			require.NoError(t, err)
			got, err := reader.GetCollection(true)
			require.NoError(t, err)
			found, left, warning = len(got.Refs), got.RemainderIndices, got.Warning
		default:
			reader, err := numeric.CollectionReaderFromFrames(some)
			require.NoError(t, err)
			got, err := reader.GetCollection(false) // validation of the values is not implemented for these
			require.NoError(t, err)
			found, left, warning = len(got.Refs), got.RemainderIndices, got.Warning
		}
		require.NoError(t, warning)
		require.Empty(t, left, "%s: a field that is not read", kind)
		require.Equal(t, some[0].Rows() > 0, found > 0, "%s", kind)
	}
}

// Every answer in these tests is read so; here is one of each type.
func TestEveryTypeOfFrameIsReadByDataplane(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.clock.Advance(every)
	const nothing = `"expr": "mesos_framework_cpus_allocated{framework='nobody'}"`
	const something = `"entity": "framework", "resource": "cpus", "measure": "allocated"`
	cases := map[string]struct {
		query  string
		frames data.FrameType
		empty  bool
	}{
		"range":                     {`{` + something + `}`, data.FrameTypeTimeSeriesMulti, false},
		"range as table":            {`{` + something + `, "format": "table"}`, data.FrameTypeTimeSeriesLong, false},
		"instant":                   {`{` + something + `, "instant": true}`, data.FrameTypeNumericWide, false},
		"instant as table":          {`{` + something + `, "instant": true, "format": "table"}`, data.FrameTypeNumericLong, false},
		"range, no data":            {`{` + nothing + `}`, data.FrameTypeTimeSeriesMulti, true},
		"range as table, no data":   {`{` + nothing + `, "format": "table"}`, data.FrameTypeTimeSeriesLong, true},
		"instant, no data":          {`{` + nothing + `, "instant": true}`, data.FrameTypeNumericWide, true},
		"instant as table, no data": {`{` + nothing + `, "instant": true, "format": "table"}`, data.FrameTypeNumericLong, true},
		"a number":                  {`{"expr": "1 + 1"}`, data.FrameTypeTimeSeriesMulti, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			response := s.ask(c.query)
			require.NoError(t, response.Error)
			readable(t, response.Frames)
			for _, frame := range response.Frames {
				require.Equal(t, c.frames, frame.Meta.Type)
				require.Equal(t, c.empty, frame.Rows() == 0)
				table := frame.Meta.Type == data.FrameTypeTimeSeriesLong || frame.Meta.Type == data.FrameTypeNumericLong
				require.Equal(t, c.empty && !table, len(frame.Fields) == 0, "no data is a frame without fields, or a table without rows")
			}
		})
	}
}

// Rules and expressions are known by headers, and are answered in full, in
// types they can compute with.
func TestRulesAndExpressionsAreAnsweredAsSuch(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.clock.Advance(every)
	const both = `{"entity": "framework", "resource": "cpus", "measure": "allocated", "range": true, "instant": true}`
	cases := map[string]struct {
		headers map[string]string
		query   string
		want    []data.FrameType
	}{
		"a rule gets the instant of both":      {map[string]string{"FromAlert": "true"}, both, []data.FrameType{data.FrameTypeNumericWide}},
		"a panel gets both":                    {nil, both, []data.FrameType{data.FrameTypeTimeSeriesMulti, data.FrameTypeNumericWide}},
		"an expression gets no table of times": {map[string]string{"http_X-Grafana-From-Expr": "true"}, `{"expr": "mesos_up", "format": "table"}`, []data.FrameType{data.FrameTypeTimeSeriesMulti}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{
				PluginContext: s.context(), Headers: c.headers, Queries: []backend.DataQuery{s.asked(c.query)},
			})
			require.NoError(t, err)
			frames := answer.Responses["A"].Frames
			readable(t, frames)
			var got []data.FrameType
			for _, frame := range frames {
				if !slices.Contains(got, frame.Meta.Type) {
					got = append(got, frame.Meta.Type)
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

// A point of a series.
type point struct {
	at    time.Duration // since begin
	value float64
}

// pointsOf are the points of each series of an answer over time, by the values
// of its labels in the order of their names.
func pointsOf(t *testing.T, response backend.DataResponse) map[string][]point {
	t.Helper()
	require.NoError(t, response.Error)
	all := map[string][]point{}
	for _, frame := range response.Frames {
		if len(frame.Fields) == 0 {
			continue // no data
		}
		require.Equal(t, data.FrameTypeTimeSeriesMulti, frame.Meta.Type)
		require.Len(t, frame.Fields, 2)
		field := frame.Fields[1]
		name := named(field.Labels)
		require.NotContains(t, all, name, "two series of one name")
		for i := range field.Len() {
			at := frame.Fields[0].At(i).(time.Time)
			all[name] = append(all[name], point{at.Sub(begin), field.At(i).(float64)})
		}
	}
	return all
}

func named(labels data.Labels) string {
	var names, values []string
	for name := range labels {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values = append(values, labels[name])
	}
	return strings.Join(values, "|")
}

// notices are the texts of an answer's notices, a line each. A panel shows those
// of all its frames together.
func notices(response backend.DataResponse) string {
	var all []string
	for _, frame := range response.Frames {
		for _, notice := range frame.Meta.Notices {
			all = append(all, notice.Text)
		}
	}
	return strings.Join(all, "\n")
}

func byLabels(a, b *data.Frame) int {
	return strings.Compare(named(a.Fields[1].Labels), named(b.Fields[1].Labels))
}
