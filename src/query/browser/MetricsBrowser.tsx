// The metrics browser: every series by name, with what it is for, its type, unit and labels,
// and how many there are now.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, Checkbox, Input, LoadingPlaceholder, Modal, useStyles2 } from '@grafana/ui';
import React, { useId, useMemo, useRef, useState, type KeyboardEvent } from 'react';

import { t } from '../../i18n';
import type { MesosResources } from '../../resources';
import { CatalogueError } from '../CatalogueError';
import { nameOf } from '../names';
import { SingleMenu } from '../SingleMenu';
import { useCatalogue } from '../useCatalogue';
import { find, metricsOf, NO_ENTITY, valuesOf, type Metric, type Search } from './search';
import { useCounts } from './useCounts';
import { scrollFor, useWindow } from './useWindow';

interface Props {
  resources: MesosResources;
  /** Returns what is done with a chosen series, in words. */
  action?: () => string;
  /** Returns what was typed before the browser was there. */
  typed?: () => string;
  onChoose: (name: string) => void;
  onClose: () => void;
}

const ROW_HEIGHT = 48;
const LIST_HEIGHT = 8 * ROW_HEIGHT;

export default function MetricsBrowser({ resources, action: actionOf = useThis, typed, onChoose, onClose }: Props) {
  const styles = useStyles2(getStyles);
  // The expression does not change while the browser is open.
  const [action] = useState(actionOf);
  const id = useId();
  const { catalogue, error, retry } = useCatalogue(resources);
  const { counts, error: notCounted } = useCounts(resources);
  const metrics = useMemo(() => (catalogue ? metricsOf(catalogue, counts) : []), [catalogue, counts]);
  const [search, setSearch] = useState<Search>(() => ({ text: typed?.() ?? '' }));
  const listed = useMemo(() => find(metrics, search), [metrics, search]);
  const [at, setAt] = useState(0);
  const active = Math.min(at, listed.length - 1);
  const list = useRef<HTMLDivElement>(null);
  const { first, end, onScroll } = useWindow(listed.length, ROW_HEIGHT, LIST_HEIGHT);

  const change = (part: Partial<Search>) => {
    setSearch({ ...search, ...part });
    setAt(0);
    if (list.current) {
      list.current.scrollTop = 0;
    }
  };
  const go = (row: number) => {
    const next = Math.max(0, Math.min(row, listed.length - 1));
    setAt(next);
    if (list.current) {
      list.current.scrollTop = scrollFor(next, ROW_HEIGHT, list.current);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = LIST_HEIGHT / ROW_HEIGHT - 1;
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
    if (event.key in moves) {
      event.preventDefault();
      go(active + moves[event.key]);
    } else if (event.key === 'Enter' && listed.length > 0) {
      event.preventDefault();
      onChoose(listed[active].name);
    }
  };

  return (
    <Modal
      isOpen
      title={t('query.browser.title', 'Metrics browser')}
      className={styles.modal}
      contentClassName={styles.content}
      onDismiss={onClose}
    >
      <CatalogueError error={error} retry={retry} />
      {notCounted && (
        <Alert
          severity="warning"
          title={t('query.browser.not-counted', 'Could not count the series: {{error}}', {
            error: notCounted,
          })}
        />
      )}
      <Filters id={id} metrics={metrics} search={search} onChange={change}>
        <Input
          autoFocus
          role="combobox"
          aria-label={t('query.browser.search', 'Search in names and help')}
          aria-expanded
          aria-autocomplete="list"
          aria-controls={`${id}-list`}
          aria-describedby={`${id}-does`}
          aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
          placeholder={t('query.browser.search', 'Search in names and help')}
          value={search.text}
          onChange={(event) => change({ text: event.currentTarget.value })}
          onKeyDown={onKeyDown}
        />
      </Filters>
      <div className={styles.status}>
        <div role="status">
          {catalogue ? (
            t('query.browser.found', '{{shown}} of {{total}} metrics', {
              shown: listed.length.toLocaleString('en-US'),
              total: metrics.length.toLocaleString('en-US'),
            })
          ) : (
            <>{!error && <LoadingPlaceholder text={t('query.browser.loading-catalogue', 'Loading metrics')} />}</>
          )}
        </div>
        <div id={`${id}-does`} className={styles.does}>
          {t('query.browser.does', 'A click or Enter: {{action}}', { action })}
        </div>
      </div>
      <div className={cx(styles.row, styles.head)} aria-hidden>
        <span>{t('query.browser.name', 'Name, and what it is for')}</span>
        <span className={styles.type}>{t('query.browser.type', 'Type')}</span>
        <span className={styles.unit}>{t('query.browser.unit', 'Unit')}</span>
        <span className={styles.labels}>{t('query.browser.labels', 'Labels')}</span>
        <span className={styles.series}>{t('query.browser.series', 'Series now')}</span>
      </div>
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={t('query.browser.metrics', 'Metrics')}
        tabIndex={-1}
        className={styles.list}
        onScroll={onScroll}
      >
        <div style={{ height: listed.length * ROW_HEIGHT }} role="presentation">
          {listed.slice(first, end).map((metric, i) => (
            <Row
              key={metric.name}
              id={`${id}-${first + i}`}
              metric={metric}
              at={first + i}
              of={listed.length}
              active={first + i === active}
              action={action}
              onChoose={() => onChoose(metric.name)}
              onEnter={() => setAt(first + i)}
            />
          ))}
        </div>
        {catalogue && listed.length === 0 && (
          <div className={styles.none}>{t('query.browser.none', 'No metric has these words in its name or help.')}</div>
        )}
      </div>
      <Details metric={listed[active]} />
    </Modal>
  );
}

interface FiltersProps {
  id: string;
  metrics: Metric[];
  search: Search;
  onChange: (part: Partial<Search>) => void;
  children: React.ReactNode;
}

/** The row above the list: the search, and what narrows it. */
function Filters({ id, metrics, search, onChange, children }: FiltersProps) {
  const styles = useStyles2(getStyles);
  const entities = useMemo(() => valuesOf(metrics, ({ entity }) => entity ?? NO_ENTITY), [metrics]);
  const types = useMemo(() => valuesOf(metrics, ({ type }) => type), [metrics]);
  const entityText = (entity: string) =>
    entity === NO_ENTITY ? t('query.browser.no-entity', 'None: masters, agents, this plugin') : nameOf(entity);
  return (
    <div className={styles.filters}>
      <div className={styles.search}>{children}</div>
      <span id={`${id}-entity`} hidden>
        {t('query.browser.entity', 'Entity')}
      </span>
      <SingleMenu
        aria-labelledby={`${id}-entity`}
        width={22}
        isClearable
        placeholder={t('query.browser.every-entity', 'Every entity')}
        options={entities.map((value) => ({ value, label: entityText(value) }))}
        value={search.entity ?? null}
        onChange={(option) => onChange({ entity: option?.value })}
      />
      <span id={`${id}-type`} hidden>
        {t('query.browser.type', 'Type')}
      </span>
      <SingleMenu
        aria-labelledby={`${id}-type`}
        width={16}
        isClearable
        placeholder={t('query.browser.every-type', 'Every type')}
        options={types.map((value) => ({ value }))}
        value={search.type ?? null}
        onChange={(option) => onChange({ type: option?.value })}
      />
      <Checkbox
        label={t('query.browser.present', 'With series now')}
        value={search.present ?? false}
        onChange={(event) => onChange({ present: event.currentTarget.checked || undefined })}
      />
    </div>
  );
}

interface RowProps {
  id: string;
  metric: Metric;
  at: number;
  of: number;
  active: boolean;
  /** What is done with it, in words. */
  action: string;
  onChoose: () => void;
  onEnter: () => void;
}

function Row({ id, metric, at, of, active, action, onChoose, onEnter }: RowProps) {
  const styles = useStyles2(getStyles);
  const { name, type, unit } = metric;
  return (
    <div
      id={id}
      role="option"
      aria-selected={active}
      aria-setsize={of}
      aria-posinset={at + 1}
      tabIndex={-1}
      className={cx(styles.row, styles.option, active && styles.active)}
      style={{ top: at * ROW_HEIGHT }}
      onClick={onChoose}
      onMouseMove={active ? undefined : onEnter}
    >
      <span className={styles.about}>
        <span className={styles.cut}>
          <span className={styles.name}>{name}</span>
          <span className={styles.help}>{helpOf(metric)}</span>
        </span>
        {active && (
          // Said above for screen readers.
          <span className={styles.action} data-action aria-hidden>
            {action}
          </span>
        )}
      </span>
      <span className={cx(styles.type, styles.cut)}>{type}</span>
      <span className={cx(styles.unit, styles.cut)}>{unit}</span>
      <span className={cx(styles.labels, styles.cut)}>{labelsOf(metric).join(', ')}</span>
      <span className={styles.series}>{countOf(metric)}</span>
    </div>
  );
}

const useThis = () => t('query.browser.use', 'Use this series');

/** All of one metric: what a row has no room for. */
function Details({ metric }: { metric?: Metric }) {
  const styles = useStyles2(getStyles);
  if (!metric) {
    return <div className={styles.details} />;
  }
  const { name, type, unit, since, keys = [] } = metric;
  return (
    // It scrolls, so the keyboard must reach it.
    <div className={styles.details} role="region" tabIndex={0} aria-label={t('query.browser.details', 'Details')}>
      <div className={styles.name}>{name}</div>
      <div>{helpOf(metric)}</div>
      <div className={styles.help}>
        {[
          t('query.browser.details-type', 'Type: {{type}}', { type }),
          t('query.browser.details-unit', 'unit: {{unit}}', { unit }),
          t('query.browser.details-labels', 'labels: {{labels}}', { labels: labelsOf(metric).join(', ') }),
          t('query.browser.details-series', 'series now: {{series}}', { series: countOf(metric) }),
          since && t('query.browser.details-since', 'since Mesos {{since}}', { since }),
          keys.length > 0 &&
            t('query.browser.details-keys', 'Mesos: {{keys}}', {
              keys: keys.join(', '),
            }),
        ]
          .filter((detail) => typeof detail === 'string')
          .reduce((first, second) => t('query.browser.details-list', '{{first}}; {{second}}', { first, second }))}
      </div>
    </div>
  );
}

function helpOf({ help, unknown }: Metric): string {
  return unknown
    ? t('query.browser.unknown', 'A key of /metrics/snapshot that the catalogue of this version does not have.')
    : help;
}

function labelsOf({ labels = [], openLabels = [] }: Metric): string[] {
  return ['cluster', ...labels, ...openLabels];
}

function countOf({ series }: Metric): string {
  return series === undefined ? t('query.browser.count-unknown', 'unknown') : series.toLocaleString('en-US');
}

const getStyles = (theme: GrafanaTheme2) => {
  const narrow = `@media (max-width: ${theme.breakpoints.values.md}px)`;
  const cut = { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' as const };
  return {
    modal: css({ width: 'min(1100px, 95vw)' }),
    content: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1), overflow: 'visible' }),
    filters: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
    search: css({ flex: '1 1 240px' }),
    status: css({
      ...theme.typography.bodySmall,
      display: 'flex',
      justifyContent: 'space-between',
      gap: theme.spacing(2),
      color: theme.colors.text.secondary,
      minHeight: 20,
    }),
    does: css({ overflowWrap: 'anywhere', textAlign: 'right' }),
    about: css({
      display: 'flex',
      alignItems: 'center',
      gap: theme.spacing(1),
      minWidth: 0,
      '& > :first-child': { flexGrow: 1 },
    }),
    row: css({
      display: 'grid',
      gridTemplateColumns: 'minmax(0, 1fr) 80px 80px minmax(0, 200px) 90px',
      gap: theme.spacing(1),
      alignItems: 'center',
      padding: theme.spacing(0, 1),
      [narrow]: { gridTemplateColumns: 'minmax(0, 1fr) 70px' },
    }),
    head: css({ ...theme.typography.bodySmall, color: theme.colors.text.secondary }),
    list: css({
      position: 'relative',
      height: LIST_HEIGHT,
      maxHeight: '45vh',
      overflowY: 'auto',
      border: `1px solid ${theme.colors.border.weak}`,
      borderRadius: theme.shape.radius.default,
    }),
    option: css({
      position: 'absolute',
      left: 0,
      right: 0,
      height: ROW_HEIGHT,
      cursor: 'pointer',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    }),
    // Secondary text has too little contrast on it.
    active: css({
      background: theme.colors.action.selected,
      '& *': { color: theme.colors.text.primary },
      [`& [data-action]`]: { color: theme.colors.primary.contrastText },
    }),
    // Looks like a button, and is as wide as its words, but not wider than half of the row.
    action: css({
      ...theme.typography.bodySmall,
      ...cut,
      flexShrink: 0,
      maxWidth: '50%',
      padding: theme.spacing(0.25, 1),
      background: theme.colors.primary.main,
      borderRadius: theme.shape.radius.default,
    }),
    cut: css(cut),
    name: css({ ...cut, display: 'block', fontFamily: theme.typography.fontFamilyMonospace }),
    help: css({ ...theme.typography.bodySmall, ...cut, display: 'block', color: theme.colors.text.secondary }),
    type: css({ [narrow]: { display: 'none' } }),
    unit: css({ [narrow]: { display: 'none' } }),
    labels: css({ [narrow]: { display: 'none' } }),
    series: css({ textAlign: 'right', fontVariantNumeric: 'tabular-nums' }),
    none: css({ padding: theme.spacing(2) }),
    details: css({ height: 110, overflowY: 'auto', padding: theme.spacing(1), '& > *': { whiteSpace: 'normal' } }),
  };
};
