package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
)

// An outline is enough to tell what agents and frameworks did, and whose they are.
func TestAnOutlineIsComparedAsItsModelIs(t *testing.T) {
	before := looked(t, firstLook, nil, func(s *mesos.State) {
		s.CompletedFrameworks = []mesos.CompletedFramework{{ID: "F0", Name: "old", UnregisteredTime: 9_000}}
		s.Slaves = append(s.Slaves, mesos.Slave{ID: "S2", Hostname: "agent2", Active: true, RegisteredTime: 10})
	})
	text, err := before.Outline()
	require.NoError(t, err)
	again, err := looked(t, secondLook, nil, func(s *mesos.State) {
		s.CompletedFrameworks = []mesos.CompletedFramework{{ID: "F0", Name: "old", UnregisteredTime: 9_000}}
		s.Slaves = append(s.Slaves, mesos.Slave{ID: "S2", Hostname: "agent2", Active: true, RegisteredTime: 10})
	}).Outline()
	require.NoError(t, err)
	require.Equal(t, string(text), string(again), "the same agents and frameworks")
	outlined, err := Outlined(text, before.Time)
	require.NoError(t, err)

	lead := func(s *mesos.State) { s.PID, s.ElectedTime = "master@10.0.0.2:5050", 10_005 }
	for want, change := range map[string]func(*mesos.State){
		"": func(s *mesos.State) {
			s.Slaves = append(s.Slaves, mesos.Slave{ID: "S2", Hostname: "agent2", Active: true, RegisteredTime: 10})
		},
		"lost agent2": func(*mesos.State) {},
		"back agent1, lost agent2, added new, removed one": func(s *mesos.State) {
			registered := 10_006.0
			s.Slaves[0].ReregisteredTime, s.Slaves[0].Used = &registered, mesos.Resources{}
			s.Frameworks = []mesos.Framework{{ID: "F2", Name: "new", Active: true, Connected: true}}
		},
		"leader": func(s *mesos.State) {
			lead(s)
			s.Slaves, s.Frameworks, s.RecoveredSlaves = nil, nil, []mesos.RecoveredSlave{{ID: "S1"}, {ID: "S2"}}
		},
	} {
		change := func(s *mesos.State) {
			s.CompletedFrameworks = []mesos.CompletedFramework{{ID: "F0", Name: "old", UnregisteredTime: 9_000}}
			change(s)
		}
		after := looked(t, secondLook, outlined, change)
		require.ElementsMatch(t, HappenedToOthers(before, looked(t, secondLook, before, change)), HappenedToOthers(outlined, after))
		require.Equal(t, want, short(HappenedToOthers(outlined, after)))
	}
	require.Empty(t, HappenedToOthers(outlined, looked(t, secondLook, nil, func(s *mesos.State) {
		lead(s)
		s.Slaves[0].ID, s.Frameworks[0].ID, s.Frameworks[0].Tasks, s.Frameworks[0].Executors = "X1", "G1", nil, nil
	})), "another cluster")
	_, err = Outlined([]byte("{"), time.Time{})
	require.Error(t, err)
}
