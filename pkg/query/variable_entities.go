package query

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/prometheus/prometheus/model/labels"

	"community-mesos-datasource/catalogue"
	"community-mesos-datasource/pkg/promql"
)

// This file lists entities for dashboard variables. Which there were is read
// off the labels of one series that each of them has as long as it is known;
// no sample is looked at.

// listedBy is that series. Info series tell of agents and frameworks; CPUs
// allocated, zero included, are known of everything that may hold resources.
var listedBy = map[Entity]string{
	EntityCluster:   "mesos_cluster_cpus_capacity",
	EntityAgent:     agentInfo.name,
	EntityFramework: frameworkInfo.name,
	EntityRole:      "mesos_role_cpus_allocated",
	EntityTask:      "mesos_task_cpus_allocated",
	EntityExecutor:  "mesos_executor_cpus_allocated",
}

// nameAndID are the labels an entity is shown and told apart by. Those of
// clusters and roles are the same: their names are unique.
func (e entity) nameAndID() (name, id string) {
	name, id = labelCluster, labelCluster
	if len(e.groupBy) > 0 {
		name = e.groupBy[0]
	}
	if len(e.id) > 0 {
		id = e.id[len(e.id)-1]
	}
	return name, id
}

// The series of single tasks and executors, and the labels only those have:
// their history is not kept in every cluster.
var (
	seriesOfTasks = func() []string {
		var all []string
		for _, s := range catalogue.All() {
			if s.Entity == string(EntityTask) || s.Entity == string(EntityExecutor) {
				all = append(all, s.Name)
			}
		}
		return all
	}()
	labelsOfTasks = []string{"task", "task_id", "executor_id", "label_*"}
)

func checkEntities(v VariableEntities, raw json.RawMessage) error {
	if err := onlyKeys(raw, keysOf(v)); err != nil {
		return err
	}
	if err := checkStrings(bounded{"entity", string(v.Entity), maxName}, bounded{"field", string(v.Field), maxName}); err != nil {
		return err
	}
	if err := boundFilters(v.Filters); err != nil {
		return err
	}
	if unknown := unknownIn("filters", objectOf(raw)["filters"], filterKeys); len(unknown) > 0 {
		return unknown.named().err()
	}
	switch {
	case !slices.Contains(entityNames(), v.Entity):
		return unknown("entity", string(v.Entity), entityNames())
	case v.Field != "" && !slices.Contains(fieldNames, v.Field):
		return unknown("field", string(v.Field), fieldNames)
	}
	if err := checkFilters(v.Filters); err != nil {
		return err
	}
	_, err := v.scope(nil)
	return err
}

// scope reads the filters as those of a metrics query: on the entity's own
// labels and on its info labels.
func (v VariableEntities) scope(adhoc []AdhocFilter) (*compiler, error) {
	e, _ := entityOf(v.Entity) // checkEntities has
	c := &compiler{
		query: &MetricsQuery{Common: Common{AdhocFilters: adhoc}, Filters: v.Filters},
		own:   append([]string{labelCluster}, e.labels...), info: e.info,
	}
	return c, c.scope(nil, "")
}

// entities lists the entities of a kind.
func (src Source) entities(ctx context.Context, q backend.DataQuery, p parsed, v VariableEntities) (listing, error) {
	scope, err := v.scope(p.AdhocFilters)
	if err != nil {
		return listing{}, err
	}
	made := listing{notices: warnings(scope.notices), reads: reads{names: []string{listedBy[v.Entity]}}}
	store := src.withTasks(made.reads)
	from, to := src.during(q, made.reads)
	in := promql.LookUp{Store: store, Start: from, End: to}
	doubts, err := src.doubts(ctx, store, conditionsOf(v.Filters), false)
	if err != nil {
		return listing{}, err
	}
	made.notices = append(made.notices, warnings(doubts)...)
	described, err := src.describedAs(ctx, in, scope.joined[1:])
	if err != nil {
		return listing{}, err
	}
	e, _ := entityOf(v.Entity)
	name, id := e.nameAndID()
	if v.Field != VariableFieldID {
		id = name
	}
	found := map[choice]struct{}{} // an entity may have had several series
	err = src.eachSeries(ctx, in, listedBy[v.Entity], scope.filters, func(of labels.Labels) {
		c := choice{of.Get(name), of.Get(id)}
		if _, known := found[c]; known || c.value == "" || !described(of) {
			return
		}
		c = choice{strings.Clone(c.text), strings.Clone(c.value)}
		found[c] = struct{}{}
		made.choices = append(made.choices, c)
	})
	if err == nil && len(made.choices) == 0 && len(doubts) == 0 {
		why := src.emptyList(store, from, to)
		sentences := why.ofMatchers(ctx, append([]matcher{named(listedBy[v.Entity])}, scope.filters...))
		for _, j := range scope.joined[1:] {
			sentences = append(sentences, why.ofMatchers(ctx, append([]matcher{named(j.name)}, j.filters...))...)
		}
		made.notices = append(made.notices, infos(sentences)...)
	}
	return made, err
}

// named returns the matcher of a metric's name.
func named(metric string) matcher { return matcher{labels.MetricName, labels.MatchEqual, metric} }

// describedAs reports by labels whether an entity passes the filters on its info
// series.
func (src Source) describedAs(ctx context.Context, in promql.LookUp, joined []join) (func(labels.Labels) bool, error) {
	type key struct{ cluster, id string }
	passing := make([]map[key]bool, len(joined))
	for i, j := range joined {
		passing[i] = map[key]bool{}
		err := src.eachSeries(ctx, in, j.name, j.filters, func(of labels.Labels) {
			passing[i][key{strings.Clone(of.Get(labelCluster)), strings.Clone(of.Get(j.on))}] = true
		})
		if err != nil {
			return nil, err
		}
	}
	return func(of labels.Labels) bool {
		for i, j := range joined {
			if !passing[i][key{of.Get(labelCluster), of.Get(j.on)}] {
				return false
			}
		}
		return true
	}, nil
}

// eachSeries calls yield with the labels of every series of a metric that matches.
// yield must not keep them.
func (src Source) eachSeries(ctx context.Context, in promql.LookUp, metric string, filters []matcher, yield func(labels.Labels)) error {
	named := labels.MustNewMatcher(labels.MatchEqual, labels.MetricName, metric)
	matchers, err := compiled(filters)
	if err != nil {
		return err
	}
	in.Match = [][]*labels.Matcher{append([]*labels.Matcher{named}, matchers...)}
	return src.Engine.Series(ctx, in, yield)
}
