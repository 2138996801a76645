// Package remote keeps a history in another engine, such as Prometheus, Mimir,
// Thanos or VictoriaMetrics, with a local store in front of it.
//
//	store.go    the store: writes into the local one, and remembers what to forward
//	queue.go    what is not forwarded yet: batches in memory, then the local store
//	sender.go   the goroutine that forwards, retries and counts
//	lease.go    who of several processes collects: the others write nothing
//	write.go    one request of remote write, and what its response means
//	encode.go   the messages of remote write 1.0 and 2.0
//	stats.go    what is known of the other engine: lag, refused samples, reach
//	force.go    rewrites PromQL so that it reads this cluster's series alone
//	read.go     evaluates PromQL and looks up labels in the other engine
//	decode.go   reads its responses
//
// A sample is committed to the local store first, and forwarded after. While the
// other engine is away the local store is the queue: what memory does not hold is
// read from it later, so nothing is lost that its retention and limits keep.
package remote
