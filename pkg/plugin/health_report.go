package plugin

import (
	"strings"
	"time"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/series"
)

// Report is what Save & test found, in the parts that the settings page draws. Amounts are
// texts, as in the details.
type Report struct {
	Leader     string `json:"leader,omitempty"`
	Version    string `json:"version,omitempty"`
	Cluster    string `json:"cluster,omitempty"`
	Agents     int    `json:"agents"`
	Frameworks int    `json:"frameworks"`
	Tasks      int    `json:"tasks"`

	Masters []MasterReport `json:"masters"`
	Polls   []PollReport   `json:"polls"`
	History string         `json:"history"`
	Remote  string         `json:"remote,omitempty"` // with the engine remote
	// Replicas says which of several Grafanas polls; with the engine remote.
	Replicas string `json:"replicas,omitempty"`
	Events   string `json:"events"`
	// Missing says what this version of Mesos does not tell.
	Missing  string   `json:"missing,omitempty"`
	Warnings []string `json:"warnings"`
}

// MasterReport is one master.
type MasterReport struct {
	Address string `json:"address"`
	Leading bool   `json:"leading"` // as of the last successful poll
	Error   string `json:"error,omitempty"`
}

// PollReport is one kind of poll, and what its last one cost.
type PollReport struct {
	Page   string `json:"page"`
	Every  string `json:"every,omitempty"`
	Size   string `json:"size,omitempty"`
	Took   string `json:"took,omitempty"`
	Master string `json:"master,omitempty"` // the master's part of took
	// Result is said beside the costs, or in their place: how many agents answered, that
	// nothing was asked yet.
	Result string `json:"result,omitempty"`
	Error  string `json:"error,omitempty"`
}

func report(a StatusAnswer) *Report {
	r := &Report{
		Leader: a.Leader, Version: a.Version, Cluster: a.Cluster, Agents: a.Agents, Frameworks: a.Frameworks, Tasks: a.Tasks,
		Masters: []MasterReport{}, Polls: []PollReport{}, History: historyLine(a.History), Events: eventsLine(a.Events, a.Replicas),
		Missing: versionLine(a.Version), Warnings: append([]string{}, warningsOf(a)...),
	}
	if a.History.Remote != nil {
		r.Remote, r.Replicas = remoteLine(a.History.Remote, a.Replicas), replicasLine(a.Replicas)
	}
	for _, m := range a.Masters {
		r.Masters = append(r.Masters, MasterReport{m.Address, m.Leading, m.Error})
	}
	for _, p := range a.Polls {
		r.Polls = append(r.Polls, pollReport(p, a.AgentPolls))
	}
	return r
}

func pollReport(p collector.PollStatus, agents *collector.AgentPolls) PollReport {
	row := PollReport{Page: pageOf(p.Poll)}
	of := func(line string) string { return strings.TrimPrefix(line, row.Page+": ") }
	switch {
	case p.Err != nil:
		row.Error = p.Err.Error()
	case p.Poll == series.PollAgents:
		row.Result = of(agentsLine(p, agents))
	case p.LastSuccess.IsZero() || p.Poll == series.PollSubscribe:
		row.Result = of(pollLine(p))
	default:
		row.Every, row.Size = p.Interval.String(), display.Size(p.Bytes)
		row.Took, row.Master = p.Took.Round(time.Millisecond).String(), p.Head.Round(time.Millisecond).String()
	}
	return row
}
