// Package query answers Grafana's queries: JSON in, data frames out.
//
// Its files, in the order a query passes them:
//
//	model.go       the query as JSON; schema.json and src/query/types.gen.ts are generated from it
//	bounds.go      how large a query may be
//	parse.go       decoding, defaults, and errors of a query
//	keys.go        keys that nobody knows
//	left.go        what is left of a dashboard's variables
//	formats.go     how Grafana writes a variable with several values
//	doubts.go      comparisons that match nothing because of how their value is written
//	entities.go    the compile table: entities, resources, measures
//	matcher.go     filters and ad-hoc filters as PromQL matchers
//	adhoc.go       where a dashboard's filters go in an expression
//	metrics.go     queryType metrics: compile
//	forecast.go    its forecasts, drawn after now
//	fits.go        its measure fits: room for tasks of a shape
//	scope.go       its labels: groupBy and filters
//	expression.go  the parts PromQL text is made of
//	promql.go      queryType promql: expressions, and the series and polls they read
//	time.go        step, macros, look-back
//	current.go     tasks whose history is not kept
//	variable.go    queryType variable: the values a dashboard variable offers;
//	               variable_entities.go lists entities for it;
//	               variable_prometheus.go reads those written for Prometheus
//	events.go      queryType events: what happened; events_filter.go its filters,
//	               events_frames.go marks and tables, events_timeline.go states over
//	               time, events_count.go numbers, events_text.go the words of a mark
//	topology.go    queryType topology: a graph of frameworks, agents, roles and tasks;
//	               topology_frames.go makes its frames
//	links.go       links of frames: to Mesos' web UI, and to queries
//	alias.go       names of mesos_exporter and of DC/OS, rewritten into those here;
//	               alias_labels.go their labels, alias_texts.go the sentences about them,
//	               alias_patterns.go patterns of names
//	run.go         one query from JSON to frames, errors and panics included
//	frames.go      frames in the shapes Grafana's dataplane contract names
//	legend.go      display names
//	units.go       Grafana's units; the package dimension finds those of expressions
//	notices.go     notices: what limits an answer or makes it old
//	empty.go       why an answer has no series
//	resources.go   what the editors ask: compile, labels, values, catalogue
//
// Every query type is safe for whatever JSON a viewer sends.
package query
