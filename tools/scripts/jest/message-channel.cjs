// jsdom has no MessageChannel, and React 19's server renderer, which Grafana's packages import, makes one when it loads.
const later = setTimeout;

class MessageChannel {
  port1 = { onmessage: null };
  port2 = { postMessage: (data) => later(() => this.port1.onmessage?.({ data }), 0) };
}

Object.assign(globalThis, { MessageChannel });
