/**
 * POST /api/v1 of a leader, in JSON: checks a call and dispatches it. Texts are those recorded in 09-protocol.
 */
import { Body } from '../../generate/body.ts';
import type { Asked } from '../../match.ts';
import type { Answer } from '../../answer.ts';
import type { Master } from '../model.ts';
import { empty, json, plain, text } from '../replies.ts';
import type { Action } from '../steps.ts';
import type { World } from '../world.ts';
import { ACTIONS, teardown } from './actions.ts';
import { FORBIDDEN_GETS, GETS, WITH_FIELD } from './gets.ts';
import type { Pieces } from './state.ts';
import { subscribe } from './stream.ts';

export interface Operator {
  world: World;
  /** The leader that is asked. */
  master: Master;
  restricted: boolean;
  /** Lets something happen, now. */
  act(action: Action): void;
}

/** Mesos also speaks protobuf, which simulated masters do not. */
const JSON_TYPE = 'application/json';

export function operatorApi(operator: Operator, asked: Asked): Answer {
  const { world, restricted } = operator;
  if (world.ready === undefined) {
    return text(503, 'Master has not finished recovery');
  }
  const call = readCall(asked);
  if ('status' in call) {
    return call;
  }
  const { type, message } = call;
  if (type === 'SUBSCRIBE') {
    return subscribe(world, restricted);
  }
  if (restricted && (type in ACTIONS || FORBIDDEN_GETS.has(type))) {
    return plain(403);
  }
  return type in ACTIONS ? perform(operator, ACTIONS[type](world, message)) : get(operator, type);
}

/** Returns a refusal unchanged; performs an action. */
export function perform({ act }: Pick<Operator, 'act'>, result: Action | Answer): Answer {
  if ('status' in result) {
    return result;
  }
  act(result);
  return empty(200);
}

/** POST /master/teardown, which is older than the operator API: `frameworkId=...` as a form. */
export function teardownDoor(operator: Operator, { method, body }: Asked): Answer {
  if (method !== 'POST') {
    return notAllowed(method);
  }
  if (operator.restricted) {
    return plain(403);
  }
  return perform(operator, teardown(operator.world, new URLSearchParams(body).get('frameworkId') ?? ''));
}

function get(operator: Operator, type: string): Answer {
  const made = GETS[type](operator);
  const field = type.toLowerCase();
  const pieces = made === undefined ? [] : [`,"${field}":`, ...(typeof made === 'string' ? [made] : made)];
  return json(bodyOf([`{"type":"${type}"`, ...pieces, '}']));
}

/** A long text from its pieces. */
export function bodyOf(pieces: Iterable<string> | Pieces): Body {
  const body = new Body();
  body.update([...pieces].map((piece, i) => ({ key: String(i), version: 0, text: () => piece })));
  return body;
}

function notAllowed(method: string): Answer {
  const why = `405 Method Not Allowed. Expecting one of { 'POST' }, but received '${method}'.`;
  return text(405, why, [['Allow', 'POST']]);
}

type Call = { type: string; message: Record<string, unknown> };

/** The call in a request, or why there is none. */
function readCall({ method, headers, body }: Asked): Call | Answer {
  if (method !== 'POST') {
    return notAllowed(method);
  }
  const contentType = headers['content-type'];
  if (contentType === undefined) {
    return text(400, "Expecting 'Content-Type' to be present");
  }
  if (contentType !== JSON_TYPE) {
    return text(415, "Expecting 'Content-Type' of application/json or application/x-protobuf");
  }
  let call: unknown;
  try {
    call = JSON.parse(body);
  } catch (error) {
    return text(400, `Failed to parse body into JSON: ${where(body, error as Error)}`);
  }
  const { type } = (call ?? {}) as { type?: unknown };
  const known =
    typeof type === 'string' && (type === 'SUBSCRIBE' || Object.hasOwn(GETS, type) || Object.hasOwn(ACTIONS, type));
  if (!known) {
    return text(400, "Failed to validate master::Call: Expecting 'type' to be present");
  }
  const field = type.toLowerCase();
  const message = (call as Record<string, unknown>)[field];
  if ((type in ACTIONS || WITH_FIELD.has(type)) && (typeof message !== 'object' || message === null)) {
    return text(400, `Failed to validate master::Call: Expecting '${field}' to be present`);
  }
  if (!accepts(headers.accept)) {
    return text(406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'");
  }
  return { type, message: message as Record<string, unknown> };
}

/** Where a text stops being JSON, as picojson says it, and as far as the parser here knows. */
function where(body: string, { message }: Error): string {
  const position = Number(/at position (\d+)/.exec(message)?.[1] ?? body.length);
  const line = body.slice(0, position).split('\n').length;
  return `syntax error at line ${line} near: ${body.slice(position).split('\n')[0]}`;
}

function accepts(header: string | string[] | undefined): boolean {
  const kinds = String(header ?? '*/*')
    .split(',')
    .map((kind) => kind.split(';')[0].trim());
  return kinds.some((kind) => kind === JSON_TYPE || kind === 'application/*' || kind === '*/*');
}
