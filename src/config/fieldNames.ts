// The names that settings have on the page, beside their keys in messages of the backend.
import { t } from '../i18n';
import { FIELDS } from './fields';

/** Returns a message with the page's name before each key: (Retention: jsonData.retention). */
export function withFieldNames(message: string): string {
  return message.replace(/\((?=(?:secureJsonData|jsonData)\.(\w+)[):])/g, (written, key: string) => {
    const name = nameOf(key);
    return name ? `(${name}: ` : written;
  });
}

/** Returns a message with the page's names in place of the keys, for people who see no keys: those of panels and queries. */
export function withNamesAlone(message: string): string {
  return message
    .replace(/\((?:secureJsonData|jsonData)\.(\w+)(?:: [^()]*)?\)/g, (written, key: string) => {
      const name = nameOf(key);
      return name ? `(${t('config.field.of-source', 'setting {{name}} of the data source', { name })})` : written;
    })
    .replace(LIKE_A_KEY, (written) => {
      const name = FIELDS.some(({ key }) => key === written) ? nameOf(written) : undefined;
      return name ? t('config.field.quoted', '“{{name}}”', { name }) : written;
    });
}

/** Matches what may be a key and is no English word: memoryLimit. What is quoted is of the query or the cluster. */
const LIKE_A_KEY = /(?<![\w"'./])[a-z]+[A-Z]\w*(?![\w"'.])/g;

function nameOf(key: string): string | undefined {
  const [, header, number] = /^(httpHeader|agentHeader)(?:Name|Value)(\d+)$/.exec(key) ?? [];
  if (header) {
    return header === 'httpHeader'
      ? t('config.headers.name', 'Header {{number}}', { number })
      : t('config.agent-headers.name', 'Agent header {{number}}', { number });
  }
  return FIELDS.find((field) => field.key === key)?.label() ?? others()[key];
}

/** Fields that are not in the table of fields.ts. */
const others = (): Record<string, string> => ({
  masters: t('config.masters.label', 'Masters'),
  agentHeaders: t('config.agent-headers.label', 'Agent headers'),
  zkDigest: t('config.zk-digest.label', 'ZooKeeper digest'),
  agentBasicAuthPassword: t('config.agent-password.label', 'Agent password'),
  remoteBasicAuthPassword: t('config.remote-password.label', 'Remote password'),
  remoteBearerToken: t('config.remote-token.label', 'Bearer token'),
  remoteTlsCACert: t('config.remote-ca.label', 'CA certificate'),
});
