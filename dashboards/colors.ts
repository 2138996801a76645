// Colors of states, the same in every panel: green is good, yellow is in
// transition, orange and red are out of reach.
export const agentColors = {
  active: 'green',
  disconnected: 'orange',
  deactivated: 'blue',
  draining: 'yellow',
  drained: 'purple',
  unreachable: 'red',
  recovered: 'light-blue',
  lost: 'dark-red',
  removed: 'text',
  gone: 'dark-purple',
};

export const frameworkColors = {
  active: 'green',
  inactive: 'yellow',
  disconnected: 'orange',
  recovered: 'light-blue',
  removed: 'text',
};

export const taskColors = {
  staging: 'yellow',
  starting: 'blue',
  running: 'green',
  killing: 'purple',
  unreachable: 'red',
};

export const endingColors = {
  finished: 'green',
  killed: 'blue',
  failed: 'red',
  error: 'dark-red',
  lost: 'orange',
  dropped: 'yellow',
  gone: 'purple',
  gone_by_operator: 'dark-purple',
  unknown: 'text',
};

export const allTaskColors = { ...taskColors, ...endingColors, finished: 'light-green' };

export const severityColors = { info: 'blue', warning: 'orange', error: 'red' };
