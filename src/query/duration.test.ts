import { notDuration, parseDuration } from './duration';

it.each([
  ['15s', 15_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['500ms', 500],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  ['1M', 2_592_000_000],
  ['15', undefined],
  ['15 s', undefined],
  ['1d12h', undefined],
  ['soon', undefined],
  ['', undefined],
])('duration %j', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

it('names a text that is no duration', () => {
  expect(notDuration('10s', '15s')).toBeUndefined();
  expect(notDuration('x', '15s', '10m', '7d')).toBe('"x" is not a valid duration, for example 15s, 10m, 7d');
});
