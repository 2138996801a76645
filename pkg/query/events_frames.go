package query

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
)

// This file makes frames of events: annotations and tables. Both keep their fields when
// they have no rows, as Grafana's transformations fail on a table without them.

// annotations returns the frame that Grafana's standard annotations read by the names of
// its fields (grafana/grafana public/app/features/annotations/standardAnnotationSupport.ts),
// oldest first. Its topic makes a panel draw it over what its other queries show: that way
// reads isRegion and color as well, and needs the tags as a list
// (public/app/plugins/panel/timeseries/plugins/AnnotationsPlugin2.tsx).
func (r *eventsReader) annotations(found []events.Event) *data.Frame {
	n := len(found)
	times, ends, regions := make([]time.Time, n), make([]*time.Time, n), make([]bool, n)
	titles, bodies, ids, colors := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	tags := make([]json.RawMessage, n)
	notEnded := "It has not ended."
	if until, whole := r.knownUntil(); !whole {
		notEnded = "It had not ended when the cluster was last watched, at " + display.Time(until) + "."
	}
	for i, e := range found {
		at := n - 1 - i // they come newest first
		times[at], ends[at] = startOf(e), r.endOf(e)
		regions[at] = ends[at] != nil
		titles[at], bodies[at], ids[at], colors[at] = html.EscapeString(titleOfEvent(e)), textOfEvent(e, r.linksOf(e, i), notEnded), e.ID, severityColors[e.Severity]
		tags[at], _ = json.Marshal(tagsOfEvent(e)) // texts always can be
	}
	frame := data.NewFrame("events",
		data.NewField("time", nil, times), data.NewField("timeEnd", nil, ends),
		data.NewField("title", nil, titles), data.NewField("text", nil, bodies),
		data.NewField("tags", nil, tags), data.NewField("id", nil, ids),
		data.NewField("isRegion", nil, regions), data.NewField("color", nil, colors),
	)
	frame.Meta = &data.FrameMeta{Type: data.FrameTypeTable, TypeVersion: typeVersion, DataTopic: data.DataTopicAnnotations}
	return frame
}

// maxLinkedEvents is how many events of an answer have links to queries in their texts, the
// newest: a link is longer than most texts.
const maxLinkedEvents = 1_000

// linksOf returns what makes the links of an event, of which so many are newer; nothing for
// an event of a cluster before.
func (r *eventsReader) linksOf(e events.Event, newer int) linker {
	switch {
	case e.Time.Before(r.changed):
		return linker{}
	case newer >= maxLinkedEvents:
		return linker{webUI: r.links.webUI}
	}
	return r.links
}

// severityColors are the colors of marks, by their names in Grafana.
var severityColors = map[events.Severity]string{events.Info: "blue", events.Warning: "orange", events.Error: "red"}

// startOf returns where the region of an event begins, or its mark is.
func startOf(e events.Event) time.Time {
	if e.Kind == events.KindMaster && !e.NotBefore.IsZero() && !e.End.IsZero() {
		return e.NotBefore.UTC() // the latest answer of the leader before
	}
	return e.Time.UTC()
}

// endOf returns where the region of an event ends, nil for one that does not last. One
// that has not ended is drawn to the end of the range, or of what is known.
func (r *eventsReader) endOf(e events.Event) *time.Time {
	end := e.End
	if end.IsZero() && e.Opens != "" {
		end, _ = r.knownUntil()
	}
	if !end.After(startOf(e)) {
		return nil
	}
	end = end.UTC()
	return &end
}

// table returns a frame with a row per event, newest first, and a column per field: IDs
// last, so that a narrow panel shows what happened. A text that is not known is null.
func (r *eventsReader) table(found []events.Event) *data.Frame {
	times := make([]time.Time, len(found))
	ends, notBefore := make([]*time.Time, len(found)), make([]*time.Time, len(found))
	ids := make([]string, len(found))
	labelled := map[string]bool{}
	for i, e := range found {
		times[i], ends[i], notBefore[i], ids[i] = e.Time.UTC(), known(e.End), known(e.NotBefore), e.ID
		for name := range e.Labels {
			labelled[name] = true
		}
	}
	textOf := func(column events.Field) *data.Field {
		values := make([]*string, len(found))
		for i := range found {
			if text := found[i].Get(column); text != "" {
				values[i] = &text
			}
		}
		field := data.NewField(string(column), nil, values)
		field.Config = &data.FieldConfig{Filterable: filterable()}
		return field
	}
	fields := []*data.Field{data.NewField("time", nil, times)}
	var idFields []*data.Field
	for _, column := range events.Fields {
		if strings.HasSuffix(string(column), "_id") {
			idFields = append(idFields, textOf(column))
		} else {
			fields = append(fields, textOf(column))
		}
		if column == events.FieldSeverity && r.links.uid != "" && r.links.logs {
			fields = append(fields, r.logColumn(found))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(labelled)) {
		fields = append(fields, textOf(events.Field(name)))
	}
	between := data.NewField("not_before", nil, notBefore)
	between.Config = &data.FieldConfig{Description: "Where Mesos does not give the time: it happened between this and the column time. Of a new leader: when the one before answered last."}
	fields = append(fields, data.NewField("end", nil, ends), between)
	fields = append(fields, idFields...)
	frame := data.NewFrame("events", append(fields, data.NewField("id", nil, ids))...)
	r.links.frame(frame)
	frame.Meta = &data.FrameMeta{Type: data.FrameTypeTable, TypeVersion: typeVersion, PreferredVisualization: data.VisTypeTable}
	return frame
}

// logColumn returns a column that leads to what a task wrote by one click: a cell of a table with
// several links opens a menu first. It is among the first columns, which Explore shows without
// scrolling.
func (r *eventsReader) logColumn(found []events.Event) *data.Field {
	values := make([]*string, len(found))
	for i := range found {
		if e := &found[i]; e.Kind == events.KindTask && e.TaskID != "" && e.AgentID != "" {
			file := "stderr"
			values[i] = &file
		}
	}
	field := data.NewField("log", nil, values)
	of := func(name string) reference { return reference{variable: fmt.Sprintf("__data.fields[%q]", name)} }
	links := logsOf(of(fieldTaskID), of(fieldFrameworkID), of(fieldAgentID))
	r.links.add(field, links[len(links)-1:])
	return field
}

// known returns a time, nil for the zero one.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
