package plugin

import (
	"net/http"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/mesos/mesostest"
	"community-mesos-datasource/pkg/series"
)

// A cluster whose polls fail now and then, as behind a load balancer, is not healthy by
// the luck of the last one.
func TestPollsThatFailedLatelyAreInSaveAndTestAndInNotices(t *testing.T) {
	s := newFixture(t, nil, workload).start()
	fails := func(now bool) {
		s.cluster.Handle(mesostest.Master, "/state", nil)
		if now {
			s.cluster.Handle(mesostest.Master, "/state", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		}
		s.clock.Advance(every)
	}
	for range 4 {
		fails(true)
		fails(false)
	}
	health, details := s.check()
	require.Equal(t, backend.HealthStatusOk, health.Status)
	require.Contains(t, health.Message, ". 4 of the last 9 polls of /state failed. Warning: 4 of the last 9 polls of /state failed, the latest at ")
	require.Contains(t, details, "Warning: 4 of the last 9 polls of /state failed, the latest at ")
	require.Contains(t, details, "502")
	said := notices(s.ask(cpusByFramework))
	require.Contains(t, said, "4 of 9 polls of /state failed between ")
	require.Contains(t, said, "so that values are missing")

	// The same while it fails: the leader is the one that was.
	fails(true)
	health, details = s.check()
	require.Equal(t, backend.HealthStatusError, health.Status)
	require.Contains(t, details, "Master "+s.cluster.Address(mesostest.Master)+": led at the last successful poll")
	require.Contains(t, details, "Warning: 5 of the last 10 polls of /state failed, the latest at ")
	require.Contains(t, details, ": see above")
}

// The same sentence is in the details once, with all that it is about.
func TestDetailsHaveASentenceOnce(t *testing.T) {
	s := newFixture(t, map[string]any{"agentStatistics": true}, workload)
	s.handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "/redirect")
	s.start().clock.Advance(3 * every)
	health, details := s.check()
	require.Equal(t, backend.HealthStatusError, health.Status)
	require.Contains(t, details, "/state, /roles, /metrics/snapshot, agents: The master at")
	require.Equal(t, 1, strings.Count(details, "requires valid credentials"), details)
}

// A proxy, or a master that is built by somebody, may answer without a version.
func TestTheHeadlineSaysThatTheVersionIsUnknown(t *testing.T) {
	a := collector.Status{Leader: "m1.example:5050", Agents: 3, Frameworks: 1, Tasks: 2}
	require.Equal(t, "Mesos of unknown version, leader m1.example:5050: 3 agents, 1 framework, 2 active tasks", headline(StatusAnswer{Status: a}))
	a.Version = "1.12.0"
	require.Equal(t, "Mesos 1.12.0, leader m1.example:5050: 3 agents, 1 framework, 2 active tasks", headline(StatusAnswer{Status: a}))
}

// Measured use that is wholly missing is in the headline, as are settings that may be why.
func TestTheHeadlineSaysThatMeasuredUseIsMissing(t *testing.T) {
	poll := collector.PollStatus{Poll: series.PollAgents, Interval: every}
	for want, a := range map[string]collector.Status{
		". Measured use: no agent was asked yet, press Save & test again in 10 s": {Polls: []collector.PollStatus{poll}},
		". Measured use is missing: 0 of 12 agents answered":                      {Polls: []collector.PollStatus{poll}, AgentPolls: &collector.AgentPolls{Listed: 12}},
		". Measured use is missing: 0 of 1 agent answered":                        {Polls: []collector.PollStatus{poll}, AgentPolls: &collector.AgentPolls{Listed: 1}},
	} {
		require.Contains(t, headline(StatusAnswer{Status: a}), want)
	}
	for _, a := range []collector.Status{
		{AgentPolls: &collector.AgentPolls{Listed: 12}},
		{Polls: []collector.PollStatus{poll}, AgentPolls: &collector.AgentPolls{Listed: 12, Answered: 6}},
		{Polls: []collector.PollStatus{poll}, AgentPolls: &collector.AgentPolls{}},
	} {
		require.NotContains(t, headline(StatusAnswer{Status: a}), "Measured use")
	}
	require.Contains(t, headline(StatusAnswer{Status: collector.Status{NamesCut: 1}, Warnings: []string{"x"}}), ". 2 warnings, the first: ")

	s := newAgentFixture(t, map[string]any{"agentStatistics": false}, workload).start()
	s.configure(map[string]any{"agentStatistics": true, "agentAddress": "http://{hostname}:{port}", "agentHosts": "nobody"})
	s.start().clock.Advance(2 * every)
	health, details := s.check()
	require.Equal(t, backend.HealthStatusOk, health.Status)
	require.Contains(t, health.Message, ". Measured use is missing: 0 of 3 agents answered. ")
	require.Contains(t, health.Message, "does not match agentHosts")
	require.Contains(t, details, "does not match agentHosts")
}

// An error of Save & test says that the settings have warnings, which may be why.
func TestAnErrorNamesWarningsAboutTheSettings(t *testing.T) {
	s := newFixture(t, map[string]any{"colour": "red"}, workload)
	s.handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, "/redirect")
	s.start()
	health, details := s.check()
	require.Contains(t, health.Message, "(401)")
	require.Contains(t, health.Message, " The settings have 1 warning, see the details.")
	require.Contains(t, details, `Warning: "colour" is not a setting`)
}

// Followers are asked after the leader.
func TestMastersThatWereNotAskedYetAreCounted(t *testing.T) {
	three := verbose(StatusAnswer{Status: collector.Status{Leader: "m1:5050", Masters: []collector.MasterStatus{{Address: "m1:5050", Leading: true}}}, masters: 3})
	require.Contains(t, three, "Other masters: not asked yet; 3 masters in the settings")
	one := verbose(StatusAnswer{Status: collector.Status{Leader: "m1:5050", Masters: []collector.MasterStatus{{Address: "m1:5050", Leading: true}}}, masters: 1})
	require.NotContains(t, one, "Other masters")
}
