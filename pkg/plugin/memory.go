package plugin

import "runtime/debug"

// gcPercent is how much garbage there may be before it is collected, in percent
// of what is in use: GOGC, which is 100 by default and which Grafana does not
// pass on. Nearly all that is in use is history, which lies still, and a poll
// makes less garbage than there is history: collecting it early costs a
// collection or two a poll, and saves a third of the process' memory
// (docs/benchmarks.md).
const gcPercent = 40

// SaveMemory makes this process collect its garbage early.
func SaveMemory() { debug.SetGCPercent(gcPercent) }
