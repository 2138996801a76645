import types from '../../pkg/query/schema.json';
import texts from '../locales/en-US/community-mesos-datasource.json';
import { inSentence, nameOf } from './names';

const { Entity, Resource, Measure } = types.definitions;

it.each([...Entity.enum, ...Resource.enum, ...Measure.enum])('%s has a name to translate', (word) => {
  const names: Record<string, string> = texts.names;
  expect(names[word.replace(/_/g, '-')]).toBe(nameOf(word));
});

it('writes a word that it does not know with a capital letter', () => {
  expect(nameOf('a_new_measure')).toBe('A new measure');
});

it('leaves abbreviations in a sentence as they are', () => {
  expect(['Quota limit', 'CPU', '内存'].map(inSentence)).toEqual(['quota limit', 'CPU', '内存']);
});
