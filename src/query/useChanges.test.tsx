import { CoreApp } from '@grafana/data';
import { act, render, renderHook, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import type { MesosDatasource } from '../datasource';
import { MesosResources } from '../resources';
import { giveElementsASize } from '../testing/layout';
import { fakeBackend } from '../testing/resources';
import { fakeTemplates } from '../testing/templates';
import { defaultQuery } from './defaults';
import QueryEditor from './QueryEditor';
import type { MesosQuery } from './types';
import { rebased, useChanges } from './useChanges';

const mockTemplates = fakeTemplates({});
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));

beforeAll(giveElementsASize);

const before: MesosQuery = { refId: 'A', ...defaultQuery() };

/** The hook in a place that draws what is stored when it is told to. */
function setUp(query = before) {
  const store = jest.fn();
  const hook = renderHook(({ stored }) => useChanges<MesosQuery>(stored, stored, store), {
    initialProps: { stored: query },
  });
  const stored = (): MesosQuery => store.mock.lastCall[0];
  return { ...hook, stored, draw: (query = stored()) => hook.rerender({ stored: query }) };
}

describe('changes', () => {
  it('are kept where both are made before the first is drawn', () => {
    const { result, stored } = setUp();
    const { change } = result.current;
    change({ ...before, measure: 'used' });
    change({ ...before, top: 5 });
    expect(stored()).toEqual({ ...before, measure: 'used', top: 5 });
  });

  // Grafana 12.4's menus do this: seen in a panel, where a number written into Top at once after a choice was lost.
  it('are kept where the first is reported again after the second is drawn', () => {
    const { result, stored, draw } = setUp();
    const { change } = result.current;
    change({ ...before, measure: 'used' });
    draw();
    result.current.change({ ...stored(), top: 5 });
    draw();
    change({ ...before, measure: 'used' });
    expect(stored()).toEqual({ ...before, measure: 'used', top: 5 });
  });

  it('are kept while only the first of them is drawn', () => {
    const { result, stored, draw } = setUp();
    const { change } = result.current;
    change({ ...before, measure: 'used' });
    const first = stored();
    change({ ...before, top: 5 });
    draw(first);
    result.current.change({ ...first, forecast: '1h' });
    expect(stored()).toEqual({ ...before, measure: 'used', top: 5, forecast: '1h' });
  });

  it('begin anew where the query was changed elsewhere', () => {
    const { result, stored, draw } = setUp();
    result.current.change({ ...before, top: 5 });
    draw({ ...before, entity: 'agent' });
    result.current.change({ ...before, entity: 'agent', aggregate: 'max' });
    expect(stored()).toEqual({ ...before, entity: 'agent', aggregate: 'max' });
  });

  it('can be taken back', () => {
    const { result, stored, draw } = setUp();
    result.current.change({ ...before, top: 5 });
    draw();
    result.current.change({ ...before, top: undefined });
    draw();
    result.current.change({ ...stored(), top: 5 });
    expect(stored().top).toBe(5);
  });
});

it('changes parts of a part, and removes keys', () => {
  const shape = { cpus: 1 };
  const query: MesosQuery = { refId: 'A', shape, top: 3 };
  const newest: MesosQuery = { refId: 'A', shape: { cpus: 2 }, top: 3, rate: true };
  expect(rebased(newest, query, { refId: 'A', shape: { cpus: 1, memory: '1GiB' } })).toEqual({
    refId: 'A',
    shape: { cpus: 2, memory: '1GiB' },
    rate: true,
  });
});

describe('the editor, in a Grafana that draws late', () => {
  it('keeps a choice and what is written into other fields at once after it', async () => {
    const onChange = jest.fn();
    let draw = () => {};
    const backend = fakeBackend();
    const datasource = {
      resources: new MesosResources(backend),
      applyTemplateVariables: (query: MesosQuery) => query,
    } as unknown as MesosDatasource;
    function Host() {
      const [query, setQuery] = useState(before);
      draw = () => setQuery(onChange.mock.lastCall[0]);
      return (
        <QueryEditor
          app={CoreApp.PanelEditor}
          datasource={datasource}
          query={query}
          onChange={onChange}
          onRunQuery={jest.fn()}
        />
      );
    }
    render(<Host />);
    const user = userEvent.setup();
    await user.click(await screen.findByLabelText('Measure'));
    await user.click(await screen.findByRole('option', { name: /^Share/ }));
    await user.type(screen.getByLabelText('Top'), '5');
    await user.tab();
    await user.type(screen.getByLabelText('Forecast'), '1h{Enter}');
    expect(onChange).toHaveBeenLastCalledWith({ ...before, measure: 'share', top: 5, forecast: '1h' });
    act(() => draw());
    expect(screen.getByLabelText('Top')).toHaveValue('5');
    expect(screen.getByLabelText('Measure')).toHaveValue('Share');
  });
});
