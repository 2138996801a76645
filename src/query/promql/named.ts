// What a name of an expression is: a series of the catalogue, or a name of another tool.
import type { Catalogue, CatalogueSeries } from '../../resources';

export function seriesAndAliases(catalogue: Catalogue | undefined): CatalogueSeries[] {
  return [...(catalogue?.series ?? []), ...(catalogue?.aliases ?? [])];
}

/** Returns the series or the alias with a name; undefined where there is none. */
export function named(catalogue: Catalogue | undefined, name: string | undefined): CatalogueSeries | undefined {
  const hasName = (one: CatalogueSeries) => one.name === name;
  return catalogue?.series.find(hasName) ?? catalogue?.aliases?.find(hasName);
}
