// The editor of an annotation: events of the event log, or PromQL as in Grafana's
// Prometheus data source.
import { EditorField, EditorRow, EditorRows, EditorSwitch } from '@grafana/plugin-ui';
import { RadioButtonGroup } from '@grafana/ui';
import React, { lazy, Suspense, useId, useRef } from 'react';

import { isDuration, notDuration } from '../config/validate';
import type { EditorProps } from '../editorSource';
import { CommitInput } from '../query/CommitInput';
import { queryTypeOf } from '../query/defaults';
import { EventsEditor } from '../query/events/EventsEditor';
import type { MesosQuery } from '../query/types';
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

const SOURCES: Array<{ label: string; value: Source; description: string }> = [
  { label: 'Events', value: 'events', description: 'What happened in the cluster' },
  { label: 'PromQL', value: 'promql', description: 'Times at which a series is above 0' },
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
  // The query of the other source, as it was left.
  const left = useRef<Partial<Record<Source, MesosQuery>>>({});
  const changeSource = (source: Source) => {
    left.current = { ...left.current, [type]: target };
    onChange(left.current[source] ?? (source === 'events' ? defaultTarget() : promqlTarget()));
  };

  return (
    <EditorRows>
      <EditorRow>
        <EditorField label="Show">
          <RadioButtonGroup<Source> options={SOURCES} value={type as Source} onChange={changeSource} />
        </EditorField>
      </EditorRow>
      {type === 'events' && (
        <EventsEditor query={target} resources={resources} format="annotations" onChange={onChange} />
      )}
      {type === 'promql' && (
        <>
          <Suspense fallback={null}>
            <PromqlEditor query={target} resources={resources} onChange={onChange} onRunQuery={onRunQuery} />
          </Suspense>
          <SeriesAsEvents
            target={target}
            annotation={annotation}
            onChange={onChange}
            onAnnotationChange={onAnnotationChange}
          />
        </>
      )}
    </EditorRows>
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
  const labels = 'A text with {{label}} in it, which stands for a label’s value.';
  return (
    <EditorRow>
      <EditorField
        label="Min step"
        htmlFor={`${id}-step`}
        tooltip="A lower limit for the step. Times one step apart are one event that lasts."
        invalid={step !== '' && !step.includes('$') && !isDuration(step)}
        error={notDuration(step, '30s or 5m')}
      >
        <CommitInput
          id={`${id}-step`}
          placeholder="auto"
          minWidth={10}
          value={step}
          onCommit={(text) => onChange({ ...target, interval: text || undefined })}
        />
      </EditorField>
      <EditorField label="Title" htmlFor={`${id}-titleFormat`} tooltip={`${labels} Without it the name of the series.`}>
        <CommitInput placeholder="{{agent}}" minWidth={20} {...field('titleFormat')} />
      </EditorField>
      <EditorField label="Text" htmlFor={`${id}-textFormat`} tooltip={labels}>
        <CommitInput placeholder="{{framework}}" minWidth={20} {...field('textFormat')} />
      </EditorField>
      <EditorField
        label="Tags"
        htmlFor={`${id}-tagKeys`}
        tooltip="Labels, divided by commas: their values are the tags."
      >
        <CommitInput placeholder="agent,role" minWidth={20} {...field('tagKeys')} />
      </EditorField>
      <EditorField
        label="Series value as timestamp"
        htmlFor={`${id}-time`}
        tooltip="The values are times in milliseconds: multiply times in seconds by 1000."
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
