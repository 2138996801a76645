package query

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/collector/clocktest"
	"community-mesos-datasource/pkg/history"
	"community-mesos-datasource/pkg/history/memory"
	"community-mesos-datasource/pkg/mesos"
)

// Every valid query of the compile table is evaluated here on a recorded real
// cluster, scene 03 of testdata/captures, and compared with a number computed
// from the recorded answers by the second half of this file, which knows JSON
// and arithmetic and nothing of the packages under test.
//
// The history is five polls: three of them saw the counters of scene 02 (the
// same master before any framework came), two those of scene 03. /state and
// /roles are scene 03's all the time.

const captures = "../../testdata/captures"

func TestCompileTableOnScene03(t *testing.T) {
	expected := readScene(t)
	src, at := scene03(t, expected)
	evaluated, points := 0, 0
	for _, c := range append(everyCombination(), variants...) {
		var q handQuery
		require.NoError(t, json.Unmarshal([]byte(c.query), &q))
		if _, err := compileJSON(c); err != nil || !expected.knows(q) {
			continue
		}
		want := expected.answer(q)
		for _, instant := range []bool{true, false} {
			// The minute up to the last poll: an instant looks back over it
			// ($__range), and a point of a range too ($__rate_interval).
			response := Run(context.Background(), src, backend.DataQuery{
				RefID: "A", MaxDataPoints: 1000, JSON: withKey(t, c.query, "instant", instant),
				TimeRange: backend.TimeRange{From: at.Add(-time.Minute), To: at},
			}, Options{})
			require.NoError(t, response.Error, c.query)
			readable(t, response.Frames)
			got := lastValues(t, response.Frames, q.labels())
			require.InDeltaMapValues(t, want, got, 1e-6, "%s instant: %t, %s", c.query, instant, response.Frames[0].Meta.ExecutedQueryString)
		}
		evaluated, points = evaluated+1, points+len(want)
	}
	// Nothing was left out by mistake: all combinations there are, and most variants.
	require.GreaterOrEqual(t, evaluated, 250)
	require.GreaterOrEqual(t, points, 1000)
}

// scene03 is a source whose history a collector filled from the recording, and
// the time of its last poll. The agents' statistics, which the collector does
// not ask for, are written from the recording at the last poll.
func scene03(t *testing.T, use scene) (Source, time.Time) {
	snapshot := "02-agents-idle/master-get_metrics_snapshot.json"
	master := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch strings.TrimPrefix(r.URL.Path, "/master") {
		case "/redirect":
			w.Header().Set("Location", "//"+r.Host)
			w.WriteHeader(http.StatusTemporaryRedirect)
		case "/metrics/snapshot":
			_, _ = w.Write(capture(t, snapshot))
		case "/state":
			_, _ = w.Write(capture(t, "03-workload/master-get_state.json.gz"))
		case "/roles":
			_, _ = w.Write(capture(t, "03-workload/master-get_roles.json"))
		case "/flags":
			_, _ = w.Write(capture(t, "03-workload/master-get_flags.json"))
		case "/version":
			_, _ = w.Write(capture(t, "03-workload/master-get_version.json"))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(master.Close)

	clock := clocktest.New(noon)
	client, err := mesos.New(mesos.Config{Masters: []string{master.URL}, HTTP: master.Client(), Now: clock.Now})
	require.NoError(t, err)
	store := memory.New(memory.Options{Now: clock.Now})
	collecting := collector.New(collector.Config{
		Client: client, Sink: store, Clock: clock,
		Settings: collector.Settings{PollInterval: every, TaskLabels: []string{"app"}, UID: "test", Subscribe: collector.SubscribeNever},
	})
	collecting.Start()
	t.Cleanup(collecting.Stop)
	clock.Advance(2*every + time.Second)
	snapshot = "03-workload/master-get_metrics_snapshot.json.gz"
	clock.Advance(2 * every)
	for _, poll := range collecting.Status().Polls {
		require.NoError(t, poll.Err, poll.Poll)
		require.Equal(t, noon.Add(4*every), poll.LastSuccess, poll.Poll)
	}

	use.writeUse(t, store, noon.Add(4*every))
	src := source(t, store)
	src.Status, src.Interval, src.Now = collecting.Status, collecting.Interval, clock.Now
	return src, noon.Add(4 * every)
}

// lastValues are the values at the end, by the values of labels joined by |.
func lastValues(t *testing.T, frames data.Frames, by []string) map[string]float64 {
	values := map[string]float64{}
	for _, frame := range frames {
		for _, field := range frame.Fields {
			if field.Type() != data.FieldTypeFloat64 {
				continue
			}
			var parts []string
			for _, label := range by {
				parts = append(parts, field.Labels[label])
			}
			name := strings.Join(parts, "|")
			require.NotContains(t, values, name)
			values[name] = field.At(field.Len() - 1).(float64)
		}
	}
	return values
}

func withKey(t *testing.T, query, key string, value any) json.RawMessage {
	var keys map[string]any
	require.NoError(t, json.Unmarshal([]byte(query), &keys))
	keys[key] = value
	raw, err := json.Marshal(keys)
	require.NoError(t, err)
	return raw
}

func capture(t *testing.T, name string) []byte {
	file, err := os.Open(filepath.Join(captures, name))
	require.NoError(t, err)
	defer file.Close()
	var from io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		from, err = gzip.NewReader(file)
		require.NoError(t, err)
	}
	raw, err := io.ReadAll(from)
	require.NoError(t, err)
	return raw
}

// ---- from here on: by hand ----

// handQuery is the part of a query that is computed by hand.
type handQuery struct {
	Entity, Resource, Measure, Aggregate, Metric, Forecast string
	GroupBy                                                *[]string
	Rate                                                   any
	Top                                                    int
	Shape                                                  struct {
		CPUs, GPUs   float64
		Memory, Disk string
	}
	Filters []struct {
		Label, Operator string
		Value           any
	}
	AdhocFilters []struct{ Key, Operator string }
}

// labels are those that tell the results apart: an entity's name, unless the
// query says otherwise.
func (q handQuery) labels() []string {
	if q.GroupBy != nil {
		return *q.GroupBy
	}
	return map[string][]string{
		"cluster": {}, "agent": {"agent"}, "framework": {"framework"}, "role": {"role"}, "task": {"task"}, "executor": {"executor_id"},
	}[q.Entity]
}

// thing is one agent, framework, ...: its labels and its numbers, such as
// "cpus capacity", "running" or "ended failed". What is not known is absent.
type thing struct {
	labels  map[string]string
	numbers map[string]float64
	// container is where a task or executor runs: its framework and executor.
	container string
}

type scene map[string][]thing

// amounts are a resources object of Mesos.
type amounts struct{ CPUs, Mem, Disk float64 }

func (a amounts) of(resource string) float64 {
	switch resource {
	case "cpus":
		return a.CPUs
	case "memory":
		return a.Mem * 1048576
	default:
		return a.Disk * 1048576
	}
}

// set writes cpus, memory and disk; the recorded cluster has no GPUs.
func (t thing) set(measure string, a amounts) {
	for _, resource := range []string{"cpus", "memory", "disk"} {
		t.numbers[resource+" "+measure] += a.of(resource)
	}
}

// setKnown writes those that are there.
func (t thing) setKnown(measure string, a map[string]float64) {
	for key, resource := range map[string]string{"cpus": "cpus", "mem": "memory", "disk": "disk"} {
		if n, ok := a[key]; ok {
			t.numbers[resource+" "+measure] = amounts{CPUs: n, Mem: n, Disk: n}.of(resource)
		}
	}
}

var (
	liveStates  = []string{"staging", "starting", "running", "killing", "unreachable"}
	endedStates = []string{"finished", "failed", "killed", "lost", "error", "dropped", "gone", "gone_by_operator"}
)

func newThing(labels map[string]string, states bool) thing {
	t := thing{labels: labels, numbers: map[string]float64{}}
	t.labels["cluster"] = "fixture" // the flag --cluster of the recorded master
	for _, state := range liveStates {
		if states {
			t.numbers[state] = 0
		}
	}
	return t
}

// readScene computes every entity of scene 03.
func readScene(t *testing.T) scene {
	var state struct {
		Slaves []struct {
			ID, Hostname, Version string
			Attributes            map[string]any
			Resources             amounts
			Used                  amounts            `json:"used_resources"`
			Offered               amounts            `json:"offered_resources"`
			Reserved              map[string]amounts `json:"reserved_resources"`
			Domain                struct {
				FaultDomain struct {
					Region, Zone struct{ Name string }
				} `json:"fault_domain"`
			}
		}
		Frameworks []struct {
			ID, Name, Principal, User string
			Offered                   amounts `json:"offered_resources"`
			Offers                    []any
			Tasks                     []struct {
				ID, Name, State, Role string
				SlaveID               string `json:"slave_id"`
				Resources             amounts
				ExecutorID            string `json:"executor_id"` // empty: an executor of its own, with the task's id
				Labels                []struct{ Key, Value string }
			}
			Executors []struct {
				ID        string `json:"executor_id"`
				SlaveID   string `json:"slave_id"`
				Role      string
				Resources amounts
			}
		}
	}
	require.NoError(t, json.Unmarshal(capture(t, "03-workload/master-get_state.json.gz"), &state))
	for _, f := range state.Frameworks {
		require.Empty(t, f.Offers)
	}
	var roles struct {
		Roles []struct {
			Name  string
			Quota struct {
				Guarantee, Limit, Consumed map[string]float64
			}
		}
	}
	require.NoError(t, json.Unmarshal(capture(t, "03-workload/master-get_roles.json"), &roles))
	var before, after map[string]float64
	require.NoError(t, json.Unmarshal(capture(t, "02-agents-idle/master-get_metrics_snapshot.json"), &before))
	require.NoError(t, json.Unmarshal(capture(t, "03-workload/master-get_metrics_snapshot.json.gz"), &after))
	// All counters stood at 0 in scene 02, or were not there, which is the same.
	// So nothing is extrapolated beyond the samples: what came is the whole count.
	ended := func(key string) float64 {
		require.Zero(t, before[key], key)
		return after[key]
	}

	s := scene{}
	whole := newThing(map[string]string{}, true)
	whole.set("capacity", amounts{after["master/cpus_total"], after["master/mem_total"], after["master/disk_total"]})
	whole.set("allocated", amounts{after["master/cpus_used"], after["master/mem_used"], after["master/disk_used"]})
	whole.set("offered", amounts{})
	whole.set("reserved", amounts{})
	for _, state := range endedStates {
		whole.numbers["ended "+state] = ended("master/tasks_" + state)
	}

	byRole, reservedFor := map[string]thing{}, map[string]amounts{}
	for _, r := range roles.Roles {
		role := newThing(map[string]string{"role": r.Name}, true)
		role.set("allocated", amounts{})
		role.set("reserved", amounts{})
		// /roles names offers of a moment later: /state has none outstanding.
		role.set("offered", amounts{})
		role.set("quota_consumed", amounts{}) // what is not listed is not consumed
		role.setKnown("quota_consumed", r.Quota.Consumed)
		role.setKnown("quota_limit", r.Quota.Limit) // what is not listed has no limit
		role.setKnown("quota_guarantee", r.Quota.Guarantee)
		byRole[r.Name] = role
	}

	byAgent := map[string]thing{}
	for _, a := range state.Slaves {
		agent := newThing(map[string]string{
			"agent": a.Hostname, "agent_id": a.ID, "version": a.Version,
			"region": a.Domain.FaultDomain.Region.Name, "zone": a.Domain.FaultDomain.Zone.Name,
		}, true)
		for name, value := range a.Attributes {
			if text, ok := value.(string); ok {
				agent.labels["attr_"+name] = text
			}
		}
		agent.set("capacity", a.Resources)
		agent.set("allocated", a.Used)
		agent.set("offered", a.Offered)
		whole.set("offered", a.Offered)
		agent.set("reserved", amounts{})
		for role, reserved := range a.Reserved {
			agent.set("reserved", reserved)
			whole.set("reserved", reserved)
			byRole[role].set("reserved", reserved)
			reservedFor[role] = reserved
		}
		byAgent[a.ID] = agent
		s["agent"] = append(s["agent"], agent)
	}
	require.Len(t, reservedFor, 2)

	for _, f := range state.Frameworks {
		framework := newThing(map[string]string{"framework": f.Name, "framework_id": f.ID, "principal": f.Principal, "user": f.User}, true)
		framework.set("allocated", amounts{})
		framework.set("offered", f.Offered)
		inside := func(role, agent string, more map[string]string) thing {
			of := newThing(more, false)
			for _, label := range []string{"framework", "framework_id", "principal", "user"} {
				of.labels[label] = framework.labels[label]
			}
			for label, value := range byAgent[agent].labels {
				of.labels[label] = value
			}
			of.labels["role"] = role
			return of
		}
		for _, x := range f.Tasks {
			task := inside(x.Role, x.SlaveID, map[string]string{"task": x.Name, "task_id": x.ID})
			for _, label := range x.Labels {
				if label.Key == "app" {
					task.labels["label_app"] = label.Value
				}
			}
			task.container = f.ID + " " + x.ExecutorID
			if x.ExecutorID == "" {
				task.container += x.ID
			}
			task.set("allocated", x.Resources)
			framework.set("allocated", x.Resources)
			byRole[x.Role].set("allocated", x.Resources)
			state := strings.ToLower(strings.TrimPrefix(x.State, "TASK_"))
			for _, of := range []thing{whole, framework, byAgent[x.SlaveID], byRole[x.Role]} {
				of.numbers[state]++
			}
			s["task"] = append(s["task"], task)
		}
		for _, x := range f.Executors {
			executor := inside(x.Role, x.SlaveID, map[string]string{"executor_id": x.ID})
			executor.container = f.ID + " " + x.ID
			executor.set("allocated", x.Resources)
			framework.set("allocated", x.Resources)
			byRole[x.Role].set("allocated", x.Resources)
			s["executor"] = append(s["executor"], executor)
		}
		for _, state := range endedStates {
			for key := range after {
				if strings.HasPrefix(key, "master/frameworks/") && strings.HasSuffix(key, "/"+f.ID+"/tasks/terminal/task_"+state) {
					framework.numbers["ended "+state] = ended(key)
				}
			}
		}
		s["framework"] = append(s["framework"], framework)
	}
	s["cluster"] = []thing{whole}
	for _, role := range byRole {
		s["role"] = append(s["role"], role)
	}
	// /state is the same all the time: nothing ended since collection began.
	for _, kind := range []string{"agent", "role"} {
		for _, one := range s[kind] {
			for _, state := range []string{"failed", "lost", "error"} {
				one.numbers["ended "+state] = 0
			}
		}
	}
	require.Len(t, s["agent"], 3)
	require.Len(t, s["framework"], 9)
	require.Len(t, s["task"], 33)
	require.Len(t, s["executor"], 4)
	s.readUse(t)
	return s
}

// readUse adds what the agents measured of each container: memory, and disk of
// the containers that have some. (CPU use would need a second recording.)
func (s scene) readUse(t *testing.T) {
	for _, host := range []string{"agent1", "agent2", "agent3"} {
		var containers []struct {
			ExecutorID  string `json:"executor_id"`
			FrameworkID string `json:"framework_id"`
			Statistics  struct {
				RSS  float64  `json:"mem_rss_bytes"`
				Disk *float64 `json:"disk_used_bytes"`
			}
		}
		require.NoError(t, json.Unmarshal(capture(t, "03-workload/"+host+"-get_monitor_statistics.json"), &containers))
		for _, c := range containers {
			var tasks []thing
			for _, task := range s["task"] {
				if task.container == c.FrameworkID+" "+c.ExecutorID {
					tasks = append(tasks, task)
				}
			}
			at := slices.IndexFunc(s["executor"], func(e thing) bool { return e.container == c.FrameworkID+" "+c.ExecutorID })
			if at < 0 && len(tasks) == 0 {
				continue // it ended between the two recordings
			}
			if at < 0 { // a task's own executor
				executor := newThing(maps.Clone(tasks[0].labels), false)
				executor.labels["executor_id"] = c.ExecutorID
				at, s["executor"] = len(s["executor"]), append(s["executor"], executor)
			}
			executor := s["executor"][at]
			measured := executor.numbers["memory allocated"]
			for _, task := range tasks {
				measured += task.numbers["memory allocated"]
			}
			holds := []thing{executor, s["cluster"][0]}
			for kind, label := range map[string]string{"agent": "agent_id", "framework": "framework_id", "role": "role"} {
				for _, e := range s[kind] {
					if e.labels[label] == executor.labels[label] {
						holds = append(holds, e)
					}
				}
			}
			if len(tasks) == 1 && executor.container == "" { // alone in its container
				holds = append(holds, tasks[0])
			}
			for _, e := range holds {
				e.numbers["memory used"] += c.Statistics.RSS
				e.numbers["memory measured"] += measured
				_, single := e.labels["executor_id"]
				_, task := e.labels["task_id"]
				if c.Statistics.Disk != nil && (single || task) {
					e.numbers["disk used"] += *c.Statistics.Disk
				}
			}
		}
	}
}

// writeUse writes the series of measured use as the contract names them.
func (s scene) writeUse(t *testing.T, store history.Store, at time.Time) {
	carries := map[string][]string{
		"cluster": {}, "agent": {"agent", "agent_id"}, "framework": {"framework", "framework_id"}, "role": {"role"},
		"task":     {"task", "task_id", "framework", "framework_id", "agent", "agent_id", "role"},
		"executor": {"executor_id", "framework", "framework_id", "agent", "agent_id", "role"},
	}
	batch := store.Batch(context.Background())
	for kind, things := range s {
		for _, e := range things {
			for number, suffix := range map[string]string{
				"memory used": "_memory_used_bytes", "memory measured": "_memory_measured_bytes", "disk used": "_disk_used_bytes",
			} {
				n, known := e.numbers[number]
				if !known {
					continue
				}
				pairs := []string{"__name__", "mesos_" + kind + suffix, "cluster", "fixture"}
				for _, label := range carries[kind] {
					pairs = append(pairs, label, e.labels[label])
				}
				_, err := batch.Append(0, func() labels.Labels { return labels.FromStrings(pairs...) }, at.UnixMilli(), n)
				require.NoError(t, err)
			}
		}
	}
	require.NoError(t, batch.Commit())
}

// knows reports which queries are computed by hand: not single series by name,
// and no forecasts, which have tests of their own.
func (s scene) knows(q handQuery) bool {
	return q.Metric == "" && q.Forecast == "" && len(q.AdhocFilters) == 0
}

// answer computes a query: a value for each group, absent where unknown.
func (s scene) answer(q handQuery) map[string]float64 {
	groups := map[string][]thing{}
	of := q.Entity
	if q.Measure == "fits" {
		of = "agent" // all of the recorded ones are active
	}
	for _, e := range s[of] {
		if e.passes(q) {
			groups[e.group(q.labels())] = append(groups[e.group(q.labels())], e)
		}
	}
	answers := map[string]float64{}
	byState := q.Resource == "tasks" && slices.Contains(q.labels(), "state")
	for name, members := range groups {
		if !byState {
			if n, known := s.reduce(q, members, states(q)); known {
				answers[name] = n
			}
			continue
		}
		for _, state := range states(q) { // a result for each
			if n, known := s.reduce(q, members, []string{state}); known {
				answers[strings.Join(replaced(q.labels(), "state", strings.TrimPrefix(state, "ended "), members[0]), "|")] = n
			}
		}
	}
	return top(answers, q.Top)
}

func replaced(labels []string, label, value string, of thing) []string {
	var parts []string
	for _, l := range labels {
		if l == label {
			parts = append(parts, value)
		} else {
			parts = append(parts, of.labels[l])
		}
	}
	return parts
}

// states are those a query of tasks is about, filters on them included.
func states(q handQuery) []string {
	var all []string
	switch {
	case q.Measure == "active":
		all = liveStates
	case q.Measure == "ended":
		for _, state := range endedStates {
			all = append(all, "ended "+state)
		}
	case slices.Contains(endedStates, q.Measure):
		all = []string{"ended " + q.Measure}
	default:
		all = []string{q.Measure}
	}
	return slices.DeleteFunc(slices.Clone(all), func(state string) bool {
		for _, f := range q.Filters {
			if f.Label == "state" && !compare(strings.TrimPrefix(state, "ended "), f.Operator, f.Value) {
				return true
			}
		}
		return false
	})
}

// room places one task after the other on an agent until one does not fit, in
// thousandths of CPUs and of MiB.
func (e thing) room(q handQuery) float64 {
	mebibytes := func(text string) (n float64) {
		for unit, size := range map[string]float64{"MiB": 1, "GiB": 1024, "TiB": 1024 * 1024} {
			if number, ok := strings.CutSuffix(text, unit); ok {
				_ = json.Unmarshal([]byte(number), &n)
				n *= size
			}
		}
		return n
	}
	left := func(resource string, unit float64) int64 {
		free := e.numbers[resource+" capacity"] - e.numbers[resource+" allocated"] - e.numbers[resource+" offered"]
		return int64(math.Round(free / unit * 1000))
	}
	free := []int64{left("cpus", 1), 0, left("memory", 1<<20), left("disk", 1<<20)}
	needs := []float64{q.Shape.CPUs, q.Shape.GPUs, mebibytes(q.Shape.Memory), mebibytes(q.Shape.Disk)}
	for placed := 0.0; ; placed++ {
		for i := range free {
			if free[i] -= int64(math.Round(needs[i] * 1000)); free[i] < 0 {
				return placed
			}
		}
	}
}

// reduce combines the members of a group to one number.
func (s scene) reduce(q handQuery, members []thing, states []string) (float64, bool) {
	var numbers []float64   // of each member that has it
	over, under := 0.0, 0.0 // of a quotient, summed
	ratio, haveUnder := false, false
	for _, e := range members {
		value := func(measure string) (float64, bool) { n, ok := e.numbers[q.Resource+" "+measure]; return n, ok }
		quotient := func(numerator, denominator string, by thing) {
			ratio = true
			a, haveA := value(numerator)
			b, haveB := by.numbers[q.Resource+" "+denominator]
			if !haveA {
				return
			}
			over += a
			if haveB {
				under += b
				haveUnder = true
			}
			if haveB && b > 0 {
				numbers = append(numbers, a/b)
			}
		}
		switch {
		case q.Measure == "fits":
			numbers = append(numbers, e.room(q))
		case q.Resource == "tasks":
			sum, any := 0.0, false
			for _, state := range states {
				if n, ok := e.numbers[state]; ok {
					sum, any = sum+n, true
				}
			}
			if any {
				numbers = append(numbers, sum)
			}
		case q.Measure == "free" && q.Entity == "role":
			limit, limited := value("quota_limit")
			consumed, _ := value("quota_consumed")
			if limited {
				numbers = append(numbers, limit-consumed)
			}
		case q.Measure == "free":
			capacity, known := value("capacity")
			allocated, _ := value("allocated")
			offered, _ := value("offered")
			if known {
				numbers = append(numbers, capacity-allocated-offered)
			}
		case q.Measure == "utilization" && q.Entity == "role":
			quotient("quota_consumed", "quota_limit", e)
		case q.Measure == "utilization":
			quotient("allocated", "capacity", e)
		case q.Measure == "efficiency":
			quotient("used", "measured", e)
		case q.Measure == "share":
			quotient("allocated", "capacity", s["cluster"][0])
			under = s["cluster"][0].numbers[q.Resource+" capacity"] // all of it, once
		default:
			if n, known := value(q.Measure); known {
				numbers = append(numbers, n)
			}
		}
	}
	total := func() float64 {
		sum := 0.0
		for _, n := range numbers {
			sum += n
		}
		return sum
	}
	whole := q.Aggregate == "" || q.Aggregate == "sum"
	if whole && ratio {
		return over / under, haveUnder && under > 0
	}
	if len(numbers) == 0 {
		return 0, false
	}
	switch q.Aggregate {
	case "avg":
		return total() / float64(len(numbers)), true
	case "min":
		return slices.Min(numbers), true
	case "max":
		return slices.Max(numbers), true
	case "count":
		return float64(len(numbers)), true
	}
	if q.Rate == true || q.Rate == "second" { // per minute it is what a minute has
		return total() / 60, true
	}
	return total(), true
}

func (t thing) group(labels []string) string {
	var parts []string
	for _, label := range labels {
		parts = append(parts, t.labels[label])
	}
	return strings.Join(parts, "|")
}

func (t thing) passes(q handQuery) bool {
	for _, f := range q.Filters {
		if f.Label != "state" && !compare(t.labels[f.Label], f.Operator, f.Value) {
			return false
		}
	}
	return true
}

// compare holds a text against a value or any of a list. Task states of
// filters may be written as Mesos does.
func compare(text, operator string, value any) bool {
	list, many := value.([]any)
	if !many {
		list = []any{value}
	}
	found := slices.ContainsFunc(list, func(one any) bool {
		wanted := one.(string)
		if strings.HasPrefix(wanted, "TASK_") {
			wanted = strings.ToLower(strings.TrimPrefix(wanted, "TASK_"))
		}
		if strings.HasSuffix(operator, "~") {
			return regexp.MustCompile("^(?:" + wanted + ")$").MatchString(text)
		}
		return wanted == text
	})
	return found == !strings.HasPrefix(operator, "!")
}

// top keeps the n largest, or -n smallest. Groups as large as the last one
// would make the choice arbitrary: no query here has such.
func top(answers map[string]float64, n int) map[string]float64 {
	if n == 0 || len(answers) <= int(math.Abs(float64(n))) {
		return answers
	}
	var sorted []float64
	for _, v := range answers {
		sorted = append(sorted, v)
	}
	slices.Sort(sorted)
	kept := map[string]float64{}
	for name, v := range answers {
		if n > 0 && v >= sorted[len(sorted)-n] || n < 0 && v <= sorted[-n-1] {
			kept[name] = v
		}
	}
	return kept
}
