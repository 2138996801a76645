package query

import (
	"fmt"
	"html"
	"strings"
	"time"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/events"
)

// This file is the words of an event in an annotation.

// titleOfEvent returns one line: Task web.1 failed.
func titleOfEvent(e events.Event) string {
	what := strings.ReplaceAll(string(e.What), "_", " ")
	switch e.Kind {
	case events.KindTask:
		return spaced("Task", first(e.Task, e.TaskID), what)
	case events.KindAgent:
		return spaced("Agent", first(e.Agent, e.AgentID), what)
	case events.KindFramework:
		return spaced("Framework", first(e.Framework, e.FrameworkID), what)
	case events.KindMaster:
		return "New leader"
	case events.KindMaintenance:
		if e.Agent != "" {
			return spaced("Maintenance of", e.Agent, what)
		}
		return "Maintenance " + what
	default:
		switch e.What {
		case events.OtherCluster:
			return "Another cluster"
		case events.Restricted:
			return "The principal sees less"
		case events.Unrestricted:
			return "The principal sees more"
		}
		return "Gap of collection"
	}
}

// textOfEvent returns what is known of an event, as HTML: Grafana shows the text of an
// annotation so. Words of Mesos and of frameworks are escaped. Agents and frameworks are
// links into Mesos' web UI, and the last line links to queries.
func textOfEvent(e events.Event, l linker, notEnded string) string {
	var lines []string
	add := func(format string, args ...any) {
		lines = append(lines, html.EscapeString(fmt.Sprintf(format, args...)))
	}
	if e.Message != "" {
		add("%s", e.Message)
	}
	named := func(field string) reference { return reference{value: e.Get(events.Field(field))} }
	pages := linker{webUI: l.webUI}
	for _, named := range []struct {
		name, value, id string
		pages           []link
	}{
		{"Reason", e.Reason, "", nil}, {"Source", e.Source, "", nil}, {"Task", e.Task, e.TaskID, nil},
		{"Framework", e.Framework, e.FrameworkID, pages.of(thingNamedBy(fieldFramework), named)}, {"Role", e.Role, "", nil},
		{"Agent", e.Agent, e.AgentID, pages.of(thingNamedBy(fieldAgent), named)},
	} {
		text := first(named.value, named.id)
		if named.value != "" && named.id != "" && named.id != named.value {
			text += " (" + named.id + ")"
		}
		switch {
		case text == "":
		case len(named.pages) > 0:
			lines = append(lines, html.EscapeString(named.name)+": "+anchor(named.pages[0].url, text))
		default:
			add("%s: %s", named.name, text)
		}
	}
	failover := e.Kind == events.KindMaster && !e.End.IsZero()
	switch {
	case failover && e.NotBefore.IsZero():
		add("It was elected at %s and answered first at %s.", display.Time(e.Time), display.Time(e.End))
	case failover:
		add("The leader before answered last at %s, this one was elected at %s and answered first at %s.", display.Time(e.NotBefore), display.Time(e.Time), display.Time(e.End))
	case e.NotBefore.IsZero():
	case e.Time.Sub(e.NotBefore) < time.Second:
		add("Mesos does not give the time: it happened less than a second before %s.", display.Time(e.Time))
	default:
		add("Mesos does not give the time: it happened between %s and %s.", display.Time(e.NotBefore), display.Time(e.Time))
	}
	switch {
	case failover:
	case !e.End.IsZero():
		add("It ended at %s.", display.Time(e.End))
	case e.Opens != "":
		add("%s", notEnded)
	}
	if links := l.ofEvent(e, named); links != "" {
		lines = append(lines, links)
	}
	return strings.Join(lines, "<br>")
}

// anchor returns a link in HTML, which opens in a tab of its own.
func anchor(address, text string) string {
	return fmt.Sprintf(`<a href="%s" target="_blank" rel="noopener">%s</a>`, html.EscapeString(address), html.EscapeString(text))
}

// ofEvent returns links to queries about what an event is about, as HTML.
func (l linker) ofEvent(e events.Event, named namer) string {
	l.webUI = "" // those are where the text names something
	var all []string
	about := thingNamedBy(string(e.Kind))
	if e.Kind == events.KindMaintenance {
		about = thingNamedBy(fieldAgent)
	}
	for _, one := range l.of(about, named) {
		all = append(all, anchor(l.explore(one.query, e.Time), one.title))
	}
	return strings.Join(all, " · ")
}

// tagsOfEvent returns the tags of a mark.
func tagsOfEvent(e events.Event) []string {
	tags := []string{string(e.Kind), string(e.What), string(e.Severity)}
	for _, named := range []struct{ name, value string }{
		{"framework", e.Framework}, {"role", e.Role}, {"agent", e.Agent},
	} {
		if named.value != "" {
			tags = append(tags, named.name+":"+named.value)
		}
	}
	return tags
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// spaced joins the words that are not empty.
func spaced(words ...string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}
