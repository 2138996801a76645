package promql

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/disk"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/series"
)

var errNoHistograms = errors.New("the stores keep floats only")

// A promqlStorage makes a Store what promqltest takes. It embeds the interface
// for what promqltest never calls.
type promqlStorage struct {
	storage.Storage
	store history.Store
}

func (s promqlStorage) Querier(mint, maxt int64) (storage.Querier, error) {
	return s.store.Querier(mint, maxt)
}
func (s promqlStorage) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return promqlAppender{s.store.Batch(ctx)}
}
func (s promqlStorage) Close() error { return s.store.Close() }

type promqlAppender struct{ series.Batch }

func (a promqlAppender) Append(ref storage.SeriesRef, l labels.Labels, _, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, _ storage.AOptions) (storage.SeriesRef, error) {
	if h != nil || fh != nil {
		return 0, errNoHistograms
	}
	return a.Batch.Append(ref, func() labels.Labels { return l }, t, v)
}

// stores are what Prometheus' tests run on. They load samples from 1970 on.
var stores = map[string]func(testing.TB) history.Store{
	"memory": func(testing.TB) history.Store { return memory.New(memory.Options{}) },
	"disk": func(tb testing.TB) history.Store {
		// The tests load a day in one batch.
		d := disk.New(disk.Options{Dir: tb.TempDir(), BlockRange: 24 * time.Hour})
		tb.Cleanup(func() { require.NoError(tb, d.Close()) })
		require.Eventually(tb, func() bool { return d.Stats().Engine == "disk" && !d.InMemory() }, 10*time.Second, time.Millisecond)
		return d
	},
}

// leftOut are the files of Prometheus' own PromQL tests that do not run on
// a store alone, and why.
var leftOut = map[string]string{
	"testdata/aggregators.test":       needsHistograms,
	"testdata/extended_vectors.test":  needsHistograms,
	"testdata/functions.test":         needsHistograms,
	"testdata/histograms.test":        needsHistograms,
	"testdata/info.test":              needsHistograms,
	"testdata/limit.test":             needsHistograms,
	"testdata/native_histograms.test": needsHistograms,
	"testdata/operators.test":         needsHistograms,
	"testdata/range_queries.test":     needsHistograms,
	"testdata/subquery.test":          needsHistograms,
	"testdata/start_timestamps.test":  "it loads samples with start timestamps, and the stores keep none: Mesos tells none",
}

const needsHistograms = "it loads native histograms, and the stores keep floats only: Mesos has no histograms"

// selective runs the tests of a testing.T but for the files left out.
type selective struct {
	*testing.T
	ran, left *[]string
}

func (s selective) Run(name string, f func(*testing.T)) bool {
	if why, ok := leftOut[name]; ok {
		*s.left = append(*s.left, name)
		s.Logf("%s is left out: %s", name, why)
		return true
	}
	*s.ran = append(*s.ran, name)
	return s.T.Run(name, f)
}

func newTestEngine(t *testing.T) *prom.Engine {
	return promqltest.NewTestEngine(t, false, 5*time.Minute, promqltest.DefaultMaxSamplesPerQuery)
}

func TestPrometheusBuiltinTestsPassOnEveryStore(t *testing.T) {
	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) {
			var ran, left []string
			promqltest.RunBuiltinTestsWithStorage(selective{t, &ran, &left}, newTestEngine(t), func(tb testing.TB) storage.Storage {
				return promqlStorage{store: newStore(tb)}
			})
			require.ElementsMatch(t, slices.Collect(maps.Keys(leftOut)), left, "a file left out no longer exists")
			require.GreaterOrEqual(t, len(ran), 10)
			t.Logf("ran %d files: %s", len(ran), strings.Join(ran, " "))
		})
	}
}

// The files left out run too, with what the stores do not keep in Prometheus'
// TSDB beside them: every plain float comes from the store, also where a series
// has both.
func TestFilesLeftOutPassWithTheRestInTSDB(t *testing.T) {
	for name, newStore := range stores {
		t.Run(name, func(t *testing.T) {
			var ran, left []string
			promqltest.RunBuiltinTestsWithStorage(inverse{selective{t, &ran, &left}}, newTestEngine(t), func(tb testing.TB) storage.Storage {
				return besideTSDB{Storage: teststorage.New(tb, func(o *tsdb.Options) {
					// As promqltest.RunBuiltinTests sets them.
					o.EnableSTStorage = true
					o.FloatChunkEncoding = chunkenc.EncXOR2
					o.EnableHistogramSTEncoding = true
				}), store: newStore(tb)}
			})
			require.Len(t, ran, len(leftOut))
		})
	}
}

// inverse runs the files left out and no others.
type inverse struct{ selective }

func (s inverse) Run(name string, f func(*testing.T)) bool {
	if _, ok := leftOut[name]; !ok {
		return true
	}
	*s.ran = append(*s.ran, name)
	return s.T.Run(name, f)
}

// besideTSDB keeps plain floats in a Store, the rest in a TSDB.
type besideTSDB struct {
	storage.Storage // the TSDB
	store           history.Store
}

func (s besideTSDB) Close() error { return errors.Join(s.store.Close(), s.Storage.Close()) }

func (s besideTSDB) Querier(mint, maxt int64) (storage.Querier, error) {
	a, err := s.store.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	b, err := s.Storage.Querier(mint, maxt)
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return storage.NewMergeQuerier([]storage.Querier{a, b}, nil, storage.ChainedSeriesMerge), nil
}

func (s besideTSDB) AppenderV2(ctx context.Context) storage.AppenderV2 {
	return besideAppender{AppenderV2: s.Storage.AppenderV2(ctx), floats: promqlAppender{s.store.Batch(ctx)}}
}

type besideAppender struct {
	storage.AppenderV2 // of the TSDB
	floats             promqlAppender
}

func (a besideAppender) Append(_ storage.SeriesRef, l labels.Labels, st, t int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram, o storage.AOptions) (storage.SeriesRef, error) {
	if h == nil && fh == nil && st == 0 {
		return a.floats.Append(0, l, st, t, v, h, fh, o)
	}
	return a.AppenderV2.Append(0, l, st, t, v, h, fh, o)
}

func (a besideAppender) Commit() error {
	return errors.Join(a.floats.Commit(), a.AppenderV2.Commit())
}
func (a besideAppender) Rollback() error {
	return errors.Join(a.floats.Rollback(), a.AppenderV2.Rollback())
}
