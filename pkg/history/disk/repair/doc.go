// Package repair repairs the directory of a Prometheus TSDB before it is
// opened, where the repair of the TSDB itself would lose more history or would
// not open the directory at all. Nothing is deleted: what is replaced is moved
// to the directory quarantine.
//
//	repair.go   Directory: the steps, and what was found
//	log.go      the log of recent samples: rewritten without what is damaged
//	segment.go  the records of a segment of the log, before and after damage
//	record.go   what is looked at in a record
//	block.go    a block: rewritten from what can be read
//	chunk.go    single chunks of an open block: marked as deleted
//
// What each step saves, compared with quarantine of the damaged block and the
// TSDB's own repair, is measured by TestDamage in package disk, and listed in
// docs/operations.md.
package repair

// Version is the version of Prometheus this package was written for. It relies
// on that version for the format of the log (tsdb/docs/format/wal.md), for what
// tsdb.Open does with damage, and for the texts of two errors (see IsDamage). A
// test fails when go.mod names another version: run TestDamage with that one,
// compare the files named here, then change Version.
//
//   - tsdb/wlog/reader.go, wlog.go (Repair): everything after a damaged record
//     is dropped, and a damaged checkpoint keeps the database from opening
//   - tsdb/head.go (Init): head chunks with a wrong checksum are dropped and read
//     again from the log
//   - tsdb/head_wal.go (loadWAL): references up to that of a tombstone are not
//     given to other series; a label of 16 MiB ends the process; records of
//     unknown kinds are skipped
//   - tsdb/wlog/checkpoint.go (ReadMinValidTime), tsdb/db.go (open): the first
//     record of a checkpoint is the time up to which the log was cut, and what is
//     older is not read from the log, whether a block has it or not
//   - tsdb/db.go (reloadBlocks): a block without a readable meta.json is skipped,
//     any other unreadable block keeps the database from opening
//   - tsdb/querier.go: "cannot populate chunk", "get series"
const Version = "v0.316.0"
