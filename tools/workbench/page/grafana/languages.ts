// The language of the page, ?lang= in its address, and a plugin's texts in it, which Grafana loads before module.js
// (public/app/features/plugins/importer/addTranslationsToI18n.ts).
import i18next from 'i18next';

import type { DataSourcePluginMeta } from '@grafana/data';
import { DEFAULT_LANGUAGE, initPluginTranslations, LANGUAGES } from '@grafana/i18n';

/** What plugin.json has, with its languages, which the type of Grafana 12.4 lacks. */
type Meta = DataSourcePluginMeta & { languages?: string[] };

/** Prepares i18next in the user's language, as Grafana does. Grafana's own texts are in no package: they stay English. */
export async function initLanguage(language: string): Promise<void> {
  document.documentElement.lang = language;
  await i18next.init({
    lng: language,
    fallbackLng: DEFAULT_LANGUAGE,
    supportedLngs: LANGUAGES.map(({ code }) => code),
    partialBundledLanguages: true,
    resources: {},
    returnEmptyString: false,
  });
  await initPluginTranslations('workbench');
}

/** Loads a plugin's texts in the language of the page, or English ones where it has none in that. */
export async function loadTexts({ id, baseUrl, languages = [] }: Meta): Promise<void> {
  if (languages.length === 0) {
    return;
  }
  const language = languages.includes(i18next.language) ? i18next.language : DEFAULT_LANGUAGE;
  const response = await fetch(`/${baseUrl}/locales/${language}/${id}.json`);
  if (!response.ok) {
    throw new Error(`The plugin's texts in ${language} could not be loaded: ${response.status} ${response.statusText}`);
  }
  i18next.addResourceBundle(i18next.language, id, await response.json(), true, false);
}

/** The languages of a plugin, for a menu. */
export function languageOptions({ languages = [] }: Meta) {
  return languages.map((value) => ({ value, label: LANGUAGES.find(({ code }) => code === value)?.name ?? value }));
}

/** Returns the language of the page. */
export function currentLanguage(): string {
  return i18next.language;
}

/** Opens the page in another language. */
export function openInLanguage(language: string): void {
  const address = new URL(location.href);
  address.searchParams.set('lang', language);
  location.assign(address);
}
