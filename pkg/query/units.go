package query

import "community-mesos-datasource/catalogue"

// This file names units as Grafana does (packages/grafana-data/src/valueFormats).

const (
	unitCPUs  = "suffix: CPUs"
	unitGPUs  = "suffix: GPUs"
	unitBytes = "bytes" // by 1024
	unitRatio = "percentunit"
	unitCount = "short"
	unitRate  = "cps"
	unitNone  = "none"
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
	case q.Rate:
		return unitRate
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

// unitPerSecond is the unit of such a counter's rate.
func unitPerSecond(u catalogue.Unit) string {
	switch u {
	case catalogue.Count:
		return unitRate
	case catalogue.Bytes:
		return "binBps"
	case catalogue.Seconds:
		return "suffix: s/s"
	default:
		return unitNone
	}
}
