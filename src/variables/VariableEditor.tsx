// The editor of a query variable: the kind of list, and of what it is. Each
// kind has an editor of its own; the lists of the other kinds are kept while the
// editor is open.
import { EditorField, EditorRow, EditorRows } from '@grafana/plugin-ui';
import { Alert, RadioButtonGroup } from '@grafana/ui';
import React, { lazy, Suspense, useRef } from 'react';

import type { EditorProps } from '../editorSource';
import { CommitInput } from '../query/CommitInput';
import { useStoreShown } from '../query/stored';
import type { Variable } from '../query/types';
import { useResources } from '../query/useResources';
import { EntitiesEditor } from './EntitiesEditor';
import { defaultVariableQuery, kindOf, ofKind, withVariable, type Kind } from './kinds';
import { LabelValuesEditor } from './LabelValuesEditor';
import { fromPrometheus, prometheusText } from './prometheus';

// A chunk of its own: Monaco is loaded when PromQL is written.
const PromqlEditor = lazy(() => import('../query/promql/PromqlEditor'));

const KINDS: Array<{ label: string; value: Kind; description: string }> = [
  { label: 'Entities', value: 'entities', description: 'Frameworks, agents, roles, ... of the time range' },
  { label: 'Label values', value: 'labelValues', description: 'The values of a label' },
  { label: 'PromQL', value: 'promql', description: 'The series of an expression, at the end of the time range' },
  { label: 'SQL', value: 'sql', description: 'The first column of a SELECT, or its columns text and value' },
];

export default function VariableEditor({ datasource, query: stored, range, onChange, onRunQuery }: EditorProps) {
  const resources = useResources(datasource, range);
  // Grafana hands over '' for a new variable. A query of Prometheus is shown, and stored, as the list that it stands
  // for; one that stands for none has no list to show.
  const text = prometheusText(stored) ?? '';
  const migrated = text ? fromPrometheus(text) : undefined;
  const list = kindOf(stored.variable) && stored.variable;
  const variable = text ? (migrated ?? {}) : (list ?? defaultVariableQuery().variable);
  const kind = kindOf(variable);
  const left = useRef<Variable>({});
  const query = withVariable(text || typeof stored === 'string' ? { refId: stored.refId } : stored, variable);
  useStoreShown(stored, (text && !migrated) || list ? stored : query, onChange);

  const change = (variable: Variable) => onChange({ ...query, variable });
  const changeKind = (next: Kind) => {
    left.current = { ...left.current, ...variable };
    change(ofKind(next, left.current));
  };

  return (
    <EditorRows>
      {text && !migrated && (
        <Alert
          severity="warning"
          title={
            text.startsWith('label_names(')
              ? `"${text}" lists the names of labels, as in Grafana's Prometheus data source. Choosing a list replaces it`
              : `"${text}" is not a query of this data source: choose a list, which replaces it`
          }
        />
      )}
      <EditorRow>
        <EditorField label="List">
          <RadioButtonGroup<Kind> options={KINDS} value={kind} onChange={changeKind} />
        </EditorField>
        {variable.labelValues && (
          <LabelValuesEditor
            list={variable.labelValues}
            match={datasource.applyTemplateVariables(query, {}).variable?.labelValues?.match}
            resources={resources}
            onChange={(labelValues) => change({ labelValues })}
          />
        )}
      </EditorRow>
      {variable.entities && (
        <EntitiesEditor list={variable.entities} resources={resources} onChange={(entities) => change({ entities })} />
      )}
      {variable.sql !== undefined && (
        <EditorRow>
          <EditorField label="SQL" tooltip="The first column is listed, or the columns text (shown) and value.">
            <CommitInput
              aria-label="SQL"
              placeholder="SELECT DISTINCT framework FROM frameworks"
              minWidth={80}
              value={variable.sql}
              onCommit={(sql) => change({ sql })}
            />
          </EditorField>
        </EditorRow>
      )}
      {variable.promql !== undefined && (
        <>
          <Suspense fallback={null}>
            <PromqlEditor
              query={{ refId: query.refId, expr: variable.promql }}
              resources={resources}
              onChange={({ expr = '' }) => change({ promql: expr })}
              onRunQuery={onRunQuery}
            />
          </Suspense>
          <EditorRow>
            <EditorField
              label="Text"
              tooltip="What is offered for each series: {{label}} stands for a label's value. Without it name{labels} value time, for the regular expression below to pick from."
            >
              <CommitInput
                aria-label="Text"
                placeholder="{{framework}}"
                minWidth={30}
                value={query.legendFormat ?? ''}
                onCommit={(text) => onChange({ ...query, legendFormat: text || undefined })}
              />
            </EditorField>
          </EditorRow>
        </>
      )}
    </EditorRows>
  );
}
