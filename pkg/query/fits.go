package query

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// This file compiles measure fits: how many more tasks of a shape the agents have room
// for. Mesos calculates in thousandths of CPUs, of GPUs and of MiB, so the expression
// does too: quotients of whole numbers have no rounding errors, where 0.3 / 0.1 is less
// than 3.

const seriesAgentState = "mesos_agent_state"

// need is what a task needs of one resource.
type need struct {
	resource   Resource
	thousandth int64
	text       string // as titles name it
}

// largestNeed is the most of a resource that a shape may have, in thousandths: quotients
// below it are exact.
const largestNeed = 1e15

// units of a shape's memory and disk, in MiB.
var shapeUnits = map[string]float64{"KiB": 1.0 / 1024, "MiB": 1, "GiB": 1024, "TiB": 1024 * 1024}

var shapeAmount = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([KMGT]iB)$`)

// needs returns what a task of a shape needs, in the order of resources.
func (s *Shape) needs() ([]need, error) {
	if s == nil {
		return nil, bad("shape", "is missing: say at least one of cpus, memory, disk and gpus that a task needs, for example cpus 0.5 and memory 2GiB")
	}
	var all []need
	for _, n := range []struct {
		resource Resource
		number   float64
		unit     string
	}{{ResourceCPUs, s.CPUs, "CPU"}, {ResourceGPUs, s.GPUs, "GPU"}} {
		if n.number == 0 {
			continue
		}
		thousandth, err := thousandths("shape."+string(n.resource), formatNumber(n.number), n.number)
		if err != nil {
			return nil, err
		}
		text := formatNumber(n.number) + " " + n.unit
		if n.number != 1 {
			text += "s"
		}
		all = append(all, need{n.resource, thousandth, text})
	}
	for _, n := range []struct {
		resource Resource
		text     string
	}{{ResourceMemory, s.Memory}, {ResourceDisk, s.Disk}} {
		if n.text == "" {
			continue
		}
		key := "shape." + string(n.resource)
		parts := shapeAmount.FindStringSubmatch(strings.TrimSpace(n.text))
		if parts == nil {
			return nil, bad(key, "%q is not a valid amount: write a number and KiB, MiB, GiB or TiB, for example 512MiB or 8GiB (what Mesos calls MB is MiB)", cut(n.text))
		}
		number, err := strconv.ParseFloat(parts[1], 64)
		if err != nil {
			return nil, bad(key, "%q is too large", cut(n.text))
		}
		thousandth, err := thousandths(key, n.text, number*shapeUnits[parts[2]])
		if err != nil {
			return nil, err
		}
		all = append(all, need{n.resource, thousandth, parts[1] + " " + parts[2] + map[Resource]string{ResourceMemory: " memory", ResourceDisk: " disk"}[n.resource]})
	}
	if len(all) == 0 {
		return nil, bad("shape", "has no resource above 0: say at least one of cpus, memory, disk and gpus that a task needs")
	}
	return all, nil
}

// thousandths returns an amount as Mesos calculates with it.
func thousandths(key, text string, amount float64) (int64, error) {
	scaled := math.Round(amount * 1000)
	switch {
	case amount < 0:
		return 0, bad(key, "%s is below 0: say what one task needs", cut(text))
	case scaled < 1:
		return 0, bad(key, "%s is less than Mesos can tell apart, which is 0.001: write more, or leave it out", cut(text))
	case !(scaled <= largestNeed):
		return 0, bad(key, "%s is more than any agent can have: say what one task needs", cut(text))
	}
	return int64(scaled), nil
}

func formatNumber(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// checkShape returns an error for a shape that the query has no use for; needs returns
// what is wrong with one that it uses.
func checkShape(q *MetricsQuery) error {
	if q.Measure != MeasureFits && q.Shape != nil {
		return bad("shape", "is only for measure fits: leave it out, or choose fits of tasks")
	}
	return nil
}

// titleOfFits names the shape: several of them are told apart in a panel.
func titleOfFits(needs []need) string {
	texts := make([]string, len(needs))
	for i, n := range needs {
		texts[i] = n.text
	}
	return "Room for tasks of " + strings.Join(texts, ", ")
}

// fitsSelectors returns how many selectors with the query's filters the measure has; 0 where
// nothing is needed, as of other measures.
func fitsSelectors(needs []need) int {
	if len(needs) == 0 {
		return 0
	}
	return 3*(2*len(needs)-1) + 5
}

// fits returns for each agent how many tasks it has room for: the least of free / need
// over the resources of the shape. An agent whose amounts are not all known has no
// value. One that is not active has room for none: it gets no offers.
func (c *compiler) fits(e entity, needs []need) expr {
	joined := c.joined
	c.joined = c.joined[:1] // info labels are joined once, at the end
	match := e.match()
	room := func(n need) string {
		free := fold(" - "+match+" ", []Measure{MeasureCapacity, MeasureAllocated, MeasureOffered}, func(m Measure) expr {
			return c.series(e.series(n.resource, m))
		})
		scale := " * 1000"
		if n.resource == ResourceMemory || n.resource == ResourceDisk {
			scale = " / 1048.576" // bytes to thousandths of MiB
		}
		text := fmt.Sprintf("floor(clamp_min(round((%s)%s), 0) / %d)", free.text, scale, n.thousandth)
		if n.resource == ResourceGPUs {
			// Agents have no series of GPUs while none of the cluster has a GPU.
			text = fmt.Sprintf("(%s or %s * 0)", text, c.series(e.series(ResourceCPUs, MeasureCapacity)).text)
		}
		return text
	}
	least := room(needs[0])
	for _, n := range needs[1:] {
		// The lesser of both, of agents that have both: a - max(a - b, 0).
		next := room(n)
		least = fmt.Sprintf("%s - %s clamp_min(%s - %s (%s), 0)", next, match, next, match, least)
	}
	active := c.series(seriesAgentState, matcher{labelState, labels.MatchEqual, "active"}).text
	switch c.query.Aggregate {
	case AggregateAvg, AggregateMin, AggregateCount: // of the active ones
		least = fmt.Sprintf("(%s) and on (%s, agent_id) %s", least, labelCluster, active)
	default:
		all := c.series(seriesAgentState).text
		least = fmt.Sprintf("(%s) * %s (%s or on (%s, agent_id) %s * 0)", least, match, active, labelCluster, all)
	}
	c.joined = joined
	return c.join(expr{text: "(" + least + ")"})
}
