/**
 * Answers as libprocess makes them: types, plain texts for what went wrong, JSONP.
 */
import type { Answer } from '../answer.ts';

const TEXT: Array<[string, string]> = [['Content-Type', 'text/plain; charset=utf-8']];
const JSON_TYPE: Array<[string, string]> = [['Content-Type', 'application/json']];

/** A response whose body is its status: `404 Not Found.` */
const PLAIN: Record<number, string> = {
  401: '401 Unauthorized.',
  403: '403 Forbidden.',
  404: '404 Not Found.',
};

export function json(body: string | Answer['body']): Answer {
  return { status: 200, headers: JSON_TYPE, body: typeof body === 'string' ? Buffer.from(body) : body };
}

export function text(status: number, body: string, headers: Answer['headers'] = []): Answer {
  return { status, headers: [...headers, ...TEXT], body: Buffer.from(body) };
}

export function plain(status: number, headers: Answer['headers'] = []): Answer {
  return text(status, PLAIN[status], headers);
}

export function html(body: string): Answer {
  return { status: 200, headers: [['Content-Type', 'text/html']], body: Buffer.from(body) };
}

export function empty(status: number, headers: Answer['headers'] = []): Answer {
  return { status, headers, body: Buffer.alloc(0) };
}

/** An answer in JSON as a call of the function that `?jsonp=` names; others as they are. */
export function jsonp(answer: Answer, query: URLSearchParams): Answer {
  const name = query.get('jsonp');
  if (name === null || answer.headers !== JSON_TYPE) {
    return answer;
  }
  const { body } = answer;
  const whole = Buffer.isBuffer(body) ? [body] : body.plain().chunks;
  return {
    status: answer.status,
    headers: [['Content-Type', 'text/javascript']],
    body: Buffer.concat([Buffer.from(`${name}(`), ...whole, Buffer.from(')')]),
  };
}
