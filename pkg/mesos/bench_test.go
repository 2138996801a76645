package mesos

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/stretchr/testify/require"
)

// largeState is a /state of 1,000 agents with 10 tasks each, and 3,000 tasks that ended, as Mesos 1.12 writes it.
func largeState() []byte {
	const id = "6c1b8a54-7c9c-4b6f-9d8e-0123456789ab"
	task := func(f, n int, state string) string {
		ip, container := fmt.Sprintf("10.0.%d.%d", n%250, n%249), fmt.Sprintf("682a6463-bd87-40e7-9cbc-%012d", n)
		status := func(state string, at int) string {
			return fmt.Sprintf(`{"state":%q,"timestamp":%d.404627,"container_status":{"container_id":{"value":%q},"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":%q}]}]},"healthy":true}`,
				state, 1795232442+n+at, container, ip)
		}
		return fmt.Sprintf(`{"id":"web-%d.instance-%d.2044d5ff","name":"web-%d","framework_id":"%s-%04d","executor_id":"","slave_id":"%s-S%d","state":%q,`+
			`"resources":{"disk":256.0,"mem":256.0,"gpus":0.0,"cpus":0.5,"ports":"[31001-31001]"},"role":"prod","statuses":[%s,%s],`+
			`"labels":[{"key":"app","value":"/web-%d"},{"key":"team","value":"web"}],`+
			`"discovery":{"visibility":"CLUSTER","name":"web-%d","environment":"prod","ports":{"ports":[{"number":80,"name":"http","protocol":"tcp"}]},"labels":{"labels":[{"key":"vip","value":"/web:80"}]}},`+
			`"health_check":{"delay_seconds":1.0,"interval_seconds":5.0,"timeout_seconds":5.0,"consecutive_failures":3,"type":"COMMAND","command":{"shell":true,"value":"true"}}}`,
			f, n, f, id, f, id, n%1000, state, status("TASK_STARTING", 0), status(state, 2), f, f)
	}
	var frameworks, slaves []string
	for f := range 20 {
		var lists [2][]string
		for i, state := range []string{"TASK_RUNNING", "TASK_FINISHED"} {
			for n := range []int{500, 150}[i] {
				lists[i] = append(lists[i], task(f, 500*f+n, state))
			}
		}
		frameworks = append(frameworks, fmt.Sprintf(`{"id":"%s-%04d","name":"framework-%d","active":true,"connected":true,"recovered":false,"role":"prod","failover_timeout":604800.0,"tasks":[%s],"unreachable_tasks":[],"completed_tasks":[%s],"executors":[],"offers":[]}`,
			id, f, f, strings.Join(lists[0], ","), strings.Join(lists[1], ",")))
	}
	for n := range 1000 {
		const resources = `{"disk":1000000.0,"mem":131072.0,"gpus":0.0,"cpus":32.0,"ports":"[31000-32000]"}`
		slaves = append(slaves, fmt.Sprintf(`{"id":"%s-S%d","hostname":"agent%05d.example.com","port":5051,"attributes":{"rack":"r%d","zone":"a"},"pid":"slave(1)@10.0.0.1:5051","registered_time":1795027402.9,`+
			`"resources":%s,"used_resources":%s,"offered_resources":%s,"reserved_resources":{"prod":%s},"unreserved_resources":%s,"active":true,"deactivated":false,"version":"1.12.0","capabilities":["MULTI_ROLE","HIERARCHICAL_ROLE"]}`,
			id, n, n, n%40, resources, resources, resources, resources, resources))
	}
	return []byte(`{"version":"1.12.0","id":"` + id + `","pid":"master@10.0.0.1:5050","leader":"master@10.0.0.1:5050","activated_slaves":1000.0,"unreachable_slaves":0.0,"cluster":"c","flags":{},` +
		`"slaves":[` + strings.Join(slaves, ",") + `],"recovered_slaves":[],"frameworks":[` + strings.Join(frameworks, ",") + `],"completed_frameworks":[],"orphan_tasks":[],"unregistered_frameworks":[]}`)
}

// BenchmarkState measures reading a /state, and what un-gzipping it takes of that.
func BenchmarkState(b *testing.B) {
	body := largeState()
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write(body)
	require.NoError(b, err)
	require.NoError(b, w.Close())
	b.Run("un-gzipped", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			r, err := gzip.NewReader(bytes.NewReader(zipped.Bytes()))
			require.NoError(b, err)
			_, err = io.Copy(io.Discard, r)
			require.NoError(b, err)
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			var answer Answer
			resp := &http.Response{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(bytes.NewReader(zipped.Bytes()))}
			s := State{EndedSince: 1795232442 + 20_000}
			require.NoError(b, new(asker).decode(resp, newTarget("http", "master", "5050"), statePage, 1<<30, time.Now(), &answer, &s))
			require.Len(b, s.Frameworks[19].Tasks, 500)
			require.Len(b, s.Slaves, 1000)
		}
	})
}
