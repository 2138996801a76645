package disk

import (
	"context"
	"log/slog"
)

// Logger is the part of a structured logger that a Store uses; both slog.Logger
// and the logger of Grafana's SDK have it.
type Logger interface {
	Info(msg string, args ...any)
	Warn(msg string, args ...any)
}

// newTSDBLog returns the logger of a TSDB: its warnings and errors go to log.
// Its info is about each of its steps, too much for a plugin's log.
func newTSDBLog(log Logger) *slog.Logger { return slog.New(&tsdbLog{log: log}) }

type tsdbLog struct {
	log   Logger // may be nil
	attrs []slog.Attr
}

func (h *tsdbLog) Enabled(_ context.Context, level slog.Level) bool {
	return h.log != nil && level >= slog.LevelWarn
}

func (h *tsdbLog) Handle(_ context.Context, r slog.Record) error {
	var args []any
	add := func(a slog.Attr) bool {
		args = append(args, a.Key, a.Value.Resolve().Any())
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	h.log.Warn(r.Message, args...)
	return nil
}

func (h *tsdbLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &tsdbLog{h.log, append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)}
}

func (h *tsdbLog) WithGroup(string) slog.Handler { return h }
