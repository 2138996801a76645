package events

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryFieldOfAnEventIsItsOwn(t *testing.T) {
	e := Event{
		Kind: "kind", What: "event", Severity: "severity", Agent: "agent", AgentID: "agent_id", Framework: "framework",
		FrameworkID: "framework_id", Role: "role", Task: "task", TaskID: "task_id", Reason: "reason", Source: "source",
		Message: "message", Cluster: "cluster", Labels: map[string]string{"label_team": "label_team"},
	}
	for _, field := range append([]Field{"label_team"}, Fields...) {
		require.Equal(t, string(field), e.Get(field))
	}
	require.Empty(t, e.Get("label_other"))
}
