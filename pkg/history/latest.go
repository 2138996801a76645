package history

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// LatestLabel returns the value of a label of the series of a metric that has the
// newest sample, "" where there is none. It reads from now backward, so that a
// long history costs no more than a short one.
func LatestLabel(ctx context.Context, from storage.Queryable, now time.Time, start time.Time, metric, label string) (string, error) {
	if start.IsZero() {
		return "", nil
	}
	maxt := int64(math.MaxInt64) // a clock that was set back leaves samples after now
	for reach := time.Hour; ; reach *= 4 {
		mint := now.Add(-reach).UnixMilli()
		value, err := latestLabel(ctx, from, mint, maxt, metric, label)
		if value != "" || err != nil || mint < start.UnixMilli() {
			return value, err
		}
		maxt = mint
	}
}

func latestLabel(ctx context.Context, from storage.Queryable, mint, maxt int64, metric, label string) (string, error) {
	querier, err := from.Querier(mint, maxt)
	if err != nil {
		return "", err
	}
	defer func() { _ = querier.Close() }() // nothing to lose: it only reads
	set := querier.Select(ctx, false, &storage.SelectHints{Start: mint, End: maxt}, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, metric))
	newest, value := int64(math.MinInt64), ""
	var it chunkenc.Iterator
	for set.Next() {
		s := set.At()
		it = s.Iterator(it)
		last := int64(math.MinInt64)
		for it.Next() != chunkenc.ValNone {
			last = it.AtT()
		}
		if err := it.Err(); err != nil {
			return "", err
		}
		if last > newest {
			newest, value = last, s.Labels().Get(label)
		}
	}
	return value, set.Err()
}

// LatestTime returns the time of the newest sample of a metric that is not after a moment, the zero time where there is
// none. It reads backward, as LatestLabel does.
func LatestTime(ctx context.Context, from storage.Queryable, before, start time.Time, metric string) (time.Time, error) {
	maxt := before.UnixMilli()
	for reach := time.Hour; ; reach *= 4 {
		mint := before.Add(-reach).UnixMilli()
		newest, err := latestTime(ctx, from, mint, maxt, metric)
		switch {
		case err != nil:
			return time.Time{}, err
		case newest != NoTime:
			return time.UnixMilli(newest), nil
		case mint < start.UnixMilli():
			return time.Time{}, nil
		}
		maxt = mint
	}
}

func latestTime(ctx context.Context, from storage.Queryable, mint, maxt int64, metric string) (int64, error) {
	querier, err := from.Querier(mint, maxt)
	if err != nil {
		return NoTime, err
	}
	defer func() { _ = querier.Close() }() // nothing to lose: it only reads
	set := querier.Select(ctx, false, &storage.SelectHints{Start: mint, End: maxt}, labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, metric))
	newest := int64(NoTime)
	var it chunkenc.Iterator
	for set.Next() {
		it = set.At().Iterator(it)
		for it.Next() != chunkenc.ValNone {
			if t := it.AtT(); t <= maxt {
				newest = max(newest, t)
			}
		}
		if err := it.Err(); err != nil {
			return NoTime, err
		}
	}
	return newest, set.Err()
}
