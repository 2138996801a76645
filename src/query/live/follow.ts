// Live panels: a query whose answer names a channel is continued by what comes on it.
import {
  type DataFrame,
  type DataQueryError,
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
  type RawTimeRange,
  type TimeRange,
} from '@grafana/data';
import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  expand,
  filter,
  map,
  merge,
  type Observable,
  of,
  switchMap,
  takeWhile,
  timer,
} from 'rxjs';

import type { MesosQuery } from '../types';
import { continued, type LiveMessage } from './frames';

type Request = DataQueryRequest<MesosQuery>;

/** A channel as the backend names it. */
interface Channel {
  path: string;
  data: { stepMs?: number };
}

/** What a frame's meta has: the channel of a range that moves on. */
interface NamedChannel extends Channel {
  /** The end of the answer, Unix milliseconds. */
  to?: number;
  /** The channel of a range whose begin stays. */
  fixed?: Channel;
}

/** What following needs of Grafana. */
export interface LiveSource {
  uid: string;
  /** Answers a request once. */
  answer: (request: Request) => Observable<DataQueryResponse>;
  stream: (address: LiveChannelAddress) => Observable<LiveChannelEvent<LiveMessage>>;
}

/** Says that the answer has to be asked for again. */
const broken = Symbol('broken');

type Packet = DataQueryResponse | typeof broken;

/** How long to wait before the answer is asked for again, by how often it failed: the backend may be starting or busy. */
const pauses = [5_000, 10_000, 20_000, 40_000, 60_000];

/** Returns a request whose logs are live, where somebody pressed Live in Explore, which shows nothing but logs then. */
export function followed(request: Request): Request {
  if (!request.liveStreaming) {
    return request;
  }
  const live = (query: MesosQuery) => (query.queryType === 'logs' ? { ...query, live: true } : query);
  return { ...request, targets: request.targets.map(live) };
}

/**
 * Returns the answer of a request, and, where one of its queries is live and its range ends now, what changes it from
 * then on: history first, then the stream, without a seam. It ends when nobody is subscribed. After a break the answer is
 * asked for again, and while that fails, from time to time.
 */
export function follow(request: Request, source: LiveSource): Observable<DataQueryResponse> {
  if (!request.targets.some(({ live }) => live)) {
    return source.answer(request);
  }
  const ends = request.range?.raw.to;
  if (typeof ends !== 'string' || !ends.startsWith('now')) {
    return source.answer(request);
  }
  return defer(() => {
    const panel = new LivePanel(request, source);
    return panel.once().pipe(
      expand((packet) => (packet === broken ? panel.once() : EMPTY)),
      filter((packet) => packet !== broken)
    );
  });
}

/** A subscription to a request. */
class LivePanel {
  private frames: DataFrame[] = [];
  private failures = 0;

  constructor(
    private readonly request: Request,
    private readonly source: LiveSource
  ) {}

  /** Returns the answer and what comes on its channels, up to the next break. */
  once(): Observable<Packet> {
    const range = this.range();
    return this.source.answer({ ...this.request, range }).pipe(
      catchError((error: unknown) => of<DataQueryResponse>({ data: [], error: errorOf(error) })),
      switchMap((answer) => {
        // One packet that replaces itself (runRequest.ts of Grafana keeps the latest of each key).
        const key = `live-${this.request.requestId}`;
        const channels = channelsOf(answer.data as DataFrame[]);
        const failed = this.request.targets.filter(
          ({ refId, live, hide }) =>
            live && !hide && !channels.has(refId) && errorsOf(answer).some((error) => (error.refId ?? refId) === refId)
        );
        if (channels.size === 0 && failed.length === 0) {
          return of({ ...answer, key });
        }
        // What is shown stays where a query fails.
        const kept = ({ refId }: DataFrame) => failed.some((query) => query.refId === refId);
        this.frames = [...this.frames.filter(kept), ...(answer.data as DataFrame[])];
        const state = channels.size > 0 ? LoadingState.Streaming : LoadingState.Error;
        const first = { ...answer, data: this.frames, key, state };
        if (failed.length === 0) {
          return concat(of(first), this.messages(range, first, channels));
        }
        return concat(of(first), untilBroken(merge(this.messages(range, first, channels, false), this.later())));
      })
    );
  }

  private range(): TimeRange {
    return rangeUtil.convertRawToRange(this.request.range.raw, this.request.timezone);
  }

  /** Says after a while that the answer has to be asked for again. */
  private later(): Observable<Packet> {
    const pause = pauses[Math.min(this.failures, pauses.length - 1)];
    this.failures += 1;
    return timer(pause).pipe(map(() => broken));
  }

  /** Returns what comes on channels. whole says that all queries were answered. */
  private messages(
    { from }: TimeRange,
    first: DataQueryResponse,
    channels: Map<string, NamedChannel>,
    whole = true
  ): Observable<Packet> {
    const fixed = stays(this.request.range.raw.from);
    let [met, lost] = [false, false];
    const reached = new Map([...channels].map(([refId, { to }]) => [refId, to ?? Infinity]));
    const failing = new Map<string, DataQueryError>();
    const shown = (): Packet => {
      const all = [...errorsOf(first), ...failing.values()];
      return { ...first, data: this.frames, errors: all.length > 0 ? all : undefined, error: all[0] };
    };
    const apply = (refId: string, event: LiveChannelEvent<LiveMessage>): Packet[] => {
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
      if (whole) {
        this.failures = 0;
      }
      if (message.error) {
        failing.set(refId, { refId, message: message.error });
        return [shown()];
      }
      const begin = this.range().from.valueOf();
      const anotherDay = fixed && begin !== from.valueOf();
      if (message.again || anotherDay || message.from > reached.get(refId)!) {
        return [broken];
      }
      failing.delete(refId);
      reached.set(refId, message.to);
      const oldest = begin - Math.max(this.request.intervalMs, channels.get(refId)?.data.stepMs ?? 0);
      this.frames = continued(this.frames, refId, message, oldest);
      return [shown()];
    };
    const { uid, stream } = this.source;
    const all = [...channels].map(([refId, named]) => {
      const { path, data } = (fixed && named.fixed) || named;
      // `namespace` is the name that `stream` had before Grafana 12.4.
      const address = { scope: LiveChannelScope.DataSource, stream: uid, namespace: uid, path, data };
      return concat(
        stream(address).pipe(
          concatMap((event) => apply(refId, event)),
          catchError((error: unknown) => {
            failing.set(refId, { refId, ...errorOf(error) });
            return of(shown());
          })
        ),
        defer(() => this.later()) // it ended by itself
      );
    });
    return untilBroken(merge(...all));
  }
}

function untilBroken(packets: Observable<Packet>): Observable<Packet> {
  return packets.pipe(takeWhile((packet) => packet !== broken, true));
}

/** Reports whether the begin of a range stays for a while, as that of today, where that of the last hour moves on. */
function stays(from: RawTimeRange['from']): boolean {
  return typeof from !== 'string' || !from.startsWith('now') || from.includes('/');
}

/** The channel of each query, by its refId. */
function channelsOf(frames: DataFrame[]): Map<string, NamedChannel> {
  const channels = new Map<string, NamedChannel>();
  for (const { refId, meta } of frames) {
    const channel: NamedChannel | undefined = meta?.custom?.live;
    if (refId && channel) {
      channels.set(refId, channel);
    }
  }
  return channels;
}

function errorsOf({ error, errors }: DataQueryResponse): DataQueryError[] {
  return errors ?? (error ? [error] : []);
}

function errorOf(error: unknown): DataQueryError {
  return { message: error instanceof Error ? error.message : String(error) };
}
