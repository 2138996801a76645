// Package disk keeps a history in a directory: Prometheus' TSDB, and memory
// where the directory cannot be written.
//
//	store.go      options, limits, figures
//	state.go      what a Store knows, and its locks
//	fault.go      when the directory must not be written, in sentences
//	keeper.go     the goroutine that opens, moves, maps chunks and compacts
//	open.go       opening; staleness for series that were open
//	damage.go     damaged files: before opening, and in open blocks
//	batch.go      writing
//	staged.go     writing: what to do where a commit fails
//	query.go      reading
//	blocks.go     reading: what is in blocks
//	move.go       from memory to disk
//	late.go       samples that come late, because the clock was set back
//	log.go        the TSDB's log
//	recovered.go  panics of the TSDB
//
// Below it, package repair repairs damaged files, and package files asks the
// file system.
package disk
