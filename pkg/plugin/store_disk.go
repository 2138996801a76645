//go:build !catalogue

package plugin

import "community-mesos-datasource/pkg/history/disk"

// newDiskStore returns a history on disk.
func newDiskStore(o diskOptions) store {
	return disk.New(disk.Options{
		Dir:         o.dir,
		Retention:   o.retention,
		Limit:       o.limit,
		MemoryLimit: o.memoryLimit,
		Now:         o.now,
		Log:         o.log,
		From:        o.from,
	})
}
