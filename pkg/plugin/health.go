package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/series"
)

// CheckHealth implements Save & test: its message is one line with what was found,
// its details everything an operator asks next. Viewers may call it, too; they see
// no paths of the server.
func (p *Plugin) CheckHealth(ctx context.Context, req *backend.CheckHealthRequest) (result *backend.CheckHealthResult, _ error) {
	shown := p.registry.pathless
	if maySeePaths(req.PluginContext.User) {
		shown = func(text string) string { return text }
	}
	defer func() {
		if cause := recover(); cause != nil {
			result = unhealthy(shown(p.panicked("checking the data source", cause)), "")
		}
	}()
	src, err := p.registry.For(ctx, req.PluginContext)
	if err != nil {
		return unhealthy(shown(err.Error()), ""), nil
	}
	collecting := src.polling()
	if collecting == nil {
		return unhealthy(collector.ErrStopped.Error(), ""), nil
	}
	problem := collecting.Check(ctx)
	answer := src.statusAnswer()
	if problem != nil {
		return unhealthy(shown(problem.Error()), shown(verbose(answer))), nil
	}
	return &backend.CheckHealthResult{
		Status:      backend.HealthStatusOk,
		Message:     shown(headline(answer)),
		JSONDetails: details(shown(verbose(answer))),
	}, nil
}

func unhealthy(message, verboseMessage string) *backend.CheckHealthResult {
	return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: message, JSONDetails: details(verboseMessage)}
}

// details returns a text in the form that Grafana's page of a data source shows:
// verboseMessage, pre-wrapped and folded (public/app/features/datasources,
// DataSourceTestingStatus). A message there would repeat the headline.
func details(verboseMessage string) []byte {
	if verboseMessage == "" {
		return nil
	}
	raw, _ := json.Marshal(map[string]string{"verboseMessage": verboseMessage}) // texts always marshal
	return raw
}

func headline(a StatusAnswer) string {
	text := fmt.Sprintf("Mesos %s, leader %s: %s, %s, %s", a.Version, a.Leader, count(a.Agents, "agent"), count(a.Frameworks, "framework"), count(a.Tasks, "active task"))
	if a.Restricted {
		text += ". The principal sees part of the cluster only"
	}
	if n := len(a.Warnings); n > 0 {
		text += ". " + count(n, "warning") + ", see the details"
	}
	if a.History.Note != "" {
		text += ". There is a warning about the history, see the details"
	}
	if a.Events.Note != "" {
		text += ". There is a warning about the event log, see the details"
	}
	return text
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// verbose returns all that was found, one line each.
func verbose(a StatusAnswer) string {
	var out strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&out, format+"\n", values...) }
	for _, master := range a.Masters {
		role := "follower"
		if master.Leading {
			role = "leader"
		}
		if master.Error != "" {
			role = master.Error
		}
		line("Master %s: %s", master.Address, role)
	}
	if a.Cluster != "" {
		line("Cluster: %s", a.Cluster)
	}
	if lacks := versionLine(a.Version); lacks != "" {
		line("%s", lacks)
	}
	for _, poll := range a.Polls {
		if poll.Poll == series.PollAgents {
			line("%s", agentsLine(poll, a.AgentPolls))
			continue
		}
		line("%s", pollLine(poll))
	}
	line("History: %s", historyLine(a.History))
	line("Events: %s", eventsLine(a.Events))
	if a.Restricted {
		line("Warning: the principal may not see the whole cluster (Mesos leaves out what its ACLs forbid): figures of frameworks, roles and agents are of the visible part")
	}
	if a.TaskSeriesWhy != "" {
		line("Warning: %s", a.TaskSeriesWhy)
	}
	if a.SeriesDropped > 0 {
		line("Warning: %d series are not kept: %s", a.SeriesDropped, a.SeriesDroppedWhy)
	}
	if agents := a.AgentPolls; agents != nil {
		if agents.NotReachedWhy != "" {
			line("Warning: %s", agents.NotReachedWhy)
		}
		for _, p := range agents.Problems {
			text := fmt.Sprintf("%s gave no statistics (%s", count(p.Agents+p.Resting, "agent"), p.Category)
			if p.Resting > 0 {
				text += fmt.Sprintf("; %d not asked for some time because of it", p.Resting)
			}
			line("Warning: %s), one of them: %s", text, p.Example)
		}
		for _, p := range agents.OwnMetricsProblems {
			line("Warning: %s gave no own metrics, only statistics (%s), one of them: %s", count(p.Agents, "agent"), p.Category, p.Example)
		}
	}
	if agents := a.AgentPolls; agents != nil {
		for _, sentence := range agents.Containers.Lacking() {
			line("Warning: %s", sentence)
		}
	}
	for _, left := range a.LeftOut {
		line("Warning: %s", left)
	}
	if a.NamesCut > 0 {
		line("Warning: %s of frameworks, roles, tasks or agents longer than %d bytes are cut: look for what chooses such names", count(a.NamesCut, "name"), series.MaxName)
	}
	if a.ManyAttributes > 0 {
		line("Warning: %s with more than %d attributes: the first %d by name are labels of mesos_agent_info", count(a.ManyAttributes, "agent"), series.MaxLabels, series.MaxLabels)
	}
	if a.Storage.Err != nil {
		line("Warning: the latest samples could not be stored (%d batches so far): %v", a.Storage.Failures, a.Storage.Err)
	}
	for _, warning := range a.Warnings {
		line("Warning: %s", warning)
	}
	line("Collection begins with the first query after Grafana starts; any alert or recording rule keeps it going.")
	line("Everybody who may query this data source sees what its one Mesos principal sees.")
	return strings.TrimSpace(out.String())
}

func pollLine(p collector.PollStatus) string {
	name := map[series.Poll]string{
		series.PollSnapshot:  "/metrics/snapshot",
		series.PollState:     "/state",
		series.PollRoles:     "/roles",
		series.PollFollowers: "followers' /metrics/snapshot",
		series.PollSubscribe: "event stream",
	}[p.Poll]
	if name == "" {
		name = string(p.Poll)
	}
	switch {
	case p.Err != nil:
		return fmt.Sprintf("%s: %v", name, p.Err)
	case p.LastSuccess.IsZero():
		return fmt.Sprintf("%s: not asked yet", name)
	case p.Poll == series.PollSubscribe:
		return fmt.Sprintf("%s: open", name)
	default:
		return fmt.Sprintf("%s: every %s, %s, took %s (%s of it the master's work)", name, p.Interval, display.Size(p.Bytes),
			p.Took.Round(time.Millisecond), p.Head.Round(time.Millisecond))
	}
}

// agentsLine returns how many agents answered. Errors are in warnings of their own.
func agentsLine(p collector.PollStatus, a *collector.AgentPolls) string {
	switch {
	case p.Err != nil:
		return fmt.Sprintf("agents: %v", p.Err)
	case a == nil:
		return "agents: not asked yet"
	}
	text := fmt.Sprintf("agents: %d of %d answered, %d of %d containers read, every %s, %s", a.Answered, a.Listed,
		a.Containers.Read, a.Containers.Expected, p.Interval, display.Size(p.Bytes))
	if rest := a.Listed - a.Asked - a.NotReached; rest > 0 {
		text += fmt.Sprintf("; %d are not asked for some time, since they gave none", rest)
	}
	return text
}

func historyLine(h HistoryStatus) string {
	where := "in " + h.Engine
	if h.Engine == engineDisk {
		where = "on disk"
	}
	text := fmt.Sprintf("%s, %d series, %s", where, h.Series, display.Size(h.Bytes))
	if h.Start != nil {
		text += ", since " + h.Start.UTC().Format(time.RFC3339)
	}
	if h.Truncated {
		text += "; " + h.TruncatedBy + " decides how far it reaches"
	}
	if h.Note != "" {
		text += "; " + h.Note
	}
	return text
}

func eventsLine(e EventsStatus) string {
	where := "in memory"
	if e.Where == engineDisk {
		where = "on disk"
	}
	text := fmt.Sprintf("%s, %s, %s", where, count(e.Events, "event"), display.Size(e.Bytes))
	if e.Since != nil {
		text += ", complete since " + e.Since.UTC().Format(time.RFC3339)
	}
	if e.Note != "" {
		text += "; " + e.Note
	}
	return text
}
