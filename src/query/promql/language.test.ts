import type { Monaco, monacoTypes } from '@grafana/ui';

import { fakeResources } from '../../testing/resources';
import { attach, LANGUAGE_ID, registerLanguage, type Box } from './language';

/** As much of Monaco as the language uses. */
function fakeMonaco() {
  const ids: string[] = [];
  const completion: monacoTypes.languages.CompletionItemProvider[] = [];
  const hover: monacoTypes.languages.HoverProvider[] = [];
  const register =
    <T>(list: T[]) =>
    (_: string, provider: T) => {
      list.push(provider);
      return { dispose: () => list.splice(list.indexOf(provider), 1) };
    };
  const languages = {
    getLanguages: () => ids.map((id) => ({ id })),
    register: ({ id }: { id: string }) => ids.push(id),
    setMonarchTokensProvider: jest.fn(),
    setLanguageConfiguration: jest.fn(),
    registerCompletionItemProvider: register(completion),
    registerHoverProvider: register(hover),
    CompletionItemKind: { Variable: 4, Function: 1, Field: 3, Value: 13, Constant: 14 },
    CompletionItemInsertTextRule: { InsertAsSnippet: 4 },
  };
  return { monaco: { languages } as unknown as Monaco, ids, languages, completion, hover };
}

function fakeModel(id: string, text: string) {
  return {
    id,
    getValue: () => text,
    getOffsetAt: ({ column }: monacoTypes.IPosition) => column - 1,
    getPositionAt: (at: number) => ({ lineNumber: 1, column: at + 1 }),
    isDisposed: () => false,
  } as unknown as monacoTypes.editor.ITextModel;
}

const box: Box = { resources: fakeResources(), variables: () => ['$x'], valueOf: () => 'one, two' };

const ask = (
  provider: monacoTypes.languages.CompletionItemProvider,
  model: monacoTypes.editor.ITextModel,
  column: number,
  triggerCharacter?: string
) =>
  provider.provideCompletionItems(
    model,
    { lineNumber: 1, column } as monacoTypes.Position,
    { triggerCharacter } as monacoTypes.languages.CompletionContext,
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

it('has one provider for all editors of a page, which ends with the last of them', async () => {
  const { monaco, completion, hover } = fakeMonaco();
  const [one, two] = [fakeModel('one', 'ra'), fakeModel('two', 'ra')];
  const first = attach(monaco, one, box);
  const second = attach(monaco, two, box);
  expect([completion.length, hover.length]).toEqual([1, 1]);
  first.dispose();
  expect(await ask(completion[0], one, 3)).toBeUndefined(); // an editor of somebody else, or one that is closed
  expect((await ask(completion[0], two, 3))?.suggestions).toContainEqual(
    expect.objectContaining({
      label: 'rate',
      kind: 1,
      insertText: 'rate($0)',
      insertTextRules: 4,
      command: { id: 'editor.action.triggerSuggest', title: '' },
      range: { startLineNumber: 1, endLineNumber: 1, startColumn: 1, endColumn: 3 },
    })
  );
  second.dispose();
  second.dispose();
  expect([completion.length, hover.length]).toEqual([0, 0]);
});

it('opens no list by itself after a blank that may end a value', async () => {
  const { monaco, completion } = fakeMonaco();
  const model = fakeModel('three', 'mesos_up ');
  const attached = attach(monaco, model, box);
  expect((await ask(completion[0], model, 10, ' '))?.suggestions).toEqual([]);
  expect((await ask(completion[0], model, 10))?.suggestions).not.toEqual([]);
  attached.dispose();
});

it('says what is under the pointer', async () => {
  const { monaco, hover } = fakeMonaco();
  const model = fakeModel('four', 'rate(mesos_up[5m])');
  const attached = attach(monaco, model, box);
  const found = await hover[0].provideHover(
    model,
    { lineNumber: 1, column: 8 } as monacoTypes.Position,
    {} as monacoTypes.CancellationToken
  );
  expect(found?.range).toEqual({ startLineNumber: 1, startColumn: 6, endLineNumber: 1, endColumn: 14 });
  expect(found?.contents[0].value).toContain('`mesos_up`');
  attached.dispose();
});
