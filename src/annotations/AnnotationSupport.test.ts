import { toDataFrame, type DataFrame } from '@grafana/data';
import { firstValueFrom } from 'rxjs';

import type { MesosQuery } from '../query/types';
import { annotationSupport } from './AnnotationSupport';
import type { MesosAnnotation } from './types';

const annotation = (more: Partial<MesosAnnotation> = {}): MesosAnnotation => ({
  name: 'Mesos',
  enable: true,
  iconColor: 'red',
  ...more,
});

const events: MesosQuery = { refId: 'Anno', queryType: 'events', version: 1, kinds: ['agent'] };

describe('an annotation', () => {
  const prepare = (more: Partial<MesosAnnotation>) => annotationSupport.prepareAnnotation!(annotation(more));

  it('begins with what happens to the cluster itself', () => {
    expect(prepare({}).target).toEqual({
      refId: 'Anno',
      queryType: 'events',
      version: 1,
      kinds: ['agent', 'master', 'maintenance', 'collection'],
      format: 'annotations',
    });
  });

  it('begins anew where the query is of Grafana’s own annotations', () => {
    const target = { limit: 100, matchAny: false, tags: [], type: 'dashboard' };
    expect(prepare({ target: target as never }).target).toMatchObject({ queryType: 'events' });
  });

  it.each<[string, MesosQuery]>([
    ['events', events],
    ['PromQL of a Prometheus data source', { refId: 'Anno', expr: 'changes(up[1m])' }],
    ['PromQL that is not written yet', { refId: 'Anno', queryType: 'promql', expr: '' }],
    ['a measure', { refId: 'Anno', entity: 'agent' }],
    ['a hidden query', { ...events, hide: true }],
  ])('is left as it is with %s', (_, target) => {
    const saved = annotation({ target });
    // Another object would be stored, and looked at again.
    expect(annotationSupport.prepareAnnotation!(saved)).toBe(saved);
  });

  it('takes the expression of an old Prometheus annotation', () => {
    expect(prepare({ expr: 'ALERTS', step: '30s', tagKeys: 'role' })).toMatchObject({
      tagKeys: 'role',
      target: { refId: 'Anno', queryType: 'promql', version: 1, expr: 'ALERTS', interval: '30s' },
    });
  });
});

it.each<[MesosQuery, object | undefined]>([
  [
    { ...events, format: 'table' },
    { ...events, format: 'annotations' },
  ],
  [
    { refId: 'Anno', expr: 'up == 0', instant: true, interval: '1m', live: true },
    {
      refId: 'Anno',
      queryType: 'promql',
      expr: 'up == 0',
      interval: '1m',
      format: 'time_series',
      range: true,
      instant: false,
    },
  ],
  [{ refId: 'Anno', queryType: 'promql', expr: ' ' }, undefined],
])('asks for what it can read: %j', (target, query) => {
  expect(annotationSupport.prepareQuery!(annotation({ target }))).toEqual(query);
});

const read = (more: Partial<MesosAnnotation>, frames: DataFrame[]) =>
  firstValueFrom(annotationSupport.processEvents!(annotation(more), frames));

describe('events', () => {
  it('are the rows of the frames, those that last as regions', async () => {
    const frame = toDataFrame({
      refId: 'Anno',
      fields: [
        { name: 'time', type: 'time', values: [1000, 2000, 3000] },
        { name: 'timeEnd', type: 'time', values: [null, 2500, 3000] },
        { name: 'title', type: 'string', values: ['Agent a1 lost', 'Agent a2 draining', 'Agent a3 back'] },
        { name: 'text', type: 'string', values: ['', '<a href="http://m/">a2</a>', 'text'] },
        { name: 'tags', type: 'other', values: [['agent', 'error'], ['agent'], []] },
        { name: 'id', type: 'string', values: ['x', 'y', 'z'] },
        { name: 'color', type: 'string', values: ['red', 'orange', 'blue'] },
      ],
    });
    const empty = toDataFrame({ fields: [] });
    expect(await read({ target: events }, [frame, empty])).toEqual([
      { id: 'x', time: 1000, title: 'Agent a1 lost', text: '', tags: ['agent', 'error'], color: 'red' },
      {
        id: 'y',
        time: 2000,
        timeEnd: 2500,
        isRegion: true,
        title: 'Agent a2 draining',
        text: '<a href="http://m/">a2</a>',
        tags: ['agent'],
        color: 'orange',
      },
      { id: 'z', time: 3000, title: 'Agent a3 back', text: 'text', tags: [], color: 'blue' },
    ]);
  });
});

describe('PromQL', () => {
  const target: MesosQuery = { refId: 'Anno', queryType: 'promql', expr: 'x' };
  const series = (labels: Record<string, string>, points: Array<[time: number, value: number | null]>) =>
    toDataFrame({
      refId: 'Anno',
      fields: [
        { name: 'Time', type: 'time', config: { interval: 10 }, values: points.map(([time]) => time) },
        {
          name: 'Value',
          type: 'number',
          labels,
          config: { displayNameFromDS: 'x{role="<web>"}' },
          values: points.map(([, value]) => value),
        },
      ],
    });

  it('is an event while a series is above 0, and one for times a step apart', async () => {
    const frames = [
      series({ role: '<web>', agent: 'a1' }, [
        [10, 1],
        [20, 2],
        [30, 0],
        [40, 1],
        [60, 1],
        [70, null],
        [80, -1],
      ]),
      toDataFrame({ fields: [] }),
      series({ role: 'batch' }, [[10, 5]]),
    ];
    const format = { titleFormat: 'Role {{role}}', textFormat: '<b>{{agent}}</b>', tagKeys: 'role, agent,nope' };
    const web = { title: 'Role &lt;web&gt;', text: '<b>a1</b>', tags: ['<web>', 'a1'] };
    expect(await read({ target, ...format }, frames)).toEqual([
      { time: 10, timeEnd: 20, isRegion: true, ...web },
      { time: 40, ...web },
      { time: 60, ...web },
      { time: 10, title: 'Role batch', text: '<b>agent</b>', tags: ['batch'] },
    ]);
  });

  it('has the name of the series where no title is given', async () => {
    expect(await read({ target }, [series({}, [[10, 1]])])).toEqual([
      { time: 10, title: 'x{role=&quot;&lt;web&gt;&quot;}', text: '', tags: [] },
    ]);
  });

  it('takes times from the values, each once', async () => {
    const frames = [
      series({}, [
        [10, 500],
        [20, 500],
        [30, 400.7],
        [40, null],
      ]),
    ];
    const found = await read({ target, useValueForTime: true }, frames);
    expect(found?.map(({ time, isRegion }) => [time, isRegion])).toEqual([
      [400, undefined],
      [500, undefined],
    ]);
  });
});
