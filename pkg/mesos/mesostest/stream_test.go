package mesostest_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/mesos/mesostest"
)

func TestARecordedStreamIsReadOverBreaks(t *testing.T) {
	cluster := mesostest.NewCluster(t, os.DirFS("../../../testdata/captures"), mesostest.Scene{Name: "03-workload"})
	records := cluster.Records("subscribe")
	stream := cluster.Stream(mesostest.Master, records[0])
	client, err := mesos.New(mesos.Config{Masters: cluster.Masters()})
	require.NoError(t, err)
	defer client.Close()

	got := map[mesos.StreamEventType]int{}
	read := make(chan struct{})
	subscribe := func() <-chan error {
		ended := make(chan error, 1)
		go func() {
			ended <- client.Subscribe(t.Context(), func(e mesos.StreamEvent) error { got[e.Type]++; read <- struct{}{}; return nil })
		}()
		<-read // SUBSCRIBED
		stream.Await(1)
		return ended
	}
	send := func(records [][]byte) {
		sent := make(chan struct{})
		go func() { defer close(sent); stream.Send(records...) }()
		for range records {
			<-read
		}
		<-sent
	}
	ended := subscribe()
	send(records[1:700])
	stream.Write([]byte("5000\n{\"type\":\"TASK_UPD"))
	stream.Break()
	require.Equal(t, mesos.Network, mesos.CategoryOf(<-ended))

	ended = subscribe()
	send(records[700:])
	// As counted by grep in the recording.
	require.Equal(t, map[mesos.StreamEventType]int{
		mesos.StreamSubscribed: 2, mesos.StreamHeartbeat: 26,
		mesos.StreamTaskAdded: 476, mesos.StreamTaskUpdated: 1323, mesos.StreamAgentAdded: 2, mesos.StreamAgentRemoved: 1,
		mesos.StreamFrameworkAdded: 4, mesos.StreamFrameworkRemoved: 4,
	}, got)

	cluster.Kill(mesostest.Master)
	require.Equal(t, mesos.Network, mesos.CategoryOf(<-ended))
	cluster.Revive(mesostest.Master)
	stream.Await(0)

	stream.Refuse(http.StatusForbidden, "")
	require.Equal(t, mesos.Forbidden, mesos.CategoryOf(client.Subscribe(t.Context(), nil)))
}
