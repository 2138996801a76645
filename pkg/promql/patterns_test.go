package promql

import (
	"context"
	"fmt"
	"regexp"
	"regexp/syntax"
	"runtime"
	"strings"
	"testing"
	"time"

	"community-mesos-datasource/pkg/history"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
)

func TestPatternsAreRefusedBeforeTheyAreCompiled(t *testing.T) {
	long := strings.Repeat(".{0,1000}", 300) + "[0-9]" // issue 10: 2.7 kB took 6.7 s over 2,000 series
	m, start, end := filled(t)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	for what, test := range map[string]struct{ pattern, part string }{
		"repeats":            {long, "instructions and may have 2000 at most: use smaller repeat counts"},
		"one repeat":         {`.{0,1000}[0-9]`, `The regular expression ".{0,1000}[0-9]" compiles to some 2001 instructions`},
		"nested repeats":     {`((a{30}bc){30}de)+[0-9]{100}`, "instructions"},
		"repeats of a class": {`[a-z]{1000}[a-z]{1000}`, "instructions"},
		"a long text":        {strings.Repeat("x.", 3000), "is 6000 bytes long and may be 4096 at most"},
		"Unicode classes":    {strings.Repeat(`\pL`, 1000), `has 1000 Unicode classes such as \pL and may have 32 at most`},
		"many alternatives":  {strings.Repeat("a.*b|", 700), "fewer alternatives"},
	} {
		err := CheckPattern(test.pattern)
		require.Equal(t, ErrorRequest, KindOf(err), "%s: %v", what, err)
		require.ErrorContains(t, err, test.part, what)
		for _, expr := range []string{
			fmt.Sprintf("a{i=~%q}", test.pattern),
			fmt.Sprintf("sum(a{i!~`%s`})", test.pattern),
			fmt.Sprintf("label_replace(a, 'x', '$1', 'i', %q)", test.pattern),
		} {
			began := time.Now()
			_, err := e.Range(context.Background(), Request{Store: m, Expr: expr, Start: start, End: end, Step: time.Minute})
			require.Equal(t, ErrorRequest, KindOf(err), "%s: %v", what, err)
			require.Less(t, time.Since(began), 20*time.Second, what)
		}
		_, err = ParseMatchers(fmt.Sprintf("a{i=~%q}", test.pattern))
		require.Equal(t, ErrorRequest, KindOf(err), "%s: %v", what, err)
		_, err = NewMatcher(labels.MatchRegexp, "i", test.pattern)
		require.Equal(t, ErrorRequest, KindOf(err), "%s: %v", what, err)
	}

	// Each of them fits, and together they do not.
	require.NoError(t, CheckPattern(`.{0,1000}`))
	part := `i=~".{0,900}"`
	_, err := ParseExpr("a{" + part + "," + part + "}")
	require.NoError(t, err)
	_, err = ParseExpr("a{" + part + "} + a{" + strings.Repeat(part+",", 4) + "}")
	require.ErrorContains(t, err, "more than 8000 instructions together")
	require.ErrorContains(t, CheckPatterns(".{0,900}", ".{0,900}", ".{0,900}", ".{0,900}", ".{0,900}"), "together")

	for _, pattern := range []string{"", ".*", ".+", "web-.*", "(?i)prod|staging.*", ".*-00000777-.*", `[a-z0-9]{8}-[a-z0-9-]{27}`, strings.Repeat("web-[0-9]+|", 100) + "x", "[", `\pL+`} {
		require.NoError(t, CheckPattern(pattern), pattern)
	}
}

// TestInstructionsAreThoseThatAreCompiled compares the count with what regexp/syntax compiles.
func TestInstructionsAreThoseThatAreCompiled(t *testing.T) {
	for _, pattern := range []string{"abc", "a|b.*|c", "(a(b)c)+", "x{3,10}y*", "(ab{2,5}){7}", "[a-z]+[^0-9]?", ".{0,100}", "(a|bc|def){10}"} {
		parsed, err := syntax.Parse(pattern, syntax.Perl)
		require.NoError(t, err)
		estimated := instructions(parsed)
		program, err := syntax.Compile(parsed.Simplify())
		require.NoError(t, err)
		require.InEpsilon(t, len(program.Inst), estimated+2, 0.35, "%s", pattern) // 2: fail and match
	}
}

// hosts returns the names of agents as a dashboard variable writes them, escaped.
func hosts(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = regexp.QuoteMeta(fmt.Sprintf("agent-%05d.rack.example.com", i))
	}
	return strings.Join(names, "|")
}

func TestListsOfLiteralsMayBeLong(t *testing.T) {
	m, start, end := filled(t)
	var points []point
	for i := range 300 {
		points = append(points, sample(end, float64(i), "__name__", "agent", "agent", fmt.Sprintf("agent-%05d.rack.example.com", i)))
	}
	commit(t, m, points...)
	e := NewEngine(EngineOptions{})
	defer e.Close()
	list := "(" + hosts(10_000) + ")"
	require.Greater(t, len(list), 10*MaxExpression)
	for expr, want := range map[string]int{
		fmt.Sprintf("agent{agent=~%q}", list):                                     300,
		fmt.Sprintf("agent{agent!~%q}", list):                                     0,
		fmt.Sprintf("agent{agent=~%q}", "(?:"+hosts(260)+")"):                     260,
		fmt.Sprintf("agent{agent!~%q}", "(?:"+hosts(260)+")"):                     40,
		fmt.Sprintf("agent{agent=~%q}", hosts(200)):                               200,
		fmt.Sprintf("{agent=~%q}", list):                                          300,
		fmt.Sprintf("a{agent=~%q}", hosts(10_000)+"|"):                            100,
		fmt.Sprintf("a{agent!~%q}", hosts(10_000)+"|"):                            0,
		fmt.Sprintf("agent{agent=~%q,agent=~%q,agent!~'.*00000.*'}", list, list):  299,
		fmt.Sprintf("agent{agent=~%q} + on (agent) agent{agent=~%q}", list, list): 300,
	} {
		began := time.Now()
		res, err := e.Instant(context.Background(), Request{Store: m, Expr: expr, End: end})
		require.NoError(t, err)
		require.Len(t, res.Vector, want, expr[:20])
		require.Less(t, time.Since(began), 20*time.Second)
	}
	_, err := e.Range(context.Background(), Request{Store: m, Expr: fmt.Sprintf("agent{agent=~%q}", list), Start: start, End: end, Step: time.Minute})
	require.NoError(t, err)

	// What was typed is bounded beside the lists, and all of it is.
	_, err = ParseExpr(fmt.Sprintf("agent{agent=~%q}", list) + strings.Repeat(" ", MaxExpression))
	require.ErrorContains(t, err, "may be 16384 at most")
	_, err = ParseExpr(fmt.Sprintf("agent{agent=~%q}", strings.Repeat(list+"|", 40)))
	require.ErrorContains(t, err, "lists of values included: choose fewer values")

	for what, test := range map[string]struct{ expr, part string }{
		"a list":  {fmt.Sprintf("a{i=~%q}", strings.Repeat("x|", 20_000)), `The list "x|x|x|x|x|x|x|x|x|x|x|x|x|x|...x|x|x|x|x|x|x|x|x|x|x|x|x|x|" has 20001 values and may have 20000 at most: choose fewer values`},
		"several": {"a{" + strings.Repeat(fmt.Sprintf("i=~%q,", strings.Repeat("x|", 19_998)+"x"), 11) + "}", "more than 200000 values together"},
	} {
		_, err = ParseExpr(test.expr)
		require.Equal(t, ErrorRequest, KindOf(err), what)
		require.ErrorContains(t, err, test.part, what)
	}

	// The text survives, and errors are where they are.
	parsed, err := ParseExpr(fmt.Sprintf("sum(agent{agent=~%q})", list))
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf("sum(agent{agent=~%q})", list), parsed.String())
	_, err = ParseExpr(fmt.Sprintf("sum(agent{agent=~%q}) +", list))
	require.ErrorContains(t, err, fmt.Sprintf("line 1, column %d: ", len(fmt.Sprintf("sum(agent{agent=~%q}) +", list))+1))

	names, any := MetricNames(mustParse(t, fmt.Sprintf("{__name__=~%q}", hosts(300))))
	require.Len(t, names, 300)
	require.False(t, any)
}

// Compiling 10,000 host names takes 60 MB and 100 ms; an expression is parsed
// several times for one query.
func TestListsOfLiteralsAreNotCompiled(t *testing.T) {
	expr := fmt.Sprintf("sum(a{agent=~%q}) / sum(b{agent=~%q})", hosts(10_000), hosts(10_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := ParseExpr(expr)
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(12<<20))
}

func TestListMatchersSelectExactly(t *testing.T) {
	matcher, err := NewMatcher(labels.MatchRegexp, "agent", hosts(300))
	require.NoError(t, err)
	require.True(t, history.IsList(matcher))
	matcher, err = NewMatcher(labels.MatchRegexp, "agent", hosts(100))
	require.NoError(t, err)
	require.False(t, history.IsList(matcher))
	_, err = NewMatcher(labels.MatchRegexp, "agent", "[")
	require.Error(t, err)
	require.Empty(t, KindOf(err))
}
