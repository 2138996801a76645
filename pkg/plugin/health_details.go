package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/series"
)

// This file writes the details of Save & test: everything that an operator asks next.

// verbose returns all that was found, one line each.
func verbose(a StatusAnswer) string {
	var out strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&out, format+"\n", values...) }
	for _, master := range a.Masters {
		role := "follower"
		switch {
		case master.Leading && failingNow(a):
			role = "led at the last successful poll"
		case master.Leading:
			role = "leader"
		}
		if master.Error != "" && !master.Leading { // that of the leader is with its pages
			role = master.Error
		}
		line("Master %s: %s", master.Address, role)
	}
	if others := a.masters - len(a.Masters); a.Leader != "" && others > 0 {
		line("Other masters: not asked yet; %s in the settings", count(a.masters, "master"))
	}
	if a.Cluster != "" {
		line("Cluster: %s", a.Cluster)
	}
	if lacks := versionLine(a.Version); lacks != "" {
		line("%s", lacks)
	}
	for i, poll := range a.Polls {
		switch {
		case poll.Err != nil && sameBefore(a.Polls[:i], poll): // said with the first
		case poll.Err != nil:
			line("%s: %v", strings.Join(sameErrors(a.Polls[i:]), ", "), poll.Err)
		case poll.Poll == series.PollAgents:
			line("%s", agentsLine(poll, a.AgentPolls))
		default:
			line("%s", pollLine(poll))
		}
	}
	line("History: %s", historyLine(a.History))
	if a.History.Remote != nil {
		line("Remote engine: %s", remoteLine(a.History.Remote, a.Replicas))
		line("Replicas: %s", replicasLine(a.Replicas))
	}
	line("Events: %s", eventsLine(a.Events, a.Replicas))
	for _, warning := range warningsOf(a) {
		line("Warning: %s", warning)
	}
	line("Collection begins with the first query after Grafana starts; any alert or recording rule keeps it going.")
	line("Everybody who may query this data source sees what its one Mesos principal sees.")
	return strings.TrimSpace(out.String())
}

// warningsOf returns what is not as it should be and no error of Save & test, a sentence
// each.
func warningsOf(a StatusAnswer) (all []string) {
	warn := func(format string, values ...any) { all = append(all, fmt.Sprintf(format, values...)) }
	for i, poll := range a.Polls {
		f := poll.FailedOfLast(recentPolls)
		if poll.Poll == series.PollSubscribe || f.Failed == 0 || f.Failed == f.Of && poll.Err != nil || sameLatest(a.Polls[:i], f) {
			continue // a line of its own says it, or that of /state
		}
		why := f.Latest.Err.Error()
		if poll.Err != nil {
			why = "see above"
		}
		warn("%d of the last %d polls of %s failed, the latest at %s: %s", f.Failed, f.Of, collector.PageOf(poll.Poll), display.Time(f.Latest.At), why)
	}
	if a.Restricted {
		warn("the principal may not see the whole cluster (Mesos leaves out what its ACLs forbid): figures of frameworks, roles and agents are of the visible part")
	}
	if a.TaskSeriesWhy != "" {
		warn("%s", a.TaskSeriesWhy)
	}
	if a.SeriesDropped > 0 {
		warn("%d series are not kept: %s", a.SeriesDropped, a.SeriesDroppedWhy)
	}
	if agents := a.AgentPolls; agents != nil {
		if agents.NotReachedWhy != "" {
			warn("%s", agents.NotReachedWhy)
		}
		for _, p := range agents.Problems {
			text := fmt.Sprintf("%s gave no statistics (%s", count(p.Agents+p.Resting, "agent"), p.Category)
			if p.Resting > 0 {
				text += fmt.Sprintf("; %d not asked for some time because of it", p.Resting)
			}
			warn("%s), one of them: %s", text, p.Example)
		}
		for _, p := range agents.OwnMetricsProblems {
			warn("%s gave no own metrics, only statistics (%s), one of them: %s", count(p.Agents, "agent"), p.Category, p.Example)
		}
	}
	if agents := a.AgentPolls; agents != nil {
		for _, sentence := range agents.Containers.Lacking() {
			warn("%s", sentence)
		}
		if sentence := agents.Containers.Disk(); sentence != "" {
			warn("%s", sentence)
		}
	}
	for _, left := range a.LeftOut {
		warn("%s", left)
	}
	if a.NamesCut > 0 {
		warn("%s of frameworks, roles, tasks or agents longer than %d bytes are cut: look for what chooses such names", count(a.NamesCut, "name"), series.MaxName)
	}
	if a.ManyAttributes > 0 {
		warn("%s with more than %d attributes: the first %d by name are labels of mesos_agent_info", count(a.ManyAttributes, "agent"), series.MaxLabels, series.MaxLabels)
	}
	if a.Storage.Err != nil {
		warn("the latest samples could not be stored (%d batches so far): %v", a.Storage.Failures, a.Storage.Err)
	}
	return append(all, a.Warnings...)
}

// sameLatest reports whether one of the polls failed the last time for the reason of
// another, as /roles and the agents do after /state.
func sameLatest(before []collector.PollStatus, f collector.Failed) bool {
	return slices.ContainsFunc(before, func(p collector.PollStatus) bool {
		other := p.FailedOfLast(recentPolls)
		return other.Failed > 0 && (other.Latest.Err.Error() == f.Latest.Err.Error() || errors.Is(f.Latest.Err, other.Latest.Err))
	})
}

// failingNow reports whether the leader's pages could not be read the last time.
func failingNow(a StatusAnswer) bool {
	return slices.ContainsFunc(a.Polls, func(p collector.PollStatus) bool {
		return p.Err != nil && (p.Poll == series.PollState || p.Poll == series.PollSnapshot) && mesos.CategoryOf(p.Err) != mesos.Forbidden
	})
}

// sameError reports whether two polls failed for the same reason. The error of agents
// without a list of them has that of /state in it.
func sameError(a, b collector.PollStatus) bool {
	return a.Err != nil && b.Err != nil && (a.Err.Error() == b.Err.Error() || errors.Is(b.Err, a.Err))
}

// sameBefore reports whether one of the polls failed for the reason of another.
func sameBefore(before []collector.PollStatus, poll collector.PollStatus) bool {
	return slices.ContainsFunc(before, func(p collector.PollStatus) bool { return sameError(p, poll) })
}

// sameErrors returns the pages whose polls failed for the reason of the first.
func sameErrors(polls []collector.PollStatus) (pages []string) {
	for _, p := range polls {
		if sameError(polls[0], p) {
			pages = append(pages, pageOf(p.Poll))
		}
	}
	return pages
}

// pageOf returns what a kind of poll asks for, at the beginning of a line.
func pageOf(poll series.Poll) string { return strings.TrimPrefix(collector.PageOf(poll), "the ") }

func pollLine(p collector.PollStatus) string {
	if p.LastSuccess.IsZero() {
		return fmt.Sprintf("%s: not asked yet", pageOf(p.Poll))
	}
	if p.Poll == series.PollSubscribe {
		return fmt.Sprintf("%s: open", pageOf(p.Poll))
	}
	return fmt.Sprintf("%s: every %s, %s, took %s (%s of it the master's work)", pageOf(p.Poll), p.Interval, display.Size(p.Bytes),
		p.Took.Round(time.Millisecond), p.Head.Round(time.Millisecond))
}

// agentsLine returns how many agents answered. Errors are in warnings of their own.
func agentsLine(p collector.PollStatus, a *collector.AgentPolls) string {
	if a == nil {
		return fmt.Sprintf("agents: not asked yet, press Save & test again in %s", display.Age(p.Interval))
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
	text := fmt.Sprintf("%s, %d series, %s", where, h.Series, size(h.Bytes))
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

// remoteLine returns what the engine remote has taken and has not. What is wrong with it is
// in the history's note.
func remoteLine(r *RemoteStatus, replicas *ReplicasStatus) string {
	text := "no samples taken yet"
	if replicas.follows() {
		text = "this Grafana writes nothing, since it does not poll"
	}
	if r.Protocol != "" {
		text = fmt.Sprintf("remote write %s, %s taken", r.Protocol, count(int(r.Sent), "sample"))
	}
	switch {
	case r.Batches > 0 || r.LagSeconds > 0:
		text += fmt.Sprintf(", %s not acknowledged, the oldest %s old", count(r.Batches, "batch"), display.Age(time.Duration(r.LagSeconds*float64(time.Second))))
	case r.Protocol != "":
		text += ", nothing waits"
	}
	var refused int64
	for _, n := range r.Refused {
		refused += n
	}
	text += fmt.Sprintf(", %d refused", refused)
	if r.Partly > 0 {
		text += fmt.Sprintf(" and an unknown part of %d more", r.Partly)
	}
	switch {
	case r.Reach != nil:
		text += ", reaches back to " + r.Reach.UTC().Format(time.RFC3339)
		if r.ReachesFurther {
			text += " or further"
		}
	case r.ReachError != "":
		text += "; how far it reaches is not known: " + r.ReachError
	default:
		text += "; how far it reaches is not known yet"
	}
	return text
}

// replicasLine returns which of several Grafanas polls.
func replicasLine(r *ReplicasStatus) string {
	if r == nil {
		return "not set, so that each of several Grafanas with this data source polls the cluster and writes (jsonData.replicas)"
	}
	return r.sentence()
}

// size writes the size of a store, which is measured from time to time: one that was opened
// a moment ago has none yet.
func size(bytes int64) string {
	if bytes == 0 {
		return "size not measured yet"
	}
	return display.Size(bytes)
}

// eventsLine returns how full the log of events is. One that does not poll has only what it saw itself.
func eventsLine(e EventsStatus, replicas *ReplicasStatus) string {
	where := "in memory"
	if e.Where == engineDisk {
		where = "on disk"
	}
	text := fmt.Sprintf("%s, %s, %s", where, count(e.Events, "event"), size(e.Bytes))
	switch {
	case replicas.follows():
		text += ", of what this Grafana saw itself: the log of the cluster is on the one that polls"
	case e.Since != nil:
		text += ", complete since " + e.Since.UTC().Format(time.RFC3339)
	}
	if e.Note != "" {
		text += "; " + e.Note
	}
	return text
}
