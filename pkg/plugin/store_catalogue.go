//go:build catalogue

package plugin

// newDiskStore is nil: Grafana's catalogue has no plugins that use files, so the build for it has no history on disk.
var newDiskStore func(diskOptions) store
