// Package disk keeps a history in a directory: Prometheus' TSDB, and memory
// where the directory cannot be written.
//
//	store.go        options, limits, figures
//	trouble.go      when the directory must not be written, in sentences
//	keeper.go       the goroutine that opens, moves, maps chunks and compacts
//	open.go         opening; staleness for series that were open
//	mend.go         what is broken in the directory, before it is opened
//	damage.go       what is found to be broken in a block later
//	batch.go        writing
//	query.go        reading
//	blocks.go       reading: what is in blocks
//	move.go         from memory to disk
//	late.go         samples that come late, because the clock was set back
//	log.go          the TSDB's log
//	files_*.go      what is asked of the file system
package disk
