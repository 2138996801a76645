import { readFileSync } from 'fs';
import path from 'path';

import { CoreApp } from '@grafana/data';

import { FIELDS, FORMATS, formatsFor } from './fields';

const source = (file: string) => readFileSync(path.join(__dirname, '../../..', file), 'utf8');

it('has the fields of the backend', () => {
  const fields = [...source('pkg/events/log.go').matchAll(/^\tField\w+ +Field = "(\w+)"/gm)].map(([, name]) => name);
  expect(fields).toHaveLength(14);
  expect(FIELDS).toEqual(fields);
});

it('has the limits of the backend', () => {
  const constants = { maxTableRows: 10_000, maxShown: 1000 };
  const bounds = source('pkg/query/bounds.go') + source('pkg/query/frames.go') + source('pkg/query/run.go');
  for (const [name, value] of Object.entries(constants)) {
    const [, text] = new RegExp(`\\b${name}\\s+= ([\\d_]+)`).exec(bounds) ?? [];
    expect([name, Number(text?.replace('_', ''))]).toEqual([name, value]);
  }
  const number = (text: string) => constants[text as keyof typeof constants] ?? Number(text.replace('_', ''));
  const limits = [...source('pkg/query/events.go').matchAll(/^\tEvents(\w+): +\{most: (\w+), usual: (\w+)\}/gm)];
  expect(
    Object.fromEntries(limits.map(([, name, most, usual]) => [name.toLowerCase(), [number(most), number(usual)]]))
  ).toEqual(
    Object.fromEntries(Object.entries(FORMATS).map(([format, { limit }]) => [format, [limit.most, limit.usual]]))
  );
});

it('offers a rule counts only', () => {
  expect(formatsFor(CoreApp.UnifiedAlerting).map(({ value }) => value)).toEqual(['count']);
  expect(formatsFor(CoreApp.PanelEditor).map(({ value }) => value)).toEqual([
    'annotations',
    'table',
    'timeline',
    'count',
  ]);
});
