// The editors that Grafana shows in a dashboard's settings: of a query variable and of an annotation. What is edited is
// kept until the page is left.
import React, { useState } from 'react';
import { css } from '@emotion/css';

import type { AnnotationQuery, DataSourceApi, GrafanaTheme2 } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';
import { PanelContainer, useStyles2 } from '@grafana/ui';

import type { PageState } from './state.ts';
import { rangeOf } from './TimeBar.tsx';

interface Props {
  datasource: DataSourceApi;
  state: PageState;
}

const newAnnotation: AnnotationQuery = { name: 'New annotation', enable: true, iconColor: 'red' };

export function EditorsPage({ datasource, state }: Props) {
  const styles = useStyles2(getStyles);
  const range = rangeOf(state);
  return (
    <>
      <PanelContainer className={styles.part}>
        <h2 className={styles.title}>Query variable</h2>
        <div data-testid="variable-editor">
          <VariablePart datasource={datasource} range={range} />
        </div>
      </PanelContainer>
      <PanelContainer className={styles.part}>
        <h2 className={styles.title}>Annotation</h2>
        <div data-testid="annotation-editor">
          <AnnotationPart datasource={datasource} range={range} />
        </div>
      </PanelContainer>
    </>
  );
}

/** An editor of any plugin: its properties are those that Grafana hands over. */
type EditorComponent = React.ComponentType<Record<string, unknown>>;

type PartProps = Pick<Props, 'datasource'> & { range: ReturnType<typeof rangeOf> };

function VariablePart({ datasource, range }: PartProps) {
  // Grafana hands over '' for a new variable.
  const [query, setQuery] = useState('' as unknown as DataQuery);
  const { variables } = datasource;
  const Editor = (variables && 'editor' in variables ? variables.editor : undefined) as EditorComponent | undefined;
  return Editor ? (
    <Editor datasource={datasource} query={query} range={range} onChange={setQuery} onRunQuery={() => undefined} />
  ) : (
    'The plugin has no editor of variables.'
  );
}

function AnnotationPart({ datasource, range }: PartProps) {
  const { annotations } = datasource;
  const prepare = (one: AnnotationQuery) => annotations?.prepareAnnotation?.(one) ?? one;
  const [annotation, setAnnotation] = useState(() => prepare(newAnnotation));
  const Editor = annotations?.QueryEditor as EditorComponent | undefined;
  return Editor ? (
    <Editor
      datasource={datasource}
      annotation={annotation}
      query={annotation.target}
      range={range}
      onAnnotationChange={setAnnotation}
      onChange={(target: DataQuery) => setAnnotation({ ...annotation, target })}
      onRunQuery={() => undefined}
    />
  ) : (
    'The plugin has no editor of annotations.'
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  part: css({ padding: theme.spacing(2), marginBottom: theme.spacing(2) }),
  title: css({ fontSize: theme.typography.h4.fontSize }),
});
