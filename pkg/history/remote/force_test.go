package remote

import (
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
)

var promQL = parser.NewParser(parser.Options{})

// rewritten returns an expression bound to the cluster mine.
func rewritten(t *testing.T, text string, own ...labels.Label) string {
	t.Helper()
	expr, err := promQL.ParseExpr(text)
	require.NoError(t, err, text)
	bound, err := newBinder("mine", own).expression(expr)
	require.NoError(t, err, text)
	return bound
}

func TestEverySelectorIsBoundToTheCluster(t *testing.T) {
	for text, want := range map[string]string{
		`up`:                        `up{cluster="mine"}`,
		`{__name__=~".+"}`:          `{__name__=~".+",cluster="mine"}`,
		`{cluster="other"}`:         `{cluster="mine",cluster="other"}`,
		`{cluster=~".*",x="1"}`:     `{cluster="mine",cluster=~".*",x="1"}`,
		`{cluster!="mine",x="1"}`:   `{cluster!="mine",cluster="mine",x="1"}`,
		`a or b{cluster="other"}`:   `a{cluster="mine"} or b{cluster="mine",cluster="other"}`,
		`a unless on (x) b`:         `a{cluster="mine"} unless on (x) b{cluster="mine"}`,
		`rate(a[5m])`:               `rate(a{cluster="mine"}[5m])`,
		`max_over_time((a)[1h:5m])`: `max_over_time((a{cluster="mine"})[1h:5m])`,
		`max_over_time(max_over_time(a[5m])[1h:5m] offset 1h)`: `max_over_time(max_over_time(a{cluster="mine"}[5m])[1h:5m] offset 1h)`,
		`topk(scalar(k), a)`:                                   `topk(scalar(k{cluster="mine"}), a{cluster="mine"})`,
		`quantile(scalar(q{cluster=~".+"}), a)`:                `quantile(scalar(q{cluster="mine",cluster=~".+"}), a{cluster="mine"})`,
		`-(a)`:                                                 `-(a{cluster="mine"})`,
		`a @ end() offset -5m`:                                 `a{cluster="mine"} @ end() offset -5m`,
		`timestamp(a)`:                                         `timestamp(a{cluster="mine"})`,
		`timestamp((a))`:                                       `timestamp((a{cluster="mine"}))`,
		`predict_linear(a[5m], scalar(b))`:                     `predict_linear(a{cluster="mine"}[5m], scalar(b{cluster="mine"}))`,
		`clamp(a, scalar(b), scalar(c))`:                       `clamp(a{cluster="mine"}, scalar(b{cluster="mine"}), scalar(c{cluster="mine"}))`,
		`label_replace(a, "cluster", "mine", "", "")`:          `label_replace(a{cluster="mine"}, "cluster", "mine", "", "")`,
		`label_join(b{x="}) or {x=\"\""}, "cluster", "", "x")`: `label_join(b{cluster="mine",x="}) or {x=\"\""}, "cluster", "", "x")`,
		`absent(a{x="1"})`:                                     `label_replace(absent(a{cluster="mine",x="1"}), "cluster", "", "", "")`,
		`absent(a{cluster="mine"})`:                            `label_replace(absent(a{cluster="mine",cluster="mine"}), "cluster", "mine", "", "")`,
		`absent(a{cluster="other",x="1"})`:                     `label_replace(absent(a{cluster="mine",cluster="other",x="1"}), "cluster", "other", "", "")`,
		`absent(a{cluster=~".*"})`:                             `label_replace(absent(a{cluster="mine",cluster=~".*"}), "cluster", "", "", "")`,
		`absent(a{cluster="x",cluster="y"})`:                   `label_replace(absent(a{cluster="mine",cluster="x",cluster="y"}), "cluster", "", "", "")`,
		`absent_over_time(a{cluster="mine"}[5m])`:              `label_replace(absent_over_time(a{cluster="mine",cluster="mine"}[5m]), "cluster", "mine", "", "")`,
		`max_over_time(a[1h:])`:                                `max_over_time(a{cluster="mine"}[1h:1m])`,
		`max_over_time(sum(a)[1h:] offset 5m)`:                 `max_over_time(sum(a{cluster="mine"})[1h:1m] offset 5m)`,
		`absent_over_time(a[5m])`:                              `label_replace(absent_over_time(a{cluster="mine"}[5m]), "cluster", "", "", "")`,
		`absent(sum(a))`:                                       `absent(sum(a{cluster="mine"}))`,
		`a[5m]`:                                                `a{cluster="mine"}[5m]`,
		`count_values("cluster", a)`:                           `count_values("cluster", a{cluster="mine"})`,
		`vector(1)`:                                            `vector(1)`,
		`"text"`:                                               `"text"`,
		`time() + 1`:                                           `time() + 1`,
		`sum by (cluster) ({__name__=~"a|b"})`:                 `sum by (cluster) ({__name__=~"a|b",cluster="mine"})`,
	} {
		got := rewritten(t, text)
		wantExpr, err := promQL.ParseExpr(want)
		require.NoError(t, err, want)
		gotExpr, err := promQL.ParseExpr(got)
		require.NoError(t, err, got)
		require.Equal(t, sortedMatchers(wantExpr), sortedMatchers(gotExpr), text)
		require.Empty(t, unboundIn(gotExpr), text)
	}
}

// sortedMatchers returns an expression with the matchers of each selector in one order.
func sortedMatchers(expr parser.Expr) string {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok {
			sortMatchers(v.LabelMatchers)
		}
		return nil
	})
	return expr.String()
}

// unboundIn returns the selectors that the text as it is sent leaves open, by a parser that
// knows nothing of how it was made.
func unboundIn(expr parser.Expr) (open []string) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if v, ok := node.(*parser.VectorSelector); ok {
			for _, m := range v.LabelMatchers {
				if m.Name == "cluster" && m.Type == labels.MatchEqual && m.Value == "mine" {
					return nil
				}
			}
			open = append(open, v.String())
		}
		return nil
	})
	return open
}

// A name of a cluster cannot end its own text.
func TestNamesOfClustersAreQuoted(t *testing.T) {
	expr, err := promQL.ParseExpr("a")
	require.NoError(t, err)
	name := "x\"} or {a=\"\n\\"
	bound, err := newBinder(name, nil).expression(expr)
	require.NoError(t, err)
	again, err := promQL.ParseExpr(bound)
	require.NoError(t, err, bound)
	matchers := again.(*parser.VectorSelector).LabelMatchers
	require.Contains(t, matchers, labels.MustNewMatcher(labels.MatchEqual, "cluster", name))
}

// What reads series and is no selector for the parser is not PromQL for it.
func TestWhatIsNotBoundIsNotPromQL(t *testing.T) {
	for _, text := range []string{
		`info(a)`, `info(a, {__name__="other"})`, // reads target_info by itself
		`WITH (x = {cluster="other"}) x`, `{a="1" or cluster="other"}`, `a{cluster="mine"} if b`, `union(a, b)`, // MetricsQL
		`a # comment
		} or {x=~".*"`,
	} {
		_, err := promQL.ParseExpr(text)
		require.Error(t, err, text)
	}
}

func TestLabelsThatAreAddedAreTakenOffEachSelector(t *testing.T) {
	own := labels.Label{Name: "replica", Value: "a.b"}
	for text, want := range map[string]string{
		`up`:                    `label_replace(max without (replica) (up{cluster="mine",replica=~"a\\.b|"}), "__name__", "up", "", "")`,
		`{x="1"}`:               `label_replace({cluster="mine",replica=~"a\\.b|",x="1"}, "replica", "", "replica", ".*")`,
		`rate(a[5m])`:           `max without (replica) (rate(a{cluster="mine",replica=~"a\\.b|"}[5m]))`,
		`timestamp(a)`:          `max without (replica) (timestamp(a{cluster="mine",replica=~"a\\.b|"}))`,
		`last_over_time(a[5m])`: `label_replace(last_over_time(a{cluster="mine",replica=~"a\\.b|"}[5m]), "replica", "", "replica", ".*")`,
		`a[5m]`:                 `a{cluster="mine",replica=~"a\\.b|"}[5m]`,
		`absent(a)`:             `label_replace(absent(a{cluster="mine",replica=~"a\\.b|"}), "cluster", "", "", "")`,
	} {
		require.Equal(t, func() string {
			e, err := promQL.ParseExpr(want)
			require.NoError(t, err, want)
			return sortedMatchers(e)
		}(),
			func() string {
				e, err := promQL.ParseExpr(rewritten(t, text, own))
				require.NoError(t, err)
				return sortedMatchers(e)
			}(), text)
	}
}

// FuzzBinding looks for expressions that stay open.
func FuzzBinding(f *testing.F) {
	for _, text := range []string{`a`, `{__name__=~".+"}`, `sum(rate(a{x="\"}"}[5m:1m] @ end())) or b`, "a{`x`=`y`}", `{"a.b", "c d"="e"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		expr, err := promQL.ParseExpr(text)
		if err != nil {
			return
		}
		bound, err := newBinder("mine", nil).expression(expr)
		if err != nil {
			return
		}
		again, err := promQL.ParseExpr(bound)
		require.NoError(t, err, bound)
		require.Empty(t, unboundIn(again), bound)
	})
}
