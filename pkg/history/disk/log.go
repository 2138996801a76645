package disk

import (
	"context"
	"log/slog"
	"sync"
)

// Logger is the part of a structured logger that a Store uses; both slog.Logger
// and the logger of Grafana's SDK have it.
type Logger interface {
	Info(msg string, args ...any)
	Warn(msg string, args ...any)
}

// The TSDB tells of some faults in its log only. This is the message that
// means one; its attribute dir says where (tsdb/db.go of v0.315.0).
const (
	unreadableMeta = "Failed to read meta.json for a block during reloadBlocks. Skipping" // dir
)

// newTSDBLog returns the logger of a TSDB: its warnings and errors go to log,
// and those that mean a fault to mended. Its info is about each of its steps,
// too much for a plugin's log.
func newTSDBLog(log Logger, m *mended) *slog.Logger { return slog.New(&tsdbLog{log: log, mended: m}) }

type tsdbLog struct {
	log    Logger // may be nil
	mended *mended
	attrs  []slog.Attr
}

func (h *tsdbLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (h *tsdbLog) Handle(_ context.Context, r slog.Record) error {
	var args []any
	note := func(a slog.Attr) bool {
		args = append(args, a.Key, a.Value.Resolve().Any())
		if r.Message == unreadableMeta && a.Key == "dir" {
			h.mended.addBlock(a.Value.String())
		}
		return true
	}
	for _, a := range h.attrs {
		note(a)
	}
	r.Attrs(note)
	if h.log != nil {
		h.log.Warn(r.Message, args...)
	}
	return nil
}

func (h *tsdbLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &tsdbLog{h.log, h.mended, append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)}
}

func (h *tsdbLog) WithGroup(string) slog.Handler { return h }

// mended collects the faults a TSDB tells of while it is opened.
type mended struct {
	mu     sync.Mutex
	blocks []string // directories of blocks it left out
}

func (m *mended) addBlock(dir string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blocks = append(m.blocks, dir)
}

// take returns what was collected and begins anew.
func (m *mended) take() (blocks []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	blocks, m.blocks = m.blocks, nil
	return blocks
}
