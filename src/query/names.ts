// Display names of entities, resources and measures. A word that is not listed
// is written with a capital letter, so that the catalogue can grow without this
// file.
import { t } from '../i18n';

const NAMES: Record<string, () => string> = {
  cluster: () => t('names.cluster', 'Cluster'),
  agent: () => t('names.agent', 'Agent'),
  framework: () => t('names.framework', 'Framework'),
  role: () => t('names.role', 'Role'),
  task: () => t('names.task', 'Task'),
  executor: () => t('names.executor', 'Executor'),

  cpus: () => t('names.cpus', 'CPU'),
  gpus: () => t('names.gpus', 'GPU'),
  memory: () => t('names.memory', 'Memory'),
  disk: () => t('names.disk', 'Disk'),
  tasks: () => t('names.tasks', 'Tasks'),

  capacity: () => t('names.capacity', 'Capacity'),
  allocated: () => t('names.allocated', 'Allocated'),
  offered: () => t('names.offered', 'Offered'),
  reserved: () => t('names.reserved', 'Reserved'),
  quota_limit: () => t('names.quota-limit', 'Quota limit'),
  quota_guarantee: () => t('names.quota-guarantee', 'Quota guarantee'),
  quota_consumed: () => t('names.quota-consumed', 'Quota consumed'),
  free: () => t('names.free', 'Free'),
  used: () => t('names.used', 'Used'),
  utilization: () => t('names.utilization', 'Utilization'),
  share: () => t('names.share', 'Share'),
  efficiency: () => t('names.efficiency', 'Efficiency'),
  active: () => t('names.active', 'Active'),
  staging: () => t('names.staging', 'Staging'),
  starting: () => t('names.starting', 'Starting'),
  running: () => t('names.running', 'Running'),
  killing: () => t('names.killing', 'Killing'),
  unreachable: () => t('names.unreachable', 'Unreachable'),
  ended: () => t('names.ended', 'Ended'),
  finished: () => t('names.finished', 'Finished'),
  failed: () => t('names.failed', 'Failed'),
  killed: () => t('names.killed', 'Killed'),
  lost: () => t('names.lost', 'Lost'),
  error: () => t('names.error', 'Error'),
  dropped: () => t('names.dropped', 'Dropped'),
  gone: () => t('names.gone', 'Gone'),
  gone_by_operator: () => t('names.gone-by-operator', 'Gone by operator'),
  fits: () => t('names.fits', 'Fits'),
};

/** Returns the display name in the user's language: `quota_limit` -> `Quota limit`, `cpus` -> `CPU`. */
export function nameOf(word: string): string {
  const known = NAMES[word];
  if (known) {
    return known();
  }
  const text = word.replace(/_/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Returns the word within a sentence: `Quota limit` -> `quota limit`, `CPU` stays. */
export function inSentence(name: string): string {
  return /^\p{Lu}\p{Ll}/u.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name;
}
