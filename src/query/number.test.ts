import { notNumber, parseNumber } from './number';

it.each([
  ['0.5', 0.5],
  [' 5 ', 5],
  ['-3', -3],
  ['−3', -3], // the sign for minus
  ['１．５', 1.5], // as a Chinese keyboard may write it
  ['1e3', 1000],
  ['.5', 0.5],
  ['0,5', undefined],
  ['1,000', undefined],
  ['5 GiB', undefined],
  ['0x10', undefined],
  ['1e999', undefined],
  ['$top', undefined],
])('%s is %s', (text, number) => {
  expect(parseNumber(text)).toBe(number);
});

it.each([
  ['0,5', false, '"0,5" is not a number: write for example 0.5'],
  ['1,25', false, '"1,25" is not a number: write for example 1.25'],
  ['１，２５', false, '"１，２５" is not a number: write for example 1.25'],
  ['half', false, '"half" is not a number: write for example 0.5'],
  ['1.5', true, '"1.5" is not a whole number: write for example 5'],
  ['1,5', true, '"1,5" is not a whole number: write for example 5'],
  ['5', true, undefined],
])('says of %s, whole: %s, what would be right', (text, whole, message) => {
  expect(notNumber(text, whole)).toBe(message);
});
