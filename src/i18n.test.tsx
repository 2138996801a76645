import { initPluginTranslations } from '@grafana/i18n';
import { render, screen } from '@testing-library/react';
import React from 'react';

import { t, Trans } from './i18n';
import chinese from './locales/zh-Hans/community-mesos-datasource.json';
import { nameOf } from './query/names';

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

it('reads the texts of the language that Grafana has loaded for the plugin', async () => {
  expect(nameOf('agent')).toBe('Agent');
  // The language of i18next is English here; the texts are what Grafana adds before module.js.
  await initPluginTranslations('test-datasource', [async () => chinese]);
  expect([nameOf('agent'), nameOf('quota_limit'), nameOf('a_new_one')]).toEqual(['代理节点', '配额上限', 'A new one']);
});
