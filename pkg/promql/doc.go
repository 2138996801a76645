// Package promql reads histories: it runs PromQL over anything that is a
// storage.Queryable, bounded in time, samples and concurrency.
//
//	expr.go      parses PromQL within bounds; which metrics an expression names
//	patterns.go  bounds regular expressions before they are compiled
//	lists.go     keeps queriers to lists of literals, which are not compiled
//	guard.go     refuses expressions that take memory the engine does not count
//	cost.go      how many samples and series a query holds; refuses what does not fit
//	window.go    at which times a selector is evaluated, and how many series it matches
//	admission.go admits queries by their weight: lanes, a queue, answers being sent
//	engine.go    runs PromQL: Prometheus' own engine behind bounds
//	elsewhere.go queries whose samples another engine has, and evaluates
//	lookup.go    looks up labels, within the same bounds
//	names.go     collects distinct texts up to a limit
//	errors.go    what can go wrong with a query, in sentences
package promql
