package query

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/series"
)

// This file makes the notices of an answer: what limits it or makes it old. Rules
// show no notices; the same facts exist as series (mesos_up,
// mesos_history_start_timestamp_seconds, mesos_series_dropped).

func info(format string, args ...any) data.Notice {
	return data.Notice{Severity: data.NoticeSeverityInfo, Text: fmt.Sprintf(format, args...)}
}

func warning(format string, args ...any) data.Notice {
	return data.Notice{Severity: data.NoticeSeverityWarning, Text: fmt.Sprintf(format, args...)}
}

// circumstances holds what the notices of a query depend on.
type circumstances struct {
	now      time.Time
	earliest time.Time // the first moment the answer depends on
	latest   time.Time // the last moment of the answer
	reads    reads
	measured bool // asks for use measured by the agents
	status   collector.Status
	stats    history.Stats
}

func (c circumstances) notices() []data.Notice {
	var all []data.Notice
	all = append(all, c.beginning()...)
	if !c.status.TaskSeries && c.status.TaskSeriesWhy != "" && (c.reads.ofTasks() || c.reads.tasksByPattern) {
		all = append(all, warning("%s", c.status.TaskSeriesWhy))
	}
	// Dropped for the same reason are the tasks' series alone: no matter to others.
	if c.status.SeriesDropped > 0 && c.status.SeriesDroppedWhy != c.status.TaskSeriesWhy {
		all = append(all, warning("%d series were not written at the last poll%s: the answer may lack some.", c.status.SeriesDropped, because(c.status.SeriesDroppedWhy)))
	}
	if c.status.Restricted {
		all = append(all, warning("The principal sees part of the cluster only: Mesos leaves the rest out of its answers."))
	}
	return append(all, c.polls()...)
}

// beginning returns a notice where part of the range is before history.
func (c circumstances) beginning() []data.Notice {
	switch start := c.stats.Start; {
	case start.IsZero() && c.stats.StartsBefore: // the remote engine was not asked yet, or did not say
		return nil
	case start.IsZero():
		return []data.Notice{info("Nothing has been collected yet: Mesos keeps no history, so it begins with the first poll.")}
	case !c.earliest.Before(start), c.stats.StartsBefore:
		return nil
	case !c.latest.IsZero() && c.latest.Before(start):
		return []data.Notice{info("The time range ends at %s, and history begins at %s%s: what was before is not known.", display.Time(c.latest), display.Time(start), reaches(c.stats.TruncatedBy))}
	default:
		return []data.Notice{info("History begins at %s%s: what was before is not known.", display.Time(start), reaches(c.stats.TruncatedBy))}
	}
}

// reaches names the setting that limits how far history reaches, "" for none.
func reaches(setting string) string {
	if setting == "" {
		return ""
	}
	return ", as far as " + setting + " reaches"
}

// manyFailed is how many polls must have failed in the time of an answer for a notice, and
// a tenth of all. One leaves no gap, and a restart of the master fails two or three.
const manyFailed = 3

// polls returns notices about data older than two polls, about values that were
// left out, and about measured use where agents are not asked.
func (c circumstances) polls() []data.Notice {
	all := c.late()
	if r := c.status.Returning; r != nil && !c.measured && slices.ContainsFunc([]series.Poll{series.PollState, series.PollRoles, series.PollSnapshot}, c.readsPoll) && !r.Last.Before(c.earliest) && !r.First.After(c.latest) {
		all = append(all, warning("A new leader was elected at %s, and agents come back to it one by one: from %s to %s it had fewer than the %d agents of the leader before, %d at the least. Numbers of that time are of the agents that were back.",
			display.Time(r.Elected), display.Time(r.First), display.Time(r.Last), r.Before, r.Fewest))
	}
	for _, left := range c.status.LeftOut {
		if c.readsPoll(left.Poll) && left.Between(c.earliest.Add(-c.lookback(left.Poll)), c.latest) {
			all = append(all, warning("%s", left))
		}
	}
	all = append(all, c.agents()...)
	asked := slices.ContainsFunc(c.status.Polls, func(p collector.PollStatus) bool { return p.Poll == series.PollAgents })
	if c.measured && !asked {
		all = append(all, info("Use is measured by the agents, who are asked only where the setting agentStatistics is on."))
	}
	return all
}

// lookback returns how far an answer may reach back before its first moment for samples of
// a kind of poll.
func (c circumstances) lookback(poll series.Poll) time.Duration {
	for _, p := range c.status.Polls {
		if p.Poll == poll {
			return 5 * p.Interval / 2
		}
	}
	return 0
}

// late returns a notice for each poll read whose data are older than two polls.
func (c circumstances) late() []data.Notice {
	var all []data.Notice
	for _, poll := range c.status.Polls {
		if !brings(c.reads.polls, poll.Poll) || poll.LastAttempt.IsZero() || poll.Interval <= 0 {
			continue
		}
		if poll.LastSuccess.IsZero() {
			all = append(all, warning("No poll of %s has succeeded yet%s.", collector.PageOf(poll.Poll), problem(poll.Err)))
			continue
		}
		if age := c.now.Sub(poll.LastSuccess); age > 2*poll.Interval {
			all = append(all, warning("The last successful poll of %s was %s ago%s.", collector.PageOf(poll.Poll), display.Age(age), problem(poll.Err)))
		}
		if f := poll.FailedBetween(c.earliest, c.latest); f.Failed >= manyFailed && f.Failed*10 >= f.Of {
			all = append(all, warning("%d of %d polls of %s failed between %s and %s, so that values are missing. The latest failed%s.",
				f.Failed, f.Of, collector.PageOf(poll.Poll), display.Time(f.First), display.Time(f.Last), problem(f.Latest.Err)))
		}
	}
	return all
}

// agents returns notices about what the latest poll of the agents lacks, where the
// answer has anything of it.
func (c circumstances) agents() []data.Notice {
	a := c.status.AgentPolls
	at := slices.IndexFunc(c.status.Polls, func(p collector.PollStatus) bool { return p.Poll == series.PollAgents })
	if a == nil || at < 0 || !c.readsAgents() {
		return nil
	}
	poll := c.status.Polls[at]
	if poll.Err != nil || c.latest.Before(poll.LastAttempt.Add(-poll.Interval)) {
		return nil // the error says it all, or the answer ends before
	}
	var all []data.Notice
	if a.Silent > 0 {
		example := ""
		if len(a.Problems) > 0 {
			example = ". One of them: " + strings.TrimSuffix(a.Problems[0].Example, ".")
		}
		all = append(all, warning("%d of %d agents gave no statistics in the latest poll%s. Their part is unknown.", a.Silent, a.Listed, example))
	}
	if a.NotReachedWhy != "" {
		all = append(all, warning("%s", a.NotReachedWhy))
	}
	if !c.readsContainers() { // but agents' own metrics
		for _, p := range a.OwnMetricsProblems {
			all = append(all, warning("%d of %d agents gave no own metrics in the latest poll. One of them: %s", p.Agents, a.Listed, p.Example))
		}
		return all
	}
	for _, sentence := range a.Containers.Lacking() {
		all = append(all, warning("%s", sentence))
	}
	if sentence := a.Containers.Disk(); sentence != "" && slices.ContainsFunc(c.reads.names, func(name string) bool { return strings.Contains(name, "_disk_used") }) {
		all = append(all, warning("%s", sentence))
	}
	return all
}

// readsPoll reports whether the answer has series of a kind of poll other than how
// polls go.
func (c circumstances) readsPoll(poll series.Poll) bool {
	if poll == series.PollAgents {
		return c.readsAgents()
	}
	return brings(c.reads.polls, poll)
}

// readsAgents reports whether the answer has series that only agents bring. mesos_up
// and the like come with every poll.
func (c circumstances) readsAgents() bool {
	return c.measured || slices.ContainsFunc(c.reads.names, func(name string) bool {
		known, ok := catalogue.Lookup(name)
		return ok && known.Poll == series.PollAgents
	})
}

// readsContainers reports whether the answer has series of containers or their sums,
// and not only agents' own metrics.
func (c circumstances) readsContainers() bool {
	return c.measured || slices.ContainsFunc(c.reads.names, func(name string) bool {
		return strings.HasPrefix(name, "mesos_executor_") || strings.Contains(name, "_used") || strings.Contains(name, "_measured")
	})
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + strings.TrimSuffix(why, ".")
}

func problem(err error) string {
	if err == nil {
		return ""
	}
	return because(err.Error())
}
