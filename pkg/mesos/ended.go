package mesos

import (
	"bytes"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Masters list the latest 1,000 tasks of each framework that have ended, and the latest
// 50 frameworks that were removed (--max_completed_tasks_per_framework,
// --max_completed_frameworks). Most of them were there in the last /state: they are
// passed over without being decoded.

// Ended are tasks that have ended, in the order in which the master learned it: those since
// State.EndedSince, and the latest ones of each list whatever their time is.
type Ended []Task

// CompletedFramework is a framework that was removed.
type CompletedFramework struct {
	ID               string   `json:"id"`
	Name             string   `json:"name"`
	Principal        string   `json:"principal"`
	User             string   `json:"user"`
	Hostname         string   `json:"hostname"` // of its scheduler
	WebUIURL         string   `json:"webui_url"`
	Role             string   `json:"role"`              // single-role frameworks only
	Roles            []string `json:"roles"`             // multi-role frameworks only
	RegisteredTime   float64  `json:"registered_time"`   // Unix seconds
	ReregisteredTime float64  `json:"reregistered_time"` // 0, or as RegisteredTime: once only
	UnregisteredTime float64  `json:"unregistered_time"`
	Tasks            Ended    `json:"tasks"`
	UnreachableTasks Ended    `json:"unreachable_tasks"`
	CompletedTasks   Ended    `json:"completed_tasks"`
}

// UnmarshalJSONFrom passes over a list that is not read as a part of a State.
func (e *Ended) UnmarshalJSONFrom(d *jsontext.Decoder) error { return d.SkipValue() }

// endedLast is how many tasks of each list are read whatever their time is, which comes from
// an agent's clock: one that is behind would hide how its tasks ended. A framework has less
// of them between two /state.
const endedLast = 20

func (e *Ended) read(d *jsontext.Decoder, body *finite, since float64) error {
	*e = nil // of a list that comes twice the last one counts, as of every other
	last := &Task{}
	decode := func(value []byte) error {
		var t Task
		if t.read(&source{text: value}, last) != nil {
			t = Task{}
			if err := t.read(from(jsontext.NewDecoder(bytes.NewReader(value), plainOptions)), last); err != nil {
				return err
			}
		}
		last = &t
		*e = append(*e, t)
		return nil
	}
	// passed are the latest tasks that were passed over, and their places in the list.
	var passed [endedLast]struct {
		at    int
		value []byte
	}
	var places []int // of those that were read
	n := 0
	if err := body.elements(d, reflect.TypeFor[Ended](), func(from *source) error {
		value, err := from.ReadValue()
		if err != nil {
			return err
		}
		n++
		if latestIn(value) < since {
			into := &passed[n%endedLast]
			into.at, into.value = n, append(into.value[:0], value...)
			return nil
		}
		places = append(places, n)
		if err = decode(value); err != nil { // it may be read again
			places, n = places[:len(places)-1], n-1
		}
		return err
	}); err != nil {
		return err
	}
	for at := n + 1; at <= n+endedLast; at++ { // oldest first
		if one := passed[at%endedLast]; one.at > 0 && one.at > n-endedLast {
			place, _ := slices.BinarySearch(places, one.at)
			if err := decode(one.value); err != nil {
				return err
			}
			t := (*e)[len(*e)-1]
			*e = slices.Insert((*e)[:len(*e)-1], place, t)
			places = slices.Insert(places, place, one.at)
		}
	}
	return nil
}

// latestIn returns the timestamp that a task has last: its latest status'. It is infinite
// where there is none.
func latestIn(task []byte) float64 {
	const key = `"timestamp":`
	i := bytes.LastIndex(task, []byte(key))
	if i < 0 {
		return math.Inf(1)
	}
	number := task[i+len(key):]
	if end := bytes.IndexAny(number, ",} \n"); end >= 0 {
		number = number[:end]
	}
	seconds, err := strconv.ParseFloat(string(number), 64)
	if err != nil {
		return math.Inf(1)
	}
	return seconds
}

// Tasks that ended before the last /state are wanted once more for a while: a status has
// its agent's time.
const (
	endedAgain = 2 * time.Minute
	endedFirst = time.Hour // before the first /state
)

// ReadEndedSince makes the first /state bring all tasks that ended since a moment, as far as
// the master keeps them: those since the cluster was watched last. Without it those of the
// last hour are read.
func (c *Client) ReadEndedSince(since time.Time) { c.watched.Store(&since) }

// wantedEnded returns since when tasks that ended are read from the next /state.
func (c *Client) wantedEnded(now time.Time) float64 {
	since := now.Add(-endedFirst)
	if last := c.lastState.Load(); last != nil {
		since = last.Add(-endedAgain)
	} else if watched := c.watched.Load(); watched != nil && watched.Add(-endedAgain).Before(since) {
		since = watched.Add(-endedAgain)
	}
	return float64(since.UnixMicro()) / 1e6
}
