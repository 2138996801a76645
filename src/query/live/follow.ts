// Live panels: a query whose answer names a channel is continued by what comes on it.
import {
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  isLiveChannelMessageEvent,
  isLiveChannelStatusEvent,
  type LiveChannelAddress,
  type LiveChannelEvent,
  LiveChannelConnectionState,
  LiveChannelScope,
  LoadingState,
  rangeUtil,
} from '@grafana/data';
import { concat, EMPTY, merge, type Observable, of } from 'rxjs';
import { concatMap, expand, mergeMap, switchMap, takeWhile } from 'rxjs/operators';

import type { MesosQuery } from '../types';
import { continued, type LiveMessage } from './frames';

type Request = DataQueryRequest<MesosQuery>;

/** A channel as the backend names it in a frame's meta. */
interface Channel {
  path: string;
  data: unknown;
}

/** What following needs of Grafana. */
export interface LiveSource {
  uid: string;
  /** Answers a request once. */
  answer: (request: Request) => Observable<DataQueryResponse>;
  stream: (address: LiveChannelAddress) => Observable<LiveChannelEvent<LiveMessage>>;
}

/**
 * Returns the answer of a request, and, where one of its queries is live and its range ends now, what changes it from
 * then on: history first, then the stream, without a seam. It ends when nobody is subscribed. After a break the answer is
 * asked for again.
 */
export function follow(request: Request, source: LiveSource): Observable<DataQueryResponse> {
  if (!request.targets.some(({ live }) => live)) {
    return source.answer(request);
  }
  const ends = request.range?.raw.to;
  if (typeof ends !== 'string' || !ends.startsWith('now')) {
    return source.answer(request);
  }
  // One packet that replaces itself (runRequest.ts of Grafana keeps the latest of each key).
  const key = `live-${request.requestId}`;
  const once = (): Observable<DataQueryResponse | typeof broken> =>
    source.answer({ ...request, range: rangeUtil.convertRawToRange(request.range.raw) }).pipe(
      switchMap((answer) => {
        const channels = channelsOf(answer.data as DataFrame[]);
        if (channels.size === 0) {
          return of({ ...answer, key });
        }
        const first = { ...answer, key, state: LoadingState.Streaming };
        return concat(of(first), messages(request, source, first, channels));
      })
    );
  return once().pipe(
    expand((packet) => (packet === broken ? once() : EMPTY)),
    mergeMap((packet) => (packet === broken ? EMPTY : of(packet)))
  );
}

/** Says that something is missing between two messages. */
const broken = Symbol('broken');

/** The channel of each query, by its refId. */
function channelsOf(frames: DataFrame[]): Map<string, Channel> {
  const channels = new Map<string, Channel>();
  for (const { refId, meta } of frames) {
    const channel: Channel | undefined = meta?.custom?.live;
    if (refId && channel) {
      channels.set(refId, channel);
    }
  }
  return channels;
}

function messages(
  request: Request,
  { uid, stream }: LiveSource,
  first: DataQueryResponse,
  channels: Map<string, Channel>
): Observable<DataQueryResponse | typeof broken> {
  let frames = first.data as DataFrame[];
  let [met, lost] = [false, false];
  const reached = new Map<string, number>();
  const apply = (refId: string, event: LiveChannelEvent<LiveMessage>): Array<DataQueryResponse | typeof broken> => {
    if (isLiveChannelStatusEvent(event)) {
      const connected = event.state === LiveChannelConnectionState.Connected;
      const back = lost && connected;
      lost ||= met && !connected;
      met ||= connected;
      return back ? [broken] : [];
    }
    if (!isLiveChannelMessageEvent(event)) {
      return [];
    }
    const { message } = event;
    if (message.from > (reached.get(refId) ?? Infinity)) {
      return [broken];
    }
    reached.set(refId, message.to);
    const oldest = rangeUtil.convertRawToRange(request.range.raw).from.valueOf() - request.intervalMs;
    frames = continued(frames, refId, message, oldest);
    const errors = message.error ? [{ refId, message: message.error }] : undefined;
    return [{ ...first, data: frames, errors, error: errors?.[0] }];
  };
  return merge(
    ...[...channels].map(([refId, { path, data }]) =>
      // `namespace` is the name that `stream` had before Grafana 12.4.
      stream({ scope: LiveChannelScope.DataSource, stream: uid, namespace: uid, path, data }).pipe(
        concatMap((event) => apply(refId, event))
      )
    )
  ).pipe(takeWhile((packet) => packet !== broken, true));
}
