// What an editor shows when it opens is what is stored, in places that hand a
// query over as Grafana 12.4 does.
import { CoreApp } from '@grafana/data';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { cloneDeep } from 'lodash';
import React, { useState } from 'react';

import { MesosDatasource } from '../datasource';
import { MesosResources } from '../resources';
import { giveElementsASize } from '../testing/layout';
import { fakeBackend } from '../testing/resources';
import { fakeTemplates } from '../testing/templates';
import QueryEditor from './QueryEditor';
import type { MesosQuery } from './types';

const mockTemplates = fakeTemplates();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));
jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  CodeEditor: ({ value, onBlur }: { value: string; onBlur: (text: string) => void }) => (
    <textarea aria-label="PromQL" defaultValue={value} onBlur={(event) => onBlur(event.currentTarget.value)} />
  ),
}));

beforeAll(giveElementsASize);

function fakeDatasource() {
  const settings = { uid: 'mesos', type: 'community-mesos-datasource', name: 'Mesos', jsonData: {} };
  const datasource = new MesosDatasource(settings as never);
  const backend = fakeBackend({ compile: () => ({ promql: 'compiled' }), labels: ['principal'] });
  return Object.assign(datasource, { resources: new MesosResources(backend) });
}

/** What JSON keeps of it. */
const written = (value: unknown) => JSON.parse(JSON.stringify(value));

interface Options {
  app: CoreApp;
  queries: object[];
}

/**
 * Draws a row per query and returns what is stored. A form of rules puts the data source's defaults below the stored
 * query (QueryWrapper.tsx) and merges a change into it (QueryRows.tsx, onChangeQuery); a panel and Explore replace it.
 */
function setUp({ app, queries }: Options) {
  const datasource = fakeDatasource();
  const onRunQuery = jest.fn();
  const onStore = jest.fn();
  let stored = queries as MesosQuery[];
  const ofRule = app === CoreApp.UnifiedAlerting;
  function Rows() {
    const [rows, setRows] = useState(stored);
    stored = rows;
    return rows.map((row, i) => (
      <div key={row.refId} data-testid={`row-${row.refId}`}>
        <QueryEditor
          app={app}
          datasource={datasource}
          query={ofRule ? { ...datasource.getDefaultQuery(app), ...cloneDeep(row) } : row}
          // As Grafana does it: from the rows as they were drawn, so that of two changes at once one is lost.
          onChange={(changed) => {
            onStore(changed);
            setRows(rows.map((old, j) => (i !== j ? old : ofRule ? { ...old, ...changed } : changed)));
          }}
          onRunQuery={onRunQuery}
        />
      </div>
    ));
  }
  render(<Rows />);
  return { onRunQuery, onStore, stored: () => stored, user: userEvent.setup() };
}

const shown = {
  queryType: 'metrics',
  version: 1,
  entity: 'framework',
  resource: 'cpus',
  measure: 'allocated',
  legendFormat: '__auto',
  format: 'time_series',
};

describe('a new query', () => {
  it.each([
    // getDefaultQueries() of Grafana's rule-form.ts, and addNewDataQuery of its reducer.ts
    ['a rule', CoreApp.UnifiedAlerting, { refId: 'A', instant: undefined }, { range: false, instant: true }],
    ['a rule', CoreApp.UnifiedAlerting, { refId: 'A', hide: false }, { range: false, instant: true, hide: false }],
    ['a panel', CoreApp.PanelEditor, { refId: 'A' }, { range: true, instant: false }],
    ['Explore', CoreApp.Explore, { refId: 'A', key: 'Q-1' }, { range: true, instant: false, key: 'Q-1' }],
  ])('of %s is stored as it is shown', async (_, app, query, keys) => {
    const { stored, onRunQuery } = setUp({ app, queries: [query] });
    expect(await screen.findByLabelText('Entity')).toHaveValue('Framework');
    expect(screen.getByLabelText('Resource')).toHaveValue('CPU');
    expect(screen.getByLabelText('Measure')).toHaveValue('Allocated');
    expect(screen.getByText(`Type: ${keys.instant ? 'Instant' : 'Range'}`)).toBeInTheDocument();
    expect(written(stored()[0])).toEqual({ refId: 'A', ...shown, ...keys });
    // A form of rules previews when it is told to.
    expect(onRunQuery).toHaveBeenCalledTimes(app === CoreApp.UnifiedAlerting ? 0 : 1);
  });

  it('is stored in each of several rows that open at once', async () => {
    const { stored } = setUp({ app: CoreApp.UnifiedAlerting, queries: [{ refId: 'A' }, { refId: 'B' }] });
    await waitFor(() => expect(screen.getAllByLabelText('Entity')).toHaveLength(2));
    expect(written(stored())).toEqual(['A', 'B'].map((refId) => ({ refId, ...shown, range: false, instant: true })));
  });
});

it.each([
  { refId: 'A', queryType: 'promql', expr: 'up' },
  { refId: 'A', entity: 'agent', resource: 'cpus', measure: 'capacity' },
  { refId: 'A', metric: 'mesos_up', instant: true },
])('a query that says what it asks for is left as it is: %j', async (query) => {
  for (const app of [CoreApp.UnifiedAlerting, CoreApp.PanelEditor]) {
    const { onStore } = setUp({ app, queries: [query] });
    await act(async () => {});
    expect(onStore).not.toHaveBeenCalled();
  }
});

describe('in a form of rules, which merges changes,', () => {
  const query = { refId: 'A', ...shown, range: false, instant: true, groupBy: ['principal'], top: 3 };

  it('code does not keep the builder’s keys', async () => {
    const { stored, user } = setUp({ app: CoreApp.UnifiedAlerting, queries: [query] });
    await waitFor(() => expect(screen.getByTestId('compiled-promql')).toHaveTextContent('compiled'));
    await user.click(screen.getByLabelText('Code'));
    await screen.findByLabelText('PromQL');
    expect(written(stored()[0])).toEqual({
      refId: 'A',
      queryType: 'promql',
      version: 1,
      expr: 'compiled',
      legendFormat: '__auto',
      format: 'time_series',
      range: false,
      instant: true,
    });
  });

  it('another entity does not keep the grouping of the old one', async () => {
    const { stored, user } = setUp({ app: CoreApp.UnifiedAlerting, queries: [query] });
    await screen.findByLabelText('Entity');
    await user.click(screen.getByLabelText('Entity'));
    await user.click(await screen.findByRole('option', { name: /^Agent/ }));
    expect(written(stored()[0])).not.toHaveProperty('groupBy');
    expect(written(stored()[0])).toMatchObject({ entity: 'agent', top: 3, instant: true });
  });

  it('a series does not keep entity, resource and measure', async () => {
    const { stored, user } = setUp({ app: CoreApp.UnifiedAlerting, queries: [query] });
    await user.click(await screen.findByLabelText('By series'));
    expect(written(stored()[0])).toMatchObject({ metric: '' });
    expect(Object.keys(written(stored()[0]))).not.toEqual(expect.arrayContaining(['entity']));
  });
});
