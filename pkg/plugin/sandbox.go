package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

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
	case user == nil || user.Login == "" || ownUsers[user.Login]:
		return errors.New("the logs of tasks are shown to users who are logged in only: not to rules, public dashboards and anonymous visitors")
	case ranks[user.Role] < least:
		return fmt.Errorf("the logs of tasks are shown to users with the role %s or more: yours is %s (jsonData.sandboxLogs)", setting, roleName(user.Role))
	}
	return nil
}

// ruleUser is the login that Grafana sends with requests of rules.
const ruleUser = "grafana_scheduler"

// ownUsers are the logins of Grafana itself, all with the role Admin: of rules, and of its
// service identities (pkg/apimachinery/identity), with which it queries for visitors of
// public dashboards.
var ownUsers = map[string]bool{ruleUser: true, "service": true, "provisioning": true}

func roleName(role string) string {
	if ranks[role] == 0 {
		return "none of Viewer, Editor and Admin"
	}
	return role
}

// sandboxes returns what reads files of sandboxes for a user, or why that user may not.
func (r *Registry) sandboxes(ctx context.Context, s *source, user *backend.User) (*query.Sandboxes, error) {
	s.mu.Lock()
	setting := s.settings.SandboxLogs
	s.mu.Unlock()
	if err := mayReadLogs(setting, user); err != nil {
		return nil, &query.RefusedError{Err: err}
	}
	collecting := r.model(ctx, s)
	s.mu.Lock()
	agents := s.agents
	s.mu.Unlock()
	if agents == nil || collecting == nil {
		return nil, errShutDown
	}
	agents.Know(collecting.ListedAgents())
	return &query.Sandboxes{Files: agents, Model: collecting.Cluster, Slots: s.reads}, nil
}

// logTasks answers `{"status", "data": [...]}`: the tasks whose logs may be asked for.
func logTasks(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	p.answerSandbox(w, r, src, func(ctx context.Context, view query.Source, s *query.Sandboxes) (map[string]any, error) {
		values := r.URL.Query()
		limit := 0
		if text := values.Get("limit"); text != "" {
			var err error
			if limit, err = strconv.Atoi(text); err != nil || limit < 0 {
				return nil, &query.InvalidError{Key: "limit", Text: fmt.Sprintf("must be a whole number, not %.20q", text)}
			}
		}
		found, err := s.Tasks(ctx, view, values.Get("search"), limit)
		return map[string]any{"data": found}, err
	})
}

// logFiles answers `{"status", "data": [...], "directories": [...]}`: the logs of a task.
func logFiles(p *Plugin, src *source, w http.ResponseWriter, r *http.Request) {
	p.answerSandbox(w, r, src, func(ctx context.Context, view query.Source, s *query.Sandboxes) (map[string]any, error) {
		values := r.URL.Query()
		q := query.LogsQuery{TaskID: values.Get("taskId"), FrameworkID: values.Get("frameworkId"), AgentID: values.Get("agentId")}
		found, err := s.List(ctx, view, q, values.Get("directory"))
		return map[string]any{"data": found.Files, "directories": found.Directories}, err
	})
}

// answerSandbox answers a request for what only those may see who may read logs.
func (p *Plugin) answerSandbox(w http.ResponseWriter, r *http.Request, src *source, ask func(context.Context, query.Source, *query.Sandboxes) (map[string]any, error)) {
	_ = p.registry.ready(r.Context(), src) // what went wrong shows in what is missing
	sandboxes, err := p.registry.sandboxes(r.Context(), src, backend.PluginConfigFromContext(r.Context()).User)
	if err != nil {
		p.writeError(w, query.StatusOf(err), err)
		return
	}
	view, err := p.registry.query(src)
	if err != nil {
		p.writeError(w, http.StatusBadRequest, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	found, err := ask(ctx, view, sandboxes)
	if err != nil {
		p.writeError(w, query.StatusOf(err), err)
		return
	}
	found["status"] = "success"
	writeJSON(w, http.StatusOK, found)
}

// subscribeTail decides whether somebody may watch a channel of logs. Grafana asks for each
// viewer.
func (p *Plugin) subscribeTail(ctx context.Context, req *backend.SubscribeStreamRequest) backend.SubscribeStreamStatus {
	if _, err := query.ParseTail(req.Path, req.Data); err != nil {
		p.registry.log.Debug("A channel was refused", "path", req.Path, "error", err) // Viewers may ask for any
		return backend.SubscribeStreamStatusNotFound
	}
	src, err := p.registry.For(ctx, req.PluginContext)
	if err == nil {
		_, err = p.registry.sandboxes(ctx, src, req.PluginContext.User)
	}
	if err != nil {
		return backend.SubscribeStreamStatusPermissionDenied
	}
	return backend.SubscribeStreamStatusOK
}

// tailEvery is how often a file is looked at while somebody watches it.
const tailEvery = 2 * time.Second

// runTail sends the lines of a file as they are written, until ctx ends.
func (p *Plugin) runTail(ctx context.Context, req *backend.RunStreamRequest, sender *backend.StreamSender) error {
	tail, err := query.ParseTail(req.Path, req.Data)
	if err != nil {
		return err
	}
	failed := func(why error) error {
		if message := tail.Failed(p.registry.pathless(why.Error())); message != nil {
			_ = sender.SendJSON(message)
		}
		return why
	}
	src, err := p.registry.settled(ctx, req.PluginContext)
	if err != nil {
		return failed(err)
	}
	if src.channels.Add(1) > maxChannels {
		src.channels.Add(-1)
		return failed(errTooManyChannels)
	}
	defer src.channels.Add(-1)
	pause := p.registry.clock.NewTimer()
	defer pause.Stop()
	for {
		message, err := p.tailMessage(ctx, src, tail, req.PluginContext.User)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return failed(err)
		case message != nil:
			if err := sender.SendJSON(message); err != nil {
				return err
			}
		}
		pause.Reset(tailEvery)
		select {
		case <-pause.C():
		case <-ctx.Done():
			return nil
		}
	}
}

// tailMessage computes a message in the time that queries have. What is wrong with the settings
// is a message; the error is why the channel ends, as where the user may not read logs any more.
func (p *Plugin) tailMessage(ctx context.Context, src *source, tail *query.Tail, user *backend.User) ([]byte, error) {
	problem, closed := src.touch(p.registry.clock.Now()) // a watched panel is a request
	if closed {
		return nil, errShutDown
	}
	if problem != nil {
		return tail.Failed(p.registry.pathless(problem.Error())), nil
	}
	sandboxes, err := p.registry.sandboxes(ctx, src, user)
	if err != nil {
		return nil, err
	}
	view, err := p.registry.query(src)
	if err != nil {
		return nil, nil // changed meanwhile: the next message says it
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	message, err := tail.Next(ctx, view, sandboxes)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, nil
	}
	return message, err
}

// asksLogs reports whether one of the queries may be of type logs.
func asksLogs(queries []backend.DataQuery) bool {
	return slices.ContainsFunc(queries, func(q backend.DataQuery) bool { return bytes.Contains(q.JSON, []byte(query.QueryTypeLogs)) })
}
