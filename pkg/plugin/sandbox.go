package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"community-mesos-datasource/pkg/query"
)

// This file decides who may read files of sandboxes. The agents see one principal whoever
// asks, so the setting sandboxLogs and the role that Grafana sends with each request are all
// there is. Whoever is not known to be somebody is refused: rules, public dashboards, and
// visitors of a Grafana with anonymous access.

// readsAtOnce is how many reads of sandboxes run at a time in one data source.
const readsAtOnce = 4

// ranks orders Grafana's roles.
var ranks = map[string]int{"Viewer": 1, "Editor": 2, "Admin": 3}

// leastRanks are the ranks that sandboxLogs asks for; none has none.
var leastRanks = map[string]int{"viewer": 1, "editor": 2, "admin": 3}

// mayReadLogs returns why a user may not read files of sandboxes, nil if they may.
func mayReadLogs(setting string, user *backend.User) error {
	least, on := leastRanks[setting]
	switch {
	case !on:
		return errors.New("the logs of tasks are not shown: an administrator sets the least role that may read them (jsonData.sandboxLogs: admin, editor or viewer)")
	case user == nil || user.Login == "" || user.Login == ruleUser:
		return errors.New("the logs of tasks are shown to users who are logged in only: not to rules, public dashboards and anonymous visitors")
	case ranks[user.Role] < least:
		return fmt.Errorf("the logs of tasks are shown to users with the role %s or more: yours is %s (jsonData.sandboxLogs)", setting, roleName(user.Role))
	}
	return nil
}

// ruleUser is the login that Grafana sends with requests of rules.
const ruleUser = "grafana_scheduler"

func roleName(role string) string {
	if ranks[role] == 0 {
		return "none of Viewer, Editor and Admin"
	}
	return role
}

// sandboxes returns what reads files of sandboxes for a user, or why that user may not.
func (s *source) sandboxes(user *backend.User) (*query.Sandboxes, error) {
	s.mu.Lock()
	agents, setting, collecting := s.agents, s.settings.SandboxLogs, s.collector
	s.mu.Unlock()
	if err := mayReadLogs(setting, user); err != nil {
		return nil, &query.RefusedError{Err: err}
	}
	if agents == nil || collecting == nil {
		return nil, errShutDown
	}
	agents.Know(collecting.ListedAgents())
	return &query.Sandboxes{Files: agents, Model: collecting.Cluster, Slots: s.reads}, nil
}

// asksLogs reports whether one of the queries may be of type logs.
func asksLogs(queries []backend.DataQuery) bool {
	return slices.ContainsFunc(queries, func(q backend.DataQuery) bool { return bytes.Contains(q.JSON, []byte(query.QueryTypeLogs)) })
}
