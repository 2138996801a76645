// A backend for tests, which answers from memory and records its calls.
import { MesosResources, type Catalogue, type ResourceCaller, type Trial } from '../resources';
import { CATALOGUE } from './catalogue';

export interface FakeAnswers {
  catalogue?: Catalogue | Error;
  labels?: string[];
  /** By label. */
  values?: Record<string, string[]>;
  /** How many series each name has. */
  counts?: Record<string, number> | Error;
  /** Of events, by field. */
  events?: Record<string, string[]>;
  compile?: (query: unknown) => unknown;
  /** What a rule would get of a query. */
  rule?: (query: unknown) => Trial;
}

interface Call {
  path: string;
  input?: unknown;
  requestId?: string;
}

export interface FakeBackend extends ResourceCaller {
  calls: Call[];
}

export function fakeBackend({
  catalogue = CATALOGUE,
  labels = [],
  values = {},
  events = {},
  counts = {},
  compile,
  rule,
}: FakeAnswers = {}): FakeBackend {
  const calls: Call[] = [];
  const answers: Record<string, (input: never) => unknown> = {
    catalogue: () => {
      if (catalogue instanceof Error) {
        throw catalogue;
      }
      return catalogue;
    },
    'series-counts': () => {
      if (counts instanceof Error) {
        throw counts;
      }
      return { status: 'success', data: counts };
    },
    labels: () => ({ status: 'success', data: labels }),
    'label-values': ({ label }: { label: string }) => ({ status: 'success', data: values[label] ?? [] }),
    'events/values': ({ field, search = '' }: { field: string; search?: string }) => ({
      status: 'success',
      data: (events[field] ?? []).filter((value) => value.includes(search)),
    }),
    compile: ({ query }: { query: unknown }) => (compile ? compile(query) : { promql: 'up' }),
    rule: ({ query }: { query: unknown }) => rule?.(query) ?? { numbers: 1 },
    status: () => ({ leader: 'master1:5050' }),
  };
  const call = async (path: string, input: unknown, requestId?: string) => {
    calls.push({ path, input, requestId });
    return answers[path](input as never);
  };
  return {
    calls,
    getResource: async <T>(path: string, params?: unknown) => (await call(path, params)) as T,
    postResource: async <T>(path: string, data?: unknown, options?: { requestId?: string }) =>
      (await call(path, data, options?.requestId)) as T,
  };
}

export function fakeResources(answers?: FakeAnswers): MesosResources {
  return new MesosResources(fakeBackend(answers));
}
