import { EditorRow } from '@grafana/plugin-ui';
import { render, screen } from '@testing-library/react';
import React, { type ReactElement } from 'react';

import { giveElementsASize } from '../testing/layout';
import { fakeTemplates } from '../testing/templates';
import { CommitInput } from './CommitInput';
import { EditorField } from './EditorField';
import { FiltersField } from './FiltersField';
import { MultiMenu } from './MultiMenu';
import { SingleMenu } from './SingleMenu';

const mockTemplates = fakeTemplates({});
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));

beforeAll(giveElementsASize);

const ignore = () => undefined;

const CONTROLS: Record<string, ReactElement> = {
  'a text': <CommitInput id="control" value="x" onCommit={ignore} />,
  'a menu of one value': <SingleMenu id="control" options={[]} value="x" onChange={ignore} />,
  'a menu of several values': (
    <MultiMenu id="control" name="Wrong" minWidth={8} options={[]} value={[{ value: 'x' }]} onChange={ignore} />
  ),
};

for (const [what, control] of Object.entries(CONTROLS)) {
  it(`says what is wrong with ${what} where the control is read, until it is right`, () => {
    const field = (error?: string) => (
      <EditorField label="Wrong" htmlFor="control" invalid={Boolean(error)} error={error}>
        {control}
      </EditorField>
    );
    const { rerender } = render(field('"x" is not right'));
    const input = screen.getByLabelText('Wrong');
    expect(input).toBeInvalid();
    expect(input).toHaveAccessibleDescription('"x" is not right');
    rerender(field());
    expect(input).toBeValid();
    expect(input).toHaveAccessibleDescription('');
  });
}

it('marks the filter that is refused, and no other', () => {
  const lists = { labels: async () => [], values: async () => ({ values: [], total: 0 }) };
  render(
    <FiltersField
      filters={[
        { label: 'agent', operator: '=', value: 'x' },
        { label: 'framework', operator: '=~', value: '(' },
      ]}
      lists={lists as never}
      fault={{ key: 'filters', at: 1, text: '"(" is not a valid regular expression' }}
      onChange={ignore}
    />
  );
  expect(screen.getByRole('combobox', { name: 'Values of agent' })).toBeValid();
  const refused = screen.getByRole('combobox', { name: 'Values of framework' });
  expect(refused).toBeInvalid();
  expect(refused).toHaveAccessibleDescription('"(" is not a valid regular expression');
});

it('says below the row, after all of its fields, which of them is wrong', () => {
  render(
    <EditorRow>
      <EditorField label="Wrong" invalid error={'"x" is not right'}>
        <CommitInput value="x" onCommit={ignore} />
      </EditorField>
      <EditorField label="Top" invalid error="must be a whole number">
        <CommitInput value="y" onCommit={ignore} />
      </EditorField>
    </EditorRow>
  );
  const messages = screen.getAllByRole('alert');
  expect(messages.map(({ textContent }) => textContent)).toEqual([
    'Wrong: "x" is not right',
    'Top must be a whole number',
  ]);
  for (const message of messages) {
    // A line of the row, and not a part of the field.
    for (const field of screen.getAllByRole('textbox')) {
      expect(message.parentElement?.parentElement).toContainElement(field);
    }
  }
});
