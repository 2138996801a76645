// Secrets are checked in the browser: what is typed goes nowhere before it is saved.
import { t } from '../i18n';

/** Returns what is wrong with user:password of ZooKeeper (pkg/plugin/settings_secrets.go), or undefined. It does not hold the secret. */
export function digestProblem(text: string): string | undefined {
  return text === '' || text.indexOf(':') > 0
    ? undefined
    : t('config.zk-digest.problem', 'zkDigest is not user:password: write both, with a colon between them');
}
