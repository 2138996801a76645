package query

import (
	"iter"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/query/dimension"
)

// This file names units as Grafana does (packages/grafana-data/src/valueFormats).

const (
	unitCPUs  = "suffix: CPUs"
	unitGPUs  = "suffix: GPUs"
	unitBytes = "bytes" // by 1024
	unitRatio = "percentunit"
	unitCount = "short"
	unitRate  = "cps"
	unitNone  = "none"

	unitPerMinute = "cpm"
)

var resourceUnits = map[Resource]string{
	ResourceCPUs: unitCPUs, ResourceGPUs: unitGPUs, ResourceMemory: unitBytes, ResourceDisk: unitBytes, ResourceTasks: unitCount,
}

// unitOfMeasure is the unit of a builder query's numbers.
func unitOfMeasure(q *MetricsQuery, r row) string {
	switch {
	case q.Aggregate == AggregateCount:
		return unitCount
	case r.ratio():
		return unitRatio
	case q.Rate == RateSecond:
		return unitRate
	case q.Rate == RateMinute:
		return unitPerMinute
	default:
		return resourceUnits[q.Resource]
	}
}

var catalogueUnits = map[catalogue.Unit]string{
	catalogue.CPUs:    unitCPUs,
	catalogue.GPUs:    unitGPUs,
	catalogue.Bytes:   unitBytes,
	catalogue.Seconds: "s",
	catalogue.Ratio:   unitRatio,
	catalogue.Count:   unitCount,
	catalogue.Bool:    unitNone,
	catalogue.Time:    unitNone, // Unix seconds; Grafana's dates are milliseconds
	catalogue.BytesPS: "binBps",
	catalogue.None:    unitNone,
}

// unitOf is the unit of a series of the catalogue.
func unitOf(u catalogue.Unit) string {
	if unit, ok := catalogueUnits[u]; ok {
		return unit
	}
	return unitNone
}

// dimensionUnits are the units of dimensions that the catalogue does not have.
var dimensionUnits = map[dimension.Dimension]string{
	dimension.Unknown: "", dimension.Number: "",
	dimension.Members: unitCount, dimension.PerSecond: unitRate, dimension.PerMinute: unitPerMinute,
	dimension.Percent: "percent", dimension.CPUTime: catalogueUnits[catalogue.Seconds],
}

func unitOfDimension(d dimension.Dimension) string {
	if unit, ok := dimensionUnits[d]; ok {
		return unit
	}
	return unitOf(catalogue.Unit(d))
}

// unitPerSecond is the unit of a counter's rate.
func unitPerSecond(s catalogue.Series) string {
	return unitOfDimension(dimension.OfSeries(s).Rate())
}

// unitOfExpression is the unit of an expression, "" where it is not certain.
func unitOfExpression(parsed parser.Expr) string {
	known := sync.OnceValue(catalogue.All)
	return unitOfDimension(dimension.Of(parsed, func(matchers []*labels.Matcher) iter.Seq[catalogue.Series] {
		return func(yield func(catalogue.Series) bool) {
			for _, s := range known() {
				if mayMatch(matchers, s) && !yield(s) {
					return
				}
			}
		}
	}))
}
