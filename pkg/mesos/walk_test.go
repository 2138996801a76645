package mesos

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// byReflection reads a list of tasks as the decoder does by itself.
func byReflection(text []byte) ([]Task, error) {
	var tasks []Task
	err := json.Unmarshal(text, &tasks, decodeOptions)
	return withoutEmpty(tasks), err
}

func byHand(text []byte) ([]Task, error) {
	var tasks Tasks
	err := json.Unmarshal(text, &tasks, decodeOptions)
	return withoutEmpty(tasks), err
}

// withoutEmpty makes no list of an empty one: nobody tells them apart.
func withoutEmpty(tasks []Task) []Task {
	for i := range tasks {
		t := &tasks[i]
		if len(t.Labels) == 0 {
			t.Labels = nil
		}
		if len(t.Statuses) == 0 {
			t.Statuses = nil
		}
		if t.Resources == unknown { // by reflection they are 0 where they are absent
			t.Resources = Resources{}
		}
	}
	if len(tasks) == 0 {
		return nil
	}
	return tasks
}

func TestTasksReadByHandAreThoseReadByReflection(t *testing.T) {
	n := 0
	for file, body := range recorded(t, "/state") {
		var state struct {
			Frameworks []struct {
				Tasks     jsontext.Value `json:"tasks"`
				Completed jsontext.Value `json:"completed_tasks"`
			} `json:"frameworks"`
		}
		body = bytes.ReplaceAll(body, []byte(":Infinity"), []byte(":null"))
		require.NoError(t, json.Unmarshal(body, &state, decodeOptions), file)
		for _, f := range state.Frameworks {
			for _, list := range []jsontext.Value{f.Tasks, f.Completed} {
				want, err := byReflection(list)
				require.NoError(t, err, file)
				addContainers(t, want, list)
				got, err := byHand(list)
				require.NoError(t, err, file)
				require.Equal(t, want, got, file)
				n += len(got)
			}
		}
	}
	require.Greater(t, n, 10_000, "recorded tasks")
}

// addContainers reads by reflection what statuses tell of containers, of which the latest
// counts.
func addContainers(t *testing.T, tasks Tasks, list jsontext.Value) {
	t.Helper()
	var read []struct {
		Statuses []struct {
			Container struct {
				ID struct {
					Value string `json:"value"`
				} `json:"container_id"`
				Networks []struct {
					Addresses []struct {
						Address string `json:"ip_address"`
					} `json:"ip_addresses"`
				} `json:"network_infos"`
			} `json:"container_status"`
		} `json:"statuses"`
	}
	require.NoError(t, json.Unmarshal(list, &read, decodeOptions))
	for i := range read {
		for _, status := range read[i].Statuses {
			var all []string
			for _, network := range status.Container.Networks {
				for _, address := range network.Addresses {
					all = append(all, address.Address)
				}
			}
			if len(all) > 0 {
				tasks[i].Container.Addresses = strings.Join(all, ",")
			}
			if id := status.Container.ID.Value; id != "" {
				tasks[i].Container.ID = id
			}
		}
	}
}

func TestOddTasksReadByHandAreThoseReadByReflection(t *testing.T) {
	for name, text := range map[string]string{
		"no task":                   `[]`,
		"null":                      `null`,
		"an empty task":             `[{}]`,
		"a null task":               `[{"id":"a"},null,{"id":"b"}]`,
		"nulls":                     `[{"id":null,"name":null,"resources":null,"labels":null,"statuses":null}]`,
		"null numbers":              `[{"resources":{"cpus":null,"mem":1}}]`,
		"null healthy":              `[{"statuses":[{"healthy":null,"state":"TASK_RUNNING"}]}]`,
		"what the last one had":     `[{"name":"n","framework_id":"f","executor_id":"e","slave_id":"s","state":"S","role":"r","labels":[{"key":"k","value":"v"}],"statuses":[{"state":"S"}]},{"id":"x"}]`,
		"labels without value":      `[{"labels":[{"key":"k","value":"v"}]},{"labels":[{"key":"k"}]}]`,
		"more labels than the last": `[{"labels":[{"key":"a"}]},{"labels":[{"key":"a"},{"key":"b"}]}]`,
		"empty lists":               `[{"labels":[],"statuses":[]}]`,
		"escapes":                   `[{"id":"a\"b\\cé\u00e9\n","name":"\ud83d\ude00"}]`,
		"bytes that are no UTF-8":   "[{\"id\":\"a\xffb\"}]",
		"a name twice":              `[{"id":"a","id":"b"}]`,
		"white space":               " [ { \"id\" : \"a\" , \"resources\" : { \"cpus\" : 1.5 } } ] ",
		"numbers":                   `[{"resources":{"cpus":0.1,"mem":1e3,"disk":-0.0,"gpus":123456789.125},"statuses":[{"timestamp":1795246470.543716}]}]`,
		"things unknown":            `[{"container":{"docker":[{}],"x":"}"},"id":"a","y":[[]],"z":"]"}]`,
		"revocable":                 `[{"resources":{"cpus_revocable":1,"gpus_revocable":2,"mem_revocable":3,"disk_revocable":4,"ports":"[1-2]"}}]`,
	} {
		t.Run(name, func(t *testing.T) {
			want, err := byReflection([]byte(text))
			require.NoError(t, err)
			got, err := byHand([]byte(text))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestWrongTasksAreErrorsByHandToo(t *testing.T) {
	for _, text := range []string{
		`{}`, `"x"`, `7`, `[7]`, `["x"]`, `[[]]`, `[{"id":7}]`, `[{"id":{}}]`, `[{"resources":[]}]`, `[{"resources":{"cpus":"1"}}]`,
		`[{"resources":{"cpus":1e999}}]`, `[{"labels":{}}]`, `[{"labels":[7]}]`, `[{"labels":[{"key":7}]}]`, `[{"statuses":7}]`,
		`[{"statuses":[{"timestamp":"now"}]}]`, `[{"statuses":[{"healthy":1}]}]`,
		``, `[`, `[{`, `[{"id"`, `[{"id":`, `[{"id":"a`, `[{"id":"a"`, `[{"id":"a"}`, `[{"id":"a"},`, `[{"id":"a"},]`, `[{"id":"a",}]`,
		`[{"x":[}]`, `[{id:1}]`, `[{"id":"a"}}`, `[{"resources":{"cpus":01}}]`, `[{"id":"\x"}]`,
	} {
		t.Run(text, func(t *testing.T) {
			_, want := byReflection([]byte(text))
			require.Error(t, want)
			_, got := byHand([]byte(text))
			require.Error(t, got)
			// Both say where, and what was found there.
			require.Equal(t, wherefore(want), wherefore(got))
		})
	}
}

// wherefore is what badJSON makes its sentence of.
func wherefore(err error) any {
	if semantic, ok := err.(*json.SemanticError); ok {
		kind := ""
		if semantic.GoType != nil {
			kind = expected(semantic.GoType.Kind())
		}
		return []any{semantic.JSONPointer, semantic.JSONKind, kind}
	}
	return err.Error()
}

// What is kept of one list must not be in the next.
func TestListsThatGrewInOnePlaceAreApart(t *testing.T) {
	first, err := byHand([]byte(`[{"id":"a"},{"id":"b","labels":[{"key":"k"}]}]`))
	require.NoError(t, err)
	_, err = byHand([]byte(`[{"id":"c"},{"id":7}]`))
	require.Error(t, err)
	second, err := byHand([]byte(`[{"name":"d"},{},{}]`))
	require.NoError(t, err)
	require.Equal(t, []Task{{ID: "a"}, {ID: "b", Labels: []Label{{Key: "k"}}}}, first)
	require.Equal(t, []Task{{Name: "d"}, {}, {}}, second)
}

func FuzzTasksReadByHandAreThoseReadByReflection(f *testing.F) {
	f.Add([]byte(`[{"id":"a","resources":{"cpus":1.5},"labels":[{"key":"k","value":"v"}],"statuses":[{"state":"S","timestamp":1,"healthy":true}]}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		want, wrong := byReflection(text)
		got, err := byHand(text)
		if wrong != nil {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

// Tasks of one service have one list of labels, which takes memory once.
func TestLabelsThatFollowEachOtherAreShared(t *testing.T) {
	var f Framework
	task := func(labels string) string { return `{"id":"t","labels":[` + labels + `]}` }
	const web, other, more = `{"key":"app","value":"web"}`, `{"key":"app","value":"db"}`, `{"key":"app","value":"web"},{"key":"team","value":"a"}`
	require.NoError(t, json.Unmarshal([]byte(`{"id":"F","tasks":[`+strings.Join([]string{task(web), task(web), task(other), task(more), task(more), task("")}, ",")+`]}`), &f))
	require.Len(t, f.Tasks, 6)
	require.Same(t, &f.Tasks[0].Labels[0], &f.Tasks[1].Labels[0])
	require.Equal(t, []Label{{"app", "db"}}, f.Tasks[2].Labels)
	require.Equal(t, []Label{{"app", "web"}, {"team", "a"}}, f.Tasks[3].Labels)
	require.Same(t, &f.Tasks[3].Labels[0], &f.Tasks[4].Labels[0])
	require.Empty(t, f.Tasks[5].Labels)
	require.Equal(t, []Label{{"app", "web"}}, f.Tasks[0].Labels)
}

// Each number is the double that is nearest to it, sign of zero included.
func TestNumbersAreParsedExactly(t *testing.T) {
	same := func(text string) {
		want, wrong := strconv.ParseFloat(text, 64)
		got, err := parseNumber([]byte(text))
		require.Equal(t, wrong, err, text)
		require.Equal(t, math.Float64bits(want), math.Float64bits(got), text)
	}
	for _, text := range []string{"0", "-0", "-0.0", "0.1", "0.5", "256.0", "1795232442.092127", "9007199254740991", "9007199254740992", "9007199254740993",
		"0.000000000000001", "0.0000000000000001", "1.7976931348623157e308", "1e999", "-12.25", "123456789.125", "0.30000000000000004", "00000000000000000001.5"} {
		same(text)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		same(strconv.FormatFloat(random.NormFloat64()*math.Pow(10, float64(random.IntN(30)-12)), 'f', random.IntN(18), 64))
	}
}
