// The part of docs/alerts.md that is generated: a table of all rules, and a section on each.
import { type Alert, type Otherwise } from './alert.ts';
import { ALERTS, GROUPS } from './index.ts';

/** The lines between which the generated part is. */
export const BEGIN = '<!-- Generated from dashboards/alerts by `npm run generate`; do not edit. -->';
export const END = '<!-- The end of what is generated. -->';

/** Returns the anchor that a heading gets. */
export const anchorOf = ({ title }: Pick<Alert, 'title'>): string => title.toLowerCase().replaceAll(/[^\w]+/g, '-');

const STATES: Record<Otherwise, string> = { OK: 'is normal', KeepLast: 'keeps the state', Alerting: 'fires' };

/** Returns docs/alerts.md with its generated part made again. */
export function pageWith(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) {
    throw new Error(`docs/alerts.md lacks the line ${rest === undefined ? BEGIN : END}`);
  }
  return `${before}${BEGIN}\n\n${overview()}\n\n${GROUPS.map(groupOf).join('\n\n')}\n\n${END}${after}`;
}

function overview(): string {
  const rows = ALERTS.map(
    (alert) =>
      `| [${alert.title}](#${anchorOf(alert)}) | ${alert.severity} | ${alert.for === '0s' ? 'at once' : alert.for} | ${STATES[alert.noData]} | ${STATES[alert.error]} |`
  );
  return ['| rule | severity | for | no data | an error |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}

function groupOf(group: string): string {
  const alerts = ALERTS.filter((alert) => alert.group === group);
  return [`## ${group}`, ...alerts.map(sectionOf)].join('\n\n');
}

function sectionOf(alert: Alert): string {
  const [[type, limit]] = Object.entries(alert.fires);
  const lasting = alert.for === '0s' ? 'at once' : `after \`for: ${alert.for}\``;
  return [
    `### ${alert.title}`,
    `\`${alert.uid}\`, ${alert.severity}. ${alert.description}`,
    queryText(alert),
    `Fires ${type === 'gt' ? 'above' : 'below'} ${limit}, ${lasting}. No data ${STATES[alert.noData]}, an error ${STATES[alert.error]}. ${alert.otherwise}`,
    linked(alert.todo),
  ].join('\n\n');
}

function queryText(alert: Alert): string {
  const spec = alert.query((written) => written);
  if ('expr' in spec) {
    return `\`\`\`promql\n${spec.expr}\n\`\`\``;
  }
  return 'sql' in spec ? `\`\`\`sql\n${spec.sql}\n\`\`\`` : `\`\`\`json\n${JSON.stringify(spec)}\n\`\`\``;
}

/** Links between rules are written by UID. */
function linked(markdown: string): string {
  return markdown.replaceAll(/\(#(mesos-[\w-]+)\)/g, (_, uid: string) => {
    const to = ALERTS.find((alert) => alert.uid === uid);
    if (to === undefined) {
      throw new Error(`docs/alerts.md links to the rule ${uid}, which does not exist`);
    }
    return `(#${anchorOf(to)})`;
  });
}
