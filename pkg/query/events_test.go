package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/collector"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/series"
	"community-mesos-datasource/pkg/tables"
)

// rowsOf returns the rows of a frame, each a map from field to text. A null has no key.
func rowsOf(frame *data.Frame) []map[string]string {
	rows := make([]map[string]string, frame.Rows())
	for i := range rows {
		rows[i] = map[string]string{}
		for _, field := range frame.Fields {
			value, ok := field.ConcreteAt(i)
			switch v := value.(type) {
			case time.Time:
				value = v.Format(time.TimeOnly)
			case json.RawMessage:
				value = string(v)
			}
			if ok {
				rows[i][field.Name] = fmt.Sprint(value)
			}
		}
	}
	return rows
}

// Everything that an annotation tells, and in which field Grafana looks for it.
func TestEventsAreAnnotations(t *testing.T) {
	failed := taskEvent(ago(3), "web.1", "failed", events.Error)
	failed.Reason, failed.Source, failed.Message = "executor_terminated", "executor", "exit <1> & more"
	failed.Task = "<b>, 1"
	lost := agentEvent(ago(2), "S2", events.Lost, events.Error)
	lost.NotBefore = ago(2.5)
	draining := agentEvent(ago(8), "S3", events.Draining, events.Warning)
	draining.Opens, draining.End = "drain/S3", ago(5)
	window := events.Event{ID: "w", Kind: events.KindMaintenance, What: events.WindowBegan, Time: ago(20), Opens: "w", Severity: events.Info, Message: "Maintenance of 2 machines"}
	leader := events.Event{ID: "l", Kind: events.KindMaster, What: events.NewLeader, Time: ago(1), Severity: events.Warning, Message: "master2:5050 leads"}
	failover := leader
	failover.ID, failover.Opens, failover.Time, failover.NotBefore, failover.End = "f", "f", ago(4), ago(4.5), ago(3.5)
	before := agentEvent(ago(11), "S4", events.Added, events.Info)
	src, _ := eventful(t, failed, lost, draining, window, leader, failover, before)

	response := answered(t, src, `{"queryType":"events"}`, Options{})
	require.Len(t, response.Frames, 1)
	frame := response.Frames[0]
	require.Equal(t, data.DataTopicAnnotations, frame.Meta.DataTopic)
	require.Empty(t, texts(response))
	require.Equal(t, []map[string]string{
		{"time": "11:40:00", "timeEnd": "12:00:00", "title": "Maintenance begun", "text": "Maintenance of 2 machines<br>It has not ended.", "tags": `["maintenance","begun","info"]`, "id": "w", "isRegion": "true", "color": "blue"},
		{
			"time": "11:52:00", "timeEnd": "11:55:00", "title": "Agent S3.example draining",
			"text": "Agent: S3.example (S3)<br>It ended at 2026-03-01 11:55:00 UTC.", "tags": `["agent","draining","warning","agent:S3.example"]`, "id": "S3/draining", "isRegion": "true", "color": "orange",
		},
		{
			"time": "11:55:30", "timeEnd": "11:56:30", "title": "New leader", "tags": `["master","leader","warning"]`, "id": "f", "isRegion": "true", "color": "orange",
			"text": "master2:5050 leads<br>The leader before answered last at 2026-03-01 11:55:30 UTC, this one was elected at 2026-03-01 11:56:00 UTC and answered first at 2026-03-01 11:56:30 UTC.",
		},
		{
			"time": "11:57:00", "title": "Task &lt;b&gt;, 1 failed",
			"text": "exit &lt;1&gt; &amp; more<br>Reason: executor_terminated<br>Source: executor<br>Task: &lt;b&gt;, 1 (web.1)<br>Framework: marathon (F1)<br>Role: web<br>Agent: a1.example (S1)",
			"tags": `["task","failed","error","framework:marathon","role:web","agent:a1.example"]`, "id": "web.1/failed", "isRegion": "false", "color": "red",
		},
		{
			"time": "11:58:00", "title": "Agent S2.example lost",
			"text": "Agent: S2.example (S2)<br>Mesos does not give the time: it happened between 2026-03-01 11:57:30 UTC and 2026-03-01 11:58:00 UTC.",
			"tags": `["agent","lost","error","agent:S2.example"]`, "id": "S2/lost", "isRegion": "false", "color": "red",
		},
		{"time": "11:59:00", "title": "New leader", "text": "master2:5050 leads", "tags": `["master","leader","warning"]`, "id": "l", "isRegion": "false", "color": "orange"},
	}, rowsOf(frame))
}

func TestAShortWhileIsSaidAsOne(t *testing.T) {
	e := agentEvent(ago(3), "S1", events.Lost, events.Error)
	e.NotBefore = e.Time.Add(-300 * time.Millisecond)
	require.Contains(t, textOfEvent(e, linker{}, ""), "it happened less than a second before 2026-03-01 11:57:00 UTC.")
}

func TestMarksLinkToTheWebUI(t *testing.T) {
	e := taskEvent(ago(3), "web.1", "failed", events.Error)
	e.FrameworkID, e.AgentID = "F/1", `S"1`
	src, _ := eventful(t, e)
	src.WebUI = func() string { return "http://m1:5050" }
	require.Equal(t, `Task: name of web.1 (web.1)<br>Framework: <a href="http://m1:5050/#/frameworks/F%2F1" target="_blank" rel="noopener">marathon (F/1)</a><br>`+
		`Role: web<br>Agent: <a href="http://m1:5050/#/slaves/S%221" target="_blank" rel="noopener">a1.example (S&#34;1)</a>`,
		rowsOf(answered(t, src, `{"queryType":"events"}`, Options{}).Frames[0])[0]["text"])
}

func TestATableOfEventsHasEveryField(t *testing.T) {
	failed := taskEvent(ago(3), "web.1", "failed", events.Error)
	failed.Reason, failed.Source, failed.Message = "executor_terminated", "executor", "exit 1"
	lost := agentEvent(ago(2), "S2", events.Lost, events.Error)
	lost.NotBefore = ago(2.5)
	src, _ := eventful(t, failed, lost)
	frame := answered(t, src, `{"queryType":"events","format":"table"}`, Options{}).Frames[0]
	var fields []string
	for _, field := range frame.Fields {
		fields = append(fields, field.Name+" "+field.Type().ItemTypeString())
	}
	require.Equal(t, strings.Split("time time.Time,kind *string,event *string,severity *string,agent *string,framework *string,role *string,task *string,"+
		"reason *string,source *string,message *string,cluster *string,label_team *string,end *time.Time,not_before *time.Time,agent_id *string,framework_id *string,task_id *string,id string", ","), fields)
	require.Equal(t, []map[string]string{
		{"time": "11:58:00", "not_before": "11:57:30", "kind": "agent", "event": "lost", "severity": "error", "cluster": "test", "agent": "S2.example", "agent_id": "S2", "id": "S2/lost"},
		{
			"time": "11:57:00", "kind": "task", "event": "failed", "severity": "error", "agent": "a1.example", "agent_id": "S1", "framework": "marathon",
			"framework_id": "F1", "role": "web", "task": "name of web.1", "task_id": "web.1", "reason": "executor_terminated", "source": "executor",
			"message": "exit 1", "cluster": "test", "label_team": "blue", "id": "web.1/failed",
		},
	}, rowsOf(frame))
}

func TestAnAnswerWithoutEventsKeepsItsFields(t *testing.T) {
	src, _ := eventful(t)
	for _, format := range []string{"annotations", "table"} {
		frame := answered(t, src, `{"queryType":"events","format":"`+format+`"}`, Options{}).Frames[0]
		require.Zero(t, frame.Rows())
		require.Greater(t, len(frame.Fields), 5)
	}
}

func idsOf(t *testing.T, src Source, query string) (ids []string, notices []string) {
	t.Helper()
	response := answered(t, src, query, Options{})
	for _, row := range rowsOf(response.Frames[0]) {
		ids = append(ids, row["id"])
	}
	return ids, texts(response)
}

func TestEventsAreChosen(t *testing.T) {
	src, _ := eventful(t,
		taskEvent(ago(9), "web.1", "running", events.Info), taskEvent(ago(8), "web.1", "failed", events.Error),
		taskEvent(ago(7), "web.2", "killed", events.Info), taskEvent(ago(6), "db.1", "lost", events.Error),
		agentEvent(ago(5), "S1", events.Draining, events.Warning), agentEvent(ago(4), "S2", events.Lost, events.Error),
	)
	for keys, want := range map[string]string{
		`"kinds":["agent"]`:                   "S1/draining S2/lost",
		`"kinds":["agent","task","task"]`:     "web.1/running web.1/failed web.2/killed db.1/lost S1/draining S2/lost",
		`"severity":"warning"`:                "web.1/failed db.1/lost S1/draining S2/lost",
		`"severity":"error","kinds":["task"]`: "web.1/failed db.1/lost",
		`"filters":[{"label":"event","operator":"=","value":"TASK_FAILED"}]`:                 "web.1/failed",
		`"filters":[{"label":"event","operator":"=","value":["failed","killed"]}]`:           "web.1/failed web.2/killed",
		`"filters":[{"label":"event","operator":"!=","value":["running","killed"]}]`:         "web.1/failed db.1/lost S1/draining S2/lost",
		`"filters":[{"label":"task_id","operator":"=~","value":"web.*"}]`:                    "web.1/running web.1/failed web.2/killed",
		`"filters":[{"label":"task_id","operator":"=~","value":"(web\\.1|db\\.1)"}]`:         "web.1/running web.1/failed db.1/lost",
		`"filters":[{"label":"task_id","operator":"!~","value":["web.*","db.*"]}]`:           "S1/draining S2/lost",
		`"filters":[{"label":"role","operator":"=","value":""}]`:                             "S1/draining S2/lost",
		`"filters":[{"label":"label_team","operator":"=","value":"blue"}],"limit":1`:         "db.1/lost",
		`"adhocFilters":[{"key":"agent","operator":"=","value":"S2.example"}]`:               "S2/lost",
		`"adhocFilters":[{"key":"state","operator":"=|","values":["failed","killed"]}]`:      "web.1/failed web.2/killed",
		`"adhocFilters":[{"key":"cluster","operator":"=","value":"test"}],"kinds":["agent"]`: "S1/draining S2/lost",
	} {
		ids, _ := idsOf(t, src, `{"queryType":"events",`+keys+`}`)
		require.Equal(t, want, strings.Join(ids, " "), keys)
	}
}

// A list of values, as a variable with several is written, is found by the log's index.
func TestAListOfLiteralsIsNoPatternForTheLog(t *testing.T) {
	c, err := eventCondition(events.FieldTask, OperatorNotMatch, []string{`(a\.b|c\|d)`, "e"})
	require.NoError(t, err)
	require.Equal(t, events.Condition{Field: events.FieldTask, Values: []string{"a.b", "c|d", "e"}, Not: true}, c)
	c, err = eventCondition(events.FieldReason, OperatorMatch, []string{`REASON_SLAVE_.*`})
	require.NoError(t, err)
	require.Equal(t, events.Condition{Field: events.FieldReason, Values: []string{"agent_.*"}, Pattern: true}, c)
}

func TestNoticesOfEvents(t *testing.T) {
	many := []events.Event{gapEvent(ago(5), ago(4))}
	for i := range 5 {
		many = append(many, agentEvent(ago(3), fmt.Sprint(i), events.Added, events.Info))
	}
	src, log := eventful(t, many...)
	about := func(query string) string {
		_, notices := idsOf(t, src, query)
		return strings.Join(notices, "\n")
	}
	all := `{"queryType":"events"}`
	require.Equal(t, "The cluster was not watched between 2026-03-01 11:55:00 UTC and 2026-03-01 11:56:00 UTC: what began and ended in between is not known.", about(all))
	require.Contains(t, about(`{"queryType":"events","limit":2}`), "2 of 6 events are shown, the newest: raise the limit (10000 at most), use filters or a shorter time range.")
	require.Contains(t, about(`{"queryType":"events","adhocFilters":[{"key":"attr_rack","operator":"=","value":"x"}]}`),
		`The dashboard's filter attr_rack="x" is on a label that events do not have, and is not applied to them.`)
	require.Contains(t, about(`{"queryType":"events","filters":[{"label":"agent","operator":"=","value":"$agent"}]}`), `"$agent" in agent="$agent" is a variable without a value here`)
	require.Contains(t, about(`{"queryType":"events","filters":[{"label":"agent","operator":"=","value":"1.example,2.example"}]}`), "it looks like a variable with several values")

	log.stats.Since, log.stats.Where = ago(6), "memory"
	require.Contains(t, about(all), "The event log begins at 2026-03-01 11:54:00 UTC: what happened before is not known. It is in memory, and begins anew with each start of the plugin.")
	log.stats.Since = time.Time{}
	require.Contains(t, about(all), "No event is known yet")
	log.stats = events.Stats{Since: ago(60), Where: "memory", Problem: "the directory is full"}
	require.Contains(t, about(all), "Events: the directory is full")
	src.Status = func() collector.Status {
		return collector.Status{Restricted: true, Polls: []collector.PollStatus{{Poll: series.PollState, Interval: every, LastSuccess: ago(2)}}}
	}
	require.Contains(t, about(all), "The principal sees part of the cluster only")
	require.Contains(t, about(all), "The cluster has not been watched since 2026-03-01 11:58:00 UTC")
}

// countsOf returns the numbers of a count, by the text of their labels.
func countsOf(t *testing.T, src Source, query string, o Options) map[string]float64 {
	t.Helper()
	response := answered(t, src, query, o)
	counts := map[string]float64{}
	for _, field := range response.Frames[0].Fields {
		counts[field.Labels.String()] = field.At(0).(float64)
	}
	require.Equal(t, data.FrameTypeNumericWide, response.Frames[0].Meta.Type)
	return counts
}

func TestEventsAreCounted(t *testing.T) {
	other := taskEvent(ago(6), "db.1", "lost", events.Error)
	other.Agent, other.AgentID = "a2.example", "S2"
	src, _ := eventful(t,
		taskEvent(ago(8), "web.1", "failed", events.Error), taskEvent(ago(7), "web.2", "failed", events.Error), other,
		agentEvent(ago(4), "S2", events.Lost, events.Error), taskEvent(ago(11), "web.0", "failed", events.Error),
	)
	for _, o := range []Options{{}, {Alert: true}, {Expression: true}} {
		require.Equal(t, map[string]float64{"": 4}, countsOf(t, src, `{"queryType":"events","format":"count"}`, o))
		require.Equal(t, map[string]float64{"agent=a1.example": 2, "agent=a2.example": 1},
			countsOf(t, src, `{"queryType":"events","format":"count","kinds":["task"],"groupBy":["agent"]}`, o))
		require.Equal(t, map[string]float64{"event=failed, task_id=web.1": 1, "event=failed, task_id=web.2": 1, "event=lost, task_id=db.1": 1, "event=lost": 1},
			countsOf(t, src, `{"queryType":"events","format":"count","groupBy":["task_id","event"]}`, o))
		require.Equal(t, map[string]float64{"": 0}, countsOf(t, src, `{"queryType":"events","format":"count","kinds":["master"],"groupBy":["agent"]}`, o))
	}
	frame := answered(t, src, `{"queryType":"events","format":"count","kinds":["task"],"groupBy":["agent"],"limit":1}`, Options{}).Frames[0]
	require.Equal(t, "a1.example", frame.Fields[0].Config.DisplayNameFromDS)
	require.Len(t, frame.Fields, 1)
	require.Contains(t, frame.Meta.Notices[0].Text, "The 1 largest groups are shown")
	require.Len(t, answered(t, src, `{"queryType":"events","format":"count","kinds":["task"],"groupBy":["agent"],"limit":1}`, Options{Alert: true}).Frames[0].Fields, 2,
		"a rule gets all")
	named := answered(t, src, `{"queryType":"events","format":"count","groupBy":["kind"],"legendFormat":"of {{kind}}"}`, Options{}).Frames[0]
	require.Equal(t, "of task", named.Fields[0].Config.DisplayNameFromDS)
}

// lookedAt is eventful, without an event stream, /state asked this often and last then.
func lookedAt(t *testing.T, apart time.Duration, last time.Time, all ...events.Event) (Source, *listLog) {
	src, log := eventful(t, all...)
	src.Interval = func(series.Poll) time.Duration { return apart }
	src.Status = func() collector.Status {
		return collector.Status{Cluster: "test", Polls: []collector.PollStatus{{Poll: series.PollState, Interval: apart, LastSuccess: last}}}
	}
	return src, log
}

// Where /state is asked seldom, a rule over three of its intervals has no false 0 and no
// error, and one over less has an error instead of each false 0.
func TestACountWhereStateIsAskedSeldomIsAnErrorOrHasEvents(t *testing.T) {
	start := noon.Add(-3 * time.Hour)
	for _, c := range []struct{ apart, span time.Duration }{
		{16 * time.Minute, 10 * time.Minute}, {16 * time.Minute, 48 * time.Minute}, {2 * time.Minute, time.Minute}, {15 * time.Second, time.Minute},
	} {
		wrong, right := 0, 0
		for now := noon.Add(-2 * time.Hour); now.Before(noon); now = now.Add(37 * time.Second) {
			last := now.Truncate(c.apart)
			var all []events.Event
			for at := start; at.Before(last); at = at.Add(20 * time.Second) {
				all = append(all, taskEvent(at, at.String(), "failed", events.Error))
			}
			src, _ := lookedAt(t, c.apart, last, all...)
			src.Now = func() time.Time { return now }
			q := asked(`{"queryType":"events","format":"count","kinds":["task"]}`)
			q.TimeRange = backend.TimeRange{From: now.Add(-c.span), To: now}
			response := Run(context.Background(), src, q, Options{Alert: true})
			if response.Error != nil {
				wrong++
				continue
			}
			right++
			require.Positive(t, response.Frames[0].Fields[0].At(0), "%s apart, over %s, %s after the last look", c.apart, c.span, now.Sub(last))
		}
		require.NotZero(t, right, c)
		require.Equal(t, c.span < 3*c.apart, wrong > 0, "%v: %d errors", c, wrong)
	}
}

// What the principal does not see, and maintenance that cannot be read, is no 0.
func TestACountOfWhatIsHiddenIsNotKnown(t *testing.T) {
	model := &cluster.Cluster{TasksUnknown: true, FrameworksUnknown: true, Frameworks: []*cluster.Framework{{ID: "F1", Name: "mine"}, {ID: "F2", Name: "half", TasksUnknown: true}}}
	whole := &cluster.Cluster{}
	for keys, c := range map[string]struct {
		in    *cluster.Cluster
		error string
	}{
		`"kinds":["task"]`:        {model, "sees a part of the tasks only"},
		`"severity":"warning"`:    {model, "sees a part of the tasks only"},
		`"kinds":["framework"]`:   {model, "sees a part of the frameworks only"},
		`"kinds":["agent"]`:       {model, ""},
		`"kinds":["maintenance"]`: {whole, "the maintenance schedule of the masters has not been read"},
		`"kinds":["task"],"filters":[{"label":"framework","operator":"=","value":"mine"}]`:          {model, ""},
		`"kinds":["task"],"filters":[{"label":"framework_id","operator":"=","value":"F1"}]`:         {model, ""},
		`"kinds":["task"],"filters":[{"label":"framework","operator":"=","value":["mine","half"]}]`: {model, "sees a part of the tasks only"},
		`"kinds":["task"],"filters":[{"label":"framework","operator":"=","value":"other"}]`:         {model, "sees a part of the tasks only"},
		`"kinds":["task"],"filters":[{"label":"framework","operator":"!=","value":"half"}]`:         {model, "sees a part of the tasks only"},
		`"kinds":["task"]` + " ": {whole, ""},
	} {
		src, _ := eventful(t)
		src.View = func() *tables.View { return &tables.View{Model: &tables.Model{Cluster: c.in}, Now: noon} }
		query := `{"queryType":"events","format":"count",` + keys + `}`
		if c.error == "" {
			require.Equal(t, map[string]float64{"": 0}, countsOf(t, src, query, Options{Alert: true}), keys)
			continue
		}
		require.ErrorContains(t, Run(context.Background(), src, asked(query), Options{Alert: true}).Error, c.error, keys)
		require.Empty(t, answered(t, src, query, Options{}).Frames[0].Fields, "no number for people: %s", keys)
	}
	src, _ := eventful(t)
	src.View = func() *tables.View { return &tables.View{Model: &tables.Model{Cluster: whole}, Now: noon} }
	require.Contains(t, fmt.Sprint(texts(answered(t, src, `{"queryType":"events","kinds":["maintenance"]}`, Options{}))), "there are no events of maintenance")
}

// A 0 that is not known to be one is an error for a rule, and no number for people.
func TestACountIsNeverAFalseZero(t *testing.T) {
	query := `{"queryType":"events","format":"count","kinds":["task"]}`
	well := func(t *testing.T) (Source, *listLog) { return eventful(t) }
	for name, c := range map[string]struct {
		make  func(*testing.T) (Source, *listLog)
		error string
	}{
		"before the log": {func(t *testing.T) (Source, *listLog) {
			src, log := well(t)
			log.stats.Since = ago(9)
			return src, log
		}, "the time range begins at 2026-03-01 11:50:00 UTC, and the event log at 2026-03-01 11:51:00 UTC"},
		"an empty log": {func(t *testing.T) (Source, *listLog) {
			src, log := well(t)
			log.stats.Since = time.Time{}
			return src, log
		}, "begins with the first poll"},
		"its end in a gap": {func(t *testing.T) (Source, *listLog) {
			open := gapEvent(ago(1), time.Time{})
			return eventful(t, open)
		}, "is not watched at the end of the time range"},
		"half of it in gaps": {func(t *testing.T) (Source, *listLog) {
			return eventful(t, gapEvent(ago(20), ago(7)), gapEvent(ago(8), ago(6)), gapEvent(ago(4), ago(3)))
		}, "was not watched for 5m0s of the time range"},
		"not watched now": {func(t *testing.T) (Source, *listLog) {
			src, log := well(t)
			src.Status = func() collector.Status {
				return collector.Status{Polls: []collector.PollStatus{{Poll: series.PollState, Interval: every, LastSuccess: ago(1)}}}
			}
			return src, log
		}, "has not been watched since 2026-03-01 11:59:00 UTC"},
		"not watched, though the event stream is open": {func(t *testing.T) (Source, *listLog) {
			src, log := well(t)
			src.Status = func() collector.Status {
				return collector.Status{UnwatchedSince: ago(9), Polls: []collector.PollStatus{
					{Poll: series.PollState, Interval: every, LastSuccess: ago(9)}, {Poll: series.PollSubscribe, Interval: every, LastSuccess: ago(0)},
				}}
			}
			return src, log
		}, "has not been watched since 2026-03-01 11:51:00 UTC"},
		"more gaps than are looked at": {func(t *testing.T) (Source, *listLog) {
			var many []events.Event
			for i := range maxGaps + 10 {
				at := ago(0).Add(-time.Duration(i+1) * 100 * time.Millisecond)
				many = append(many, gapEvent(at, at.Add(time.Millisecond)))
			}
			return eventful(t, many...)
		}, "was not watched for"},
		"all of it after the last look": {func(t *testing.T) (Source, *listLog) {
			return lookedAt(t, 16*time.Minute, ago(31))
		}, "was last looked at 2026-03-01 11:29:00 UTC, and half of the time range is after that or in gaps. Lengthen the time range to three intervals of /state or more: one is 16m0s now"},
		"half of it after the last look": {func(t *testing.T) (Source, *listLog) {
			return lookedAt(t, 4*time.Minute, ago(5))
		}, "was last looked at 2026-03-01 11:55:00 UTC"},
		"half of it in a gap and after the last look": {func(t *testing.T) (Source, *listLog) {
			return lookedAt(t, 2*time.Minute, ago(3), gapEvent(ago(8), ago(6)))
		}, "was last looked at 2026-03-01 11:57:00 UTC"},
		"not watched yet": {func(t *testing.T) (Source, *listLog) {
			src, log := well(t)
			src.Status = func() collector.Status { return collector.Status{} }
			return src, log
		}, "has not been watched since the plugin started"},
	} {
		t.Run(name, func(t *testing.T) {
			src, log := c.make(t)
			for _, o := range []Options{{Alert: true}, {Expression: true}} {
				response := Run(context.Background(), src, asked(query), o)
				require.ErrorContains(t, response.Error, c.error)
				require.Equal(t, backend.StatusBadRequest, response.Status)
			}
			response := answered(t, src, query, Options{})
			require.Empty(t, response.Frames[0].Fields)
			require.NotEmpty(t, texts(response))
			log.all = append(log.all, taskEvent(ago(2), "web.1", "failed", events.Error))
			require.Equal(t, map[string]float64{"": 1}, countsOf(t, src, query, Options{}), "people see what there is")
		})
	}
	src, _ := eventful(t, gapEvent(ago(5), ago(4.5)))
	require.Equal(t, map[string]float64{"": 0}, countsOf(t, src, query, Options{Alert: true}), "what differs after a gap is found by comparison")
}

// otherCluster is a log that went over from the cluster one to the cluster test.
func otherCluster(t *testing.T) Source {
	drained := agentEvent(ago(9), "S9", events.Draining, events.Warning)
	drained.Opens, drained.Cluster, drained.End = "S9/drain", "one", ago(4)
	failed := taskEvent(ago(6), "old.1", "failed", events.Error)
	failed.Cluster = "one"
	running := taskEvent(ago(7), "old.2", "running", events.Info)
	running.Cluster = "one"
	change := events.Event{ID: "change", Kind: events.KindCollection, What: events.OtherCluster, Time: ago(4), Severity: events.Info, Cluster: "test"}
	src, _ := eventful(t, drained, failed, running, change,
		taskEvent(ago(3), "web.1", "failed", events.Error), agentEvent(ago(2), "S1", events.Lost, events.Error))
	src.WebUI = func() string { return "http://leader:5050" }
	return src
}

func TestTheEventsOfAClusterBeforeAreLeftOut(t *testing.T) {
	src := otherCluster(t)
	for keys, want := range map[string]string{
		`"format":"annotations"`: "web.1/failed S1/lost",
		`"filters":[{"label":"cluster","operator":"=","value":"one"}]`:                          "S9/draining old.2/running old.1/failed",
		`"adhocFilters":[{"key":"cluster","operator":"=","value":"test"}]`:                      "change web.1/failed S1/lost",
		`"adhocFilters":[{"key":"cluster","operator":"=~","value":"o.*"}],"kinds":["task"]`:     "old.2/running old.1/failed",
		`"filters":[{"label":"cluster","operator":"=~","value":".*"}],"kinds":["agent","task"]`: "S9/draining old.2/running old.1/failed web.1/failed S1/lost",
	} {
		ids, _ := idsOf(t, src, `{"queryType":"events",`+keys+`}`)
		require.Equal(t, want, strings.Join(ids, " "), keys)
	}
	require.Contains(t, strings.Join(texts(answered(t, src, `{"queryType":"events"}`, Options{})), " "), "Another cluster was watched before 2026-03-01 11:56:00 UTC, and its events are left out")

	frames, err := json.Marshal(answered(t, src, `{"queryType":"events","format":"timeline"}`, Options{}).Frames)
	require.NoError(t, err)
	require.Contains(t, string(frames), "web.1")
	require.NotContains(t, string(frames), "old.")
	require.NotContains(t, string(frames), "S9")

	all, err := json.Marshal(answered(t, src, `{"queryType":"events","filters":[{"label":"cluster","operator":"=","value":"one"}]}`, Options{}).Frames)
	require.NoError(t, err)
	require.NotContains(t, string(all), "leader:5050", "the leader has no page for an agent of another cluster")
	now, err := json.Marshal(answered(t, src, `{"queryType":"events"}`, Options{}).Frames)
	require.NoError(t, err)
	require.Contains(t, string(now), "leader:5050")
}

func TestACountOverAChangeOfTheClusterIsAnErrorForARule(t *testing.T) {
	src := otherCluster(t)
	count := func(minutes float64, keys string) backend.DataResponse {
		q := asked(`{"queryType":"events","format":"count"` + keys + `}`)
		q.TimeRange = backend.TimeRange{From: ago(minutes), To: noon}
		return Run(context.Background(), src, q, Options{Alert: true})
	}
	for _, keys := range []string{``, `,"kinds":["master"]`, `,"filters":[{"label":"cluster","operator":"=","value":"one"}]`} {
		require.ErrorContains(t, count(10, keys).Error, "another cluster was watched before 2026-03-01 11:56:00 UTC", keys)
	}
	require.ErrorContains(t, count(3.5, `,"filters":[{"label":"cluster","operator":"!=","value":"test"}]`).Error, "the filter on cluster leaves out test, which is watched")
	response := count(3.5, ``)
	require.NoError(t, response.Error)
	require.Equal(t, 2.0, response.Frames[0].Fields[0].At(0))
	require.Equal(t, map[string]float64{"": 2}, countsOf(t, src, `{"queryType":"events","format":"count"}`, Options{}), "people see what there is")
	require.Empty(t, answered(t, src, `{"queryType":"events","format":"count","kinds":["master"]}`, Options{}).Frames[0].Fields)
}

func TestNothingIsAnsweredForATimeAfterNow(t *testing.T) {
	open := agentEvent(ago(20), "S1", events.Draining, events.Warning)
	open.Opens = "drain"
	src, _ := eventful(t, open)
	for _, format := range eventsFormats {
		q := asked(`{"queryType":"events","format":"` + string(format) + `"}`)
		q.TimeRange = backend.TimeRange{From: noon.Add(time.Minute), To: noon.Add(time.Hour)}
		response := Run(context.Background(), src, q, Options{})
		require.NoError(t, response.Error)
		require.Zero(t, response.Frames[0].Rows())
		require.Equal(t, []string{"The time range begins after now, so there is nothing to show yet."}, texts(response))
		require.Error(t, Run(context.Background(), src, q, Options{Alert: true}).Error)
	}
}

func TestRulesReadNumbersOfEventsOnly(t *testing.T) {
	src, log := eventful(t)
	for _, format := range []string{"", "annotations", "table", "timeline"} {
		response := Run(context.Background(), src, asked(`{"queryType":"events","format":"`+format+`"}`), Options{Alert: true})
		require.ErrorContains(t, response.Error, "has no numbers, which rules and expressions need: use count")
	}
	response := Run(context.Background(), src, asked(`{"queryType":"events","format":"count","adhocFilters":[{"key":"attr_rack","operator":"=","value":"x"}]}`), Options{Alert: true})
	require.ErrorContains(t, response.Error, "a rule needs all of its filters")
	response = Run(context.Background(), src, asked(`{"queryType":"events","format":"count","filters":[{"label":"agent","operator":"=","value":"$agent"}]}`), Options{Alert: true})
	require.ErrorContains(t, response.Error, `filters[0].value: "$agent" in agent="$agent" is a variable of dashboards`)
	for i := range maxEvaluated + 1 {
		log.all = append(log.all, agentEvent(ago(1), fmt.Sprint(i), events.Added, events.Info))
	}
	response = Run(context.Background(), src, asked(`{"queryType":"events","format":"count","groupBy":["agent_id"]}`), Options{Alert: true})
	require.ErrorContains(t, response.Error, "more than 10000 groups")
}

func TestTheRegularExpressionsOfAQueryAreBoundedTogether(t *testing.T) {
	src, _ := eventful(t)
	one := `{"label":"message","operator":"=~","value":".{0,900}"}`
	require.NoError(t, Run(context.Background(), src, asked(`{"queryType":"events","filters":[`+commas(one, 4)+`]}`), Options{}).Error)
	failed := Run(context.Background(), src, asked(`{"queryType":"events","filters":[`+commas(one, 5)+`]}`), Options{})
	require.ErrorContains(t, failed.Error, "8000")
	require.Equal(t, backend.StatusBadRequest, failed.Status)
}

func TestAFaultOfTheLogIsAnErrorOfTheQuery(t *testing.T) {
	src, log := eventful(t)
	log.err = errors.New("no such table")
	response := Run(context.Background(), src, asked(`{"queryType":"events"}`), Options{})
	require.ErrorContains(t, response.Error, "no such table")
	src.Events = nil
	response = Run(context.Background(), src, asked(`{"queryType":"events"}`), Options{})
	require.ErrorContains(t, response.Error, "this data source keeps no events")
}

// statesOf returns the states of each line of a timeline, by its name.
func statesOf(t *testing.T, src Source, query string) (map[string]string, []string) {
	t.Helper()
	response := Run(context.Background(), src, asked(query), Options{})
	require.NoError(t, response.Error)
	lines := map[string]string{}
	for _, frame := range response.Frames {
		if len(frame.Fields) == 0 {
			continue
		}
		var points []string
		for i := range frame.Rows() {
			state, _ := frame.Fields[1].ConcreteAt(i)
			if frame.Fields[1].NilAt(i) {
				state = "-"
			}
			points = append(points, fmt.Sprintf("%s %v", frame.Fields[0].At(i).(time.Time).Format("15:04"), state))
		}
		lines[frame.Fields[1].Config.DisplayNameFromDS] = strings.Join(points, ", ")
	}
	return lines, texts(response)
}

func TestATimelineHasTheStatesOfEachSubject(t *testing.T) {
	src, _ := eventful(t,
		taskEvent(ago(30), "web.1", "staging", events.Info), taskEvent(ago(29), "web.1", "running", events.Info), taskEvent(ago(5), "web.1", "failed", events.Error),
		taskEvent(ago(4), "web.2", "staging", events.Info), taskEvent(ago(3), "web.2", "running", events.Info),
		taskEvent(ago(40), "web.3", "running", events.Info), taskEvent(ago(39), "web.3", "finished", events.Info),
		taskEvent(ago(50), "web.4", "running", events.Info),
		agentEvent(ago(20), "S1", events.Draining, events.Warning), agentEvent(ago(2), "S1", events.Reactivated, events.Info),
		events.Event{ID: "l", Kind: events.KindMaster, What: events.NewLeader, Time: ago(1)},
	)
	lines, notices := statesOf(t, src, `{"queryType":"events","format":"timeline"}`)
	require.Equal(t, map[string]string{
		"name of web.1": "11:50 running, 11:55 failed", "name of web.2": "11:56 staging, 11:57 running", "name of web.4": "11:50 running",
		"S1.example": "11:50 draining, 11:58 active",
	}, lines)
	require.Empty(t, notices)

	lines, _ = statesOf(t, src, `{"queryType":"events","format":"timeline","kinds":["agent"]}`)
	require.Equal(t, map[string]string{"S1.example": "11:50 draining, 11:58 active"}, lines)
	lines, _ = statesOf(t, src, `{"queryType":"events","format":"timeline","severity":"error","legendFormat":"{{task_id}} of {{framework}}"}`)
	require.Equal(t, map[string]string{"web.1 of marathon": "11:50 running, 11:55 failed"}, lines, "conditions on what changes choose tasks, not states")
	lines, notices = statesOf(t, src, `{"queryType":"events","format":"timeline","limit":1}`)
	require.Equal(t, map[string]string{"S1.example": "11:50 draining, 11:58 active"}, lines)
	require.Contains(t, strings.Join(notices, ""), "1 rows are shown, those of the newest events: there are more. Raise the limit (1000 at most)")
	lines, _ = statesOf(t, src, `{"queryType":"events","format":"timeline","filters":[{"label":"agent","operator":"=","value":"nobody"}]}`)
	require.Empty(t, lines)
}

// A task that the leader has forgotten is over: later ranges do not show it.
func TestUnknownEndsATask(t *testing.T) {
	src, _ := eventful(t,
		taskEvent(ago(40), "web.1", "running", events.Info), taskEvent(ago(30), "web.1", "unknown", events.Warning),
		taskEvent(ago(40), "web.2", "running", events.Info), taskEvent(ago(5), "web.2", "unknown", events.Warning),
	)
	lines, _ := statesOf(t, src, `{"queryType":"events","format":"timeline"}`)
	require.Equal(t, map[string]string{"name of web.2": "11:50 running, 11:55 unknown"}, lines)
	require.Contains(t, stateColors, "unknown")
}

func TestLinesOfEqualNameAreToldApart(t *testing.T) {
	again := agentEvent(ago(3), "S9", events.Added, events.Info)
	again.Agent = "S1.example"
	src, _ := eventful(t, agentEvent(ago(4), "S1", events.Lost, events.Error), again)
	lines, _ := statesOf(t, src, `{"queryType":"events","format":"timeline"}`)
	require.Equal(t, map[string]string{"S1.example (S1)": "11:56 lost", "S1.example (S9)": "11:57 active"}, lines)
}

// Grafana draws the last state to the end of the range.
func TestAStateIsNotKnownWhileTheClusterIsNotWatched(t *testing.T) {
	draining := agentEvent(ago(9), "S1", events.Draining, events.Warning)
	draining.Opens = "drain/S1"
	src, _ := eventful(t, taskEvent(ago(30), "web.1", "running", events.Info), draining)
	src.Status = func() collector.Status {
		return collector.Status{Polls: []collector.PollStatus{{Poll: series.PollState, Interval: every, LastSuccess: ago(4)}}}
	}
	lines, _ := statesOf(t, src, `{"queryType":"events","format":"timeline"}`)
	require.Equal(t, map[string]string{"name of web.1": "11:50 running, 11:56 -", "S1.example": "11:51 draining, 11:56 -"}, lines)

	frame := answered(t, src, `{"queryType":"events","kinds":["agent"]}`, Options{}).Frames[0]
	end, _ := frame.FieldByName("timeEnd")
	require.Equal(t, ago(4), *end.At(0).(*time.Time), "a region is drawn as far as it is known")
	text, _ := frame.FieldByName("text")
	require.Contains(t, text.At(0), "It had not ended when the cluster was last watched, at 2026-03-01 11:56:00 UTC.")
}

func TestAStateIsNotKnownInAGap(t *testing.T) {
	src, _ := eventful(t,
		taskEvent(ago(30), "web.1", "running", events.Info), taskEvent(ago(5), "web.1", "failed", events.Error), taskEvent(ago(20), "web.2", "running", events.Info),
		gapEvent(ago(8), ago(5)), gapEvent(ago(2), time.Time{}),
	)
	lines, notices := statesOf(t, src, `{"queryType":"events","format":"timeline"}`)
	require.Equal(t, map[string]string{
		"name of web.1": "11:50 running, 11:52 -, 11:55 failed, 11:58 -",
		"name of web.2": "11:50 running, 11:52 -, 11:55 running, 11:58 -",
	}, lines)
	require.Contains(t, strings.Join(notices, ""), "was not watched 2 times")
}
