package query

import (
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// This file adds to an answer what it cost, which Grafana shows in a panel's inspector, tab
// Stats.

// clock measures the time of an answer.
type clock struct {
	now   func() time.Time
	began time.Time
}

func (s Source) clock() clock { return clock{now: s.now, began: s.now()} }

func (c clock) stat() data.QueryStat {
	return stat("Time in the plugin, waiting included", "ms", float64(c.now().Sub(c.began).Microseconds())/1000)
}

func stat(name, unit string, value float64) data.QueryStat {
	return data.QueryStat{FieldConfig: data.FieldConfig{DisplayName: name, Unit: unit}, Value: value}
}

// costOfSeries returns the cost of an answer of series: how many, of how many samples
// from where, and how long it took.
func costOfSeries(c clock, series int, samples int64, engine string) []data.QueryStat {
	return []data.QueryStat{
		stat("Series found", "short", float64(series)),
		stat(fmt.Sprintf("Samples read (history: %s)", engine), "short", float64(samples)),
		c.stat(),
	}
}

// addCost writes the cost of an answer that is not of series: its rows, and the time it
// took. Rules and expressions, and what has its cost already, get none.
func addCost(frames data.Frames, c clock, o Options) {
	if o.evaluated() || len(frames) == 0 {
		return
	}
	rows := 0
	for _, frame := range frames {
		if frame.Meta != nil && len(frame.Meta.Stats) > 0 {
			return
		}
		if len(frame.Fields) > 0 {
			rows += frame.Rows()
		}
	}
	if frames[0].Meta == nil {
		frames[0].Meta = &data.FrameMeta{}
	}
	frames[0].Meta.Stats = []data.QueryStat{stat("Rows", "short", float64(rows)), c.stat()}
}
