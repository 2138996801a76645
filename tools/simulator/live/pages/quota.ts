/**
 * /quota and /weights: what was set for roles, in both formats Mesos keeps for quota (QuotaInfo before 1.9, QuotaConfig).
 */
import { double } from '../../generate/json.ts';
import type { Amount } from '../amount.ts';
import type { Quota } from '../plan.ts';
import { full } from '../v0/full.ts';
import type { World } from '../world.ts';
import type { Request } from './page.ts';

export function quota({ world }: Request): string {
  return quotaText(world);
}

/** `{}` when no role has any. */
export function quotaText(world: World): string {
  const set =
    world.ready === undefined ? [] : [...world.quota].filter(([, { limit, guarantee }]) => limit ?? guarantee);
  return set.length === 0
    ? '{}'
    : `{"infos":[${set.map(([role, own]) => infoText(role, own)).join(',')}],` +
        `"configs":[${set.map(([role, own]) => configText(role, own)).join(',')}]}`;
}

function infoText(role: string, { guarantee }: Quota): string {
  return `{"role":"${role}"${guarantee === undefined ? '' : `,"guarantee":[${full(guarantee, {}).join(',')}]`}}`;
}

function configText(role: string, { guarantee, limit }: Quota): string {
  return `{"role":"${role}"${scalars('guarantees', guarantee)}${scalars('limits', limit)}}`;
}

function scalars(name: string, of: Amount | undefined): string {
  const kinds = (['mem', 'cpus'] as const).filter((kind) => (of?.[kind] ?? 0) > 0);
  return of === undefined
    ? ''
    : `,"${name}":{${kinds.map((kind) => `"${kind}":{"value":${double(of[kind])}}`).join(',')}}`;
}

/** A restricted principal sees no role's. */
export function weights({ world, restricted }: Request): string {
  const set = restricted ? [] : weightsOf(world);
  return `[${set.map(([role, weight]) => `{"role":"${role}","weight":${double(weight)}}`).join(',')}]`;
}

/** The weights that were set: not 1, which every role has. */
export function weightsOf(world: World): Array<[role: string, weight: number]> {
  return world.ready === undefined
    ? []
    : [...world.quota].flatMap(([role, { weight }]) => (weight === 1 ? [] : [[role, weight] as [string, number]]));
}
