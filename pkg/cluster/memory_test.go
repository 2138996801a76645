package cluster

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"
	"unsafe"

	"github.com/go-json-experiment/json"

	"community-mesos-datasource/pkg/mesos"
)

// details are what tables, logs and links show of a task besides numbers.
type details struct{ containers, addresses, labels, offers bool }

// stateText is a /state as a master writes it, of services of 50 tasks each.
func stateText(agents, tasks int, with details) []byte {
	var b bytes.Buffer
	b.WriteString(`{"version":"1.12.0","id":"m","pid":"master@10.0.0.1:5050","leader":"master@10.0.0.1:5050","elected_time":1.0,"flags":{},"cluster":"c","slaves":[`)
	comma := func(i int) {
		if i > 0 {
			b.WriteByte(',')
		}
	}
	const cluster = "7c9c53b7-92f5-4a5d-8d4a-0c3c1a3b9f01"
	for i := range agents {
		comma(i)
		fmt.Fprintf(&b, `{"id":"%s-S%d","hostname":"agent%05d.example.com","port":5051,"pid":"slave(1)@10.%d.%d.%d:5051","version":"1.12.0","active":true,"attributes":{"rack":"r%d"},"resources":{"cpus":64.0,"mem":262144.0,"disk":1000000.0,"gpus":0.0},"used_resources":{"cpus":10.0,"mem":10240.0,"disk":0.0,"gpus":0.0},"offered_resources":{"cpus":0.0,"mem":0.0,"disk":0.0,"gpus":0.0},"reserved_resources":{},"registered_time":1.0}`,
			cluster, i, i, i>>16, i>>8&255, i&255, i%40)
	}
	b.WriteString(`],"frameworks":[`)
	const frameworks, service = 50, 50
	for f := range frameworks {
		comma(f)
		fmt.Fprintf(&b, `{"id":"%s-%04d","name":"framework%d","active":true,"connected":true,"roles":["role%d"],"capabilities":["MULTI_ROLE"],"tasks":[`, cluster, f, f, f)
		for n, i := 0, f; i < tasks; n, i = n+1, i+frameworks {
			comma(n)
			agent := i % agents
			status := ""
			if with.containers {
				network := ""
				if with.addresses {
					network = fmt.Sprintf(`,"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"10.%d.%d.%d"}]}]`, agent>>16, agent>>8&255, agent&255)
				}
				status = fmt.Sprintf(`,"container_status":{"container_id":{"value":"%08x-1111-4222-8333-%012x"}%s}`, i, i*7, network)
			}
			labels := ""
			if with.labels {
				labels = fmt.Sprintf(`,"labels":[{"key":"app","value":"/service/%d/%d"},{"key":"team","value":"framework%d"}]`, f, n/service, f)
			}
			fmt.Fprintf(&b, `{"id":"service-%d-%d.%08x","name":"service-%d-%d","framework_id":"%s-%04d","executor_id":"","slave_id":"%s-S%d","state":"TASK_RUNNING","resources":{"cpus":0.5,"mem":512.0,"disk":0.0,"gpus":0.0},"role":"role%d","statuses":[{"state":"TASK_STARTING","timestamp":1795246000.5%s},{"state":"TASK_RUNNING","timestamp":1795246002.5%s}]%s}`,
				f, n/service, i, f, n/service, cluster, f, cluster, agent, f, status, status, labels)
		}
		b.WriteString(`],"unreachable_tasks":[],"completed_tasks":[],"executors":[],"offers":[`)
		for i := f; with.offers && i < agents; i += frameworks {
			comma(i - f)
			fmt.Fprintf(&b, `{"id":"%s-O%d","framework_id":"%s-%04d","slave_id":"%s-S%d","allocation_info":{"role":"role%d"},"resources":{"cpus":1.0,"mem":1024.0,"disk":0.0,"gpus":0.0}}`, cluster, i, cluster, f, cluster, i, f)
		}
		b.WriteString(`]}`)
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// heap returns the size of what is in use of the heap, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// modelHeap returns what the model of a /state takes of the heap, in bytes.
func modelHeap(t testing.TB, body []byte, tasks int) int64 {
	before := heap()
	state := new(mesos.State)
	if err := json.Unmarshal(body, state); err != nil {
		t.Fatal(err)
	}
	model := Build(state, nil)
	if len(model.Tasks()) != tasks {
		t.Fatalf("%d tasks", len(model.Tasks()))
	}
	after := heap()
	runtime.KeepAlive(model)
	runtime.KeepAlive(body)
	return after - before
}

// A task of the model takes less than 500 bytes of the heap, with its container, its labels and
// its part of its agent.
func TestAModelIsSmall(t *testing.T) {
	const tasks = 20_000
	taken := modelHeap(t, stateText(2_000, tasks, details{true, true, true, true}), tasks)
	if taken > 500*tasks {
		t.Errorf("%d bytes a task", taken/tasks)
	}
}

// BenchmarkMemory reports what a model of 10,000 agents and 100,000 tasks takes of the heap,
// and what of it are the details of tasks that tables, logs and links show: MB is a million
// bytes.
func BenchmarkMemory(b *testing.B) {
	all := details{true, true, true, true}
	for _, c := range []struct {
		name string
		with details
	}{
		{"numbers", details{}}, {"containers", details{containers: true}}, {"addresses", details{containers: true, addresses: true}},
		{"labels", details{labels: true}}, {"offers", details{offers: true}}, {"all", all},
	} {
		b.Run(c.name, func(b *testing.B) {
			body := stateText(10_000, 100_000, c.with)
			for b.Loop() {
				b.ReportMetric(float64(modelHeap(b, body, 100_000))/1e6, "MB")
			}
		})
	}
}

// What statuses tell is in memory once for all tasks: reasons and messages repeat.
func TestWhatStatusesTellIsShared(t *testing.T) {
	told := func(message string) *Told {
		var task Task
		task.hear(&mesos.StreamStatus{Reason: "REASON_COMMAND_EXECUTOR_FAILED", Source: "SOURCE_EXECUTOR", Message: string([]byte(message))})
		return task.Told
	}
	a, b := told("Command exited with status 1"), told("Command exited with status 1")
	if *a != (Told{"command_executor_failed", "executor", "Command exited with status 1"}) || *a != *b {
		t.Fatal(a, b)
	}
	for _, texts := range [][2]string{{a.Reason, b.Reason}, {a.Source, b.Source}, {a.Message, b.Message}} {
		if unsafe.StringData(texts[0]) != unsafe.StringData(texts[1]) {
			t.Errorf("%q is in memory twice", texts[0])
		}
	}
	if other := told("Command exited with status 2"); other.Message == a.Message {
		t.Error(other.Message)
	}
}
