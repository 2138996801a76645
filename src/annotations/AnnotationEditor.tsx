// The editor of an annotation: events of the event log, or PromQL as in Grafana's
// Prometheus data source.
import { EditorRow, EditorSwitch } from '@grafana/plugin-ui';
import { RadioButtonGroup } from '@grafana/ui';
import React, { lazy, Suspense, useId, useRef } from 'react';

import { isDuration, notDuration } from '../query/duration';
import type { EditorProps } from '../editorSource';
import { t } from '../i18n';
import { CommitInput } from '../query/CommitInput';
import { queryTypeOf } from '../query/defaults';
import { EventsEditor } from '../query/events/EventsEditor';
import { EditorField } from '../query/EditorField';
import { Rows } from '../query/Rows';
import type { MesosQuery } from '../query/types';
import { useChanges } from '../query/useChanges';
import { useResources } from '../query/useResources';
import type { MesosAnnotation } from './types';
import { defaultTarget, isOwn, promqlTarget } from './defaults';

// A chunk of its own: Monaco is loaded when PromQL is written.
const PromqlEditor = lazy(() => import('../query/promql/PromqlEditor'));

interface Props extends EditorProps {
  annotation?: MesosAnnotation;
  onAnnotationChange?: (annotation: MesosAnnotation) => void;
}

type Source = 'events' | 'promql';

const PROMQL = 'PromQL';
/** Of what can be written in fields. */
const EXAMPLES = { title: '{{agent}}', text: '{{framework}}', tags: 'agent,role' };

const sources = (): Array<{ label: string; value: Source; description: string }> => [
  {
    label: t('annotations.source.events', 'Events'),
    value: 'events',
    description: t('annotations.source.events-about', 'What happened in the cluster'),
  },
  {
    label: PROMQL,
    value: 'promql',
    description: t('annotations.source.promql-about', 'Times at which a series is above 0'),
  },
];

export default function AnnotationEditor({
  annotation,
  datasource,
  query,
  range,
  onChange,
  onAnnotationChange,
  onRunQuery,
}: Props) {
  const resources = useResources(datasource, range);
  const target = isOwn(query) ? query : defaultTarget();
  const type = queryTypeOf(target);
  const { change } = useChanges(query, target, onChange);
  // The query of the other source, as it was left.
  const left = useRef<Partial<Record<Source, MesosQuery>>>({});
  const changeSource = (source: Source) => {
    left.current = { ...left.current, [type]: target };
    change(left.current[source] ?? (source === 'events' ? defaultTarget() : promqlTarget()));
  };

  return (
    <Rows>
      <EditorRow>
        <EditorField label={t('annotations.source.label', 'Show')}>
          <RadioButtonGroup<Source> options={sources()} value={type as Source} onChange={changeSource} />
        </EditorField>
      </EditorRow>
      {type === 'events' && (
        <EventsEditor query={target} resources={resources} format="annotations" onChange={change} />
      )}
      {type === 'promql' && (
        <>
          <Suspense fallback={null}>
            <PromqlEditor query={target} resources={resources} onChange={change} onRunQuery={onRunQuery} />
          </Suspense>
          <SeriesAsEvents
            target={target}
            annotation={annotation}
            onChange={change}
            onAnnotationChange={onAnnotationChange}
          />
        </>
      )}
    </Rows>
  );
}

type SeriesProps = Pick<Props, 'annotation' | 'onAnnotationChange' | 'onChange'> & { target: MesosQuery };

/** How series become events: step, title, text and tags. */
function SeriesAsEvents({ target, annotation, onChange, onAnnotationChange }: SeriesProps) {
  const id = useId();
  const step = target.interval ?? '';
  const field = (key: 'titleFormat' | 'textFormat' | 'tagKeys') => ({
    id: `${id}-${key}`,
    value: annotation?.[key] ?? '',
    onCommit: (text: string) => change({ [key]: text || undefined }),
  });
  const change = (part: Partial<MesosAnnotation>) => annotation && onAnnotationChange?.({ ...annotation, ...part });
  return (
    <EditorRow>
      <EditorField
        label={t('query.options.min-step', 'Min step')}
        htmlFor={`${id}-step`}
        tooltip={t(
          'annotations.series.min-step-tip',
          'A lower limit for the step. Times one step apart are one event that lasts.'
        )}
        invalid={step !== '' && !step.includes('$') && !isDuration(step)}
        error={notDuration(step, '30s', '5m')}
      >
        <CommitInput
          id={`${id}-step`}
          placeholder={t('query.options.auto', 'auto')}
          minWidth={10}
          value={step}
          onCommit={(text) => onChange({ ...target, interval: text || undefined })}
        />
      </EditorField>
      <EditorField
        label={t('annotations.series.title', 'Title')}
        htmlFor={`${id}-titleFormat`}
        tooltip={t(
          'annotations.series.title-tip',
          'A text with {{place}} in it, which stands for the value of a label. Without it the name of the series.',
          { place: '{{label}}' }
        )}
      >
        <CommitInput placeholder={EXAMPLES.title} minWidth={20} {...field('titleFormat')} />
      </EditorField>
      <EditorField
        label={t('annotations.series.text', 'Text')}
        htmlFor={`${id}-textFormat`}
        tooltip={t(
          'annotations.series.text-tip',
          'A text with {{place}} in it, which stands for the value of a label.',
          {
            place: '{{label}}',
          }
        )}
      >
        <CommitInput placeholder={EXAMPLES.text} minWidth={20} {...field('textFormat')} />
      </EditorField>
      <EditorField
        label={t('annotations.series.tags', 'Tags')}
        htmlFor={`${id}-tagKeys`}
        tooltip={t('annotations.series.tags-tip', 'Labels, divided by commas: their values are the tags.')}
      >
        <CommitInput placeholder={EXAMPLES.tags} minWidth={20} {...field('tagKeys')} />
      </EditorField>
      <EditorField
        label={t('annotations.series.time', 'Series value as timestamp')}
        htmlFor={`${id}-time`}
        tooltip={t(
          'annotations.series.time-tip',
          'The values are times in milliseconds: multiply times in seconds by 1000.'
        )}
      >
        <EditorSwitch
          id={`${id}-time`}
          value={annotation?.useValueForTime ?? false}
          onChange={(event) => change({ useValueForTime: event.currentTarget.checked || undefined })}
        />
      </EditorField>
    </EditorRow>
  );
}
