// Grafana's HTTP client, as plugins see it (getBackendSrv): fetch, with errors
// as FetchError objects, and a request that replaces an earlier one of its kind.
import { lastValueFrom, Observable } from 'rxjs';

import type { BackendSrv, BackendSrvRequest, FetchError, FetchErrorDataProps, FetchResponse } from '@grafana/runtime';

const running = new Map<string, AbortController>();

/** The address with `params` appended; a list becomes one parameter per value. */
export function addressOf({ url, params = {} }: BackendSrvRequest): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) {
        query.append(name, String(one));
      }
    }
  }
  const text = query.toString();
  const address = url.startsWith('/') || url.includes('://') ? url : `/${url}`;
  return text ? `${address}${address.includes('?') ? '&' : '?'}${text}` : address;
}

async function read(response: Response, type: BackendSrvRequest['responseType']): Promise<unknown> {
  switch (type) {
    case 'arraybuffer':
      return response.arrayBuffer();
    case 'blob':
      return response.blob();
    case 'text':
      return response.text();
  }
  const text = await response.text();
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    return text;
  }
}

/** What Grafana makes of the body of a failed request: an object, with a message if there is any text. */
function errorData(data: unknown, statusText: string): FetchErrorDataProps {
  if (typeof data !== 'object' || data === null) {
    return { message: String(data), error: statusText };
  }
  const known = data as FetchErrorDataProps;
  return known.message || typeof known.error !== 'string' ? known : { ...known, message: known.error };
}

async function send<T>(options: BackendSrvRequest, signal: AbortSignal): Promise<FetchResponse<T>> {
  const headers = new Headers({ Accept: 'application/json, text/plain, */*', 'X-Grafana-Org-Id': '1' });
  Object.entries(options.headers ?? {}).forEach(([name, value]) => headers.set(name, String(value)));
  let body: string | undefined;
  if (options.data !== undefined && options.method !== 'GET') {
    body = typeof options.data === 'string' ? options.data : JSON.stringify(options.data);
    headers.set('Content-Type', headers.get('Content-Type') ?? 'application/json');
  }
  let response: Response;
  try {
    response = await fetch(addressOf(options), { method: options.method ?? 'GET', headers, body, signal });
  } catch (error) {
    const failed: FetchError = {
      status: signal.aborted ? -1 : 0,
      statusText: signal.aborted ? 'Request was aborted' : 'The workbench host does not answer',
      data: { message: signal.aborted ? 'Request was aborted' : 'The workbench host does not answer' },
      cancelled: signal.aborted,
      config: options,
    };
    throw Object.assign(failed, { cause: error });
  }
  const data = (await read(response, options.responseType)) as T;
  const { status, statusText, ok, redirected, type, url } = response;
  if (!ok) {
    const failed: FetchError = { status, statusText, data: errorData(data, statusText), config: options };
    throw failed;
  }
  return { data, status, statusText, ok, headers: response.headers, redirected, type, url, config: options };
}

function fetching<T>(options: BackendSrvRequest): Observable<FetchResponse<T>> {
  return new Observable((subscriber) => {
    const abort = new AbortController();
    const { requestId, abortSignal } = options;
    if (requestId) {
      running.get(requestId)?.abort();
      running.set(requestId, abort);
    }
    abortSignal?.addEventListener('abort', () => abort.abort());
    send<T>(options, abort.signal).then(
      (response) => {
        subscriber.next(response);
        subscriber.complete();
      },
      (error: unknown) => subscriber.error(error)
    );
    return () => {
      if (requestId && running.get(requestId) === abort) {
        running.delete(requestId);
      }
      abort.abort();
    };
  });
}

const dataOf = async <T>(options: BackendSrvRequest): Promise<T> => (await lastValueFrom(fetching<T>(options))).data;

export const backendSrv: BackendSrv = {
  fetch: fetching,
  chunked: () => {
    throw new Error('the workbench has no chunked requests');
  },
  request: dataOf,
  datasourceRequest: (options) => lastValueFrom(fetching(options)),
  get: (url, params, requestId, options) => dataOf({ ...options, method: 'GET', url, params, requestId }),
  delete: (url, data, options) => dataOf({ ...options, method: 'DELETE', url, data }),
  post: (url, data, options) => dataOf({ ...options, method: 'POST', url, data }),
  patch: (url, data, options) => dataOf({ ...options, method: 'PATCH', url, data }),
  put: (url, data, options) => dataOf({ ...options, method: 'PUT', url, data }),
};
