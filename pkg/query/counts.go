package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"

	"community-mesos-datasource/pkg/promql"
)

// countOfNames counts the series of every name.
const countOfNames = `count by (__name__) (` + everySeries + `)`

const everySeries = `{__name__!=""}`

// maxCountedNames is how many names of series are counted for the metrics browser at most.
const maxCountedNames = MaxLabelValues

// Counts holds how many series each name has now.
type Counts struct {
	Series map[string]int
	// Warnings are sentences: the names with the fewest series are left out.
	Warnings []string
}

// SeriesCounts counts the series that have a value now, by their names, with current tasks
// whose history is not kept. It is admitted as an instant query over all series is, and
// refused where there are more than such a query may select. Errors are *promql.Error.
func SeriesCounts(ctx context.Context, src Source) (Counts, error) {
	read, err := readsOf(everySeries)
	if err != nil {
		return Counts{}, err
	}
	read.names = append(read.names, seriesOfTasks...)
	result, err := src.Engine.Instant(ctx, promql.Request{
		Store: src.withTasks(read), Expr: countOfNames, End: src.now(),
		Lookback: stepRange{poll: src.schedule(read.polls).every}.lookback(),
	})
	if err != nil {
		return Counts{}, err
	}
	counted := result.Vector
	var answer Counts
	if len(counted) > maxCountedNames {
		slices.SortFunc(counted, func(a, b prom.Sample) int { return cmp.Compare(b.F, a.F) })
		answer.Warnings = []string{fmt.Sprintf("%d of %d names are counted, those with the most series.", maxCountedNames, len(counted))}
		counted = counted[:maxCountedNames]
	}
	answer.Series = make(map[string]int, len(counted))
	for _, sample := range counted {
		answer.Series[sample.Metric.Get(labels.MetricName)] = int(sample.F)
	}
	return answer, nil
}
