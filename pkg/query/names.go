package query

import (
	"strings"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// This file tells series of several queries of a request apart: a query names its series
// by the labels it groups by, so that two queries may give equal names.

// maxNamed is the most bytes of what is added to names.
const maxNamed = 200

// Names holds what the queries of a request can be told apart by. It may be used
// concurrently.
type Names struct {
	mu      sync.Mutex
	queries map[string]nameOf // by refId
}

// nameOf is what a query adds to its names where another query has equal ones.
type nameOf struct {
	title string // "CPU allocated", or the metrics of an expression
	own   bool   // the query has a legend of its own
	// asIs: an expression reads the columns of its tables, by their names.
	asIs bool
}

// set records what a query is told apart by.
func (n *Names) set(refID, title, legendFormat string, o Options) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.queries == nil {
		n.queries = map[string]nameOf{}
	}
	own := legendFormat != "" && legendFormat != legendAuto
	n.queries[refID] = nameOf{title: cutAt(title, maxNamed), own: own, asIs: o.evaluated()}
}

// Apart adds to names that series of several queries have what the queries are told apart
// by: their measure, or the metrics of an expression. Where legends are the user's own, they
// stay, unless two of them are equal. What is still equal gets the letter of its query.
func (n *Names) Apart(all backend.Responses) {
	n.mu.Lock()
	defer n.mu.Unlock()
	added := map[string]string{}
	add := func(refID, text string) {
		of := n.queries[refID]
		addToNames(all[refID].Frames, text, of.asIs)
		added[refID] += text
	}
	const separator = ", "
	for refID := range n.equal(all) {
		if of := n.queries[refID]; !of.own && of.title != "" {
			add(refID, separator+of.title)
		}
	}
	for refID := range n.equal(all) {
		if of := n.queries[refID]; of.own && of.title != "" {
			add(refID, separator+of.title)
		}
	}
	for refID := range n.equal(all) {
		add(refID, " ("+refID+")")
	}
	for refID, text := range added {
		addToChannel(all[refID].Frames, text)
	}
}

// equal returns the queries that have a name of another one.
func (n *Names) equal(all backend.Responses) map[string]bool {
	first := map[string]string{} // the first query of each name
	found := map[string]bool{}
	for refID := range n.queries {
		of := n.queries[refID]
		eachName(all[refID].Frames, of.asIs, func(name string, _ *data.Field) {
			switch other, known := first[name]; {
			case !known:
				first[name] = refID
			case other != refID:
				found[refID], found[other] = true, true
			}
		})
	}
	return found
}

// eachName calls do for each name of values: of series, and of the column of values of a
// table.
func eachName(frames data.Frames, asIs bool, do func(string, *data.Field)) {
	for _, frame := range frames {
		if frame.Meta == nil {
			continue
		}
		table := frame.Meta.Type == data.FrameTypeNumericLong || frame.Meta.Type == data.FrameTypeTimeSeriesLong
		for _, field := range frame.Fields {
			switch {
			case field.Type() != data.FieldTypeFloat64 || field.Config == nil:
			case field.Config.DisplayNameFromDS != "":
				do(field.Config.DisplayNameFromDS, field)
			case table && !asIs:
				do(field.Name, field)
			}
		}
	}
}

// addToNames adds a text to the names of values. A column of values without a name of its
// own is called by the text.
func addToNames(frames data.Frames, text string, asIs bool) {
	if text == "" {
		return
	}
	eachName(frames, asIs, func(name string, field *data.Field) {
		switch {
		case field.Config.DisplayNameFromDS != "":
			field.Config.DisplayNameFromDS += text
		case name == fieldValue:
			field.Name = strings.TrimLeft(text, ", ")
		default:
			field.Name += text
		}
	})
}

// addToChannel lets the messages of a live query have the names of its answer.
func addToChannel(frames data.Frames, text string) {
	if len(frames) == 0 || frames[0].Meta == nil {
		return
	}
	custom, ok := frames[0].Meta.Custom.(map[string]any)
	if !ok {
		return
	}
	if live, ok := custom["live"].(liveChannel); ok {
		custom["live"] = live.named(text)
	}
}
