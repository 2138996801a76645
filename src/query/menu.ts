// Options of menus whose values are names as they are stored.
import type { ComboboxOption } from '@grafana/ui';

import { t } from '../i18n';
import type { Listed } from '../resources';

export function toOption(value: string): ComboboxOption {
  return { value };
}

/** Returns the options that contain what was typed, in any case. */
export function containing(typed: string, options: ComboboxOption[]): ComboboxOption[] {
  const text = typed.toLowerCase();
  return options.filter(({ value, label }) => (label ?? value).toLowerCase().includes(text));
}

/** Returns how much of a list is shown, for its reader. */
export function shownOf({ values, total }: Listed): string {
  const shown = values.length.toLocaleString('en-US');
  return total === undefined
    ? t('query.menu.shown-of-more', '{{shown}} of more values: type a part of the one you look for', { shown })
    : t('query.menu.shown-of', '{{shown}} of {{total}} values: type a part of the one you look for', {
        shown,
        total: total.toLocaleString('en-US'),
      });
}

/** Returns how much of a list is shown where typing does not search in the backend. */
export function onlyShownOf({ values, total }: Listed): string {
  const shown = values.length.toLocaleString('en-US');
  return total === undefined
    ? t(
        'query.menu.only-shown-of-more',
        '{{shown}} of more values: set another filter first, or write the whole value',
        {
          shown,
        }
      )
    : t(
        'query.menu.only-shown-of',
        '{{shown}} of {{total}} values: set another filter first, or write the whole value',
        {
          shown,
          total: total.toLocaleString('en-US'),
        }
      );
}

/** Returns how many of the labels are shown where typing does not search in the backend. */
export function onlyShownLabels({ values, total }: Listed): string {
  const shown = values.length.toLocaleString('en-US');
  return total === undefined
    ? t(
        'query.menu.only-shown-labels-of-more',
        '{{shown}} of more labels: set another filter first, or write the label',
        {
          shown,
        }
      )
    : t('query.menu.only-shown-labels', '{{shown}} of {{total}} labels: set another filter first, or write the label', {
        shown,
        total: total.toLocaleString('en-US'),
      });
}

/**
 * Returns a list as options: the text itself first if it is a value, then values that begin with it, then those that
 * contain it. Above a part of a list is written how much of it is shown.
 */
export function listedOptions(typed: string, listed: Listed): ComboboxOption[] {
  const text = typed.toLowerCase();
  const rank = (value: string) => {
    const at = value.toLowerCase().indexOf(text);
    return at === 0 ? (value.length === text.length ? 0 : 1) : 2;
  };
  const values = listed.values.filter(Boolean);
  const ranked = text ? [0, 1, 2].flatMap((wanted) => values.filter((value) => rank(value) === wanted)) : values;
  const group = listed.total === listed.values.length ? undefined : shownOf(listed);
  return ranked.map((value) => (group ? { value, group } : { value }));
}
