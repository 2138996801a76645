// The bundled dashboards, processed by Grafana's own code for panels.
import {
  createTheme,
  FieldType,
  formattedValueToString,
  getDisplayProcessor,
  getValueFormat,
  standardTransformers,
  standardTransformersRegistry,
  toDataFrame,
  transformDataFrame,
  type DataFrame,
  type DataTransformerConfig,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

import type { MesosQuery } from '../query/types';
import agents from './agents.json';
import capacity from './capacity.json';
import overview from './cluster-overview.json';
import efficiency from './efficiency.json';
import fleet from './fleet.json';
import frameworks from './frameworks.json';
import health from './health.json';
import masters from './masters.json';
import measuredUse from './measured-use.json';
import roles from './roles.json';
import tasks from './tasks.json';

interface Panel {
  title: string;
  type: string;
  targets?: MesosQuery[];
  transformations?: DataTransformerConfig[];
  fieldConfig?: {
    defaults: { decimals?: number };
    overrides: Array<{
      matcher: { id: string; options: unknown };
      properties: Array<{ id: string; value: unknown }>;
    }>;
  };
}

/** Grafana 12 wants the transformer in the registry, Grafana 13 a function that loads it. */
const registered = (transformer: object) =>
  Object.defineProperties(async () => transformer, Object.getOwnPropertyDescriptors(transformer));

const dashboards = [
  ...[overview, frameworks, agents, roles, tasks, masters],
  ...[capacity, efficiency, measuredUse, fleet, health],
];

const panels = dashboards.flatMap((dashboard) => dashboard.panels as unknown as Panel[]);

describe('tables', () => {
  const { joinByFieldTransformer, filterByValueTransformer, organizeFieldsTransformer, orderFieldsTransformer } =
    standardTransformers;
  const { filterFieldsByNameTransformer, renameFieldsTransformer, noopTransformer } = standardTransformers;

  beforeEach(() => void jest.spyOn(console, 'warn').mockImplementation()); // of a filter without its field
  beforeAll(() =>
    standardTransformersRegistry.setInit(() =>
      [
        ...[joinByFieldTransformer, filterByValueTransformer, organizeFieldsTransformer, orderFieldsTransformer],
        ...[filterFieldsByNameTransformer, renameFieldsTransformer, noopTransformer],
      ].map(({ id, name, ...rest }) => ({ id, name, transformation: registered({ id, name, ...rest }) }) as never)
    )
  );

  const tables = panels
    .filter(({ transformations = [] }) => transformations.some(({ id }) => id === 'joinByField'))
    .map((panel) => [panel.title, panel] as const);

  /** The answer to the query at a place: a row for each of the names. */
  function answer({ targets = [], transformations = [] }: Panel, place: number, names: string[]): DataFrame {
    const label = transformations.find(({ id }) => id === 'joinByField')?.options.byField;
    return toDataFrame({
      refId: targets[place].refId,
      fields: [
        { name: label, type: FieldType.string, values: names },
        { name: targets[place].legendFormat, type: FieldType.number, values: names.map((_, i) => i + place) },
      ],
    });
  }

  const nothing = ({ targets = [] }: Panel, place: number) => toDataFrame({ refId: targets[place].refId, fields: [] });

  async function drawn(panel: Panel, frames: DataFrame[]) {
    const [frame] = await lastValueFrom(transformDataFrame(panel.transformations ?? [], frames));
    const [names, ...columns] = frame.fields;
    return {
      names: names?.values,
      columns: Object.fromEntries(columns.map(({ name, values }) => [name, values])),
    };
  }

  it('are many', () => {
    expect(tables.length).toBeGreaterThan(10);
  });

  describe.each(tables)('%s', (_, panel) => {
    const places = panel.targets!.map((_, place) => place);
    const [first, second] = panel.targets!.map(({ legendFormat = '' }) => legendFormat);

    it('has the rows of its first column, also where another column has none for them, or more', async () => {
      const frames = places.map((place) => answer(panel, place, place === 1 ? ['b', 'c'] : ['a', 'b']));
      const { names, columns } = await drawn(panel, frames);
      expect(names).toEqual(['a', 'b']);
      expect(columns[first]).toEqual([0, 1]);
      expect(second === undefined || columns[second]).toEqual(second === undefined || [undefined, 1]);
    });

    it('keeps the other columns where a query has no rows', async () => {
      const frames = places.map((place) => answer(panel, place, place === 1 ? [] : ['a', 'b']));
      const { names, columns } = await drawn(panel, frames);
      expect(names).toEqual(['a', 'b']);
      expect(columns[first]).toEqual([0, 1]);
      expect(second === undefined || columns[second]).toEqual(second === undefined || [undefined, undefined]);
    });

    it('is empty where no query has rows, with and without fields in the answers', async () => {
      const empty = await drawn(
        panel,
        places.map((place) => answer(panel, place, []))
      );
      expect(empty.names).toEqual([]);
      expect(Object.keys(empty.columns)).toEqual(panel.targets!.map(({ legendFormat }) => legendFormat));
      const none = await drawn(
        panel,
        places.map((place) => nothing(panel, place))
      );
      expect(none).toEqual({ names: undefined, columns: {} });
    });
  });
});

describe('gauges in tables', () => {
  const gauges = panels.flatMap(({ title, fieldConfig }) =>
    (fieldConfig?.overrides ?? [])
      .filter(({ properties }) => JSON.stringify(properties).includes('"gauge"'))
      .map(({ matcher, properties }) => [title, matcher.options as string, properties] as const)
  );

  it('are many', () => {
    expect(gauges.length).toBeGreaterThan(10);
  });

  it.each(gauges)('%s, %s: what is not known is a dash without color, other than 0', (_title, name, properties) => {
    const config = { color: { mode: 'thresholds' }, unit: 'percentunit' };
    const own = Object.fromEntries(properties.map(({ id, value }) => [id, value]));
    const display = getDisplayProcessor({
      field: { name, type: FieldType.number, config: { ...config, ...own }, values: [] } as never,
      theme: createTheme(),
    });
    const [unknown, zero] = [display(null), display(0)];
    expect(unknown.text).toBe('–');
    expect(unknown.color).toBe(createTheme().visualization.getColorByName('transparent'));
    expect(zero.text).toMatch(/^0/);
    expect(zero.color).toMatch(/^#/);
  });
});

it.each(['Tasks that failed or were lost', 'Tasks of theirs that failed'])(
  '%s: a reason and a message that are not known are said to be so',
  (title) => {
    const { overrides = [] } = panels.find((panel) => panel.title === title)?.fieldConfig ?? {};
    for (const name of ['reason', 'message']) {
      const properties = overrides.filter(({ matcher }) => matcher.options === name).flatMap((one) => one.properties);
      const config = Object.fromEntries(properties.map(({ id, value }) => [id, value]));
      const display = getDisplayProcessor({
        field: { name, type: FieldType.string, config, values: [] } as never,
        theme: createTheme(),
      });
      expect([display(null).text, display('x').text]).toEqual(['not told', 'x']);
    }
  }
);

describe('counts', () => {
  /** Whether the answers count agents, frameworks, tasks, polls or series. */
  function isCount({ resource, metric, expr = '' }: MesosQuery): boolean {
    return (
      resource === 'tasks' ||
      /^mesos_(cluster_(agents|frameworks|tasks)|series_dropped)$/.test(metric ?? '') ||
      /^count\b|mesos_cluster_(agents|frameworks)\{|^sum by \(category\) \(increase\(mesos_poll_failures_total/.test(
        expr
      )
    );
  }

  const counting = panels.flatMap(({ title, targets = [], fieldConfig }) =>
    targets.filter(isCount).map((target) => [title, target.legendFormat ?? '', fieldConfig] as const)
  );

  it('are in many panels', () => {
    expect(counting.length).toBeGreaterThan(12);
  });

  it.each(counting)('of %s %s are whole numbers in full', (_, name, fieldConfig) => {
    // The data source's own unit, without an override: 1.03 K.
    const units = (fieldConfig?.overrides ?? [])
      .filter(({ matcher: { id, options } }) => (id === 'byType' ? options === 'number' : options === name))
      .flatMap(({ properties }) => properties.filter(({ id }) => id === 'unit').map(({ value }) => value as string));
    const format = getValueFormat(units.at(-1) ?? 'short');
    const [decimals = fieldConfig?.defaults.decimals] = (fieldConfig?.overrides ?? [])
      .filter(({ matcher: { id, options } }) => (id === 'byType' ? options === 'number' : options === name))
      .flatMap(({ properties }) =>
        properties.filter(({ id }) => id === 'decimals').map(({ value }) => value as number)
      );
    expect(formattedValueToString(format(1034, decimals))).toMatch(/^(≈ )?1.?034$/); // an increase is about so many;
  });
});
