// Package memory keeps a history in memory, without files, goroutines or timers.
//
//	store.go     options, limits, figures
//	series.go    one series: its chunks, and what an older query may see of it
//	batch.go     writing: a batch is staged, then visible at once
//	places.go    writing: where in a batch a series' newest sample is
//	table.go     series by reference
//	truncate.go  forgetting: by age and by bytes
//	query.go     reading: which series match, and their samples
//	match.go     reading: which matchers the index answers, and checking the others
package memory
