// Grafana's HTTP API as the workbench's host serves it, for programs.

/** Sends a request, with a body as JSON, and returns the answer's JSON. Throws the host's error message when it refuses. */
export type Call = <T>(method: string, path: string, body?: object) => Promise<T>;

/** `url`: the workbench's own. Paths begin below /api. */
export function callerOf(url: string): Call {
  return async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(`${url}/api${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${response.status} ${text}`);
    }
    return JSON.parse(text) as T;
  };
}
