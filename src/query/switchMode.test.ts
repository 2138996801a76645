import { defaultQuery } from './defaults';
import { isOwnCode, toBuilder, toCode } from './switchMode';

const builder = { refId: 'A', ...defaultQuery(), legendFormat: '{{framework}}', top: 5 };

it('goes to code with the compiled text and the common options', () => {
  const { query } = toCode(builder, 'topk(5, x)', {});
  expect(query).toEqual({
    refId: 'A',
    queryType: 'promql',
    version: 1,
    expr: 'topk(5, x)',
    legendFormat: '{{framework}}',
    format: 'time_series',
    range: true,
    instant: false,
  });
});

it.each([
  ['the automatic one', undefined, '__auto'],
  ['the automatic one', '', '__auto'],
  ['its own', '{{agent}}', '{{agent}}'],
])('new code has a legend: %s', (_, legendFormat, expected) => {
  expect(toCode({ ...builder, legendFormat }, 'x', {}).query.legendFormat).toBe(expected);
});

it('leaves the legend of code that comes back alone: without one it has whole names', () => {
  const there = toBuilder({ refId: 'A', queryType: 'promql', expr: 'my(code)' }, {});
  expect(toCode(there.query, 'compiled', there.otherMode).query).not.toHaveProperty('legendFormat');
});

it('comes back to the builder as it was', () => {
  const { query, otherMode } = toCode(builder, 'topk(5, x)', {});
  expect(toBuilder({ ...query, expr: 'changed' }, otherMode).query).toEqual(builder);
});

it('comes back to the code as it was, while the builder was not used', () => {
  const code = { refId: 'A', queryType: 'promql' as const, expr: 'my(code)' };
  const there = toBuilder(code, {});
  expect(toCode(there.query, 'compiled', there.otherMode).query.expr).toBe('my(code)');
  expect(toCode({ ...there.query, top: 3 }, 'compiled', there.otherMode).query.expr).toBe('compiled');
});

it('knows code that was not written since it is shown, however often it is shown', () => {
  let { query, otherMode } = toCode(builder, 'compiled', {});
  for (let look = 0; look < 3; look++) {
    expect(isOwnCode(query, otherMode)).toBe(false);
    const back = toBuilder(query, otherMode);
    // Nothing is compiled where the code stands.
    ({ query, otherMode } = toCode(back.query, undefined, back.otherMode));
    expect(query.expr).toBe('compiled');
  }
  const written = { ...query, expr: 'mine' };
  expect(isOwnCode(written, otherMode)).toBe(true);
  const back = toBuilder(written, otherMode);
  ({ query, otherMode } = toCode(back.query, undefined, back.otherMode));
  expect(query.expr).toBe('mine');
  expect(isOwnCode(query, otherMode)).toBe(false);
});

it('starts the builder with the default query where there was none', () => {
  const { queryType, version, entity, resource, measure } = defaultQuery();
  expect(toBuilder({ refId: 'A', expr: 'up' }, {}).query).toEqual({
    refId: 'A',
    queryType,
    version,
    entity,
    resource,
    measure,
  });
});

it('has an empty expression where nothing could be compiled', () => {
  expect(toCode(builder, undefined, {}).query.expr).toBe('');
});
