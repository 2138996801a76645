// The editor of a query variable: which kind of list, and of what. Each kind
// has a part of its own; what another kind held is kept while the editor is
// open.
import type { QueryEditorProps } from '@grafana/data';
import { EditorField, EditorRow, EditorRows } from '@grafana/plugin-ui';
import { RadioButtonGroup } from '@grafana/ui';
import React, { lazy, Suspense, useRef } from 'react';

import type { MesosOptions } from '../config/types';
import type { MesosDatasource } from '../datasource';
import { CommitInput } from '../query/CommitInput';
import type { MesosQuery, Variable } from '../query/types';
import { EntitiesEditor } from './EntitiesEditor';
import { defaultVariableQuery, kindOf, ofKind, withVariable, type Kind } from './kinds';
import { LabelValuesEditor } from './LabelValuesEditor';

export type Props = QueryEditorProps<MesosDatasource, MesosQuery, MesosOptions>;

// Monaco and what belongs to it are loaded for those who write PromQL.
const PromqlEditor = lazy(() => import('../query/promql/PromqlEditor'));

const KINDS: Array<{ label: string; value: Kind; description: string }> = [
  { label: 'Entities', value: 'entities', description: 'Frameworks, agents, roles, ... of the time range' },
  { label: 'Label values', value: 'labelValues', description: 'The values of a label' },
  { label: 'PromQL', value: 'promql', description: 'The series of an expression, at the end of the time range' },
];

export default function VariableEditor({ datasource, query: stored, onChange, onRunQuery }: Props) {
  // Grafana hands over '' for a variable that was just made.
  const variable = stored.variable ?? defaultVariableQuery().variable;
  const kind = kindOf(variable);
  const left = useRef<Variable>({});
  const query = withVariable(stored, variable);

  const change = (variable: Variable) => onChange({ ...query, variable });
  const changeKind = (next: Kind) => {
    left.current = { ...left.current, ...variable };
    change(ofKind(next, left.current));
  };

  return (
    <EditorRows>
      <EditorRow>
        <EditorField label="List">
          <RadioButtonGroup<Kind> options={KINDS} value={kind} onChange={changeKind} />
        </EditorField>
        {variable.labelValues && (
          <LabelValuesEditor
            list={variable.labelValues}
            match={datasource.applyTemplateVariables(query, {}).variable?.labelValues?.match}
            resources={datasource.resources}
            onChange={(labelValues) => change({ labelValues })}
          />
        )}
      </EditorRow>
      {variable.entities && (
        <EntitiesEditor
          list={variable.entities}
          resources={datasource.resources}
          onChange={(entities) => change({ entities })}
        />
      )}
      {variable.promql !== undefined && (
        <>
          <Suspense fallback={null}>
            <PromqlEditor
              query={{ refId: query.refId, expr: variable.promql }}
              resources={datasource.resources}
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
