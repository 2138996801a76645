package plugin

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What recordings say, read by nothing but encoding/json: the expected side of
// these tests.

// A recordedState is what the tests need of a recorded /state.
type recordedState struct {
	UnreachableSlaves float64    `json:"unreachable_slaves"`
	RecoveredSlaves   []struct{} `json:"recovered_slaves"`
	Slaves            []recordedAgent
	Frameworks        []struct {
		ID, Name         string
		UsedResources    struct{ CPUs float64 } `json:"used_resources"`
		Tasks            []struct{ State string }
		UnreachableTasks []struct{ State string } `json:"unreachable_tasks"`
	}
}

type recordedAgent struct {
	ID, Hostname  string
	Active        bool
	UsedResources struct{ CPUs float64 } `json:"used_resources"`
}

func readState(t *testing.T, name string) recordedState {
	t.Helper()
	var state recordedState
	readRecorded(t, name, &state)
	return state
}

// cpusByFramework sums what frameworks of a name hold.
func (s recordedState) cpusByFramework() map[string]float64 {
	sums := map[string]float64{}
	for _, f := range s.Frameworks {
		sums[f.Name] += f.UsedResources.CPUs
	}
	return sums
}

// readRecorded reads a recorded body, packed or not.
func readRecorded(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(captures, name+".json"))
	if err != nil {
		packed, err := os.ReadFile(filepath.Join(captures, name+".json.gz"))
		require.NoError(t, err)
		unpacked, err := gzip.NewReader(bytes.NewReader(packed))
		require.NoError(t, err)
		raw, err = io.ReadAll(unpacked)
		require.NoError(t, err)
	}
	require.NoError(t, json.Unmarshal(raw, into))
}
