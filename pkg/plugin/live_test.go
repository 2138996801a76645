package plugin

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/query"
)

// channelOf returns the channel that the answer of a live query names.
func channelOf(t *testing.T, response backend.DataResponse) (path string, request json.RawMessage) {
	t.Helper()
	require.NoError(t, response.Error)
	var named struct {
		Live struct {
			Path string
			Data json.RawMessage
		}
	}
	raw, err := json.Marshal(response.Frames[0].Meta.Custom)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &named))
	return named.Live.Path, named.Live.Data
}

// shown is what a panel draws: series, moment, value.
type shown map[string]map[int64]float64

// add adds the frames of an answer or a message.
func (s shown) add(t *testing.T, frames data.Frames) {
	t.Helper()
	for _, frame := range frames {
		if len(frame.Fields) == 0 {
			continue
		}
		name := frame.Fields[1].Labels.String()
		if s[name] == nil {
			s[name] = map[int64]float64{}
		}
		for i := range frame.Rows() {
			s[name][frame.At(0, i).(time.Time).UnixMilli()] = frame.At(1, i).(float64)
		}
	}
}

// sent returns the frames of a message, and from when on they replace those before.
func sent(t *testing.T, message []byte) (frames data.Frames, from int64) {
	t.Helper()
	var m struct {
		From   int64
		Frames []*data.Frame
		Error  string
	}
	require.NoError(t, json.Unmarshal(message, &m), "%s", message)
	require.Empty(t, m.Error)
	return m.Frames, m.From
}

// A panel that took the answer once and every message since shows what the same query
// answers later: no seam, no point twice, none missing, through agents and frameworks that
// come and go.
func TestALivePanelShowsWhatItsQueryAnswersLater(t *testing.T) {
	queries := []string{
		strings.Replace(cpusByAgent, "{", `{"live": true, `, 1),
		strings.Replace(tasksByFramework, "{", `{"live": true, `, 1),
		`{"live": true, "expr": "rate(mesos_cluster_tasks_ended_total[$__rate_interval])"}`,
		`{"live": true, "metric": "mesos_up"}`,
	}
	s := newFixture(t, nil, mesostest.Step(0), roles, redirect)
	_, err := s.registry.For(t.Context(), s.context())
	require.NoError(t, err)
	s.clock.Settle()
	lives, panels := map[string]*query.Live{}, map[string]shown{}
	for n := 2; n < 77; n += 2 {
		if n == 40 { // the master is away for some polls
			s.cluster.SetScene(mesostest.Scene{Name: "14-ha", Prefix: []string{"noleader-"}})
		}
		if n < 40 || n > 48 {
			s.cluster.SetScene(mesostest.Step(n), roles, redirect)
		}
		s.clock.Advance(every)
		for _, q := range queries {
			if n == 10 {
				answer := s.ask(q)
				path, raw := channelOf(t, answer)
				request, err := query.ParseLive(path, raw)
				require.NoError(t, err)
				lives[q], panels[q] = query.NewLive(request, s.clock.Now()), shown{}
				panels[q].add(t, answer.Frames)
			}
			if n > 10 && n%3 != 0 { // a busy plugin computes some of them later
				message, err := s.plugin.liveMessage(t.Context(), s.source(), lives[q])
				require.NoError(t, err)
				if message != nil {
					frames, from := sent(t, message)
					for _, points := range panels[q] {
						maps.DeleteFunc(points, func(at int64, _ float64) bool { return at >= from })
					}
					panels[q].add(t, frames)
				}
			}
		}
	}
	for _, q := range queries {
		later := shown{}
		later.add(t, s.ask(q).Frames)
		require.NotEmpty(t, later)
		require.Equal(t, slices.Sorted(maps.Keys(later)), slices.Sorted(maps.Keys(panels[q])), q)
		for name, points := range later {
			require.Equal(t, points, panels[q][name], "%s: %s", q, name)
		}
	}
}

func TestOnlyAQueryThatIsLiveNamesAChannel(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	live := strings.Replace(cpusByAgent, "{", `{"live": true, `, 1)
	path, raw := channelOf(t, s.ask(live))
	require.Regexp(t, "^live/[0-9a-f]{32}$", path)
	require.NotContains(t, string(raw), `"refId"`)
	none, _ := channelOf(t, s.ask(cpusByAgent))
	require.Empty(t, none)

	// A range of the past gets nothing added.
	old := s.asked(live)
	old.TimeRange = backend.TimeRange{From: begin.Add(-2 * time.Hour), To: begin.Add(-time.Hour)}
	answer, err := s.plugin.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: s.context(), Queries: []backend.DataQuery{old}})
	require.NoError(t, err)
	none, _ = channelOf(t, answer.Responses["A"])
	require.Empty(t, none)

	// The same of two panels is one channel, another query another one.
	again, _ := channelOf(t, s.ask(strings.Replace(live, "{", `{"refId": "Z", "hide": false, "key": "x", `, 1)))
	require.Equal(t, path, again)
	other, _ := channelOf(t, s.ask(strings.Replace(live, "cpus", "memory", 1)))
	require.NotEqual(t, path, other)
}

func TestAChannelIsThatOfItsQueryAndOfNoOther(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	live := strings.Replace(cpusByAgent, "{", `{"live": true, `, 1)
	path, raw := channelOf(t, s.ask(live))
	status := func(path, raw string) backend.SubscribeStreamStatus {
		answer, err := s.plugin.SubscribeStream(t.Context(), &backend.SubscribeStreamRequest{PluginContext: s.context(), Path: path, Data: json.RawMessage(raw)})
		require.NoError(t, err)
		return answer.Status
	}
	require.Equal(t, backend.SubscribeStreamStatusOK, status(path, string(raw)))
	for name, c := range map[string][2]string{
		"another query":  {path, strings.Replace(string(raw), "cpus", "memory", 1)},
		"another step":   {path, strings.Replace(string(raw), `"stepMs":`, `"stepMs":1`, 1)},
		"another path":   {path + "0", string(raw)},
		"no data":        {path, ""},
		"no path":        {"", string(raw)},
		"no live query":  {path, strings.Replace(string(raw), `"live":true,`, "", 1)},
		"nonsense":       {path, `[1, {"query": null}]`},
		"two ranges":     {path, strings.Replace(string(raw), `"spanMs":`, `"fromMs":1,"spanMs":`, 1)},
		"another begin":  {path, strings.Replace(string(raw), `"spanMs":`, `"fromMs":`, 1)},
		"endless points": {path, `{"query": {"live": true, "expr": "x"}, "stepMs": 1000, "spanMs": 1000000000000}`},
	} {
		require.Equal(t, backend.SubscribeStreamStatusNotFound, status(c[0], c[1]), name)
		err := s.plugin.RunStream(t.Context(), &backend.RunStreamRequest{PluginContext: s.context(), Path: c[0], Data: json.RawMessage(c[1])}, nil)
		require.Error(t, err, name)
	}
	published, err := s.plugin.PublishStream(t.Context(), &backend.PublishStreamRequest{PluginContext: s.context(), Path: path, Data: raw})
	require.NoError(t, err)
	require.Equal(t, backend.PublishStreamStatusPermissionDenied, published.Status)
}

// packets keeps what a channel sends.
type packets struct {
	mu  sync.Mutex
	all [][]byte
}

func (p *packets) Send(packet *backend.StreamPacket) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, packet.Data)
	return nil
}

func (p *packets) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all)
}

func TestAChannelRunsWhileItIsWatched(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	path, raw := channelOf(t, s.ask(strings.Replace(cpusByAgent, "{", `{"live": true, `, 1)))
	ctx, leave := context.WithCancel(t.Context())
	out, ended := &packets{}, make(chan error, 1)
	go func() {
		ended <- s.plugin.RunStream(ctx, &backend.RunStreamRequest{PluginContext: s.context(), Path: path, Data: raw}, backend.NewStreamSender(out))
	}()
	src := s.source()
	for polls := 1; polls <= 3; polls++ {
		require.Eventually(t, func() bool { s.clock.Advance(every / 10); return out.count() >= polls }, 10*time.Second, time.Millisecond)
	}
	require.EqualValues(t, 1, src.statusAnswer().Live.Channels)
	require.GreaterOrEqual(t, src.statusAnswer().Live.Computed, int64(3))
	for _, message := range out.all {
		frames, _ := sent(t, message)
		for _, frame := range frames {
			require.Equal(t, data.FrameTypeTimeSeriesMulti, frame.Meta.Type)
		}
	}
	leave()
	require.NoError(t, <-ended)
	require.Zero(t, src.channels.Load())

	src.channels.Store(maxChannels)
	err := s.plugin.RunStream(t.Context(), &backend.RunStreamRequest{PluginContext: s.context(), Path: path, Data: raw}, backend.NewStreamSender(out))
	require.ErrorIs(t, err, errTooManyChannels)
	require.EqualValues(t, maxChannels, src.channels.Load())
}
