import cases from '../../testdata/settings.json';
import { digestProblem } from './secrets';

it.each(cases.filter(({ key }) => key === 'zkDigest').map(({ value, message }) => [value as string, message]))(
  'digest %j',
  (digest, message) => {
    expect(digestProblem(digest!)).toBe(message);
  }
);
