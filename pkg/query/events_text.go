package query

import (
	"fmt"
	"html"
	"net/url"
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
// links into the web UI of the leader, where its address is known.
func textOfEvent(e events.Event, webUI string, notEnded string) string {
	var lines []string
	add := func(format string, args ...any) {
		lines = append(lines, html.EscapeString(fmt.Sprintf(format, args...)))
	}
	if e.Message != "" {
		add("%s", e.Message)
	}
	for _, named := range []struct{ name, value, id, page string }{
		{"Reason", e.Reason, "", ""}, {"Source", e.Source, "", ""}, {"Task", e.Task, e.TaskID, ""},
		{"Framework", e.Framework, e.FrameworkID, "frameworks"}, {"Role", e.Role, "", ""},
		{"Agent", e.Agent, e.AgentID, "slaves"}, // newer web UIs redirect it to agents
	} {
		text := first(named.value, named.id)
		if named.value != "" && named.id != "" && named.id != named.value {
			text += " (" + named.id + ")"
		}
		switch {
		case text == "":
		case webUI != "" && named.page != "" && named.id != "":
			lines = append(lines, fmt.Sprintf(`%s: <a href="%s" target="_blank" rel="noopener">%s</a>`, named.name,
				html.EscapeString(webUI+"/#/"+named.page+"/"+url.PathEscape(named.id)), html.EscapeString(text)))
		default:
			add("%s: %s", named.name, text)
		}
	}
	switch {
	case e.NotBefore.IsZero():
	case e.Time.Sub(e.NotBefore) < time.Second:
		add("Mesos does not give the time: it happened less than a second before %s.", display.Time(e.Time))
	default:
		add("Mesos does not give the time: it happened between %s and %s.", display.Time(e.NotBefore), display.Time(e.Time))
	}
	switch {
	case !e.End.IsZero():
		add("It ended at %s.", display.Time(e.End))
	case e.Opens != "":
		add("%s", notEnded)
	}
	return strings.Join(lines, "<br>")
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
