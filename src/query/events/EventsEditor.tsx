// The editor of a query for events: which (kinds, severity, filters), and in which
// form.
import { CoreApp } from '@grafana/data';
import { EditorRow } from '@grafana/plugin-ui';
import { omit } from 'lodash';
import React, { useId } from 'react';

import { t } from '../../i18n';
import type { MesosResources } from '../../resources';
import { EditorField } from '../EditorField';
import { faultOf, marksOf } from '../fault';
import { FiltersField } from '../FiltersField';
import { useLabelLists } from '../labelLists';
import { LabelMenu } from '../LabelMenu';
import { LimitField } from '../LimitField';
import { SingleMenu } from '../SingleMenu';
import { MultiMenu } from '../MultiMenu';
import type { EventsFormat, EventSeverity, MesosQuery } from '../types';
import { FORMATS, formatsFor, kindOptions, severityOptions } from './fields';

/** The keys of the query at whose fields the backend's messages are shown. */
export const EVENTS_FIELDS = ['kinds', 'filters', 'groupBy'] as const;

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  app?: CoreApp;
  /** Why the query was not answered. */
  error?: string;
  /** Format: absent, it can be chosen. */
  format?: EventsFormat;
  onChange: (query: MesosQuery) => void;
}

export function EventsEditor({ query, resources, app, error, format: fixed, onChange }: Props) {
  const id = useId();
  const lists = useLabelLists(query, resources);
  const format = fixed ?? formatOf(query);
  const { limit, limitText } = FORMATS[format];
  const fault = faultOf(error);
  const change = (part: Partial<MesosQuery>) => onChange({ ...query, ...part });

  return (
    <>
      <EditorRow>
        <EditorField
          label={t('query.events.kinds', 'Kinds')}
          htmlFor={`${id}-kinds`}
          tooltip={t('query.events.kinds-tooltip', 'What the events are about.')}
          {...marksOf(fault, 'kinds')}
        >
          <MultiMenu
            id={`${id}-kinds`}
            name={t('query.events.kinds', 'Kinds')}
            minWidth={40}
            placeholder={t('query.events.kinds-all', 'All')}
            options={kindOptions()}
            value={query.kinds ?? []}
            onChange={(chosen) => change({ kinds: chosen.length > 0 ? chosen.map(({ value }) => value) : undefined })}
          />
        </EditorField>
        <EditorField label={t('query.events.severity', 'Severity')} htmlFor={`${id}-severity`}>
          <SingleMenu<EventSeverity>
            id={`${id}-severity`}
            width={22}
            options={severityOptions()}
            value={query.severity ?? 'info'}
            onChange={({ value }) => change({ severity: value === 'info' ? undefined : value })}
          />
        </EditorField>
      </EditorRow>
      <EditorRow>
        <FiltersField
          filters={query.filters}
          lists={lists}
          subject="field"
          fault={fault}
          onChange={(filters) => change({ filters })}
        />
      </EditorRow>
      <EditorRow>
        {!fixed && (
          <EditorField label={t('query.events.format', 'Format')} htmlFor={`${id}-format`}>
            <SingleMenu<EventsFormat>
              id={`${id}-format`}
              width={22}
              options={formatsFor(app)}
              value={format}
              onChange={({ value }) => onChange(withFormat(query, value))}
            />
          </EditorField>
        )}
        {format === 'count' && (
          <EditorField
            label={t('query.events.group-by', 'Group by')}
            htmlFor={`${id}-group`}
            tooltip={t(
              'query.events.group-by-tooltip',
              'A number for each of the values of these fields. Without any: one total.'
            )}
            {...marksOf(fault, 'groupBy')}
          >
            <LabelMenu
              id={`${id}-group`}
              name={t('query.events.group-by', 'Group by')}
              lists={lists}
              value={(query.groupBy ?? []).map((value) => ({ value }))}
              placeholder={t('query.events.total', 'Total')}
              minWidth={25}
              onChange={(chosen) =>
                change({ groupBy: chosen.length > 0 ? chosen.map(({ value }) => value) : undefined })
              }
            />
          </EditorField>
        )}
        {app !== CoreApp.UnifiedAlerting && (
          <LimitField
            {...limit}
            limit={query.limit}
            tooltip={limitText()}
            fault={fault}
            onChange={(limit) => change({ limit })}
          />
        )}
      </EditorRow>
    </>
  );
}

/** Returns the format of a query, whose absence means annotations. A time_series is a metric query's. */
function formatOf({ format }: MesosQuery): EventsFormat {
  return format && format in FORMATS ? (format as EventsFormat) : 'annotations';
}

/** Returns the query in another format: only counts have groups, and each format has a limit of its own. */
function withFormat(query: MesosQuery, format: EventsFormat): MesosQuery {
  const { groupBy: _groupBy, ...rest } = omit(query, 'limit');
  return format === 'count' && query.groupBy ? { ...rest, groupBy: query.groupBy, format } : { ...rest, format };
}
