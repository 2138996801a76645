package query

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/grafana/dataplane/sdata"
	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/dataplane/sdata/timeseries"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/promql"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/series"
)

// noon is when the tests' histories end: a multiple of every step up to a day's half.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const every = 15 * time.Second

// A recorded series has a value at each poll up to noon; NaN is a poll without it.
type recorded struct {
	labels labels.Labels
	values []float64
}

// of makes a series of label names and values, the metric first.
func of(metric string, pairs ...string) labels.Labels {
	return labels.FromStrings(append([]string{labels.MetricName, metric, labelCluster, "test"}, pairs...)...)
}

// flat is n polls of one value.
func flat(v float64, n int) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = v
	}
	return values
}

// recordedStore returns a history with these series, a sample each 15 s, the last at noon.
func recordedStore(t testing.TB, all ...recorded) *memory.Store {
	t.Helper()
	store := memory.New(memory.Options{Now: func() time.Time { return noon.Add(time.Minute) }})
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	longest := 0
	for _, s := range all {
		longest = max(longest, len(s.values))
	}
	for i := range longest {
		batch := store.Batch(context.Background())
		for _, s := range all {
			if at := i - (longest - len(s.values)); at >= 0 && s.values[at] == s.values[at] {
				_, err := batch.Append(0, func() labels.Labels { return s.labels }, noon.Add(-time.Duration(longest-1-i)*every).UnixMilli(), s.values[at])
				require.NoError(t, err)
			}
		}
		require.NoError(t, batch.Commit())
	}
	return store
}

// source answers from a store, with a collector that is well.
func source(t testing.TB, store history.Store) Source {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOptions{})
	t.Cleanup(engine.Close)
	return Source{
		Engine: engine, Store: store,
		Status:   func() collector.Status { return collector.Status{TaskSeries: true} },
		Interval: func(series.Poll) time.Duration { return every },
		Now:      func() time.Time { return noon },
	}
}

// asked is a query over the ten minutes before noon, as Grafana sends one.
func asked(query string) backend.DataQuery {
	return backend.DataQuery{
		RefID: "A", JSON: json.RawMessage(query), MaxDataPoints: 1000, Interval: every,
		TimeRange: backend.TimeRange{From: noon.Add(-10 * time.Minute), To: noon},
	}
}

// answered runs a query that must succeed, and reads its frames as Grafana's
// expressions and rules do.
func answered(t testing.TB, src Source, query string, o Options) backend.DataResponse {
	t.Helper()
	response := Run(context.Background(), src, asked(query), o)
	require.NoError(t, response.Error, query)
	require.NotEmpty(t, response.Frames)
	readable(t, response.Frames)
	return response
}

// readable has the dataplane library read the frames of each type.
func readable(t testing.TB, frames data.Frames) {
	t.Helper()
	byType := map[data.FrameType]data.Frames{}
	for _, frame := range frames {
		require.NotNil(t, frame.Meta)
		if frame.Meta.Type == data.FrameTypeUnknown {
			continue // states over time, which expressions cannot ask for and the contract has no type of
		}
		require.Equal(t, data.FrameTypeVersion{0, 1}, frame.Meta.TypeVersion)
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
			continue // texts for variables, which expressions cannot ask for
		case data.FrameTypeTimeSeriesMulti, data.FrameTypeTimeSeriesLong:
			reader, err := timeseries.CollectionReaderFromFrames(some)
			require.NoError(t, err)
			got, err := reader.GetCollection(true)
			require.NoError(t, err)
			found, left, warning = len(got.Refs), got.RemainderIndices, got.Warning
		default:
			reader, err := numeric.CollectionReaderFromFrames(some)
			require.NoError(t, err)
			got, err := reader.GetCollection(false)
			require.NoError(t, err)
			found, left, warning = len(got.Refs), got.RemainderIndices, got.Warning
		}
		require.NoError(t, warning)
		require.Empty(t, left, "%s: a field the library does not read", kind)
		require.Equal(t, some[0].Rows() > 0, found > 0, "%s", kind)
	}
}

// texts are the notices of a response.
func texts(response backend.DataResponse) []string {
	var all []string
	for _, frame := range response.Frames {
		for _, notice := range frame.Meta.Notices {
			all = append(all, notice.Text)
		}
	}
	return all
}

// fakeCurrent is current tasks that a test makes up.
type fakeCurrent struct {
	time   time.Time
	series []samples.CurrentSeries
}

func (f fakeCurrent) Time() time.Time { return f.time }

func (f fakeCurrent) Names() []string {
	var all []string
	for _, s := range f.series {
		all = append(all, s.Labels.Get(labels.MetricName))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (f fakeCurrent) Series(name string) []samples.CurrentSeries {
	var found []samples.CurrentSeries
	for _, s := range f.series {
		if s.Labels.Get(labels.MetricName) == name {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b samples.CurrentSeries) int { return labels.Compare(a.Labels, b.Labels) })
	return found
}
