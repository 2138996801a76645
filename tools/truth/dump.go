package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// A stored is a series as a history on disk has it.
type stored struct {
	Labels map[string]string `json:"labels"`
	// Unix milliseconds and value. Markers of staleness are not there.
	Samples [][2]float64 `json:"samples"`
}

// dump returns all samples of a history on disk whose plugin has ended.
func dump(dir string) ([]stored, error) {
	db, err := tsdb.OpenDBReadOnly(dir, "", slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", dir, err)
	}
	defer db.Close()
	q, err := db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir, err)
	}
	defer q.Close()
	all := []stored{}
	set := q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, ".+"))
	var it chunkenc.Iterator
	for set.Next() {
		at := set.At()
		one := stored{Labels: at.Labels().Map()}
		it = at.Iterator(it)
		for it.Next() != chunkenc.ValNone {
			if t, v := it.At(); !math.IsNaN(v) {
				one.Samples = append(one.Samples, [2]float64{float64(t), v})
			}
		}
		if err := it.Err(); err != nil {
			return nil, fmt.Errorf("reading %s of %s: %w", one.Labels, dir, err)
		}
		if len(one.Samples) > 0 {
			all = append(all, one)
		}
	}
	return all, set.Err()
}
