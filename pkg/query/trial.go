package query

import (
	"context"
	"encoding/json"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// A Trial is what a rule would get of a query, for the form of a rule: a rule shows no
// notices, and its errors only once it runs.
type Trial struct {
	// Error is why a rule with this query fails.
	Error string `json:"error,omitempty"`
	// Numbers is how many numbers it reads now, or how many series where it reads a range.
	Numbers int `json:"numbers"`
	// Range: the rule reads series over time, of which it needs one number each.
	Range bool `json:"range,omitempty"`
}

// Try answers a query as a rule gets it.
func Try(ctx context.Context, src Source, raw json.RawMessage, times backend.TimeRange, o Options) Trial {
	o.Alert, o.Trial = true, true
	response := Run(ctx, src, backend.DataQuery{
		RefID: "A", JSON: raw, TimeRange: times,
		// What Grafana's scheduler asks with.
		Interval: time.Second, MaxDataPoints: 43_200,
	}, o)
	if response.Error != nil {
		return Trial{Error: response.Error.Error()}
	}
	var got Trial
	for _, frame := range response.Frames {
		got.Range = got.Range || frame.Meta != nil && frame.Meta.Type == data.FrameTypeTimeSeriesMulti
		for _, field := range frame.Fields {
			if !field.Type().Numeric() {
				continue
			}
			if frame.Meta != nil && frame.Meta.Type == data.FrameTypeNumericLong {
				got.Numbers += field.Len() // a row for each
			} else {
				got.Numbers++
			}
		}
	}
	return got
}
