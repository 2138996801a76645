package remote

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/history/historytest"
	"community-mesos-datasource/pkg/history/remote/remotetest"
)

func targetOf(e *remotetest.Engine) Target {
	return Target{URL: e.URL, WriteURL: e.URL + "/api/v1/write", HTTP: &http.Client{Timeout: 10 * time.Second}}
}

func engines() map[string]func(*testing.T) *remotetest.Engine {
	return map[string]func(*testing.T) *remotetest.Engine{"Prometheus": remotetest.StartPrometheus, "VictoriaMetrics": func(t *testing.T) *remotetest.Engine { return remotetest.StartVictoriaMetrics(t) }}
}

// Every sample is there once, over outages of the engine, also those that the queue in
// memory does not hold.
func TestNoSampleIsLostOrDoubledOverAnOutage(t *testing.T) {
	for name, start := range engines() {
		t.Run(name, func(t *testing.T) {
			e := start(t)
			s, clock := open(t, targetOf(e), func(o *Options) { o.queued = 200 })
			const series = 30
			began := clock.Now()
			want := map[string]map[int64]float64{}
			poll := func(n int) {
				var points []historytest.Point
				for i := range series {
					at := clock.Now().Add(-time.Duration(i%3) * time.Second) // as agents, each at its own moment
					v := float64(n*1000 + i)
					points = append(points, historytest.Sample(at, v, "__name__", "mesos_test", "cluster", "c", "i", strconv.Itoa(i)))
					key, _ := json.Marshal(map[string]string{"__name__": "mesos_test", "cluster": "c", "i": strconv.Itoa(i)})
					if want[string(key)] == nil {
						want[string(key)] = map[int64]float64{}
					}
					want[string(key)][at.UnixMilli()] = v
				}
				historytest.Commit(t, s, points...)
				// A slow poll, whose time is before that of what is committed already.
				at := clock.Now().Add(-7 * time.Second)
				historytest.Commit(t, s, historytest.Sample(at, float64(n), "__name__", "mesos_slow", "cluster", "c"))
				key := `{"__name__":"mesos_slow","cluster":"c"}`
				if want[key] == nil {
					want[key] = map[int64]float64{}
				}
				want[key][at.UnixMilli()] = float64(n)
				clock.Advance(15 * time.Second)
			}
			for n := range 100 {
				switch n {
				case 20, 60:
					settled(t, s)
					e.Stop()
				case 50, 63:
					e.Start()
				}
				poll(n)
				if n%10 == 0 {
					time.Sleep(20 * time.Millisecond)
				}
			}
			settled(t, s)
			require.Eventually(t, func() bool { // VictoriaMetrics shows samples after a second or more
				return equalMaps(want, e.Raw(`{__name__=~"mesos_.*"}`, began.Add(time.Hour)))
			}, 20*time.Second, 200*time.Millisecond)
			st := s.Remote()
			require.Zero(t, st.RefusedInAll(), st.Refusal)
			require.Zero(t, st.Dropped)
			require.Zero(t, st.Unsent)
			require.EqualValues(t, 100*(series+1), st.Sent)
			require.Equal(t, version1, st.Protocol)
		})
	}
}

func equalMaps(want, got map[string]map[int64]float64) bool {
	if len(want) != len(got) {
		return false
	}
	for key, points := range want {
		if len(points) != len(got[key]) {
			return false
		}
		for at, v := range points {
			if g, ok := got[key][at]; !ok || g != v {
				return false
			}
		}
	}
	return true
}
