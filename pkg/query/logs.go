package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"

	"community-mesos-datasource/pkg/display"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/promql"
)

// This file answers queries of type logs: lines of a file in a task's sandbox, as a log
// frame. Where the task is and which of its files may be read is in logs_sandbox.go, how a
// file is read from its end in logs_read.go, what a line says of itself in logline.

// Bounds of logs.
const (
	defaultLines = 1000
	maxLines     = 5000
	// maxScanned is how much of a task's files one query reads at most.
	maxScanned = 4 << 20
	// maxAnswered is how many bytes of lines one answer has at most, as JSON, and maxAround how
	// many of their labels and IDs.
	maxAnswered = 1 << 20
	maxAround   = 3 << 20
	// maxLine is how many bytes of one line are shown.
	maxLine = 16 << 10
	// maxLogFilter is how long a filter may be, in bytes.
	maxLogFilter = 1 << 10
	// clocksAhead is how far the clock of an agent may be ahead of Grafana's.
	clocksAhead = time.Hour
)

// checkLogs returns what is wrong with a query of logs.
func checkLogs(q *LogsQuery) error {
	switch {
	case strings.TrimSpace(q.TaskID) == "":
		return bad("taskId", "is missing: choose a task")
	case len(q.TaskID) > 1024:
		return bad("taskId", "has %d bytes: 1024 are the most", len(q.TaskID))
	case len(q.FrameworkID) > 1024:
		return bad("frameworkId", "has %d bytes: 1024 are the most", len(q.FrameworkID))
	case len(q.AgentID) > 1024:
		return bad("agentId", "has %d bytes: 1024 are the most", len(q.AgentID))
	case q.Limit < 0 || q.Limit > maxLines:
		return bad("limit", "%d is out of range: 1 to %d lines", q.Limit, maxLines)
	case q.Before != nil && q.After != nil:
		return bad("after", "and before cannot both be set: ask for the lines on each side of a line by a query of their own")
	case q.Volume && (q.Before != nil || q.After != nil):
		return bad("volume", "is of a time range, and before and after are of a place in a file: leave one out")
	case q.Before != nil && *q.Before < 0:
		return bad("before", "%d is out of range: it is the offset of a line in its file", *q.Before)
	case q.After != nil && *q.After < 0:
		return bad("after", "%d is out of range: it is the offset of a line in its file", *q.After)
	case len(q.Filter) > maxLogFilter:
		return bad("filter", "has %d bytes: %d are the most", len(q.Filter), maxLogFilter)
	}
	if _, err := newLineFilter(q.Filter, maxCompared); err != nil {
		return err
	}
	return checkLogFile(q.File)
}

// errLogsEvaluated is the error of logs for rules and expressions.
var errLogsEvaluated = bad("queryType", "logs are lines of text, which rules and expressions cannot compute with, and may not read: use a query of metrics or events")

// errLinesNoPromQL is the error of logs for the compiler.
var errLinesNoPromQL = bad("queryType", "logs are lines of a file of a task, read from its agent, and have no PromQL: for a graph of how many there are set volume: true")

// errSlowFiles is the error of a request whose time ended while an agent was asked.
var errSlowFiles = &promql.Error{Kind: promql.ErrorTimeout, Sentence: "The files of the task could not be read from its agent in the time that this request had: try again, or see whether the agent is overloaded"}

// errNoSandboxes is the error where Options have neither Sandboxes nor a reason.
var errNoSandboxes = &RefusedError{errors.New("the logs of tasks may not be read")}

// answerLogs answers a query of type logs.
func answerLogs(ctx context.Context, src Source, q backend.DataQuery, o Options, p parsed, notices []data.Notice) (data.Frames, error) {
	if o.evaluated() {
		return nil, errLogsEvaluated
	}
	if o.Sandboxes == nil {
		if o.NoSandboxes != nil {
			return nil, o.NoSandboxes
		}
		return nil, errNoSandboxes
	}
	in := lineRange{from: q.TimeRange.From, to: q.TimeRange.To}
	if src.now().Sub(in.to) < time.Minute {
		in.to = in.to.Add(clocksAhead) // "now" is whatever the agent's clock says
	}
	if p.logs.Volume {
		return answerVolume(ctx, src, q, o, p, in, notices)
	}
	answer, err := readLogs(ctx, src, o.Sandboxes, p.logs, in, nil)
	if err != nil {
		return nil, err
	}
	frames := answer.frames(p.logs, append(notices, answer.notices()...))
	nameTail(frames, src, q, p)
	return frames, nil
}

// A logAnswer is what was found of a query of logs.
type logAnswer struct {
	task  sandboxTask
	lines []logLine // oldest first
	// more: there are lines before them that were not read.
	more bool
	// large: there are lines before them, and the answer is as large as it may be.
	large bool
	// forward: it is the lines behind them that more and large are about.
	forward bool
	// compared: there are lines before them, and the filter was compared with as many bytes as
	// it may be. 0: it was compared with all.
	compared int64
	// outside: so many lines between them carry times that are not in the time range.
	outside int
	scanned int64 // bytes that were read
	// timeless: no line that was read carries a time.
	timeless bool
	offset   time.Duration // of the zone of lines that name none
	zoneless bool          // some lines name no zone
	cut      int           // lines that were longer than maxLine
}

func (a logAnswer) notices() []data.Notice {
	var all []data.Notice
	if a.timeless && len(a.lines) > 0 {
		all = append(all, info("No line that was read begins with a time in a form that is known: the lines have the time of the last write to their file, and the time range does not choose among them."))
	}
	if a.zoneless && !a.timeless {
		zone := "UTC, as no other zone is known"
		if a.offset != 0 {
			sign := '+'
			if a.offset < 0 {
				sign = '-'
			}
			zone = fmt.Sprintf("UTC%c%02d:%02d, by the time of the last write to the file", sign, int(a.offset.Abs().Hours()), int(a.offset.Abs().Minutes())%60)
		}
		all = append(all, info("Lines name no time zone: their times are read as %s.", zone))
	}
	before, instead := "before", "choose an earlier end of the time range"
	if a.forward {
		before, instead = "after", "ask for the lines after the last of these"
	}
	if a.more {
		all = append(all, info("%s of the file were read, and there are more lines %s these: %s to see them.", display.Size(a.scanned), before, instead))
	}
	if a.large {
		all = append(all, info("There are more lines %s these, and one answer has %s of lines at most, and %s of their labels: %s, or a filter, to see them.",
			before, display.Size(maxAnswered), display.Size(maxAround), instead))
	}
	if a.compared > 0 {
		all = append(all, info("The regular expression of the filter was compared with %s of lines, as many as one of its size may be, and there are more lines %s these: write a shorter one or a plain text, or %s.",
			display.Size(a.compared), before, instead))
	}
	if a.outside > 0 {
		all = append(all, info("%d lines between these carry times outside of the time range and are not shown: choose a longer time range to see them.", a.outside))
	}
	if a.cut > 0 {
		all = append(all, info("%d lines are longer than %s and are shown in part.", a.cut, display.Size(maxLine)))
	}
	return all
}

// labelsOf returns the labels of all lines of a file.
func (t sandboxTask) labelsOf(file string) json.RawMessage {
	labels := map[string]string{"task_id": t.ID, "file": file}
	for name, value := range map[string]string{
		"task": t.Name, "framework": t.Framework, "framework_id": t.FrameworkID, "agent": t.Agent, "agent_id": t.AgentID, "role": t.Role,
	} {
		if value != "" {
			labels[name] = value
		}
	}
	text, _ := json.Marshal(labels)
	return text
}

// lineID returns the ID of a line, container/file@offset-hash: the same in every answer. The
// hash is of its beginning, as another line has its offset when the file was rotated.
func (t sandboxTask) lineID(l logLine) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(l.text[:min(len(l.text), 32)])) // never fails
	return fmt.Sprintf("%s/%s@%d-%08x", t.container, l.file, l.start, hash.Sum32())
}

// frames returns the frame of an answer. Its fields are those of Grafana's log-lines format.
func (a logAnswer) frames(q *LogsQuery, notices []data.Notice) data.Frames {
	n := len(a.lines)
	times, bodies := make([]time.Time, n), make([]string, n)
	severities, ids, labels := make([]string, n), make([]string, n), make([]json.RawMessage, n)
	ofFile := map[string]json.RawMessage{}
	for i, l := range a.lines {
		if ofFile[l.file] == nil {
			ofFile[l.file] = a.task.labelsOf(l.file)
		}
		times[i], bodies[i], severities[i], ids[i], labels[i] = l.shown, l.text, l.severity, a.task.lineID(l), ofFile[l.file]
	}
	frame := data.NewFrame("logs",
		data.NewField("timestamp", nil, times),
		data.NewField("body", nil, bodies),
		data.NewField("severity", nil, severities),
		data.NewField("id", nil, ids),
		data.NewField("labels", nil, labels),
	)
	custom := map[string]any{"taskId": a.task.ID, "frameworkId": a.task.FrameworkID, "file": fileOf(q)}
	if word := q.Filter; word != "" {
		if isPattern := len(word) > 2 && strings.HasPrefix(word, "/") && strings.HasSuffix(word, "/"); isPattern {
			word = word[1 : len(word)-1]
		} else {
			word = regexp.QuoteMeta(word)
		}
		custom["searchWords"] = []string{word} // which the logs panel marks
	}
	frame.Meta = &data.FrameMeta{
		Type: data.FrameTypeLogLines, TypeVersion: data.FrameTypeVersion{0, 1}, PreferredVisualization: data.VisTypeLogs,
		Custom: custom, Notices: notices,
	}
	return data.Frames{frame}
}

// fileOf returns the file of a query.
func fileOf(q *LogsQuery) string {
	if q.File == "" {
		return "stdout"
	}
	return q.File
}

// limitOf returns how many lines a query asks for.
func limitOf(q *LogsQuery) int {
	if q.Limit == 0 {
		return defaultLines
	}
	return q.Limit
}

// SandboxFiles reads the files of agents' sandboxes; *mesos.Agents is one.
type SandboxFiles interface {
	// Sandbox returns where the files of a task are; known: the data source saw the task run
	// alone in Mesos' own executor, in that framework on that agent.
	Sandbox(ctx context.Context, agentID, frameworkID, taskID string, known bool) (mesos.Sandbox, error)
	Browse(ctx context.Context, agentID, directory string) ([]mesos.File, error)
	Read(ctx context.Context, agentID, path string, offset, length int64) (mesos.Part, error)
}
