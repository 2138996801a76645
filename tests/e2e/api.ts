// Client of Grafana's HTTP API for the tests. Errors contain Grafana's own message.

/** A query of this plugin as a panel or a rule stores it. */
export type Query = Record<string, unknown>;

/** A data frame as /api/ds/query sends it. Values stand by field. */
export interface Frame {
  schema: {
    refId?: string;
    meta?: { type?: string; notices?: Array<{ text: string }>; executedQueryString?: string };
    fields: Array<{ name: string; type: string; labels?: Record<string, string>; config?: { unit?: string } }>;
  };
  data: { values: Array<Array<number | string | null>> };
}

export interface Answer {
  status: number;
  results: Record<string, { status?: number; error?: string; errorSource?: string; frames?: Frame[] }>;
}

export interface Instance {
  labels: Record<string, string>;
  state: string;
}

export interface Rule {
  name: string;
  state: string;
  health: string;
  lastError?: string;
  alerts?: Instance[];
}

export class GrafanaApi {
  readonly url: string;
  private readonly authorization: string;

  constructor(url: string, user: string, password: string) {
    this.url = url.replace(/\/$/, '');
    this.authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  }

  /** Sends a request and returns the response, whatever its status. */
  async request(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        Authorization: this.authorization,
        'Content-Type': 'application/json',
        // Resources made by the provisioning API stay editable in the browser.
        'X-Disable-Provenance': 'true',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    try {
      return { status: answer.status, body: JSON.parse(text) };
    } catch {
      return { status: answer.status, body: text };
    }
  }

  /** Sends a request; throws unless it succeeds. */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.request(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body as T;
  }

  /** Deletes an object, which may be missing. */
  async forget(path: string): Promise<void> {
    const answer = await this.request('DELETE', path);
    if (answer.status >= 300 && answer.status !== 404) {
      throw new Error(`DELETE ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
  }

  /** Runs queries of one data source over the last minutes. */
  async query(uid: string, queries: Query[], minutes = 5): Promise<Answer> {
    const { status, body } = await this.request('POST', '/api/ds/query', {
      from: `now-${minutes}m`,
      to: 'now',
      queries: queries.map((query, i) => ({
        refId: String.fromCharCode(65 + i),
        datasource: { uid },
        intervalMs: 1000,
        maxDataPoints: 1000,
        ...query,
      })),
    });
    return { status, ...(body as Omit<Answer, 'status'>) };
  }

  /** The rules of a folder with their states. */
  async rules(folderUid: string): Promise<Rule[]> {
    const { data } = await this.call<{ data: { groups: Array<{ rules: Rule[] }> } }>(
      'GET',
      `/api/prometheus/grafana/api/v1/rules?folder_uid=${folderUid}`
    );
    return data.groups.flatMap((group) => group.rules);
  }
}

/** Waits until a condition holds; fails with what it saw last. */
export async function eventually<T>(
  what: string,
  read: () => Promise<T>,
  holds: (seen: T) => boolean,
  seconds: number,
  every = 1
): Promise<T> {
  for (const end = Date.now() + seconds * 1000; ; await new Promise((resolve) => setTimeout(resolve, every * 1000))) {
    const seen = await read();
    if (holds(seen)) {
      return seen;
    }
    if (Date.now() > end) {
      throw new Error(`${what} did not happen within ${seconds} s. Last: ${JSON.stringify(seen)?.slice(0, 1500)}`);
    }
  }
}
