package query

import (
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
)

// statsOf returns the cost that a frame carries, by the names that people see.
func statsOf(frame *data.Frame) map[string]float64 {
	cost := map[string]float64{}
	for _, s := range frame.Meta.Stats {
		cost[s.DisplayName] = s.Value
	}
	return cost
}

func TestAnAnswerSaysWhatItCost(t *testing.T) {
	src := small(t)
	ticks := 0
	src.Now = func() time.Time { ticks++; return noon.Add(time.Duration(ticks) * time.Microsecond) }

	response := answered(t, src, `{"entity":"framework","resource":"cpus","measure":"allocated","range":true,"instant":true}`, Options{})
	var first []*data.Frame // of the range, and of the instant
	for _, frame := range response.Frames {
		if len(frame.Meta.Stats) > 0 {
			first = append(first, frame)
		}
	}
	require.Len(t, first, 2, "once for each result: the inspector adds frames up")
	ofRange, ofInstant := statsOf(first[0]), statsOf(first[1])
	require.Equal(t, 2.0, ofRange["Series found"])
	// One series has a sample for each of 41 steps; the other was away for 8 polls, of which the look-back bridges 2.
	require.Equal(t, 41.0+41-6, ofRange["Samples read (history: memory)"])
	require.Equal(t, 2.0, ofInstant["Samples read (history: memory)"])
	require.Positive(t, ofRange["Time in the plugin, waiting included"])

	happened, _ := eventful(t, agentEvent(ago(3), "a1", "lost", "error"), agentEvent(ago(2), "a1", "added", "info"))
	rows := answered(t, happened, `{"queryType":"events","format":"table"}`, Options{})
	require.Equal(t, 2.0, statsOf(rows.Frames[0])["Rows"])
}

func TestRulesAndExpressionsGetNoCost(t *testing.T) {
	for _, o := range []Options{{Alert: true}, {Expression: true}} {
		for _, frame := range answered(t, small(t), `{"entity":"framework","resource":"cpus","measure":"allocated","instant":true}`, o).Frames {
			require.Empty(t, frame.Meta.Stats)
		}
	}
}

func TestTextsCanBeFilteredFor(t *testing.T) {
	canBe := func(f *data.Field) bool { return f.Config != nil && f.Config.Filterable != nil && *f.Config.Filterable }
	for query, want := range map[string][]string{
		`{"entity":"framework","resource":"cpus","measure":"allocated"}`:                                 {fieldValue}, // by its labels
		`{"entity":"framework","resource":"cpus","measure":"allocated","instant":true,"format":"table"}`: {"framework"},
		`{"entity":"framework","resource":"cpus","measure":"allocated","range":true,"format":"table"}`:   {"framework"},
		`{"entity":"framework","resource":"cpus","measure":"allocated","groupBy":[],"range":true}`:       nil,
	} {
		var got []string
		for _, field := range answered(t, small(t), query, Options{}).Frames[0].Fields {
			if canBe(field) {
				got = append(got, field.Name)
			}
		}
		require.Equal(t, want, got, query)
	}
}
