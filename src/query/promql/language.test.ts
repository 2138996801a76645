import type { Monaco, monacoTypes } from '@grafana/ui';

import { fakeResources } from '../../testing/resources';
import { LANGUAGE_ID, registerCompletion, registerLanguage } from './language';

/** As much of Monaco as the language uses. */
function fakeMonaco() {
  const ids: string[] = [];
  const providers: monacoTypes.languages.CompletionItemProvider[] = [];
  const languages = {
    getLanguages: () => ids.map((id) => ({ id })),
    register: ({ id }: { id: string }) => ids.push(id),
    setMonarchTokensProvider: jest.fn(),
    setLanguageConfiguration: jest.fn(),
    registerCompletionItemProvider: (_: string, provider: monacoTypes.languages.CompletionItemProvider) => {
      providers.push(provider);
      return { dispose: () => providers.splice(providers.indexOf(provider), 1) };
    },
    CompletionItemKind: { Variable: 4, Function: 1, Field: 3, Value: 13, Constant: 14 },
    CompletionItemInsertTextRule: { InsertAsSnippet: 4 },
  };
  return { monaco: { languages } as unknown as Monaco, ids, languages, providers };
}

function fakeModel(id: string, text: string) {
  return {
    id,
    getValueInRange: () => text,
    getWordUntilPosition: () => ({ word: 'ra', startColumn: text.length - 1, endColumn: text.length + 1 }),
  } as unknown as monacoTypes.editor.ITextModel;
}

const ask = (provider: monacoTypes.languages.CompletionItemProvider, model: monacoTypes.editor.ITextModel) =>
  provider.provideCompletionItems(
    model,
    { lineNumber: 1, column: 3 } as monacoTypes.Position,
    {} as monacoTypes.languages.CompletionContext,
    {} as monacoTypes.CancellationToken
  );

it('is registered once, under a name of its own', () => {
  const { monaco, ids, languages } = fakeMonaco();
  registerLanguage(monaco);
  registerLanguage(monaco);
  expect(ids).toEqual([LANGUAGE_ID]);
  expect(LANGUAGE_ID).toBe('mesos-promql');
  expect(languages.setMonarchTokensProvider).toHaveBeenCalledTimes(1);
});

it('completes the text of its own editor only', async () => {
  const { monaco, providers } = fakeMonaco();
  const model = fakeModel('one', 'ra');
  registerCompletion(monaco, model, fakeResources());
  expect(await ask(providers[0], fakeModel('two', 'ra'))).toBeUndefined();

  const answer = await ask(providers[0], model);
  expect(answer?.suggestions).toContainEqual(
    expect.objectContaining({
      label: 'rate',
      kind: 1,
      insertText: 'rate($0)',
      insertTextRules: 4,
      range: { startLineNumber: 1, endLineNumber: 1, startColumn: 1, endColumn: 3 },
    })
  );
});

it('ends with its editor', () => {
  const { monaco, providers } = fakeMonaco();
  registerCompletion(monaco, fakeModel('one', ''), fakeResources()).dispose();
  expect(providers).toEqual([]);
});
