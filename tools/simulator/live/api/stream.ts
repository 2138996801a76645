/**
 * SUBSCRIBE: the leader's events as they happen, each as its length in bytes, a line break and JSON (RecordIO), for as long as
 * the leader leads and the client listens.
 *
 * As in Mesos there are no events of agents that disconnect, become unreachable, are marked gone, deactivated or drained,
 * nor of schedulers that disconnect, of quota, weights or reservations.
 */
import type { Answer } from '../../answer.ts';
import { agentText } from '../v1/agent.ts';
import { id } from '../v1/common.ts';
import { frameworkEventText, frameworkInfoText } from '../v1/framework.ts';
import { statusText, taskText } from '../v1/task.ts';
import type { Happening, Subscriber, World } from '../world.ts';
import { getState } from './state.ts';

/** Seconds (src/master/constants.hpp: DEFAULT_HEARTBEAT_INTERVAL). */
const HEARTBEAT = 15;

export function subscribe(world: World, restricted: boolean): Answer {
  return {
    status: 200,
    headers: [['Content-Type', 'application/json']],
    body: Buffer.alloc(0),
    stream(write, close) {
      let open = true;
      const send = (...pieces: string[]) => {
        const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
        write(`${length}\n`, ...pieces);
        subscriber.sent += length + `${length}\n`.length;
      };
      const subscriber: Subscriber = {
        sent: 0,
        tell(happening: Happening) {
          const text = restricted ? restrictedText(happening) : eventText(happening);
          if (text !== undefined) {
            send(text);
          }
        },
        lose: (inOrder) => {
          open = false;
          close(inOrder);
        },
      };
      const beat = () => {
        if (open && world.subscribers.has(subscriber)) {
          send('{"type":"HEARTBEAT"}');
          world.in(HEARTBEAT, beat);
        }
      };
      const state = [...getState({ world, restricted })];
      send(
        '{"type":"SUBSCRIBED","subscribed":{"get_state":',
        ...state,
        `,"heartbeat_interval_seconds":${HEARTBEAT}.0}}`
      );
      world.subscribers.add(subscriber);
      const [oldest] = world.subscribers;
      if (world.subscribers.size > world.plan.subscribers) {
        world.subscribers.delete(oldest);
        oldest.lose(true);
      }
      beat();
      return () => {
        open = false;
        world.subscribers.delete(subscriber);
      };
    },
  };
}

function eventText(happening: Happening): string | undefined {
  switch (happening.type) {
    case 'TASK_ADDED':
      return event(happening.type, `{"task":${taskText(happening.task)}}`);
    case 'TASK_UPDATED': {
      const { task, status } = happening;
      return event(
        happening.type,
        `{"framework_id":${id(task.service.framework.id)},"status":${statusText(task, status)},"state":"TASK_${task.state}"}`
      );
    }
    case 'FRAMEWORK_UPDATED':
      return event(happening.type, `{"framework":${frameworkEventText(happening.framework)}}`);
    case 'FRAMEWORK_REMOVED':
      return event(happening.type, `{"framework_info":${frameworkInfoText(happening.framework)}}`);
    default:
      return restrictedText(happening);
  }
}

/** The events for principals that may see agents only. */
function restrictedText(happening: Happening): string | undefined {
  switch (happening.type) {
    case 'AGENT_ADDED':
      return event(happening.type, `{"agent":${agentText(happening.agent, { checkpoint: false })}}`);
    case 'AGENT_REMOVED':
      return event(happening.type, `{"agent_id":${id(happening.agent.id)}}`);
    default:
      return undefined;
  }
}

function event(type: string, text: string): string {
  return `{"type":"${type}","${type.toLowerCase()}":${text}}`;
}
