// The words of PromQL with their help: Prometheus' own lists.
import * as terms from '@prometheus-io/codemirror-promql/dist/cjs/complete/promql.terms';

/** A word and what it does. */
export interface Word {
  word: string;
  help?: string;
}

interface Term {
  label: string;
  info?: string;
}

const words = (list: Term[]): Word[] => list.map(({ label, info }) => ({ word: label, help: info }));

/** Those that are experimental are left out: the engine refuses them. */
export const AGGREGATIONS = words(terms.aggregateOpTerms).filter(({ word }) => !word.startsWith('limit'));
export const FUNCTIONS = words(terms.functionIdentifierTerms);
export const GROUPING = words(terms.aggregateOpModifierTerms);
export const MATCH_OPERATORS = words(terms.matchOpTerms);
export const NUMBERS = words(terms.numberTerms);
export const MOMENTS = words(terms.atModifierTerms);
export const UNITS = words(terms.durationTerms);
/** `fill` and `</` are experimental: the engine refuses them. */
export const OPERATORS = words(terms.binOpTerms).filter(({ word }) => word !== '</' && word !== '>/');
export const MATCHING = words(terms.binOpModifierTerms).filter(({ word }) => !word.startsWith('fill'));

/** Templates of expressions, with `${name}` where something is to be filled in. */
export const SNIPPETS = (terms.snippets as unknown as Array<Term & { apply: string }>)
  // No series of Mesos is a histogram.
  .filter(({ label }) => !label.startsWith('histogram_'))
  .map(({ label, info, apply }) => ({ word: label, help: info, template: apply }));

const HELP = new Map(
  [...AGGREGATIONS, ...FUNCTIONS, ...GROUPING, ...MATCHING, ...NUMBERS, ...MOMENTS].map(({ word, help }) => [
    word,
    help,
  ])
);

/** Returns what a word does; undefined of others. */
export function helpOf(word: string): string | undefined {
  return HELP.get(word) ?? HELP.get(word.toLowerCase());
}
