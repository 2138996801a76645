package plugin

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/query"
	"community-mesos-datasource/pkg/series"
)

// message applies a message of a channel, as src/query/live/frames.ts does, and returns
// its frames.
func (s shown) message(t *testing.T, message []byte) data.Frames {
	t.Helper()
	if message == nil {
		return nil
	}
	frames, from := sent(t, message)
	var is struct{ Whole, Again bool }
	require.NoError(t, json.Unmarshal(message, &is))
	require.False(t, is.Again)
	for name, points := range s {
		maps.DeleteFunc(points, func(at int64, _ float64) bool { return is.Whole || at >= from })
		if len(points) == 0 {
			delete(s, name)
		}
	}
	s.add(t, frames)
	return frames
}

// over sends a query over a range.
func (s *fixture) over(q string, from, to time.Time) backend.DataResponse {
	s.t.Helper()
	asked := s.asked(q)
	asked.TimeRange = backend.TimeRange{From: from, To: to}
	answer, err := s.plugin.QueryData(s.t.Context(), &backend.QueryDataRequest{PluginContext: s.context(), Queries: []backend.DataQuery{asked}})
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Responses["A"].Error)
	return answer.Responses["A"]
}

// channel returns the channel of an answer, with fixed that of a range whose begin stays.
func (s *fixture) channel(answer backend.DataResponse, fixed bool) *query.Live {
	s.t.Helper()
	path, raw := channelOf(s.t, answer)
	if fixed {
		var named struct {
			Live struct {
				Fixed struct {
					Path string
					Data json.RawMessage
				}
			}
		}
		custom, err := json.Marshal(answer.Frames[0].Meta.Custom)
		require.NoError(s.t, err)
		require.NoError(s.t, json.Unmarshal(custom, &named))
		path, raw = named.Live.Fixed.Path, named.Live.Fixed.Data
	}
	request, err := query.ParseLive(path, raw)
	require.NoError(s.t, err)
	return query.NewLive(request, s.clock.Now())
}

// next returns the next message of a channel.
func (s *fixture) next(live *query.Live) []byte {
	s.t.Helper()
	message, err := s.plugin.liveMessage(s.t.Context(), s.source(), live)
	require.NoError(s.t, err)
	return message
}

func (s *fixture) polls(n int) {
	for range n {
		s.clock.Advance(every)
	}
}

func TestALiveTableKeepsItsHistory(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.polls(30)
	q := strings.Replace(cpusByAgent, "{", `{"live": true, "format": "table", `, 1)
	live := s.channel(s.over(q, begin, s.clock.Now()), true)
	s.polls(1)
	frames, _ := sent(t, s.next(live))
	require.Equal(t, s.over(q, begin, s.clock.Now()).Frames[0].Rows(), frames[0].Rows())
	require.Equal(t, data.FrameTypeTimeSeriesLong, frames[0].Meta.Type)
}

// Over today, which ends after now, $__range is the same in the answer and on the channel.
func TestTheRangeOfALivePanelIsThatOfItsAnswer(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.polls(30)
	today, tomorrow := begin.Add(-8*time.Hour), begin.Add(16*time.Hour)
	const q = `{"live": true, "expr": "vector($__range_ms)"}`
	last := func(frames data.Frames) any { return frames[0].At(1, frames[0].Rows()-1) }
	for _, fixed := range []bool{false, true} {
		answer := s.over(q, today, tomorrow)
		require.EqualValues(t, s.clock.Now().Sub(today).Milliseconds(), last(answer.Frames))
		live := s.channel(answer, fixed)
		asked := s.clock.Now()
		s.polls(6)
		frames, _ := sent(t, s.next(live))
		if fixed {
			asked = s.clock.Now() // grows
			require.Equal(t, s.over(q, today, tomorrow).Frames[0].Rows(), frames[0].Rows())
		}
		require.EqualValues(t, asked.Sub(today).Round(time.Second).Milliseconds(), last(frames))
	}
}

// The series of top are chosen anew for each message, and are the same all along.
func TestALiveTopShowsTheSeriesThatItsQueryAnswers(t *testing.T) {
	s := newFixture(t, nil, mesostest.Step(0), roles, redirect)
	_, err := s.registry.For(t.Context(), s.context())
	require.NoError(t, err)
	s.clock.Settle()
	const q = `{"live": true, "entity": "framework", "resource": "tasks", "measure": "active", "groupBy": ["framework_id"], "top": 3}`
	var live *query.Live
	panel, whole := shown{}, 0
	for n := 2; n < 77; n++ {
		s.cluster.SetScene(mesostest.Step(n), roles, redirect)
		s.clock.Advance(every)
		switch {
		case n == 10:
			answer := s.over(q, begin, s.clock.Now())
			live = s.channel(answer, true)
			panel.add(t, answer.Frames)
		case n > 10:
			message := s.next(live)
			if strings.Contains(string(message), `"whole":true`) {
				whole++
			}
			panel.message(t, message)
			later := shown{}
			later.add(t, s.over(q, begin, s.clock.Now()).Frames)
			require.Equal(t, slices.Sorted(maps.Keys(later)), slices.Sorted(maps.Keys(panel)), "step %d", n)
		}
	}
	require.Less(t, whole, 20, "only where they change")
	require.Greater(t, whole, 1)
}

// A range that is shorter than its step, and has no point of the grid, has one at its end.
func TestALivePanelOverAShortRangeKeepsItsPoints(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.polls(200)
	const q = `{"live": true, "entity": "cluster", "resource": "cpus", "measure": "allocated", "interval": "15m"}`
	answer := func() backend.DataResponse { return s.over(q, s.clock.Now().Add(-5*time.Minute), s.clock.Now()) }
	first := answer()
	panel := shown{}
	panel.add(t, first.Frames)
	live := s.channel(first, false)
	for range 8 {
		s.polls(20)
		frames := panel.message(t, s.next(live))
		later := shown{}
		later.add(t, answer().Frames)
		require.Len(t, later, 1)
		for name, points := range later {
			require.NotEmpty(t, points)
			for at, value := range points {
				require.Equal(t, value, panel[name][at])
			}
		}
		if frames != nil {
			for _, notice := range frames[0].Meta.Notices { // none of an answer without data
				require.Contains(t, notice.Text, "more than the time range is long")
			}
		}
	}
}

// Over a slow poll that is not exactly on time the grid of points moves with it: a panel
// has one grid at any time, that of the answer.
func TestALivePanelOverASlowPollHasOneGrid(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.polls(90)
	view, err := s.registry.query(s.source())
	require.NoError(t, err)
	status, latest := view.Status, s.clock.Now()
	view.Interval = func(series.Poll) time.Duration { return 2 * time.Minute }
	view.Status = func() collector.Status {
		now := status()
		now.Polls = slices.Clone(now.Polls)
		for i := range now.Polls {
			now.Polls[i].LastSuccess = latest
		}
		return now
	}
	asked := func() backend.DataQuery {
		q := s.asked(liveQuery)
		q.TimeRange.From = s.clock.Now().Add(-12 * time.Minute)
		return q
	}
	first := query.Run(t.Context(), view, asked(), query.Options{})
	panel := shown{}
	panel.add(t, first.Frames)
	live := s.channel(first, false)
	for _, after := range []time.Duration{2 * time.Minute, 2*time.Minute + 5*time.Millisecond, 40 * time.Second, 2 * time.Minute, 3 * time.Minute} {
		for end := s.clock.Now().Add(after); s.clock.Now().Before(end); {
			s.clock.Advance(min(every, end.Sub(s.clock.Now())))
		}
		latest = s.clock.Now()
		message, err := live.Next(t.Context(), view, func(r backend.DataResponse) backend.DataResponse { return r })
		require.NoError(t, err)
		panel.message(t, message)
		later := shown{}
		later.add(t, query.Run(t.Context(), view, asked(), query.Options{}).Frames)
		for name, points := range later {
			require.Contains(t, points, latest.UnixMilli(), "the newest samples are shown")
			for at := range panel[name] {
				require.Zero(t, (at-latest.UnixMilli())%(2*time.Minute).Milliseconds(), "one grid")
			}
			for at, value := range points {
				require.Equal(t, value, panel[name][at])
			}
		}
	}
}

// An answer that is too long for a message is asked for again by the viewers, whenever
// there is something new; not at first, when they have just asked.
func TestWhatIsTooLongForAMessageIsAskedForAgain(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	s.polls(30)
	live := s.channel(s.over(`{"live": true, "expr": "{__name__=~\"mesos_.+\"} @ end()"}`, begin, s.clock.Now()), true)
	require.Nil(t, s.next(live))
	for range 2 {
		s.polls(1)
		var message struct {
			Again  bool
			Frames []json.RawMessage
		}
		require.NoError(t, json.Unmarshal(s.next(live), &message))
		require.True(t, message.Again)
		require.Empty(t, message.Frames)
		require.Nil(t, s.next(live), "nothing new")
	}
}
