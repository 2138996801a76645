package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/query"
)

const liveQuery = `{"live": true, "entity": "cluster", "resource": "cpus", "measure": "allocated"}`

// watch runs the channel of a query until leave is called, and returns once the first
// message has come.
func (s *fixture) watch(q string) (out *packets, ended chan error, leave func()) {
	s.t.Helper()
	path, raw := channelOf(s.t, s.ask(q))
	require.NotEmpty(s.t, path)
	out, ended, leave = s.runs(path, raw)
	require.Eventually(s.t, func() bool { return out.count() > 0 }, 10*time.Second, time.Millisecond)
	return out, ended, leave
}

func (s *fixture) runs(path string, raw json.RawMessage) (out *packets, ended chan error, leave func()) {
	ctx, leave := context.WithCancel(s.t.Context())
	out, ended = &packets{}, make(chan error, 1)
	from := s.context()
	go func() {
		ended <- s.plugin.RunStream(ctx, &backend.RunStreamRequest{PluginContext: from, Path: path, Data: raw}, backend.NewStreamSender(out))
	}()
	return out, ended, leave
}

// errorOf returns the error of the latest message, "" where it has none.
func (p *packets) errorOf(t *testing.T) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.all) == 0 {
		return ""
	}
	var message struct{ Error string }
	require.NoError(t, json.Unmarshal(p.all[len(p.all)-1], &message))
	return message.Error
}

// A panel that is watched is a request, also while samples come all the time.
func TestALivePanelKeepsItsSource(t *testing.T) {
	s := newFixture(t, map[string]any{"idleTimeout": "2m"}, workload).start()
	_, ended, leave := s.watch(liveQuery)
	src := s.source()
	for range 60 { // 5 min
		s.clock.Advance(every)
		require.Empty(t, ended)
	}
	require.Equal(t, 1, s.held())
	require.Same(t, src, s.source())
	leave()
	require.NoError(t, <-ended)
	s.clock.Advance(2 * time.Minute)
	require.Zero(t, s.held(), "nobody watches")
}

// What is wrong with the settings comes to who watches, and the channel goes on when they
// are right again. A panel that is opened meanwhile is told as well.
func TestALivePanelIsToldThatSettingsAreWrong(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	path, raw := channelOf(t, s.ask(liveQuery))
	out, ended, leave := s.watch(liveQuery)
	defer leave()
	s.configure(map[string]any{"masters": []string{"ftp://x"}})
	wrong := s.ask(liveQuery).Error
	require.Error(t, wrong)
	told := func(out *packets) bool { s.clock.Advance(time.Second); return out.errorOf(t) == wrong.Error() }
	require.Eventually(t, func() bool { return told(out) }, 10*time.Second, time.Millisecond)
	later, _, leaveLater := s.runs(path, raw)
	defer leaveLater()
	require.Eventually(t, func() bool { return told(later) }, 10*time.Second, time.Millisecond)
	n := out.count()
	for range 10 {
		s.clock.Advance(quietFor)
	}
	require.Equal(t, n, out.count(), "it is told once")

	s.configure(nil)
	s.works()
	require.Eventually(t, func() bool { s.clock.Advance(time.Second); return out.count() > n && out.errorOf(t) == "" }, 10*time.Second, time.Millisecond)
	require.Empty(t, ended)
}

func TestWhoWatchesOneLivePanelTooManyIsToldSo(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	path, raw := channelOf(t, s.ask(liveQuery))
	s.source().channels.Store(maxChannels)
	out, ended, _ := s.runs(path, raw)
	require.ErrorIs(t, <-ended, errTooManyChannels)
	require.Equal(t, errTooManyChannels.Error(), out.errorOf(t))
}

// Grafana compares edits by the second. A channel that began between two edits within one
// has the first one's settings, and must not bring them back.
func TestALivePanelBringsNoSettingsBack(t *testing.T) {
	s := newFixture(t, map[string]any{"pollInterval": "60s", "clusterName": "one"}, workload).start()
	_, ended, leave := s.watch(liveQuery)
	defer leave()
	raw, err := json.Marshal(map[string]any{"masters": s.cluster.Masters(), "pollInterval": "60s", "subscribe": "never", "clusterName": "two"})
	require.NoError(t, err)
	s.edit(func(ds *backend.DataSourceInstanceSettings) { ds.JSONData = raw }) // Updated stays
	_, err = s.registry.For(t.Context(), s.context())
	require.NoError(t, err)
	for range 10 {
		s.clock.Advance(quietFor)
		require.Equal(t, "two", s.source().settings.ClusterName)
	}
	require.Empty(t, ended)
}

func TestMessagesOfLivePanelsHaveNoPath(t *testing.T) {
	path := t.TempDir()
	s := newFixture(t, nil, workload).onDisk(path).start()
	s.engine("disk")
	s.clock.Advance(every)
	channel, raw := channelOf(t, s.ask(liveQuery))
	request, err := query.ParseLive(channel, raw)
	require.NoError(t, err)
	live := query.NewLive(request, s.clock.Now())
	s.spoil(func(string) error {
		return &fs.PathError{Op: "read", Path: filepath.Join(path, "1-mesos", "01ABC", "chunks", "000001"), Err: errors.New("input/output error")}
	})
	message, err := s.plugin.liveMessage(t.Context(), s.source(), live)
	require.NoError(t, err)
	require.Contains(t, string(message), "history_path/1-mesos/01ABC/chunks/000001: input/output error")
	require.NotContains(t, string(message), path)
}
