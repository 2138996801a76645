package cluster

import (
	"encoding/json"
	"slices"
	"time"

	"community-mesos-datasource/pkg/events"
)

// An outline is what is kept of a model over a restart: what tells whether the first /state
// after it is of the same cluster, and which agents and frameworks came and went meanwhile.
type outline struct {
	PID        string             `json:"pid"`
	Elected    float64            `json:"elected"`
	Counts     map[AgentState]int `json:"counts"`
	Agents     []outlinedAgent    `json:"agents"`
	Frameworks []outlinedFrame    `json:"frameworks"`
	Removed    []string           `json:"removed"` // IDs of frameworks that the leader tells were removed
	// What is hidden from the principal, as in Cluster.
	NoFlags           bool       `json:"noFlags,omitempty"`
	FrameworksUnknown bool       `json:"frameworksUnknown,omitempty"`
	AgentsHidden      bool       `json:"agentsHidden,omitempty"`
	HiddenSince       *time.Time `json:"hiddenSince,omitempty"`
}

type outlinedAgent struct {
	ID         string     `json:"id"`
	Host       string     `json:"host"`
	State      AgentState `json:"state,omitempty"`
	Registered float64    `json:"registered,omitempty"`
	Recovered  bool       `json:"recovered,omitempty"` // it is not listed
}

type outlinedFrame struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	State      FrameworkState `json:"state,omitempty"`
	Registered float64        `json:"registered,omitempty"`
	Subscribed float64        `json:"subscribed,omitempty"`
	Roles      []string       `json:"roles,omitempty"`
}

// Outline returns the outline of the model, as JSON: the same one for the same agents and
// frameworks.
func (c *Cluster) Outline() ([]byte, error) {
	o := outline{PID: c.PID, Elected: c.ElectedTime, Counts: c.AgentCounts}
	o.NoFlags, o.FrameworksUnknown, o.AgentsHidden = c.NoFlags, c.FrameworksUnknown, c.agentsHidden
	if !c.hiddenSince.IsZero() {
		o.HiddenSince = &c.hiddenSince
	}
	for _, a := range c.agents {
		if a.Listed || a.recovered {
			o.Agents = append(o.Agents, outlinedAgent{a.ID, a.Hostname, a.State, a.registered, a.recovered})
		}
	}
	slices.SortFunc(o.Agents, func(a, b outlinedAgent) int { return compareText(a.ID, b.ID) })
	for _, f := range c.Frameworks {
		o.Frameworks = append(o.Frameworks, outlinedFrame{f.ID, f.Name, f.State, f.registered, f.subscribed, f.Roles})
	}
	for id := range c.removed {
		o.Removed = append(o.Removed, id)
	}
	slices.Sort(o.Removed)
	return json.Marshal(o)
}

// Outlined returns the model of an outline, which has nothing but what that has. looked is
// when the cluster was looked at last.
func Outlined(text []byte, looked time.Time) (*Cluster, error) {
	var o outline
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, err
	}
	c := &Cluster{
		Time: looked, polled: looked, PID: o.PID, ElectedTime: o.Elected, AgentCounts: o.Counts,
		agents: map[string]*Agent{}, frameworks: map[string]*Framework{}, removed: map[string]removedFramework{},
	}
	c.NoFlags, c.FrameworksUnknown, c.agentsHidden = o.NoFlags, o.FrameworksUnknown, o.AgentsHidden
	if o.HiddenSince != nil {
		c.hiddenSince = *o.HiddenSince
	}
	for _, a := range o.Agents {
		agent := &Agent{ID: a.ID, Hostname: a.Host, Listed: !a.Recovered, State: a.State, registered: a.Registered, recovered: a.Recovered}
		c.agents[a.ID] = agent
		if agent.Listed {
			c.Agents = append(c.Agents, agent)
		}
	}
	for _, f := range o.Frameworks {
		framework := &Framework{ID: f.ID, Name: f.Name, Listed: true, State: f.State, registered: f.Registered, subscribed: f.Subscribed, Roles: f.Roles}
		c.frameworks[f.ID] = framework
		c.Frameworks = append(c.Frameworks, framework)
	}
	for _, id := range o.Removed {
		c.removed[id] = removedFramework{}
	}
	return c, nil
}

// HappenedToOthers returns what happened between two models of the same cluster to
// masters, agents and frameworks, oldest first: the first one may be made of an outline,
// which has no tasks.
func HappenedToOthers(before, after *Cluster) []events.Event {
	if before == nil || !before.SameAs(after) {
		return nil
	}
	h := happeningsBetween(before, after, nil)
	h.others()
	return h.sorted()
}
