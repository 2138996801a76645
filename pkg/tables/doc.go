// Package tables answers SQL over the cluster: tables of tasks, agents, frameworks and what
// else Mesos knows, as of the latest model.
//
// Its files: schema.go what a table and a column are; tasks.go, agents.go, ... the tables;
// view.go what the tables show; engine.go SQLite, its limits and what it may do; rules.go
// what a statement may be; functions.go the functions there are; macros.go the macros of
// Grafana; errors.go errors with their place and a hint; result.go the typed columns of an
// answer.
//
// Nothing is loaded: SQLite's virtual tables read the model in place, which is never changed.
// Each statement has a connection of its own, so that nothing is shared between users.
package tables
