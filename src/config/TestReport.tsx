// What the last Save & test found, as a small report at the end of the settings page: Grafana's own message is right below.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { t } from '../i18n';
import { Icon, useStyles2 } from '@grafana/ui';
import React, { useEffect, useState } from 'react';

import { withFieldNames } from './fieldNames';
import { type Report, type Tested, tests } from './tested';

export function TestReport({ uid }: { uid: string }) {
  const [tested, setTested] = useState<Tested>();
  useEffect(() => {
    const subscription = tests.subscribe((one) => one.uid === uid && setTested(one));
    return () => subscription.unsubscribe();
  }, [uid]);
  return tested?.report ? <Found report={tested.report} at={tested.at} /> : null;
}

function Found({ report, at }: { report: Report; at: number }) {
  const styles = useStyles2(getStyles);
  const title = t('config.report.title', 'What Save & test found');
  const facts: Array<[string, string | number | undefined]> = [
    [t('config.report.leader', 'Leader'), report.leader],
    [t('config.report.version', 'Mesos'), report.version],
    [t('config.report.cluster', 'Cluster'), report.cluster],
    [t('config.report.agents', 'Agents'), report.leader && report.agents],
    [t('config.report.frameworks', 'Frameworks'), report.leader && report.frameworks],
    [t('config.report.tasks', 'Active tasks'), report.leader && report.tasks],
    [t('config.report.history', 'History'), withFieldNames(report.history)],
    [t('config.report.remote', 'Remote engine'), report.remote],
    [t('config.report.replicas', 'Replicas'), report.replicas && withFieldNames(report.replicas)],
    [t('config.report.events', 'Events'), report.events],
  ];
  const failed = report.masters.filter(({ error }) => error);
  return (
    <section aria-label={title} data-testid="test-report" className={styles.report}>
      <h4 className={styles.title}>{title}</h4>
      <p className={styles.time}>
        {t('config.report.time', 'At {{time}}', { time: new Date(at).toLocaleTimeString() })}
      </p>
      <dl className={styles.facts}>
        {facts.map(
          ([name, value]) =>
            value !== undefined &&
            value !== '' && (
              <div key={name} className={styles.fact}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            )
        )}
      </dl>
      {report.polls.length > 0 && (
        // Focusable, so that the keyboard can scroll it where the page is narrow.
        <div className={styles.scroll} role="group" aria-label={t('config.report.polls', 'Polls')} tabIndex={0}>
          <table className={styles.table}>
            <caption className={styles.caption}>{t('config.report.polls', 'Polls')}</caption>
            <thead>
              <tr>
                <th scope="col">{t('config.report.page', 'Page')}</th>
                <th scope="col">{t('config.report.every', 'Every')}</th>
                <th scope="col">{t('config.report.size', 'Size')}</th>
                <th scope="col">{t('config.report.took', 'Took')}</th>
                <th scope="col">{t('config.report.master', 'Master’s part')}</th>
              </tr>
            </thead>
            <tbody>
              {report.polls.map((poll) => (
                <tr key={poll.page}>
                  <th scope="row">{poll.page}</th>
                  {poll.took ? (
                    <>
                      <td>{poll.every}</td>
                      <td>{poll.size}</td>
                      <td>{poll.took}</td>
                      <td>{poll.master}</td>
                    </>
                  ) : (
                    <td colSpan={4} className={styles.text}>
                      {poll.error ? (
                        <Marked icon="exclamation-circle">{withFieldNames(poll.error)}</Marked>
                      ) : (
                        poll.result
                      )}
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <List
        name={t('config.report.masters', 'Masters that do not answer')}
        texts={failed.map(({ address, error }) => withFieldNames(`${address}: ${error}`))}
      />
      <List name={t('config.report.warnings', 'Warnings')} texts={report.warnings.map(withFieldNames)} />
      {report.missing && <p className={styles.missing}>{report.missing}</p>}
    </section>
  );
}

function List({ name, texts }: { name: string; texts: string[] }) {
  const styles = useStyles2(getStyles);
  return texts.length === 0 ? null : (
    <>
      <h5 className={styles.title}>{name}</h5>
      <ul aria-label={name} className={styles.list}>
        {texts.map((text) => (
          <li key={text}>
            <Marked icon="exclamation-triangle">{text}</Marked>
          </li>
        ))}
      </ul>
    </>
  );
}

function Marked({ icon, children }: { icon: 'exclamation-triangle' | 'exclamation-circle'; children: string }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.marked}>
      <Icon name={icon} className={styles.icon} aria-hidden />
      <span>{children}</span>
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  report: css({
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    padding: theme.spacing(2),
    marginTop: theme.spacing(2),
    maxWidth: 800,
    overflowWrap: 'anywhere',
  }),
  title: css({ margin: 0 }),
  time: css({ ...theme.typography.bodySmall, color: theme.colors.text.secondary }),
  facts: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(220px, 1fr))',
    gap: theme.spacing(1, 2),
    margin: theme.spacing(0, 0, 2),
  }),
  fact: css({
    dt: {
      ...theme.typography.bodySmall,
      fontWeight: theme.typography.fontWeightRegular,
      color: theme.colors.text.secondary,
    },
    dd: { margin: 0 },
  }),
  scroll: css({ overflowX: 'auto', marginBottom: theme.spacing(2) }),
  table: css({
    width: '100%',
    'th, td': { textAlign: 'left', padding: theme.spacing(0.5, 2, 0.5, 0), verticalAlign: 'top', whiteSpace: 'nowrap' },
    th: { fontWeight: theme.typography.fontWeightMedium },
    'tbody tr': { borderTop: `1px solid ${theme.colors.border.weak}` },
  }),
  caption: css({ captionSide: 'top', padding: 0, color: theme.colors.text.primary, ...theme.typography.h5 }),
  text: css({ whiteSpace: 'normal !important' as 'normal', minWidth: 240 }),
  list: css({ listStyle: 'none', marginBottom: theme.spacing(2) }),
  marked: css({ display: 'flex', gap: theme.spacing(1) }),
  icon: css({ flexShrink: 0, marginTop: 2, color: theme.colors.warning.text }),
  missing: css({ ...theme.typography.bodySmall, color: theme.colors.text.secondary, margin: 0 }),
});
