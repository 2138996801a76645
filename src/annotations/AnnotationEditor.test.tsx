import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import type { EditorSource } from '../editorSource';
import type { MesosQuery } from '../query/types';
import { MesosResources } from '../resources';
import { giveElementsASize } from '../testing/layout';
import { fakeBackend } from '../testing/resources';
import { fakeTemplates } from '../testing/templates';
import AnnotationEditor from './AnnotationEditor';
import { annotationSupport } from './AnnotationSupport';
import type { MesosAnnotation } from './types';

const mockTemplates = fakeTemplates();
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));
// Monaco does not run in jsdom: a plain field with the same value and hooks.
jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  CodeEditor: ({ value, onBlur }: { value: string; onBlur: (text: string) => void }) => (
    <textarea aria-label="PromQL text" defaultValue={value} onBlur={(event) => onBlur(event.currentTarget.value)} />
  ),
}));

beforeAll(giveElementsASize);

/** Stores changes as Grafana's page does: what prepareAnnotation makes of each. */
function setUp(target?: MesosQuery) {
  const datasource = { resources: new MesosResources(fakeBackend()) } as unknown as EditorSource;
  const stored: { current: MesosAnnotation } = { current: { name: 'x', enable: true, iconColor: 'red', target } };
  function Host() {
    const [annotation, setAnnotation] = useState(() => annotationSupport.prepareAnnotation!(stored.current));
    const change = (next: MesosAnnotation) => {
      stored.current = annotationSupport.prepareAnnotation!(next);
      setAnnotation(stored.current);
    };
    return (
      <AnnotationEditor
        datasource={datasource}
        query={annotation.target ?? { refId: 'Anno' }}
        annotation={annotation}
        onChange={(target) => change({ ...annotation, target })}
        onAnnotationChange={change}
        onRunQuery={jest.fn()}
      />
    );
  }
  render(<Host />);
  return { stored, user: userEvent.setup() };
}

it('chooses events, without a format: it is that of annotations', async () => {
  const { stored, user } = setUp();
  expect(screen.getByLabelText('Events')).toBeChecked();
  expect(screen.queryByLabelText('Format')).not.toBeInTheDocument();
  await user.click(screen.getByLabelText('Severity'));
  await user.click(await screen.findByRole('option', { name: 'Errors' }));
  expect(stored.current.target).toMatchObject({ queryType: 'events', severity: 'error', format: 'annotations' });
});

it('changes to PromQL, whose title, text and tags are the annotation’s, and back without a loss', async () => {
  const events: MesosQuery = { refId: 'Anno', queryType: 'events', version: 1, kinds: ['master'] };
  const { stored, user } = setUp(events);
  await user.click(screen.getByLabelText('PromQL'));
  expect(stored.current.target).toEqual({ refId: 'Anno', queryType: 'promql', version: 1, expr: '' });

  await user.type(await screen.findByLabelText('PromQL text'), 'mesos_up == 0');
  await user.type(screen.getByLabelText('Min step'), '30s{Enter}');
  await user.type(screen.getByLabelText('Title'), '{{{{poll}}{Enter}');
  await user.type(screen.getByLabelText('Tags'), 'poll{Enter}');
  await user.click(screen.getByLabelText('Series value as timestamp'));
  await waitFor(() =>
    expect(stored.current).toMatchObject({
      titleFormat: '{{poll}}',
      tagKeys: 'poll',
      useValueForTime: true,
      target: { queryType: 'promql', expr: 'mesos_up == 0', interval: '30s' },
    })
  );

  await user.click(screen.getByLabelText('Events'));
  expect(stored.current.target).toEqual(events);
});
