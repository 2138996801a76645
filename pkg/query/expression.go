package query

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// This file is the small parts that PromQL text is made of.

// expr is PromQL text; binary ones need brackets inside of others.
type expr struct {
	text   string
	binary bool
}

func (x expr) operand() string {
	if x.binary {
		return "(" + x.text + ")"
	}
	return x.text
}

func sumOf(x expr) string { return "sum(" + x.text + ")" }

// match pairs two series of one entity.
func (e entity) match() string {
	on := "on (" + strings.Join(append([]string{labelCluster}, e.id...), ", ") + ")"
	if len(e.labels) == len(e.id) {
		return on // nothing else to keep
	}
	return on + " group_left ()"
}

// divide is a / b where b is above 0: 0/0 is unknown and has no point.
func divide(a expr, match string, b expr) expr {
	operator := " / "
	if match != "" {
		operator += match + " "
	}
	return expr{text: a.operand() + operator + "(" + b.operand() + " > 0)", binary: true}
}

func fold(operator string, measures []Measure, of func(Measure) expr) expr {
	texts := make([]string, len(measures))
	for i, m := range measures {
		texts[i] = of(m).operand()
	}
	return expr{text: strings.Join(texts, operator), binary: true}
}

// braces writes matchers as PromQL does.
func braces(matchers []matcher) string { return inBraces(commaList(matchers)) }

func inBraces(text string) string {
	if text == "" {
		return ""
	}
	return "{" + text + "}"
}

// commaList writes matchers without the braces around them.
func commaList(matchers []matcher) string {
	texts := make([]string, len(matchers))
	for i, m := range matchers {
		// A value that reads like a macro is a value all the same.
		texts[i] = strings.NewReplacer("$__", `\x24__`, "${__", `\x24{__`, "[[__", `[\x5b__`).Replace(m.String())
	}
	return strings.Join(texts, ",")
}

// promDuration writes a length of time as PromQL does: 1d, 4m, 90s.
func promDuration(d time.Duration) string { return model.Duration(d).String() }

func formatSeconds(d time.Duration) string {
	if whole := int64(d / time.Second); time.Duration(whole)*time.Second == d {
		return fmt.Sprint(whole)
	}
	return fmt.Sprint(math.Round(d.Seconds()*1000) / 1000)
}
