package mesos

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// inPieces returns its bytes in pieces of so many.
type inPieces struct {
	text []byte
	size func() int
}

func (p *inPieces) Read(into []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	n := copy(into, p.text[:min(len(p.text), p.size())])
	p.text = p.text[n:]
	return n, nil
}

// readTwice reads a /state ahead of the decoder, and by the decoder alone, and requires that
// both are the same. It returns how many bytes the decoder did not get.
func readTwice(t *testing.T, body []byte, since float64, reader func([]byte) io.Reader) (ahead int64) {
	t.Helper()
	want, got := State{EndedSince: since}, State{EndedSince: since}
	wrong := json.UnmarshalRead(newFinite(bytes.NewReader(body)), &want, decodeOptions)
	filter := newFinite(reader(body))
	err := filter.decode(&got)
	require.Equal(t, allSaid(wrong), allSaid(err), "%s", shortened(body))
	if wrong == nil {
		for _, s := range []*State{&want, &got} {
			for i := range s.Frameworks {
				f := &s.Frameworks[i]
				for _, list := range [][]Task{f.Tasks, f.UnreachableTasks, f.CompletedTasks} {
					withoutEmptyLists(list)
				}
			}
			for i := range s.CompletedFrameworks {
				withoutEmptyLists(s.CompletedFrameworks[i].CompletedTasks)
			}
			withoutEmptyLists(s.OrphanTasks)
		}
		require.Equal(t, want, got, "%s", shortened(body))
	}
	return filter.replaced
}

func withoutEmptyLists(tasks []Task) {
	for i := range tasks {
		if len(tasks[i].Labels) == 0 {
			tasks[i].Labels = nil
		}
		if len(tasks[i].Statuses) == 0 {
			tasks[i].Statuses = nil
		}
	}
}

// allSaid is all that an error says, as far as the decoder knows. Of a broken text that is the byte, and not each
// name around it: those of an object that it passes over are of its buffer, which has other bytes in the end
// (quotedName in consumeObject of jsontext).
func allSaid(err error) any {
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		return wherefore(semantic)
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		path := strings.Split(string(syntactic.JSONPointer), "/")
		// What it quotes of the text depends on how much it has of that.
		why := syntactic.Err.Error()
		if quoted := strings.IndexAny(why, "`\"'"); quoted >= 0 {
			why = why[:quoted]
		}
		return []any{syntactic.ByteOffset, path[:min(2, len(path))], why}
	}
	if err != nil {
		return err.Error()
	}
	return nil
}

func shortened(body []byte) []byte { return body[:min(len(body), 2000)] }

func atOnce(body []byte) io.Reader { return bytes.NewReader(body) }

func TestTasksReadAheadAreThoseOfTheDecoder(t *testing.T) {
	var most int64
	n := 0
	for file, body := range recorded(t, "/state") {
		n++
		since := []float64{0, 1, 1795246940}[n%3]
		most = max(most, readTwice(t, body, since, atOnce))
		if n%3 == 0 {
			random := rand.New(rand.NewPCG(1, uint64(len(file))))
			readTwice(t, body, since, func(body []byte) io.Reader {
				return &inPieces{text: body, size: func() int { return 1 + random.IntN(3000) }}
			})
		}
	}
	require.Greater(t, most, int64(100_000), "bytes read ahead of the decoder")
}

// fewTasks returns a recorded /state with few agents and few tasks.
func fewTasks(t *testing.T) []byte {
	var read struct {
		Slaves     []jsontext.Value `json:"slaves"`
		Frameworks []struct {
			Tasks     []jsontext.Value `json:"tasks"`
			Completed []jsontext.Value `json:"completed_tasks"`
		} `json:"frameworks"`
	}
	require.NoError(t, json.Unmarshal(unpacked(t, "04-series/060-master-state.json.gz"), &read, plainOptions))
	list := func(all []jsontext.Value, most int) string {
		var texts []string
		for _, value := range all[:min(most, len(all))] {
			texts = append(texts, string(value))
		}
		return "[" + strings.Join(texts, ",") + "]"
	}
	var frameworks []string
	for _, f := range read.Frameworks[:3] {
		frameworks = append(frameworks, `{"id":"F","tasks":`+list(f.Tasks, 4)+`,"unreachable_tasks":[],"completed_tasks":`+list(f.Completed, 4)+`,"name":"f"}`)
	}
	return []byte(`{"id":"M","slaves":` + list(read.Slaves, 3) + `,"frameworks":[` + strings.Join(frameworks, ",") + `],"completed_frameworks":[]}`)
}

// Whatever is wrong, and wherever: both say the same, with the same place in the body.
func TestWrongTasksReadAheadAreErrorsOfTheDecoder(t *testing.T) {
	body := fewTasks(t)
	start := bytes.Index(body, []byte(`"slaves":[{`))
	require.Positive(t, start)
	random := rand.New(rand.NewPCG(1, 2))
	const odd = `"{}[],:\0 ntf-.eE` + "\x00\x1f\n\xff"
	for range 3000 {
		broken := bytes.Clone(body)
		at := start + random.IntN(len(body)-start)
		switch random.IntN(4) {
		case 0:
			broken = broken[:at]
		case 1:
			broken = append(broken[:at], broken[at+1+random.IntN(min(50, len(body)-at)):]...)
		default:
			broken[at] = odd[random.IntN(len(odd))]
		}
		readTwice(t, broken, float64(random.IntN(2)), atOnce)
	}
}

func TestOddListsOfTasksReadAhead(t *testing.T) {
	long := `{"id":"long","discovery":"` + strings.Repeat("x", 2*windowSize) + `"}`
	for name, c := range map[string]struct {
		list  string
		ahead bool
	}{
		"none":                          {`[]`, false},
		"null":                          {`null`, false},
		"one":                           {`[{"id":"a"}]`, true},
		"white space":                   {"[{\"id\":\t\"a\"}\n, {\"id\":\"b\" } ]", false},
		"white space behind the first":  {"[{\"id\":\"a\", \"x\" :\t7}\n, {\"id\":\"b\" } ]", true},
		"nulls":                         {`[{"id":"a"},null,{"id":"b"}]`, true},
		"a null first":                  {`[null,{"id":"a"}]`, false},
		"a number":                      {`[{"id":"a"},7,{"id":"b"}]`, true},
		"a wrong kind":                  {`[{"id":"a"},{"id":"b"},{"id":7}]`, true},
		"an infinite amount":            {`[{"id":"a"},{"id":"b","resources":{"cpus":Infinity}},{"id":"c"}]`, true},
		"no comma":                      {`[{"id":"a"}{"id":"b"}]`, true},
		"a comma at the end":            {`[{"id":"a"},]`, true},
		"a comma at the beginning":      {`[,{"id":"a"}]`, false},
		"a comma in the task":           {`[{"id":"a",}]`, false},
		"two commas":                    {`[{"id":"a"},,{"id":"b"}]`, true},
		"an end of something else":      {`[{"id":"a"}}`, true},
		"no end":                        {`[{"id":"a"}`, true},
		"one that is too long":          {`[{"id":"a"},` + long + `,{"id":"b"}]`, true},
		"a bare word":                   {`[{"id":"a"},{"id":nan}]`, true},
		"a control character":           {"[{\"id\":\"a\"},{\"id\":\"b\x01\"}]", true},
		"numbers that are none":         {`[{"id":"a"},{"x":01}]`, true},
		"numbers that are none, signed": {`[{"id":"a"},{"x":-}]`, true},
		"a deep one":                    {`[{"id":"a"},{"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}]`, true},
		"one that is too deep":          {`[{"id":"a"},{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}]`, true},
		"a name twice":                  {`[{"id":"a","id":"b","labels":[{"key":"k"}],"labels":[]}]`, true},
		"texts like a list's beginning": {`[{"id":"tasks\":[{","name":"tasks","labels":[{"key":"x","value":",\"tasks\":[{}]"}]}]`, true},
		"a task in a task":              {`[{"id":"a","tasks":[{"id":"b"}]},{"id":"c"}]`, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, key := range []string{"tasks", "unreachable_tasks", "completed_tasks"} {
				for i, where := range []string{
					`{"frameworks":[{"id":"f","` + key + `":%,"name":"n"}]}`,
					`{"frameworks":[{"id":"f","` + key + `":%},{"id":"g","tasks":[{"id":"x"}],"name":"n"}]}`,
					`{"completed_frameworks":[{"id":"f","` + key + `":%,"name":"n"}],"orphan_tasks":[{"id":"o"}]}`,
					`{"unknown":[{"` + key + `":%}],"x":"a\"tasks\":[{\"id\":1}]","frameworks":[]}`,
					`{"frameworks":[{"` + key + `" : %}],"x":"tasks","y":{"tasks":[{"id":"z"}]}}`,
				} {
					for since := range 2 {
						body := []byte(strings.Replace(where, "%", c.list, 1))
						ahead := readTwice(t, body, float64(since), atOnce)
						readTwice(t, body, float64(since), func(body []byte) io.Reader {
							return &inPieces{text: body, size: func() int { return 3 }}
						})
						if len(body) < 4096 {
							readTwice(t, body, float64(since), func(body []byte) io.Reader { return iotest.OneByteReader(bytes.NewReader(body)) })
						}
						if key == "tasks" && i == 0 && len(c.list) > 20 {
							require.Equal(t, c.ahead, ahead > 0, "%s read ahead", body)
						}
					}
				}
			}
		})
	}
}

// A list of many tasks is followed by what the decoder reads, whatever the size of what it is handed on in.
func TestStandInsAreHandedOnInAnyPieces(t *testing.T) {
	for _, tasks := range []int{1, 2, 1023, 1024, 1025, 5000} {
		list := strings.Repeat(`{"id":"a"},`, tasks)
		body := []byte(`{"frameworks":[{"tasks":[` + list[:len(list)-1] + `],"name":"n"}]}`)
		require.Positive(t, readTwice(t, body, 0, atOnce))
		for size := 1; size < 8; size++ {
			f := &finite{owed: tasks*len(standIn) - 1}
			var got []byte
			for f.owed > 0 {
				piece := make([]byte, size)
				got = append(got, piece[:f.handOnStandIns(piece)]...)
			}
			require.Equal(t, strings.TrimSuffix(strings.Repeat(standIn, tasks), ","), string(got))
		}
	}
}

// A body in tiny pieces must not be read anew with each of them.
func TestAnElementInManyPiecesIsReadAFewTimes(t *testing.T) {
	body := []byte(`{"frameworks":[{"tasks":[{"id":"a"},{"x":"` + strings.Repeat("y", windowSize/2) + `"},{"id":"b"}]}]}`)
	filter := newFinite(&inPieces{text: body, size: func() int { return 1 }})
	filter.lists = true
	_, err := io.CopyN(io.Discard, filter, int64(bytes.Index(body, []byte(`{"id":"a"`))))
	require.NoError(t, err)
	tries := 0
	n := filter.readAhead(func(s *source) error {
		tries++
		_, err := s.ReadValue()
		return err
	})
	require.Equal(t, 3, n)
	require.Less(t, tries, 40)
}

func FuzzTasksReadAheadAreThoseOfTheDecoder(f *testing.F) {
	f.Add([]byte(`{"id":"a","resources":{"cpus":1.5},"labels":[{"key":"k","value":"v"}],"statuses":[{"state":"S","timestamp":1,"healthy":true,"container_status":{"container_id":{"value":"c"},"network_infos":[{"ip_addresses":[{"ip_address":"i"}]}]}}]}`), 5)
	f.Add([]byte(`{"id":"\u00e9\ud800","limits":{"cpus":1},"container":{"docker":{"image":"x"}}},{"id":"b"}],"completed_tasks":[{"statuses":[{"timestamp":1}]}`), 1)
	f.Add([]byte(`{"id":"\u 00`), 81)
	f.Add([]byte("\u245100"), 12)
	f.Add([]byte(`{"id":""}],{""00`), 198)
	f.Add([]byte(`{"id":""},{"":""}],"completed_tasks": {"00000000":z0`), 24)
	f.Fuzz(func(t *testing.T, list []byte, size int) {
		body := []byte(`{"frameworks":[{"id":"f","tasks":[` + string(list) + `],"name":"n"}]}`)
		readTwice(t, body, 1, func(body []byte) io.Reader {
			return &inPieces{text: body, size: func() int { return 1 + size&0xff }}
		})
	})
}
