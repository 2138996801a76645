// The editor of a query variable: the kind of list, and of what it is. Each
// kind has an editor of its own; the lists of the other kinds are kept while the
// editor is open.
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Alert, RadioButtonGroup } from '@grafana/ui';
import React, { lazy, Suspense, useRef } from 'react';

import type { EditorProps } from '../editorSource';
import { t } from '../i18n';
import { CommitInput } from '../query/CommitInput';
import { useStoreShown } from '../query/stored';
import { Rows } from '../query/Rows';
import type { Variable } from '../query/types';
import { useChanges } from '../query/useChanges';
import { useResources } from '../query/useResources';
import { EntitiesEditor } from './EntitiesEditor';
import { defaultVariableQuery, kindOf, ofKind, withVariable, type Kind } from './kinds';
import { LabelValuesEditor } from './LabelValuesEditor';
import { fromPrometheus, prometheusText } from './prometheus';

// A chunk of its own: Monaco is loaded when PromQL is written.
const PromqlEditor = lazy(() => import('../query/promql/PromqlEditor'));

// Names of languages, and what can be written in them.
const PROMQL = 'PromQL';
const SQL = 'SQL';
const EXAMPLES = { sql: 'SELECT DISTINCT framework FROM frameworks', text: '{{framework}}' };

const kinds = (): Array<{ label: string; value: Kind; description: string }> => [
  {
    label: t('variables.kind.entities', 'Entities'),
    value: 'entities',
    description: t('variables.kind.entities-about', 'Frameworks, agents, roles, ... of the time range'),
  },
  {
    label: t('variables.kind.label-values', 'Label values'),
    value: 'labelValues',
    description: t('variables.kind.label-values-about', 'The values of a label'),
  },
  {
    label: PROMQL,
    value: 'promql',
    description: t('variables.kind.promql-about', 'The series of an expression, at the end of the time range'),
  },
  {
    label: SQL,
    value: 'sql',
    description: t('variables.kind.sql-about', 'The first column of a SELECT, or its columns text and value'),
  },
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

  const { change: changeQuery } = useChanges(stored, query, onChange);
  const change = (variable: Variable) => changeQuery({ ...query, variable });
  const changeKind = (next: Kind) => {
    left.current = { ...left.current, ...variable };
    change(ofKind(next, left.current));
  };

  return (
    <Rows>
      {text && !migrated && (
        <Alert
          severity="warning"
          title={
            text.startsWith('label_names(')
              ? t(
                  'variables.editor.label-names',
                  '"{{query}}" lists the names of labels, as in Grafana\'s Prometheus data source. Choosing a list replaces it',
                  { query: text }
                )
              : t(
                  'variables.editor.foreign',
                  '"{{query}}" is not a query of this data source: choose a list, which replaces it',
                  { query: text }
                )
          }
        />
      )}
      <EditorRow>
        <EditorField label={t('variables.kind.label', 'List')}>
          <RadioButtonGroup<Kind> options={kinds()} value={kind} onChange={changeKind} />
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
          <EditorField
            label={SQL}
            tooltip={t('variables.sql.tip', 'The first column is listed, or the columns text (shown) and value.')}
          >
            <CommitInput
              aria-label={SQL}
              placeholder={EXAMPLES.sql}
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
              label={t('variables.promql.text', 'Text')}
              tooltip={t(
                'variables.promql.text-tip',
                'What is offered for each series: {{place}} stands for the value of a label. Without it name{labels} value time, for the regular expression below to pick from.',
                { place: '{{label}}' }
              )}
            >
              <CommitInput
                aria-label={t('variables.promql.text', 'Text')}
                placeholder={EXAMPLES.text}
                minWidth={30}
                value={query.legendFormat ?? ''}
                onCommit={(text) => changeQuery({ ...query, legendFormat: text || undefined })}
              />
            </EditorField>
          </EditorRow>
        </>
      )}
    </Rows>
  );
}
