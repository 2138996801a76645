import { render, screen } from '@testing-library/react';
import React from 'react';

import { t, Trans } from './i18n';

it('puts values into a text as they are: React escapes what it draws', () => {
  const text = t('query.compiled.label', 'Compiled {{language}}', { language: `<a> & "b" 'c' /d` });
  expect(text).toBe(`Compiled <a> & "b" 'c' /d`);
  render(
    <Trans i18nKey="test.text">
      {'Value '}
      {{ value: 'a & "b"' } as unknown as string}
    </Trans>
  );
  expect(screen.getByText('Value a & "b"')).toBeInTheDocument();
});
