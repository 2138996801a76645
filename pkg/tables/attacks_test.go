package tables

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// attacks are statements that must end in an error: what they are for is the key. $FILE
// is a file in an empty directory.
var attacks = map[string]struct{ sql, want string }{
	"another file":               {`ATTACH '$FILE' AS a`, "begins with"},
	"another file after":         {`SELECT 1; ATTACH '$FILE' AS a`, "second statement"},
	"a file of the system":       {`ATTACH '/etc/passwd' AS a`, "begins with"},
	"a copy":                     {`VACUUM INTO '$FILE'`, "begins with"},
	"a pragma":                   {`PRAGMA query_only = 0`, "begins with"},
	"a pragma's table":           {`SELECT * FROM pragma_database_list`, "pragma_database_list"},
	"a pragma with an argument":  {`SELECT * FROM pragma_temp_store_directory('/tmp')`, "pragma_temp_store_directory"},
	"the schema":                 {`SELECT * FROM sqlite_master`, "may not be read"},
	"the number of its rows":     {`SELECT count(*) FROM sqlite_master`, "not allowed"},
	"a number of a pragma's":     {`SELECT count(*) FROM pragma_database_list`, "not allowed"},
	"the pages":                  {`SELECT count(*) FROM dbstat`, ""},
	"the temporary schema":       {`SELECT * FROM sqlite_temp_master`, "may not be read"},
	"a table":                    {`CREATE TABLE t(x)`, "begins with"},
	"a temporary table":          {`CREATE TEMP TABLE t AS SELECT * FROM tasks`, "begins with"},
	"a virtual table":            {`CREATE VIRTUAL TABLE t USING tasks`, "begins with"},
	"rows":                       {`INSERT INTO tasks(task_id) VALUES ('a')`, "begins with"},
	"rows after WITH":            {`WITH a AS (SELECT 1) INSERT INTO tasks(task_id) SELECT * FROM a`, ""},
	"deleted rows":               {`WITH a AS (SELECT 1) DELETE FROM tasks`, ""},
	"changed rows":               {`WITH a AS (SELECT 1) UPDATE agents SET state = 'x'`, ""},
	"a transaction":              {`BEGIN`, "begins with"},
	"a plan":                     {`EXPLAIN SELECT * FROM tasks`, "begins with"},
	"an extension":               {`SELECT load_extension('$FILE')`, "load_extension"},
	"a file's content":           {`SELECT readfile('/etc/passwd')`, "no function readfile"},
	"a file written":             {`SELECT writefile('$FILE', 'x')`, "no function writefile"},
	"an editor":                  {`SELECT edit('x')`, "no function edit"},
	"a tokenizer":                {`SELECT fts3_tokenizer('simple')`, "fts3_tokenizer"},
	"a large blob":               {`SELECT randomblob(1000000000)`, "randomblob"},
	"a large blob of zeros":      {`SELECT zeroblob(1000000000)`, "zeroblob"},
	"a version":                  {`SELECT sqlite_version()`, "sqlite_version"},
	"a large text":               {`SELECT length(printf('%.*c', 1000000000, 'x'))`, "a text has more than"},
	"a wide text":                {`SELECT length(printf('%1000000000d', 1))`, ""},
	"a text that doubles":        {`WITH RECURSIVE a(x, n) AS (SELECT 'abcdefgh', 1 UNION ALL SELECT x || x, n + 1 FROM a WHERE n < 60) SELECT length(x) FROM a`, "a text has more than"},
	"a replaced text":            {`SELECT length(replace(replace(printf('%.*c', 1000, 'x'), 'x', printf('%.*c', 1000, 'y')), 'y', printf('%.*c', 1000, 'z')))`, "a text has more than"},
	"a concatenation":            {`WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 1000000) SELECT group_concat('abcdefgh') FROM a`, ""},
	"an endless recursion":       {`WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT count(*) FROM a`, "ran longer"},
	"a slow second row":          {`SELECT 1 UNION ALL SELECT count(*) FROM (WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a) SELECT n FROM a)`, "ran longer"},
	"a cross join":               {`SELECT count(*) FROM tasks a, tasks b, tasks c, tasks d, tasks e, tasks f, tasks g, tasks h`, "ran longer"},
	"a large sort":               {`WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 100000000) SELECT printf('%.*c%d', 1000, 'x', n) AS x FROM a ORDER BY x DESC`, ""},
	"large groups":               {`WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 100000000) SELECT printf('%.*c%d', 1000, 'x', n), count(*) FROM a GROUP BY 1`, ""},
	"large JSON":                 {`WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 1000000) SELECT json_group_array(printf('%.*c', 100, 'x')) FROM a`, ""},
	"a large answer":             {`WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 9000) SELECT printf('%.*c', 200000, 'x') FROM a`, "bytes"},
	"many columns":               {`SELECT ` + strings.Repeat("1,", 2000) + `1`, "too many columns"},
	"many parts":                 {`SELECT 1` + strings.Repeat(" UNION ALL SELECT 1", 500), "too many terms"},
	"deep parentheses":           {`SELECT ` + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000), ""},
	"a long statement":           {`SELECT 1 /* ` + strings.Repeat("x", 600_000) + ` */`, "too long"},
	"a long pattern":             {`SELECT 'a' REGEXP '` + strings.Repeat("a?", 1010) + `'`, "regular expression"},
	"a pattern of many":          {`SELECT 'a' REGEXP '((a{100}){100}){100}'`, "regular expression"},
	"many patterns":              {`WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 5000) SELECT count(*) FROM a WHERE 'x' REGEXP ('x' || n)`, "regular expressions"},
	"large patterns":             {`WITH RECURSIVE a(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a WHERE n < 90) SELECT count(*) FROM a WHERE 'x' REGEXP ('` + strings.Repeat(".{1000}", 140) + `' || n)`, "instructions"},
	"a slow pattern":             {`SELECT printf('%.*c', 20000, 'a') REGEXP '` + strings.Repeat("a{0,1000}", 20) + `b'`, "instructions"},
	"a slow text":                {`SELECT printf('%.*c', 200000, 'a') REGEXP '(?:a?){300}b'`, "too long for a regular expression"},
	"clauses that double":        {doubling(15, "t%d"), "clauses of WITH"},
	"clauses in quotation marks": {doubling(15, `"t-%d"`), "clauses of WITH"},
	"clauses in brackets":        {doubling(15, `[é%d]`), "clauses of WITH"},
	"clauses with other letters": {doubling(15, `é$%d`), "clauses of WITH"},
	"clauses that are kept":      {strings.ReplaceAll(doubling(15, "t%d"), "AS (", "AS\n-- (\nNOT MATERIALIZED(\n"), "clauses of WITH"},
	"a parameter":                {`SELECT ?1`, ""},
	"an endless bucket":          {`SELECT time_bucket('99999999999999y', '2026-01-01')`, "not a valid duration"},
	"nothing":                    {" ; -- nothing\n", "is empty"},
	"a NUL":                      {"SELECT 1\x00; DROP TABLE tasks", "NUL"},
	"deep JSON":                  {`WITH RECURSIVE a(x, n) AS (SELECT '1', 0 UNION ALL SELECT '[' || x || ']', n + 1 FROM a WHERE n < 5000) SELECT json(x) FROM a`, ""},
	"a function of the platform": {`SELECT sqlite_compileoption_get(1)`, "sqlite_compileoption_get"},
}

// doubling returns a statement with clauses that each use the one before twice. name has a %d.
func doubling(clauses int, name string) string {
	of := func(n int) string { return fmt.Sprintf(name, n) }
	b := "WITH " + of(0) + " AS (SELECT 1 AS x)"
	for n := range clauses {
		b += fmt.Sprintf(", %s AS (SELECT a.x FROM %s a, %s b)", of(n+1), of(n), of(n))
	}
	return b + " SELECT count(*) FROM " + of(clauses)
}

// TestAttacksEndInAnError runs each attack with a short deadline.
func TestAttacksEndInAnError(t *testing.T) {
	v := recordedView(t, workload)
	directory := t.TempDir()
	file := filepath.Join(directory, "file")
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			engine := NewEngine()
			// Those that are bounded otherwise have the time for it, also on a slow machine.
			if attack.want == "ran longer" || attack.want == "" {
				engine.timeout = 300 * time.Millisecond
			}
			began := time.Now()
			_, err := engine.Run(context.Background(), Request{SQL: strings.ReplaceAll(attack.sql, "$FILE", file), View: v, Limit: 10_000})
			of, is := errors.AsType[*Error](err)
			require.True(t, is, "%v", err)
			require.Contains(t, of.Text, attack.want)
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
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			_, err := engine.Run(context.Background(), Request{SQL: attacks["large groups"].sql, View: v, Limit: 10_000})
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
	_, err := NewEngine().Run(ctx, Request{SQL: attacks["an endless recursion"].sql, View: v, Limit: 10})
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
	result, err := engine.Run(context.Background(), Request{SQL: "SELECT 1", View: v, Limit: 10, Alert: true})
	require.NoError(t, err)
	require.Equal(t, 1, result.Rows)
}
