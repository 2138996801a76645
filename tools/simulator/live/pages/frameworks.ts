/**
 * /frameworks: those of /state, by themselves. `?framework_id=` picks one.
 */
import type { Part } from '../../generate/body.ts';
import { frameworksParts, knownFrameworks } from '../state.ts';
import type { Request } from './page.ts';

export function frameworks({ world, query, restricted }: Request): Part[] {
  const id = query.get('framework_id');
  const wanted = knownFrameworks(world).filter((framework) => !restricted && (id === null || framework.id === id));
  return [
    { key: 'begin', version: 0, text: () => '{"frameworks":[' },
    ...frameworksParts(world, wanted),
    { key: 'last', version: 0, text: () => '],"unregistered_frameworks":[]}' },
  ];
}
