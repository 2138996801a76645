package query

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"community-mesos-datasource/pkg/cluster"
	"community-mesos-datasource/pkg/events"
	"community-mesos-datasource/pkg/mesos"
	"community-mesos-datasource/pkg/samples"
	"community-mesos-datasource/pkg/tables"
)

// oddNames have what ends texts in SQL, JSON, HTML, URLs and Grafana's variables.
var oddNames = []string{
	`it's`, `say "hi"`, `a b/c`, `$x`, `${__value.raw}`, `[[x]]`, `日本 é`, `a%2Fb`, `back\slash`, `'; DROP TABLE tasks; --`, `#?&=+`, `<b>&amp;`, `..`, `null`,
}

// oddCluster has an agent, a framework, a role and a task of each odd name, and as many of
// plain names.
func oddCluster() *cluster.Cluster {
	c := &cluster.Cluster{Name: "test", Time: noon, Capacity: cores(100), TasksListed: true, RoleLoads: map[string]*cluster.RoleLoad{}}
	var all []cluster.Task
	for i, name := range slices.Concat(oddNames, []string{"plain"}) {
		a := &cluster.Agent{ID: "S" + name, Hostname: name, Listed: true, State: cluster.AgentActive, Capacity: cores(10), Attributes: map[string]mesos.Attribute{"my.rack": mesos.Attribute(name)}}
		f := &cluster.Framework{ID: "F" + name, Name: name, Listed: true, State: cluster.FrameworkActive}
		c.Agents, c.Frameworks = append(c.Agents, a), append(c.Frameworks, f)
		c.RoleLoads[name] = &cluster.RoleLoad{}
		all = append(all, cluster.Task{ID: "T" + name, Name: name, Role: name, State: cluster.Running, Framework: f, Agent: a, Allocated: cores(float64(i + 1))})
	}
	return c.WithTasks(all)
}

// linkSource answers from a cluster, its tasks' events and its series.
func linkSource(t *testing.T, c *cluster.Cluster) Source {
	var told []events.Event
	var kept []recorded
	for _, task := range c.Tasks() {
		told = append(told, events.Event{
			ID: task.ID, Kind: events.KindTask, What: "failed", Time: ago(3), Severity: events.Error, Cluster: "test", Task: task.Name, TaskID: task.ID,
			Framework: task.Framework.Name, FrameworkID: task.Framework.ID, Role: task.Role, Agent: task.Agent.Hostname, AgentID: task.Agent.ID,
		})
		kept = append(kept, recorded{of("mesos_task_cpus_allocated", "task", task.Name, "task_id", task.ID, "framework", task.Framework.Name,
			"framework_id", task.Framework.ID, "role", task.Role, "agent", task.Agent.Hostname, "agent_id", task.Agent.ID), flat(1, 10)})
	}
	src, _ := eventful(t, told...)
	src.Store = recordedStore(t, kept...)
	src.SQL, src.UID, src.Logs = tables.NewEngine(), "mesos-uid", true
	src.WebUI = func() string { return "https://dcos.example/mesos" }
	src.View = func() *tables.View {
		return &tables.View{Model: &tables.Model{Cluster: c}, Now: noon, WebUI: src.WebUI()}
	}
	return src
}

// variables are Grafana's (variableRegex in grafana/grafana public/app/features/variables/utils.ts).
var grafanaVariable = regexp.MustCompile(`\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}`)

// grafana replaces the variables of a link as Grafana does, once.
func grafana(t *testing.T, text string, frame *data.Frame, field *data.Field, row int) string {
	t.Helper()
	return grafanaVariable.ReplaceAllStringFunc(text, func(found string) string {
		parts := grafanaVariable.FindStringSubmatch(found)
		value := ""
		switch {
		case parts[1] == "__value" && parts[2] == "raw":
			value = cellText(field, row)
		case parts[1] == "__field" && strings.HasPrefix(parts[2], "labels."):
			label, has := field.Labels[strings.TrimPrefix(parts[2], "labels.")]
			require.True(t, has, found)
			value = label
		case parts[1] == "__data" && strings.HasPrefix(parts[2], "fields"):
			name := strings.Trim(strings.TrimPrefix(parts[2], "fields"), `.[]"`)
			other, _ := frame.FieldByName(name)
			require.NotNil(t, other, found)
			value = cellText(other, row)
		default:
			t.Fatalf("a variable that Grafana does not know: %s", found)
		}
		if parts[3] == "percentencode" {
			return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
		}
		return value
	})
}

func cellText(field *data.Field, row int) string {
	value, ok := field.ConcreteAt(row)
	if !ok {
		return ""
	}
	return fmt.Sprint(value)
}

// follow returns the query or the address that a link leads to.
func follow(t *testing.T, link data.DataLink, frame *data.Frame, field *data.Field, row int) (query, address string) {
	t.Helper()
	require.NotContains(t, link.Title, "${", "a title is the same for all")
	if link.Internal == nil {
		return "", grafana(t, link.URL, frame, field, row)
	}
	require.Equal(t, "mesos-uid", link.Internal.DatasourceUID)
	raw, err := json.Marshal(link.Internal.Query)
	require.NoError(t, err)
	var keys any
	require.NoError(t, json.Unmarshal(raw, &keys))
	var replaced func(any) any
	replaced = func(value any) any {
		switch value := value.(type) {
		case string:
			return grafana(t, value, frame, field, row)
		case []any:
			for i := range value {
				value[i] = replaced(value[i])
			}
		case map[string]any:
			for key := range value {
				value[key] = replaced(value[key])
			}
		}
		return value
	}
	raw, err = json.Marshal(replaced(keys))
	require.NoError(t, err)
	return string(raw), ""
}

// linkNamed returns the link of a field with a title.
func linkNamed(t *testing.T, field *data.Field, title string) data.DataLink {
	t.Helper()
	for _, link := range field.Config.Links {
		if link.Title == title {
			return link
		}
	}
	t.Fatalf("%s has no link %q, it has %q", field.Name, title, titlesOf(field))
	return data.DataLink{}
}

func titlesOf(field *data.Field) (titles []string) {
	if field.Config != nil {
		for _, link := range field.Config.Links {
			titles = append(titles, link.Title)
		}
	}
	return titles
}

// found runs a query that a link leads to, and returns the values of a column.
func (src Source) found(t *testing.T, query, name string) []any {
	t.Helper()
	response := Run(context.Background(), src, asked(query), Options{})
	require.NoError(t, response.Error, query)
	require.NotEmpty(t, response.Frames, query)
	if strings.Contains(query, `"queryType":"table"`) {
		require.NotContains(t, strings.Join(noticesOn(response.Frames[0].Meta.Notices), " "), "variable", "a dollar sign in a name is no variable")
	}
	return column(t, response.Frames[0], name)
}

// leads are the links of a thing: their titles, the column of their answers that names it,
// and the page.
var leads = map[string]struct {
	links map[string]string
	page  string
}{
	"task":      {links: map[string]string{"Task": "task_id", "Events of this task": "task_id"}},
	"agent":     {links: map[string]string{"Agent": "agent_id", "Tasks of this agent": "agent_id", "Events of this agent": "agent_id"}, page: "slaves"},
	"framework": {links: map[string]string{"Framework": "framework_id", "Tasks of this framework": "framework_id", "Events of this framework": "framework_id"}, page: "frameworks"},
	"role":      {links: map[string]string{"Role": "role", "Tasks of this role": "role", "Events of this role": "role"}},
}

// leadsTo checks that a field's links of a thing lead to that of a name.
func (src Source) leadsTo(t *testing.T, thing, name string, frame *data.Frame, field *data.Field, row int) {
	t.Helper()
	for title, key := range leads[thing].links {
		query, _ := follow(t, linkNamed(t, field, title), frame, field, row)
		want := map[string]string{"task_id": "T", "agent_id": "S", "framework_id": "F"}[key] + name
		require.Equal(t, []any{want}, src.found(t, query, key), "%s of %q: %s", title, name, query)
	}
	if page := leads[thing].page; page != "" {
		_, address := follow(t, linkNamed(t, field, strings.ToUpper(thing[:1])+thing[1:]+" in Mesos' web UI"), frame, field, row)
		before, id, found := strings.Cut(address, "/#/"+page+"/")
		require.True(t, found, address)
		require.Equal(t, "https://dcos.example/mesos", before, "the path before the masters is kept")
		require.NotContains(t, id, "/")
		id, err := url.PathUnescape(id)
		require.NoError(t, err)
		require.Equal(t, strings.ToUpper(map[string]string{"slaves": "S", "frameworks": "F"}[page])+name, id)
	}
	if thing == "task" {
		query, _ := follow(t, linkNamed(t, field, "Logs (stderr)"), frame, field, row)
		require.JSONEq(t, mustJSON(t, map[string]any{"queryType": "logs", "taskId": "T" + name, "frameworkId": "F" + name, "agentId": "S" + name, "file": "stderr"}), query)
	}
}

func mustJSON(t *testing.T, value any) string {
	t.Helper()
	raw, err := json.Marshal(value)
	require.NoError(t, err)
	return string(raw)
}

func TestASeriesLeadsToWhatItsLabelsName(t *testing.T) {
	src := linkSource(t, oddCluster())
	for _, format := range []string{`"expr":"mesos_task_cpus_allocated"`, `"expr":"mesos_task_cpus_allocated","instant":true`} {
		frames := answered(t, src, `{`+format+`}`, Options{}).Frames
		n := 0
		for _, frame := range frames {
			for _, field := range frame.Fields {
				if field.Type() == data.FieldTypeTime {
					require.Empty(t, titlesOf(field))
					continue
				}
				for thing := range leads {
					src.leadsTo(t, thing, field.Labels["task"], frame, field, 0)
				}
				n++
			}
		}
		require.Equal(t, len(oddNames)+1, n)
	}
	table := answered(t, src, `{"expr":"mesos_task_cpus_allocated","instant":true,"format":"table"}`, Options{}).Frames[0]
	for row, name := range column(t, table, "task") {
		for thing := range leads {
			field, _ := table.FieldByName(thing)
			src.leadsTo(t, thing, name.(string), table, field, row)
		}
	}
}

// By names alone, as sum by (framework) has them, and where the label does not exist.
func TestASeriesHasNoLinkToWhatItDoesNotName(t *testing.T) {
	src := linkSource(t, oddCluster())
	field := func(query string, o Options) *data.Field {
		frames := answered(t, src, query, o).Frames
		return frames[0].Fields[len(frames[0].Fields)-1]
	}
	byName := field(`{"expr":"sum by (framework) (mesos_task_cpus_allocated{framework=\"plain\"})"}`, Options{})
	require.Equal(t, []string{"Framework", "Tasks of this framework", "Events of this framework"}, titlesOf(byName), "a page needs the ID")
	query, _ := follow(t, byName.Config.Links[1], nil, byName, 0)
	require.Equal(t, []any{"Tplain"}, src.found(t, query, "task_id"))

	require.Empty(t, titlesOf(field(`{"expr":"sum(mesos_task_cpus_allocated)"}`, Options{})))
	require.Empty(t, titlesOf(field(`{"expr":"label_replace(sum(mesos_task_cpus_allocated), \"agent\", \"\", \"\", \"\")"}`, Options{})))
	require.Empty(t, titlesOf(field(`{"expr":"mesos_task_cpus_allocated","instant":true}`, Options{Alert: true})), "rules follow no links")
	src.UID, src.WebUI = "", nil
	require.Empty(t, titlesOf(field(`{"expr":"mesos_task_cpus_allocated"}`, Options{})), "the data source is not known")
	require.NotEmpty(t, titlesOf(field(`{"expr":"mesos_task_cpus_allocated","datasource":{"uid":"mesos-uid"}}`, Options{})))
	src.UID, src.Logs = "mesos-uid", false
	require.NotContains(t, titlesOf(field(`{"expr":"mesos_task_cpus_allocated"}`, Options{})), "Logs (stderr)", "nobody may read logs")
}

// A column of a series of SQL is what it comes from, whatever it is called.
func TestASeriesOfSQLLeadsToWhatItsColumnsAre(t *testing.T) {
	src := linkSource(t, oddCluster())
	frame := answered(t, src, `{"queryType":"sql","format":"numeric","sql":"SELECT name AS agent, agent_id AS x, cpus FROM tasks"}`, Options{}).Frames[0]
	require.Len(t, frame.Fields, len(oddNames)+1)
	for _, field := range frame.Fields {
		name := field.Labels["agent"]
		query, _ := follow(t, linkNamed(t, field, "Task"), frame, field, 0)
		require.Equal(t, []any{"T" + name}, src.found(t, query, "task_id"))
		src.leadsTo(t, "agent", name, frame, field, 0)
	}
	frame = answered(t, src, `{"queryType":"sql","format":"numeric","sql":"SELECT upper(name) AS agent, cpus FROM tasks"}`, Options{}).Frames[0]
	require.Empty(t, titlesOf(frame.Fields[0]), "an expression may be anything")
}

func TestManySeriesHaveFewLinks(t *testing.T) {
	c := oddCluster()
	all := slices.Clone(c.Tasks())
	for i := range maxLinked {
		all = append(all, cluster.Task{ID: fmt.Sprint(i), Name: "many", Framework: c.Frameworks[0], Agent: c.Agents[0], State: cluster.Running})
	}
	frames := answered(t, linkSource(t, c.WithTasks(all)), `{"expr":"mesos_task_cpus_allocated"}`, Options{}).Frames
	require.Greater(t, len(frames), maxLinked)
	require.Equal(t, []string{"Logs (stdout)", "Logs (stderr)"}, titlesOf(frames[0].Fields[1]))
}

func TestMessagesOfALivePanelHaveFewLinks(t *testing.T) {
	src := linkSource(t, oddCluster())
	response := Run(t.Context(), src, asked(`{"expr":"mesos_task_cpus_allocated","live":true}`), Options{channel: &channelPart{step: every}})
	require.NoError(t, response.Error)
	require.Equal(t, []string{"Logs (stdout)", "Logs (stderr)"}, titlesOf(response.Frames[0].Fields[1]))
}

func TestARowLeadsToItsLogsAndItsAgent(t *testing.T) {
	src := linkSource(t, oddCluster())
	for _, query := range []string{
		`{"queryType":"table","table":"tasks"}`,
		`{"queryType":"sql","sql":"SELECT agent_id AS x, * FROM tasks"}`, // another name does not matter
		`{"queryType":"events","format":"table"}`,
	} {
		frame := Run(context.Background(), src, asked(query), Options{}).Frames[0]
		require.Equal(t, len(oddNames)+1, frame.Rows(), query)
		for row, id := range column(t, frame, "task_id") {
			name := strings.TrimPrefix(id.(string), "T")
			for _, of := range [][2]string{{"task_id", "task"}, {"agent", "agent"}, {"agent_id", "agent"}, {"framework", "framework"}, {"framework_id", "framework"}, {"role", "role"}} {
				field, _ := frame.FieldByName(of[0])
				src.leadsTo(t, of[1], name, frame, field, row)
			}
			field, _ := frame.FieldByName("name")
			if field == nil {
				field, _ = frame.FieldByName("task")
			}
			src.leadsTo(t, "task", name, frame, field, row)
		}
	}
	frame := Run(context.Background(), src, asked(`{"queryType":"sql","sql":"SELECT upper(agent) AS agent, name AS \"a \"\"b\"\"\", 'x' AS role, count(*) AS task_id FROM tasks"}`), Options{}).Frames[0]
	for i, want := range [][]string{nil, {"Task", "Events of this task"}, nil, nil} {
		require.Equal(t, want, titlesOf(frame.Fields[i]), "an expression may be anything, and a name is no ID")
	}
	frame = Run(context.Background(), src, asked(`{"queryType":"sql","sql":"SELECT name, sandbox_url FROM tasks"}`), Options{}).Frames[0]
	for row, name := range column(t, frame, "name") {
		_, address := follow(t, linkNamed(t, frame.Fields[1], "Sandbox in Mesos' web UI"), frame, frame.Fields[1], row)
		path := url.PathEscape
		require.Equal(t, "https://dcos.example/mesos/#/slaves/"+path("S"+name.(string))+"/frameworks/"+path("F"+name.(string))+"/executors/"+path("T"+name.(string))+"/browse", address)
	}
}

func TestAnEventLeadsToItsTask(t *testing.T) {
	src := linkSource(t, oddCluster())
	lines := answered(t, src, `{"queryType":"events","format":"timeline","kinds":["task"]}`, Options{}).Frames
	require.Len(t, lines, len(oddNames)+1)
	for _, frame := range lines {
		for thing := range leads {
			src.leadsTo(t, thing, frame.Fields[1].Labels["task"], frame, frame.Fields[1], 0)
		}
	}

	anchors := regexp.MustCompile(`<a href="([^"]*)" target="_blank" rel="noopener">([^<]*)</a>`)
	marks := answered(t, src, `{"queryType":"events"}`, Options{}).Frames[0]
	for i, text := range column(t, marks, "text") {
		name := strings.TrimPrefix(column(t, marks, "id")[i].(string), "T")
		leads := map[string]string{}
		for _, anchor := range anchors.FindAllStringSubmatch(text.(string), -1) {
			leads[anchor[2]] = html.UnescapeString(anchor[1])
		}
		for title, column := range map[string]string{"Task": "task_id", "Events of this task": "task_id"} {
			query := inExplore(t, leads[title])
			require.Equal(t, []any{"T" + name}, src.found(t, query, column), query)
		}
		require.Contains(t, inExplore(t, leads["Logs (stderr)"]), mustJSON(t, "T"+name))
		page := leads[html.EscapeString(name+" (S"+name+")")]
		require.Equal(t, "https://dcos.example/mesos/#/slaves/"+url.PathEscape("S"+name), page)
	}
	gone, _ := eventful(t, events.Event{ID: "gap", Kind: events.KindCollection, What: events.Gap, Time: ago(3), Severity: events.Warning}, events.Event{ID: "m", Kind: events.KindMaintenance, What: events.WindowBegan, Agent: "a1", Time: ago(4)})
	gone.UID = "mesos-uid"
	texts := column(t, answered(t, gone, `{"queryType":"events"}`, Options{}).Frames[0], "text")
	require.Contains(t, texts[0], `>Agent</a>`, "maintenance is of an agent")
	require.NotContains(t, texts[1], "<a ", "a gap is of nothing")
}

// inExplore returns the query that an address in Explore has.
func inExplore(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	require.Equal(t, "explore", u.Path, "relative to where Grafana is, also below a path")
	require.Equal(t, "1", u.Query().Get("schemaVersion"))
	var panes map[string]struct {
		Datasource string
		Queries    []json.RawMessage
		Range      struct{ From, To string }
	}
	require.NoError(t, json.Unmarshal([]byte(u.Query().Get("panes")), &panes))
	require.Equal(t, "mesos-uid", panes["a"].Datasource)
	require.Equal(t, millis(ago(3).Add(-time.Hour)), panes["a"].Range.From, "an hour before the event")
	return string(panes["a"].Queries[0])
}

func TestANodeLeadsToItsRowItsTasksAndItsLogs(t *testing.T) {
	c := oddCluster()
	src := linkSource(t, c)
	levels := []string{"agent", "framework", "role", "task"}
	samples.AttributeLabels(c.Agents[0].Attributes, func(label, _ string) { levels = append(levels, label) })
	require.NotEqual(t, "attr_my.rack", levels[4], "the label has another name than the attribute")
	for _, level := range levels {
		nodes, _ := graphOf(t, src, `{"queryType":"topology","groupBy":["`+level+`"]}`)
		require.Equal(t, len(oddNames)+1, nodes.Rows(), level)
		id := nodes.Fields[0]
		for row, title := range column(t, nodes, "title") {
			name := title.(string)
			query, _ := follow(t, linkNamed(t, id, "Tasks"), nodes, id, row)
			require.Equal(t, []any{"T" + name}, src.found(t, query, "task_id"), query)
			query, _ = follow(t, linkNamed(t, id, "Row"), nodes, id, row)
			key := map[string]string{"agent": "agent", "framework": "framework", "role": "role", "task": "name"}[level]
			if key == "" {
				key = "agent"
			}
			require.Equal(t, []any{name}, src.found(t, query, key), query)
			if level == "task" {
				task, _ := nodes.FieldByName("task_id")
				query, _ = follow(t, linkNamed(t, task, "Logs (stderr)"), nodes, task, row)
				require.JSONEq(t, mustJSON(t, map[string]any{"queryType": "logs", "taskId": "T" + name, "frameworkId": "F" + name, "agentId": "S" + name, "file": "stderr"}), query)
			}
			pages, _ := nodes.FieldByName("detail__web_ui")
			if level == "role" || strings.HasPrefix(level, "attr_") {
				require.True(t, pages.NilAt(row), "a group has no page, and Grafana shows no link of a field that is null")
				continue
			}
			_, page := follow(t, linkNamed(t, pages, "Mesos' web UI"), nodes, pages, row)
			require.True(t, strings.HasPrefix(page, "https://dcos.example/mesos/#/"), page)
		}
		if task, _ := nodes.FieldByName("task_id"); level != "task" {
			require.Nil(t, task)
		}
	}
}

// An ID that was used on two agents has a log on each.
func TestALinkToALogNamesTheAgentOfItsRow(t *testing.T) {
	run := func(id, agentID string, minutes float64) events.Event {
		return events.Event{ID: id, Kind: events.KindTask, What: "failed", Time: ago(minutes), TaskID: "t1", Task: "web", FrameworkID: "F1", AgentID: agentID}
	}
	src, _ := eventful(t, run("1", "S1", 4), run("2", "S2", 3))
	src.UID, src.Logs = "mesos-uid", true
	frame := answered(t, src, `{"queryType":"events","format":"table"}`, Options{}).Frames[0]
	for _, name := range []string{"task_id", "log"} {
		field, _ := frame.FieldByName(name)
		for row, agentID := range []string{"S2", "S1"} {
			query, _ := follow(t, linkNamed(t, field, "Logs (stderr)"), frame, field, row)
			require.JSONEq(t, mustJSON(t, map[string]any{"queryType": "logs", "taskId": "t1", "frameworkId": "F1", "agentId": agentID, "file": "stderr"}), query)
		}
	}
	log, _ := frame.FieldByName("log")
	require.Equal(t, []string{"Logs (stderr)"}, titlesOf(log), "one link is followed by one click")
	src.Logs = false
	log, _ = answered(t, src, `{"queryType":"events","format":"table"}`, Options{}).Frames[0].FieldByName("log")
	require.Nil(t, log, "nobody may read logs")
}

// A label has the first bytes of a long attribute only, and the link all of it.
func TestANodeOfALongAttributeLeadsToItsTasks(t *testing.T) {
	c := graphCluster(4, true)
	c.TasksListed = true
	long := strings.Repeat("日本 ", 60)
	c.Agents[0].Attributes["rack"], c.Agents[1].Attributes["rack"] = mesos.Attribute(long+"1"), mesos.Attribute(long+"2")
	c.Agents[2].Attributes["rack"] = mesos.Attribute("x" + long)
	src := linkSource(t, c)
	nodes, _ := graphOf(t, src, `{"queryType":"topology","groupBy":["attr_rack"]}`)
	id := nodes.Fields[0]
	found := map[string]int{}
	for row, title := range column(t, nodes, "title") {
		query, _ := follow(t, linkNamed(t, id, "Row"), nodes, id, row)
		found[title.(string)[:1]] = len(src.found(t, query, "agent_id"))
	}
	require.Equal(t, map[string]int{"\xe6": 2, "x": 1, "r": 1}, found, "of two the label is the same")
}

func TestMergedNodesLeadToWhatTheyStandFor(t *testing.T) {
	c := graphCluster(maxNodes+20, false)
	c.TasksListed = true
	src := linkSource(t, c)
	nodes, _ := graphOf(t, src, `{"queryType":"topology","groupBy":["task"]}`)
	row := slices.Index(column(t, nodes, "id"), any("task others"))
	require.GreaterOrEqual(t, row, 0)
	id := nodes.Fields[0]
	task, _ := nodes.FieldByName("task_id")
	pages, _ := nodes.FieldByName("detail__web_ui")
	require.True(t, task.NilAt(row) && pages.NilAt(row), "it has no logs and no page")
	query, _ := follow(t, linkNamed(t, id, "Tasks"), nodes, id, row)
	require.Len(t, src.found(t, query, "task_id"), maxNodes+20-(nodes.Rows()-1))
}

func BenchmarkLinksOfSeries(b *testing.B) {
	l := linker{uid: "mesos", webUI: "http://m1:5050", logs: true, made: map[string][]data.DataLink{}}
	of := of("x", "task", "a", "task_id", "b", "agent", "c", "agent_id", "d", "framework", "e", "framework_id", "f", "role", "g")
	for b.Loop() {
		l.series(of, 10)
	}
}
