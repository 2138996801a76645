package tables

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// An attack is a statement that must end in an error which has a text in it. The suite hostile
// sends the same ones to the executable (tools/hostile/statements.ts).
type attack struct {
	Topic, Name string
	// SQL is parts of the statement: a text, or one with how often it is repeated. $FILE is a
	// file in an empty directory.
	SQL   any
	Error string
}

// statement returns the whole statement.
func (a attack) statement() string {
	parts, several := a.SQL.([]any)
	if !several {
		return a.SQL.(string)
	}
	var b strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case string:
			b.WriteString(part)
		case []any:
			b.WriteString(strings.Repeat(part[0].(string), int(part[1].(float64))))
		}
	}
	return b.String()
}

// attacks returns the attacks by name.
func attacks(t *testing.T) map[string]attack {
	t.Helper()
	raw, err := os.ReadFile("../../testdata/hostile/sql.json")
	require.NoError(t, err)
	var all []attack
	require.NoError(t, json.Unmarshal(raw, &all))
	byName := map[string]attack{}
	for _, one := range all {
		byName[one.Name] = one
	}
	require.Len(t, byName, len(all), "names are of one attack each")
	require.Greater(t, len(byName), 60)
	return byName
}

// TestAttacksEndInAnError runs each attack with a short deadline.
func TestAttacksEndInAnError(t *testing.T) {
	v := recordedView(t, workload)
	directory := t.TempDir()
	file := filepath.Join(directory, "file")
	for name, attack := range attacks(t) {
		t.Run(name, func(t *testing.T) {
			engine := NewEngine()
			// Those that are bounded otherwise have the time for it, also on a slow machine.
			if attack.Error == "ran longer" || attack.Error == "" {
				engine.timeout = 300 * time.Millisecond
			}
			began := time.Now()
			_, err := engine.Run(context.Background(), Request{SQL: strings.ReplaceAll(attack.statement(), "$FILE", file), View: v, Limit: 10_000})
			of, is := errors.AsType[*Error](err)
			require.True(t, is, "%v", err)
			require.Contains(t, of.Text, attack.Error)
			require.Less(t, len(err.Error()), 3000)
			require.Less(t, time.Since(began), 30*time.Second, "it hangs")
			left, err := os.ReadDir(directory)
			require.NoError(t, err)
			require.Empty(t, left, "a file was made")
			require.Equal(t, 33, ask(t, v, "SELECT * FROM tasks").Rows, "the tables are as they were")
		})
	}
}

// TestMemoryOfStatementsIsGivenBack runs more statements that need much memory than may run
// at once.
func TestMemoryOfStatementsIsGivenBack(t *testing.T) {
	v := recordedView(t, workload)
	engine := NewEngine()
	groups := attacks(t)["large groups"].statement()
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			_, err := engine.Run(context.Background(), Request{SQL: groups, View: v, Limit: 10_000})
			require.ErrorContains(t, err, "of memory")
		})
	}
	all.Wait()
	runtime.GC()
	var after runtime.MemStats
	runtime.ReadMemStats(&after)
	require.Less(t, after.HeapAlloc, uint64(200<<20))
	require.Equal(t, 33, ask(t, v, "SELECT * FROM tasks").Rows)
}

func TestAStatementEndsWithItsRequest(t *testing.T) {
	v := recordedView(t, workload)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	began := time.Now()
	_, err := NewEngine().Run(ctx, Request{SQL: attacks(t)["an endless recursion"].statement(), View: v, Limit: 10})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(began), 30*time.Second, "it hangs")
}

// TestRulesDoNotWaitForPeople fills all places that people have.
func TestRulesDoNotWaitForPeople(t *testing.T) {
	v := recordedView(t, workload)
	engine := NewEngine()
	for range maxForPeople {
		leave, err := engine.enter(context.Background(), false)
		require.NoError(t, err)
		defer leave()
	}
	short, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := engine.Run(short, Request{SQL: "SELECT 1", View: v, Limit: 10})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, ErrBusy)
	result, err := engine.Run(context.Background(), Request{SQL: "SELECT 1", View: v, Limit: 10, Alert: true})
	require.NoError(t, err)
	require.Equal(t, 1, result.Rows)
}
