package plugin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos/mesostest"
)

const (
	agent1 = "127.0.0.1:5051"
	// unhealthyTask is the sandbox of a task that has failed.
	unhealthyTask = "/var/lib/mesos/agent1/slaves/abbec842-7d73-4f70-8d69-201cee145933-S0/frameworks/abbec842-7d73-4f70-8d69-201cee145933-0005/executors/marathon.web-unhealthy.1/runs/eec88d36-a33e-4a87-bb12-32afbe8967ec"
)

func somebody(role string) *backend.User { return &backend.User{Login: "jo", Role: role} }

// newLogFixture returns a fixture whose agent 1 has these files, asked by a Viewer who may.
func newLogFixture(t *testing.T, with map[string]any, files map[string]string) (*fixture, *mesostest.FileServer) {
	t.Helper()
	keys := map[string]any{"agentStatistics": false, "sandboxLogs": "viewer"}
	for key, value := range with {
		keys[key] = value
	}
	s := newAgentFixture(t, keys, workload)
	s.user = somebody("Viewer")
	server := mesostest.NewFileServer(files)
	s.cluster.Serve(agent1, server)
	return s.start(), server
}

// linesOf returns the lines of a log frame, each as severity, time and text.
func linesOf(t *testing.T, response backend.DataResponse) []string {
	t.Helper()
	require.NoError(t, response.Error)
	require.Len(t, response.Frames, 1)
	frame := response.Frames[0]
	require.Equal(t, data.FrameTypeLogLines, frame.Meta.Type)
	lines := []string{}
	for i := range frame.Rows() {
		at, ok := frame.Fields[0].ConcreteAt(i)
		require.True(t, ok)
		lines = append(lines, fmt.Sprintf("%s %s %s", frame.Fields[2].At(i), strings.TrimPrefix(fmt.Sprint(at), "2026-11-21 "), frame.Fields[1].At(i)))
	}
	return lines
}

func TestTheLogOfATaskIsRead(t *testing.T) {
	s, _ := newLogFixture(t, nil, map[string]string{
		unhealthyTask + "/stdout": "starting\n",
		unhealthyTask + "/stderr": "2026-11-21T08:00:01Z WARN slow\n2026-11-21T08:00:02Z ERROR out of luck\n  at line 3\n",
	})
	response := s.ask(`{"queryType": "logs", "taskId": "marathon.web-unhealthy.1", "file": "stderr"}`)
	require.Equal(t, []string{
		"warning 08:00:01 +0000 UTC 2026-11-21T08:00:01Z WARN slow",
		"error 08:00:02 +0000 UTC 2026-11-21T08:00:02Z ERROR out of luck",
		"unknown 08:00:02.000000001 +0000 UTC   at line 3",
	}, linesOf(t, response))
	frame := response.Frames[0]
	require.Equal(t, []string{"timestamp", "body", "severity", "id", "labels"}, []string{
		frame.Fields[0].Name, frame.Fields[1].Name, frame.Fields[2].Name, frame.Fields[3].Name, frame.Fields[4].Name})
	require.Equal(t, "eec88d36-a33e-4a87-bb12-32afbe8967ec/stderr@31", frame.Fields[3].At(1))
	require.JSONEq(t, `{"agent": "agent1.fixture.test", "agent_id": "abbec842-7d73-4f70-8d69-201cee145933-S0", "file": "stderr", "framework": "marathon",
		"framework_id": "abbec842-7d73-4f70-8d69-201cee145933-0005", "role": "prod", "task": "web-unhealthy", "task_id": "marathon.web-unhealthy.1"}`, fmt.Sprintf("%s", frame.Fields[4].At(1)))
	require.Empty(t, notices(response))
}
