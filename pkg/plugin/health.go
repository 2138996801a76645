package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

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
			result = unhealthy(shown(p.panicked("checking the data source", cause)))
		}
	}()
	src, err := p.registry.For(ctx, req.PluginContext)
	if err != nil {
		return unhealthy(shown(err.Error())), nil
	}
	p.registry.settle(ctx, src)
	collecting := p.registry.model(ctx, src)
	if collecting == nil {
		return unhealthy(collector.ErrStopped.Error()), nil
	}
	problem := collecting.Check(ctx)
	src.lookReach(ctx)
	answer := src.statusAnswer()
	if who := answer.Replicas; problem == nil && who != nil && who.Problem != "" {
		problem = errors.New("No samples come in: " + who.sentence())
	}
	if far := answer.History.Remote; problem == nil && answer.Replicas.follows() && far != nil && far.ReachError != "" {
		problem = fmt.Errorf("This Grafana does not poll, and answers from the remote engine, which it cannot read: %s (jsonData.remoteUrl)", far.ReachError)
	}
	details := []byte(shown(string(details(answer))))
	if problem != nil {
		result := unhealthy(shown(problem.Error() + aboutSettings(answer)))
		result.JSONDetails = details
		return result, nil
	}
	return &backend.CheckHealthResult{Status: backend.HealthStatusOk, Message: p.registry.pathless(headline(answer)), JSONDetails: details}, nil
}

// capital returns a sentence with a capital letter at its beginning.
func capital(sentence string) string { return strings.ToUpper(sentence[:1]) + sentence[1:] }

func unhealthy(message string) *backend.CheckHealthResult {
	return &backend.CheckHealthResult{Status: backend.HealthStatusError, Message: message}
}

// details returns what was found in two forms: verboseMessage is what Grafana's page of a
// data source shows, pre-wrapped and folded (public/app/features/datasources,
// DataSourceTestingStatus), report is what the plugin's part of that page draws.
func details(a StatusAnswer) []byte {
	raw, _ := json.Marshal(struct { // texts and numbers always marshal
		VerboseMessage string  `json:"verboseMessage"`
		Report         *Report `json:"report"`
	}{verbose(a), report(a)})
	return raw
}

// headline returns what was found, in one line: the cluster, what of it is missing, and the
// first warning. Of a success Grafana shows nothing else, so it has no path of the server for anybody.
func headline(a StatusAnswer) string {
	version := a.Version
	if version == "" {
		version = "of unknown version"
	}
	text := fmt.Sprintf("Mesos %s, leader %s: %s, %s, %s", version, a.Leader, count(a.Agents, "agent"), count(a.Frameworks, "framework"), count(a.Tasks, "active task"))
	if a.Restricted {
		text += ". The principal sees part of the cluster only"
	}
	if a.Replicas != nil {
		text += ". " + capital(a.Replicas.sentence())
	}
	text += measuredUse(a) + failing(a)
	switch all := warningsOf(a); len(all) {
	case 0:
	case 1:
		text += ". Warning: " + all[0]
	default:
		text += fmt.Sprintf(". %s, the first: %s", count(len(all), "warning"), all[0])
	}
	if a.History.Note != "" {
		text += ". Warning about the history: " + a.History.Note
	}
	if a.Events.Note != "" {
		text += ". Warning about the event log: " + a.Events.Note
	}
	return text
}

// aboutSettings returns what to add to the error of a poll where the settings have
// warnings: one of them may be the cause.
func aboutSettings(a StatusAnswer) string {
	if n := len(a.Warnings); n > 0 {
		return fmt.Sprintf(" The settings have %s, see the details.", count(n, "warning"))
	}
	return ""
}

// measuredUse returns what the headline says of measured use that is missing; "" where it
// is there, or not asked for.
func measuredUse(a StatusAnswer) string {
	at := slices.IndexFunc(a.Polls, func(p collector.PollStatus) bool { return p.Poll == series.PollAgents })
	switch agents := a.AgentPolls; {
	case at < 0:
		return ""
	case agents == nil && a.Polls[at].Err == nil:
		return fmt.Sprintf(". Measured use: no agent was asked yet, press Save & test again in %s", display.Age(a.Polls[at].Interval))
	case agents != nil && agents.Listed > 0 && 2*agents.Answered < agents.Listed:
		return fmt.Sprintf(". Measured use is missing: %d of %s answered", agents.Answered, count(agents.Listed, "agent"))
	}
	return ""
}

// recentPolls is how many of the latest polls of each kind Save & test looks at.
const recentPolls = 20

// failing returns what the headline says of polls that failed lately, of the kind that
// failed most; "" where there were none or only one, as in an election. A page that always
// fails, such as /roles of a master that has none, has a line of its own in the details.
func failing(a StatusAnswer) string {
	var most collector.Failed
	var poll series.Poll
	for _, p := range a.Polls {
		if f := p.FailedOfLast(recentPolls); p.Poll != series.PollAgents && p.Poll != series.PollFollowers && p.Poll != series.PollSubscribe && f.Failed > most.Failed && !(f.Failed == f.Of && p.Err != nil) {
			most, poll = f, p.Poll
		}
	}
	if most.Failed < 2 {
		return ""
	}
	return fmt.Sprintf(". %d of the last %d polls of %s failed", most.Failed, most.Of, collector.PageOf(poll))
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "ch") {
		thing += "e"
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
