// Package query answers Grafana's queries: JSON in, data frames out.
//
// Its files, in the order a query passes them:
//
//	model.go       the query as JSON; schema.json and src/query/types.gen.ts are generated from it
//	parse.go       decoding, defaults, and what is wrong with a query
//	entities.go    what the builder knows: entities, resources, measures (the compile table)
//	matcher.go     filters and ad-hoc filters as PromQL matchers
//	metrics.go     queryType metrics: compile
//	scope.go       its labels: groupBy and filters
//	expression.go  the parts PromQL text is made of
//	promql.go      queryType promql: expressions and what can be read off them
//	time.go        step, macros, look-back
//	current.go     tasks whose history is not kept
//	variable.go    queryType variable: the values a dashboard variable offers;
//	               variable_entities.go lists entities for it
//	run.go         one query from JSON to frames, errors and panics included
//	frames.go      frames in the shapes Grafana's dataplane contract names
//	legend.go      display names
//	units.go       Grafana's units
//	notices.go     what a reader of the answer must know
//	resources.go   what the editors ask: compile, labels, values, catalogue
//
// Every query type is safe for whatever JSON a viewer sends.
package query
