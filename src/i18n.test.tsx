import { render, screen } from '@testing-library/react';
import React from 'react';

import { inOrder, listOf, t, Trans } from './i18n';

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

it.each([
  ['集群的 {{what}}', { what: '内存' }, '集群的内存'],
  ['集群的 {{what}}', { what: 'CPU' }, '集群的 CPU'],
  ['{{entity}} ID', { entity: '框架' }, '框架 ID'],
  ['{{size}} 内存', { size: '2GiB' }, '2GiB 内存'],
  ['{{a}} {{b}}', { a: '内存', b: '已分配' }, '内存已分配'],
  ['{{a}} {{b}}', { a: 'CPU', b: '已分配' }, 'CPU 已分配'],
  ['{{a}} {{b}}', { a: '轮询。', b: '默认：15s。' }, '轮询。默认：15s。'],
  ['{{a}} {{b}}', { a: 'Polled.', b: 'Default: 15s.' }, 'Polled. Default: 15s.'],
  ['值 {{value}} 的', { value: '一 二' }, '值一 二的'],
  ['{{n}} 个', { n: 5 }, '5 个'],
])('Chinese has no space between its characters: %s, %j', (text, values, result) => {
  const translated = t; // a text of the table is none of the code
  expect(translated('test.text', text, values)).toBe(result);
});

it('lists and sentences leave out what is empty', () => {
  expect(listOf(['a', '', undefined, 'b'])).toBe('a, b');
  expect(inOrder('', undefined)).toBe('');
  expect(inOrder('A.', undefined, 'B.')).toBe('A. B.');
});
