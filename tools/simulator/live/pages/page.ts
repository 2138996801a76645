/**
 * What a page of a master is made from.
 */
import type { Part } from '../../generate/body.ts';
import type { Master } from '../model.ts';
import type { World } from '../world.ts';

export interface Request {
  world: World;
  /** Who is asked. */
  master: Master;
  query: URLSearchParams;
  /** By a principal that may see agents only. */
  restricted: boolean;
}

/** A page's text; a long one in parts, of which those that have not changed are kept from one time to the next. */
export type Page = (request: Request) => string | Part[];
