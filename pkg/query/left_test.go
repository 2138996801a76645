package query

import (
	"context"
	"strings"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"
)

func TestVariablesInATextAPatternAReplacementAndCode(t *testing.T) {
	for text, want := range map[string]string{
		"$framework":              "$framework",
		"a-${framework}-b":        "${framework}",
		"${framework:regex}":      "${framework:regex}",
		"${a.b.c:csv}":            "${a.b.c:csv}",
		"[[framework]]":           "[[framework]]",
		"[[framework:pipe]]":      "[[framework:pipe]]",
		"${__to:date:iso}":        "${__to:date:iso}",
		"${__to:date:YYYY-MM-DD}": "${__to:date:YYYY-MM-DD}",
		"$a $b $a":                "$a $b",
		"$a[$b]":                  "$a $b",
		"foo$":                    "",
		"$":                       "",
		"$$":                      "",
		"US$ 5":                   "",
		"$1 ${1} $12":             "",
		"{{framework}}":           "",
		"[[:alpha:]]+[[0-9]]":     "",
		"${}":                     "",
	} {
		require.Equal(t, want, strings.Join(variablesIn(text), " "), text)
	}
	for pattern, want := range map[string]string{
		"$framework":       "$framework",
		"(a|$b)-.*":        "$b",
		"[[framework]]":    "[[framework]]",
		"web[0-9]$x":       "$x",
		"foo$":             "",
		"(foo$|bar)":       "",
		`\$framework`:      "",
		`\\$framework`:     "$framework",
		"[$]framework":     "",
		"[$a]b":            "",
		"[^]$a]b":          "",
		"[[:alpha:]$x]":    "",
		`[\]$x]`:           "",
		`\Q$framework\E`:   "",
		`\Q$framework`:     "",
		`\Qa\E$framework`:  "$framework",
		"[$a":              "",
		`$framework\`:      "$framework",
		"(?:\\$a|b)|${c}d": "${c}",
	} {
		require.Equal(t, want, strings.Join(variablesInPattern(pattern), " "), pattern)
	}
	for _, c := range []struct{ replacement, pattern, want string }{
		{"$1", "(.*)", ""},
		{"${1}-$2", "(.*)-(.*)", ""},
		{"$name", "(?P<name>.*)", ""},
		{"${name}x", "(?<name>.*)", ""},
		{"$$name", ".*", ""},
		{"$name", "(.*)", "$name"},
		{"[[name]]", "(.*)", "[[name]]"},
	} {
		require.Equal(t, c.want, strings.Join(variablesInReplacement(c.replacement, c.pattern), " "), c.replacement)
	}
	for code, want := range map[string]string{
		"rate(x[$window])":          "$window",
		"topk($n, x)":               "$n",
		"sum by ($label) (x)":       "$label",
		"$m":                        "$m",
		"x offset ${shift}":         "${shift}",
		"x[[[window]]]":             "[[window]]",
		`x{a="$b"}`:                 "",
		`x{a='$b'} + y{a=` + "`$b`": "",
		`x{a="\"$b"} > $c`:          "$c",
		"x # of $a\n> $b":           "$b",
		"x # of $a":                 "",
		`x{a="$b`:                   "",
	} {
		require.Equal(t, want, strings.Join(variablesInCode(code), " "), code)
	}
}

// frameworks are two frameworks, one of them with a name that looks like a variable.
func frameworks(t testing.TB) Source {
	return source(t, recordedStore(t,
		recorded{of("mesos_framework_cpus_allocated", "framework", "marathon", "framework_id", "f-1"), flat(1, 20)},
		recorded{of("mesos_framework_cpus_allocated", "framework", "odd$name", "framework_id", "f-2"), flat(2, 20)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "a1.example.com", "agent_id", "S1"), flat(8, 20)},
		recorded{of("mesos_agent_cpus_capacity", "agent", "a2.example.com", "agent_id", "S2"), flat(8, 20)},
		recorded{of("mesos_cluster_cpus_capacity"), flat(16, 20)},
	))
}

const allocatedByFramework = `{"entity":"framework","resource":"cpus","measure":"allocated","instant":true`

func TestWhatIsLeftOfAVariableIsAnErrorInARule(t *testing.T) {
	src := frameworks(t)
	promQL := func(expr string) string { return `{"instant":true,"expr":` + quote(expr) + `}` }
	for _, c := range []struct{ query, key, variable string }{
		{promQL(`mesos_framework_cpus_allocated{framework="$framework"}`), "expr", "$framework"},
		{promQL(`mesos_framework_cpus_allocated{framework=~"${framework:regex}"}`), "expr", "${framework:regex}"},
		{promQL(`mesos_framework_cpus_allocated{framework=~"[[framework]]"}`), "expr", "[[framework]]"},
		{promQL(`mesos_framework_cpus_allocated{framework!="$framework"}`), "expr", "$framework"},
		{promQL(`sum(mesos_framework_cpus_allocated{framework=~"marathon|$x"}) or vector(0)`), "expr", "$x"},
		{promQL(`mesos_cluster_cpus_capacity{x="${__to:date:iso}"}`), "expr", "${__to:date:iso}"},
		{promQL(`mesos_cluster_cpus_capacity > $__from`), "expr", "$__from"},
		{promQL(`rate(x[$window])`), "expr", "$window"},
		{promQL(`rate(x[$__intervals])`), "expr", "$__intervals"},
		{promQL(`topk($n, mesos_framework_cpus_allocated)`), "expr", "$n"},
		{promQL(`sum by ($label) (mesos_framework_cpus_allocated)`), "expr", "$label"},
		{promQL(`sum by ("$label") (mesos_framework_cpus_allocated)`), "expr", "$label"},
		{promQL(`$m`), "expr", "$m"},
		{promQL(`{"$m"}`), "expr", "$m"},
		{promQL(`{__name__=~"mesos_$m"}`), "expr", "$m"},
		{promQL(`mesos_framework_cpus_allocated offset $shift`), "expr", "$shift"},
		{promQL(`mesos_framework_cpus_allocated > $limit`), "expr", "$limit"},
		{promQL(`count_values("$label", mesos_framework_cpus_allocated)`), "expr", "$label"},
		{promQL(`label_replace(mesos_framework_cpus_allocated, "$dst", "$1", "framework", "(.*)")`), "expr", "$dst"},
		{promQL(`label_replace(mesos_framework_cpus_allocated, "x", "$group", "framework", "(.*)")`), "expr", "$group"},
		{promQL(`label_join(mesos_framework_cpus_allocated, "x", "-", "$a", "framework")`), "expr", "$a"},
		{allocatedByFramework + `,"filters":[{"label":"framework","operator":"=","value":"$framework"}]}`, "filters[0].value", "$framework"},
		{allocatedByFramework + `,"filters":[{"label":"framework","operator":"!=","value":["marathon","[[framework]]"]}]}`, "filters[0].value", "[[framework]]"},
		{allocatedByFramework + `,"filters":[{"label":"framework","operator":"=~","value":"${framework:pipe}"}]}`, "filters[0].value", "${framework:pipe}"},
		{allocatedByFramework + `,"filters":[{"label":"$label","operator":"=","value":"x"}]}`, "filters[0].label", "$label"},
		{allocatedByFramework + `,"adhocFilters":[{"key":"framework","operator":"=","value":"$framework"}]}`, "adhocFilters[0].value", "$framework"},
		{allocatedByFramework + `,"adhocFilters":[{"key":"framework","operator":"=|","values":["a","$framework"]}]}`, "adhocFilters[0].value", "$framework"},
		{allocatedByFramework + `,"adhocFilters":[{"key":"$label","operator":"=","value":"x"}]}`, "adhocFilters[0].key", "$label"},
		{`{"expr":"mesos_framework_cpus_allocated","instant":true,"adhocFilters":[{"key":"framework","operator":"!~","value":"$framework.*"}]}`, "adhocFilters[0].value", "$framework"},
		{allocatedByFramework + `,"groupBy":["$label"]}`, "groupBy[0]", "$label"},
		{allocatedByFramework + `,"legendFormat":"of $framework"}`, "legendFormat", "$framework"},
		{allocatedByFramework + `,"forecast":"$ahead"}`, "forecast", "$ahead"},
		{allocatedByFramework + `,"interval":"$step"}`, "interval", "$step"},
		{allocatedByFramework + `,"interval":"$__from"}`, "interval", "$__from"},
		{allocatedByFramework + `,"top":"$n"}`, "top", "$n"},
		{allocatedByFramework + `,"aggregate":"${f}"}`, "aggregate", "${f}"},
		{allocatedByFramework + `,"legendFormat":"\u0024framework"}`, "legendFormat", "$framework"},
		{`{"entity":"$entity","resource":"cpus","measure":"allocated","instant":true}`, "entity", "$entity"},
		{`{"metric":"mesos_$m","instant":true}`, "metric", "$m"},
		{promQL(`mesos_framework_cpus_allocated{framework=~"$x|` + strings.Repeat("a", 1200) + `"}`), "expr", "$x"},
	} {
		response := Run(context.Background(), src, asked(c.query), Options{Alert: true})
		require.Error(t, response.Error, c.query)
		require.Equal(t, backend.StatusBadRequest, response.Status)
		require.True(t, strings.HasPrefix(response.Error.Error(), c.key+`: "`+c.variable+`"`), "%s: %s", c.query, response.Error)
		require.Contains(t, response.Error.Error(), "rules have no variables", c.query)
		if strings.HasPrefix(c.variable, "$__") || strings.HasPrefix(c.variable, "${__") {
			require.Contains(t, response.Error.Error(), "no variables but $__interval, $__rate_interval and $__range")
		}
	}
}

func TestADollarSignThatIsMeantIsNoErrorInARule(t *testing.T) {
	src := frameworks(t)
	for query, series := range map[string]int{
		`mesos_framework_cpus_allocated{framework=~"marathon$"}`:                                                                                          1,
		`mesos_framework_cpus_allocated{framework=~"(marathon$|x)"}`:                                                                                      1,
		`mesos_framework_cpus_allocated{framework=~"odd[$]name"}`:                                                                                         1,
		`mesos_framework_cpus_allocated{framework=~"odd\\$name"}`:                                                                                         1,
		`mesos_framework_cpus_allocated{framework="odd$name"}`:                                                                                            1,
		`mesos_framework_cpus_allocated{framework!="odd$name"}`:                                                                                           1,
		`label_replace(mesos_framework_cpus_allocated, "x", "$1", "framework", "(.*)")`:                                                                   2,
		`label_replace(mesos_framework_cpus_allocated, "x", "$$name", "framework", "(.*)")`:                                                               2,
		`label_replace(mesos_framework_cpus_allocated, "x", "${name}", "framework", "(?P<name>.*)")`:                                                      2,
		"mesos_framework_cpus_allocated # of $framework":                                                                                                  2,
		`sum(max_over_time(mesos_framework_cpus_allocated[$__range])) + sum(avg_over_time(mesos_framework_cpus_allocated[[[__interval]]:${__interval}]))`: 1,
		`mesos_framework_cpus_allocated{framework=~"[[:alpha:]]+"}`:                                                                                       1,
	} {
		response := answered(t, src, `{"instant":true,"expr":`+quote(query)+`}`, Options{Alert: true})
		require.Len(t, response.Frames[0].Fields, series, query)
	}
	for _, more := range []string{
		`,"filters":[{"label":"framework","operator":"=","value":"odd$name"}]}`,
		`,"filters":[{"label":"framework","operator":"=","value":["odd$name","x"]}]}`,
		`,"adhocFilters":[{"key":"framework","operator":"=","value":"odd$name"}]}`,
		`,"filters":[{"label":"framework","operator":"=~","value":"odd.*"}],"legendFormat":"US$ {{framework}}","interval":"$__interval"}`,
	} {
		require.Len(t, answered(t, src, allocatedByFramework+more, Options{Alert: true}).Frames[0].Fields, 1, more)
	}
}

func TestElsewhereAVariableThatIsLeftIsANotice(t *testing.T) {
	src := frameworks(t)
	for _, o := range []Options{{}, {Expression: true}} {
		for _, query := range []string{
			`{"instant":true,"expr":"mesos_framework_cpus_allocated{framework=\"$framework\"}"}`,
			`{"instant":true,"expr":"sum(mesos_framework_cpus_allocated{framework=~\"$framework\"}) or vector(0)"}`,
			`{"instant":true,"expr":"sum by (\"$framework\") (mesos_framework_cpus_allocated)"}`,
			allocatedByFramework + `,"filters":[{"label":"framework","operator":"=","value":"$framework"}]}`,
			allocatedByFramework + `,"adhocFilters":[{"key":"framework","operator":"=~","value":"$framework"}]}`,
		} {
			notice := strings.Join(texts(answered(t, src, query, o)), "\n")
			require.Contains(t, notice, `"$framework" in `, query)
			require.Contains(t, notice, "is a variable without a value here: define it on the dashboard", query)
		}
	}
	for _, query := range []string{
		`{"instant":true,"expr":"mesos_framework_cpus_allocated{framework=\"odd$name\"}"}`,
		`{"instant":true,"expr":"mesos_framework_cpus_allocated","legendFormat":"$x"}`,
		`{"instant":true,"expr":"mesos_framework_cpus_allocated{framework=~\"marathon$\"}"}`,
	} {
		require.Empty(t, texts(answered(t, src, query, Options{})), query)
	}
	// Keys that are not ours are not looked at.
	for _, more := range []string{`"description":"$x"`, `"requestId":"$x"`, `"adhocFilters":[{"key":"framework","operator":"=","value":"marathon","valueLabels":["$x"],"keyLabel":"$x"}]`} {
		notices := strings.Join(texts(answered(t, src, `{"instant":true,"expr":"mesos_framework_cpus_allocated",`+more+`}`, Options{})), " ")
		require.NotContains(t, notices, "is a variable", more)
	}
	// Where it can be nothing but a variable, it is an error that names it.
	for query, want := range map[string]string{
		`{"expr":"rate(x[$window])"}`:               `expr: "$window" is a variable without a value here`,
		allocatedByFramework + `,"groupBy":["$l"]}`: `groupBy[0]: "$l" is a variable without a value here`,
		`{"entity":"${e}"}`:                         `entity: "${e}" is a variable without a value here`,
	} {
		require.ErrorContains(t, Run(context.Background(), src, asked(query), Options{}).Error, want)
	}
}

func TestSeveralValuesInOneComparison(t *testing.T) {
	src := frameworks(t)
	one := func(matcher string) string {
		return `{"instant":true,"expr":` + quote("mesos_agent_cpus_capacity{agent"+matcher+"}") + `}`
	}
	for matcher, want := range map[string]string{
		`="(a1\\.example\\.com|a2\\.example\\.com)"`:    "in the format regex. Use =~ in place of =",
		`="a1\\.example\\.com"`:                         "in the format regex. Use =~ in place of =",
		`!="(a1\\.example\\.com|a2\\.example\\.com)"`:   "in the format regex. Use !~ in place of !=",
		`="a1.example.com|gone"`:                        "in the format pipe. Use =~",
		`="a1.example.com,a2.example.com"`:              "in the format csv or raw. Use =~",
		`="{a1.example.com,a2.example.com}"`:            "in the format glob. Use =~",
		`="[\"a1.example.com\",\"a2.example.com\"]"`:    "in the format json. Use =~",
		`="\"a1.example.com\",\"a2.example.com\""`:      "in the format doublequote. Use =~",
		`="'a1.example.com','a2.example.com'"`:          "in the format singlequote or sqlstring. Use =~",
		`="%7Ba1.example.com%2Ca2.example.com%7D"`:      "in the format percentencode. Use =~",
		`="var-agent=a1.example.com&var-agent=x"`:       "in the format queryparam. Use =~",
		`="a1.example.com + a2.example.com"`:            "in the format text. Use =~",
		`="a1.example.com,agent=a2.example.com"`:        "in the format distributed. Use =~",
		`="(\"a1.example.com\" OR \"a2.example.com\")"`: "in the format lucene. Use =~",
		`="()"`:               "a variable without a chosen value is written so",
		`=~"()"`:              "a variable without a chosen value is written so",
		`="(a1.example.com)"`: "in the format regex. Use =~", `="{a1.example.com}"`: "in the format glob. Use =~", `="[a1.example.com]"`: "in the format json. Use =~",
		`="agent:\"a1.example.com\" OR agent:\"x\""`: "in the format lucene. Use =~",
		`="{{agent}}"`:                          "replaced in legends and annotations only",
		`="All"`:                                "All is the text of a variable's choice",
		`="^a1$"`:                               "use =~ in place of = for a regular expression",
		`="a1.example.com$"`:                    "use =~ in place of = for a regular expression",
		`="(?i)A1"`:                             "use =~ in place of = for a regular expression",
		`=".*"`:                                 "use =~ in place of = for a regular expression",
		`="*"`:                                  "* is no pattern there",
		`=~"All"`:                               "All is the text of a variable's choice",
		`=~"{{agent}}"`:                         "replaced in legends and annotations only",
		`="a1.example.com%2Ca2.example.com"`:    "in the format percentencode. Use =~",
		`!="a1.+"`:                              "use !~ in place of != for a regular expression",
		`=~"a1.example.com,a2.example.com"`:     "matches nothing: its value looks like a variable in the format csv or raw",
		`=~"{a1.example.com,a2.example.com}"`:   "in the format glob, which is no regular expression",
		`!~"'a1.example.com','a2.example.com'"`: "in the format singlequote or sqlstring, which is no",
	} {
		failed := Run(context.Background(), src, asked(one(matcher)), Options{Alert: true})
		require.ErrorContains(t, failed.Error, want, matcher)
		require.ErrorContains(t, failed.Error, "expr: agent", matcher)
		require.Contains(t, strings.Join(texts(answered(t, src, one(matcher), Options{})), "\n"), want, matcher)
	}
	for _, filter := range []string{
		`"filters":[{"label":"agent","operator":"=","value":"(a1\\.example\\.com|a2\\.example\\.com)"}]`,
		`"adhocFilters":[{"key":"agent","operator":"=","value":"(a1\\.example\\.com|a2\\.example\\.com)"}]`,
	} {
		query := `{"entity":"agent","resource":"cpus","measure":"capacity","instant":true,` + filter + `}`
		require.ErrorContains(t, Run(context.Background(), src, asked(query), Options{Alert: true}).Error, "[0].value: agent=", filter)
		require.Contains(t, strings.Join(texts(answered(t, src, query, Options{})), "\n"), "in the format regex", filter)
	}
	require.NoError(t, Run(context.Background(), src, asked(`{"instant":true,"expr":"mesos_role_cpus_allocated{role=\"*\"}"}`), Options{Alert: true}).Error, "the name of a role")
	// A variable that an address has written.
	require.ErrorContains(t, Run(context.Background(), src, asked(one(`="%24agent"`)), Options{Alert: true}).Error, `"$agent" in agent="%24agent" is a variable`)
	// Names that are nothing else.
	for _, matcher := range []string{
		`="a1.example.com"`, `="gone.example.com"`, `="a,b"`, `="x + y"`, `="a|b"`, `="100%25"`, `=~"(a1\\.example\\.com|a2\\.example\\.com)"`,
		`=~"a{1,3}.*"`, `=~"a1.example.com|a2.example.com"`, `=""`, `="(x)"`, `="{x}"`, `="[x]"`, `="^"`, `="$"`, `="US$ 5"`, `="a:b"`, `="Allied"`, `=~"a1\\.example\\.com"`,
	} {
		require.NoError(t, Run(context.Background(), src, asked(one(matcher)), Options{Alert: true}).Error, matcher)
	}
}

func TestSeveralValuesWhereOneIsMeantNameTheirFormat(t *testing.T) {
	src := frameworks(t)
	for query, want := range map[string]string{
		`{"entity":"{agent,framework}","resource":"cpus","measure":"allocated"}`: "in the format glob: choose one value",
		`{"entity":"agent,framework","resource":"cpus","measure":"allocated"}`:   "in the format csv or raw: choose one value",
		`{"entity":"agent","resource":"cpus|memory","measure":"allocated"}`:      "in the format pipe: choose one value",
		`{"entity":"agent","resource":"cpus","measure":"(allocated|free)"}`:      "in the format regex: choose one value",
		`{"metric":"mesos_up,mesos_agent_tasks"}`:                                "in the format csv or raw: choose one value",
		allocatedByFramework + `,"groupBy":["framework,user"]}`:                  "in the format csv or raw: choose one value",
		allocatedByFramework + `,"interval":"{1m,5m}"}`:                          "in the format glob: choose one value",
		allocatedByFramework + `,"forecast":"1h + 2h"}`:                          "in the format text: choose one value",
	} {
		require.ErrorContains(t, Run(context.Background(), src, asked(query), Options{}).Error, want, query)
	}
	for _, query := range []string{`{"entity":"agents"}`, allocatedByFramework + `,"groupBy":["x,y"]}`, allocatedByFramework + `,"interval":"1 m"}`} {
		require.NotContains(t, Run(context.Background(), src, asked(query), Options{}).Error.Error(), "several values", query)
	}
}

func TestManyConditionsCostFewLookUps(t *testing.T) {
	var matchers []string
	for range 400 {
		matchers = append(matchers, `a="$x"`)
	}
	response := answered(t, frameworks(t), `{"instant":true,"expr":`+quote("x{"+strings.Join(matchers, ",")+"}")+`}`, Options{})
	require.LessOrEqual(t, len(texts(response)), maxDoubts+1)
}

func FuzzVariablesIn(f *testing.F) {
	for _, text := range []string{"$a", `[[a]][^]$b]\Q$c\E\`, `x{a="$b` + "`", "# $a", "[[:a", `\Q\E$a`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all := variablesIn(text)
		for _, some := range [][]string{variablesInPattern(text), variablesInCode(text)} {
			require.LessOrEqual(t, len(some), strings.Count(text, "$")+strings.Count(text, "[["))
			if len(all) == 0 {
				require.Empty(t, some)
			}
		}
		if format, found := formatOf(text, true, func([]string) bool { return true }); found {
			require.NotEmpty(t, format.parts(text))
		}
		_ = placeholder.interpolate(text)
		_, _, _ = fromPrometheus(text)
	})
}

// A macro has a value elsewhere, and no error says that it has none anywhere.
func TestAMacroWhereNoneIsReplacedIsSaidToBeOne(t *testing.T) {
	src := frameworks(t)
	for _, rule := range []bool{false, true} {
		for part, want := range map[string]string{
			`"forecast":"$__range"`:      `forecast: "$__range" has a value in expressions and as the interval only: write a duration, for example 1h, in its place`,
			`"forecast":"${__interval}"`: `forecast: "${__interval}" has a value in expressions and as the interval only: write a duration, for example 1h, in its place`,
			`"groupBy":["$__range"]`:     `groupBy[0]: "$__range" has a value in expressions and as the interval only: write a value in its place`,
		} {
			response := Run(context.Background(), src, asked(allocatedByFramework+","+part+"}"), Options{Alert: rule})
			require.EqualError(t, response.Error, want)
		}
	}
}
