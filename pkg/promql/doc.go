// Package promql reads histories: it runs PromQL over anything that is a
// storage.Queryable, bounded in time, samples and concurrency.
//
//	expr.go      parses PromQL; which metrics an expression names
//	guard.go     refuses expressions that take memory the engine does not count
//	estimate.go  how many samples a query will touch
//	engine.go    runs PromQL: Prometheus' own engine behind bounds
//	errors.go    what can go wrong with a query, in sentences
package promql
