import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import plugin from '../../src/plugin.json' with { type: 'json' };
import { root } from './build.ts';
import { extractTexts } from './translations.ts';

type Texts = { [key: string]: string | Texts };

/** The texts of a language, by their whole keys. */
function textsOf(language: string): Map<string, string> {
  const file = path.join(root, 'src/locales', language, `${plugin.id}.json`);
  const flat = (texts: Texts, before: string): Array<[string, string]> =>
    Object.entries(texts).flatMap(([key, text]) =>
      typeof text === 'string' ? [[before + key, text] as [string, string]] : flat(text, `${before}${key}.`)
    );
  return new Map(flat(JSON.parse(readFileSync(file, 'utf8')) as Texts, ''));
}

const [english, ...others] = plugin.languages;
const source = textsOf(english);

/** Forms of plurals differ between languages: English has _one and _other, Chinese only _other. */
const withoutPlural = (key: string) => key.replace(/_(zero|one|two|few|many|other)$/, '');

/** The values and elements of a text: {{name}} and <0>. */
const placesOf = (text: string) => [...new Set(text.match(/\{\{[^}]*\}\}|<\/?\d+\/?>/g) ?? [])].sort();

/** Texts that are the same in all languages: names of products and languages, what is written in queries. */
const SAME = /^(?:[^A-Za-z]|\{\{[^}]*\}\}|\b(?:Apache|Mesos|PromQL|SQL|CPU|GPU|ZooKeeper|URL|ID|stdout|stderr)\b)*$/;

test('the files of texts have the keys of the code, and English its texts', async () => {
  assert.deepEqual(await extractTexts({ check: true }), [], 'run npm run generate');
});

for (const language of others) {
  const texts = textsOf(language);

  test(`${language} has every text`, () => {
    const keys = new Set([...texts.keys()].map(withoutPlural));
    assert.deepEqual(
      [...source.keys()].filter((key) => !keys.has(withoutPlural(key))),
      [],
      'missing'
    );
    assert.deepEqual(
      [...texts].filter(([, text]) => text.trim() === '').map(([key]) => key),
      [],
      'empty: new in the code, or changed there'
    );
  });

  test(`${language} has the values and elements of the English texts`, () => {
    for (const [key, text] of texts) {
      const original = source.get(key) ?? source.get(`${withoutPlural(key)}_other`) ?? '';
      assert.deepEqual(placesOf(text), placesOf(original), `${key}: ${text}`);
    }
  });

  test(`${language} is not English`, () => {
    const left = [...texts].filter(([key, text]) => text === source.get(key) && !SAME.test(text));
    assert.deepEqual(left, []);
  });
}
