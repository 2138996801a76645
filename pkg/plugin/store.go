package plugin

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/events/sqlite"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/history/remote"
)

// This file decides where the history and the events of a source are: on disk, in a
// directory of their own below history_path, or in memory.

// historyPathVariable is the environment variable in which Grafana passes
// `history_path = DIR` under [plugin.community-mesos-datasource] in grafana.ini
// (Grafana's "Configure plugins": GF_PLUGIN_ and the key in upper case).
const historyPathVariable = "GF_PLUGIN_HISTORY_PATH"

// historyLimitVariable is that of `history_limit = 20GiB`: the most bytes of the
// files of one data source. It is not a setting of a data source because the
// operator of the server decides about its disk.
const historyLimitVariable = "GF_PLUGIN_HISTORY_LIMIT"

// A store is a history whose bounds follow the settings.
type store interface {
	history.Store
	SetLimits(retention time.Duration, memoryLimit int64)
}

// An eventLog is a log of events whose bounds follow the settings.
type eventLog interface {
	events.Log
	SetBounds(sqlite.Bounds)
	Close() error
}

// eventsFile is the name of the file of events, beside the files of the history.
const eventsFile = "events.sqlite"

// eventsShare is which part of history_limit and memoryLimit events may take.
const eventsShare = 8

// KeepHistoryIn sets the directory below which sources keep their history.
// Without it, or with "", they keep it in memory. limit is a size like 20GiB that
// bounds the files of each; "" is no bound. It must be called before the first
// request.
func (r *Registry) KeepHistoryIn(path, limit string) { r.historyPath, r.historyLimit = path, limit }

// limitOnDisk returns history_limit in bytes, 0 for none, and a warning if it is
// not valid.
func (r *Registry) limitOnDisk() (limit int64, warning string) {
	if r.historyLimit == "" {
		return 0, ""
	}
	size, err := parseSize(r.historyLimit, "64MiB", "20GiB")
	if err != nil {
		return 0, fmt.Sprintf("history_limit: %v (grafana.ini); until then retention alone bounds the history on disk", err)
	}
	return size, ""
}

// The engines that keep history. The setting `engine` may also be auto.
const (
	engineMemory = "memory"
	engineDisk   = "disk"
	engineRemote = "remote" // with one of the others in front of it
)

// engineFor returns the engine that the settings mean for what is kept locally, and a
// warning if it is not the one to be expected.
func (r *Registry) engineFor(parsed Settings) (engine, warning string) {
	switch {
	case parsed.Engine == engineMemory, r.historyPath == "":
		return engineMemory, ""
	case !filepath.IsAbs(r.historyPath):
		return engineMemory, "history_path is not an absolute path: write for example /var/lib/grafana/mesos-history (grafana.ini); until then history is kept in memory"
	default:
		return engineDisk, ""
	}
}

// diskOptions are what a history on disk is made with (disk.Options).
type diskOptions struct {
	dir         string
	retention   time.Duration
	limit       int64
	memoryLimit int64
	now         func() time.Time
	log         log.Logger
	from        *memory.Store
}

// errNoDisk is the error of settings that need the engine on disk in a build without it.
var errNoDisk = errors.New("history_path is set, and this build of the plugin keeps history in memory only: remove history_path from grafana.ini, or install the full build; for this data source alone choose the engine memory (jsonData.engine)")

// checkEngine returns an error if this build lacks the engine that the settings mean.
func (r *Registry) checkEngine(parsed Settings) error {
	if engine, _ := r.engineFor(parsed); engine == engineDisk && r.newDisk == nil {
		return errNoDisk
	}
	return nil
}

// provideStore gives the source a store of the engine that the settings mean. If
// the engine changes, it stops the collector that writes to the store before, and
// the caller makes another; samples in memory move to disk. src.mu must be held.
func (r *Registry) provideStore(src *source, parsed Settings) {
	engine, warning := r.engineFor(parsed)
	limit, badLimit := int64(0), ""
	if engine == engineDisk {
		limit, badLimit = r.limitOnDisk()
	}
	for _, text := range []string{warning, badLimit} {
		if text != "" {
			src.settings.Warnings = append(src.settings.Warnings, text)
		}
	}
	bounds := sqlite.Bounds{Retention: parsed.Retention, Bytes: limit / eventsShare, MemoryBytes: parsed.MemoryLimit / eventsShare}
	limit -= bounds.Bytes
	if src.local != nil && src.engine == engine {
		src.local.SetLimits(parsed.Retention, parsed.MemoryLimit)
		src.events.SetBounds(bounds)
		return
	}
	src.stopCollector()
	r.releaseLease(src) // with the engine remote, which is in front of the local store
	r.releaseRemote(src)
	before, _ := src.local.(*memory.Store)
	if src.local != nil && before == nil {
		old := src.local
		r.running.Go(func() { // Close waits for running queries
			r.guard("closing a history", func() { closeStore(old, src.key, r.log) })
		})
	}
	src.engine = engine
	r.provideEvents(src, engine, bounds)
	if before == nil { // what it held does not move
		src.mark = &memoryMark{}
	}
	if engine == engineMemory {
		src.local = memory.New(memory.Options{Retention: parsed.Retention, Limit: parsed.MemoryLimit, Now: r.clock.Now})
		src.store = src.local
		return
	}
	src.local = r.newDisk(diskOptions{
		dir:         filepath.Join(r.historyPath, directoryOf(src.key)),
		retention:   parsed.Retention,
		limit:       limit,
		memoryLimit: parsed.MemoryLimit,
		now:         r.clock.Now,
		log:         r.log.With("source", src.key),
		from:        before,
	})
	src.store = src.local
}

// provideRemote puts the engine remote behind the local store, or takes it away where
// target is nil. If that changes, it stops the collector, and the caller makes another.
// src.mu must be held.
func (r *Registry) provideRemote(src *source, target *remote.Target) {
	if kept, ok := src.store.(*remote.Store); ok && target != nil {
		kept.Apply(*target)
		return
	} else if !ok && target == nil {
		return
	}
	src.stopCollector()
	if r.releaseRemote(src); target == nil {
		return
	}
	local, ok := src.local.(remote.Local)
	if !ok {
		r.log.Error("The local history cannot be in front of the engine remote", "source", src.key) // a mistake of the program
		return
	}
	o := remote.Options{Local: local, Target: *target, Cluster: src.settings.ClusterName, Now: r.clock.Now, Log: r.log.With("source", src.key)}
	if src.lease != nil {
		o.Lease = src.lease
	}
	o.Mark = src.mark
	if src.engine == engineDisk && newMark != nil {
		o.Mark = movedMark{newMark(filepath.Join(r.historyPath, directoryOf(src.key))), src.mark}
	}
	src.store = remote.New(o)
}

// A memoryMark keeps up to where a remote engine has what is in memory: settings may take the engine away and put
// it back.
type memoryMark struct {
	mu   sync.Mutex
	mark remote.Acknowledged
}

// Load implements remote.Mark.
func (m *memoryMark) Load() (remote.Acknowledged, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.mark, nil
}

// Save implements remote.Mark.
func (m *memoryMark) Save(mark remote.Acknowledged) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mark = mark
	return nil
}

// A movedMark is that of a directory; where the directory has none yet, it is that of the samples in memory that
// moved there.
type movedMark struct {
	remote.Mark
	before *memoryMark
}

// Load implements remote.Mark.
func (m movedMark) Load() (remote.Acknowledged, error) {
	mark, err := m.Mark.Load()
	if err != nil || mark != (remote.Acknowledged{}) {
		return mark, err
	}
	return m.before.Load()
}

// releaseRemote takes the engine remote away. src.mu must be held.
func (r *Registry) releaseRemote(src *source) {
	if kept, ok := src.store.(*remote.Store); ok {
		kept.Release()
		src.store = src.local
	}
}

// provideEvents gives the source a log of events of an engine. Events in memory move to
// disk. src.mu must be held.
func (r *Registry) provideEvents(src *source, engine string, bounds sqlite.Bounds) {
	o := sqlite.Options{Bounds: bounds, Now: r.clock.Now, Log: r.log.With("source", src.key)}
	if engine == engineDisk {
		o.File = filepath.Join(r.historyPath, directoryOf(src.key), eventsFile)
	}
	if before, ok := src.events.(*sqlite.Log); ok && engine == engineDisk {
		o.From = before
	} else if src.events != nil {
		closeStore(src.events, src.key, r.log)
	}
	src.events = sqlite.New(o)
}

// unsafeInName matches what is not in UIDs that Grafana makes (letters, digits, -
// and _) and could lead to another directory.
var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9_-]`)

// directoryOf returns the name of a source's directory: "1-mesos" for the org 1 and
// the UID mesos.
func directoryOf(key string) string {
	return unsafeInName.ReplaceAllStringFunc(key, func(c string) string {
		escaped := ""
		for i := range len(c) {
			escaped += fmt.Sprintf("%%%02X", c[i])
		}
		return escaped
	})
}
