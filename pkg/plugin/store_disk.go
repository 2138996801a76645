//go:build !catalogue

package plugin

import (
	"community-mesos-datasource/pkg/history/disk"
	"community-mesos-datasource/pkg/history/remote"
)

// newMark returns what keeps up to where a remote engine has what is in a directory.
var newMark = func(dir string) remote.Mark { return disk.Mark{Dir: dir} }

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
