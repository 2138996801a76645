//go:build catalogue

package plugin

import "community-mesos-datasource/pkg/history/remote"

// newDiskStore is nil: Grafana's catalogue has no plugins that use files, so the build for it has no history on disk.
var newDiskStore func(diskOptions) store

// newMark is nil, too.
var newMark func(dir string) remote.Mark
