// The dashboard's filters that a query holds itself, which hold wherever it runs:
// seen, removed one by one, or made filters of the query.

import { css } from '@emotion/css';
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Button, Stack } from '@grafana/ui';
import React, { useEffect, useRef, useState } from 'react';

import { t, Trans } from '../i18n';
import type { MesosResources } from '../resources';
import { adhocText, foldAdhoc, withoutAdhoc } from './adhoc';
import { queryTypeOf } from './defaults';
import { useLabelLists } from './labelLists';
import type { MesosQuery } from './types';

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  onChange: (query: MesosQuery) => void;
}

/** The types of queries that have filters of their own. */
const WITH_FILTERS = ['metrics', 'table', 'events', 'topology'];

export function AdhocFilters({ query, resources, onChange }: Props) {
  const lists = useLabelLists(query, resources);
  const { adhocFilters = [] } = query;
  const { chips, place, remember, lost } = useFocusOfRemoved(adhocFilters.length);
  if (adhocFilters.length === 0) {
    // The keyboard goes on from where the last one was.
    return lost ? <span ref={place} tabIndex={-1} /> : null;
  }
  return (
    <EditorRow>
      <EditorField
        label={t('query.adhoc.filters', 'Filters from a dashboard')}
        tooltip={t(
          'query.adhoc.filters-tooltip',
          'They came with the query from a dashboard, and hold for this query only. A click removes one.'
        )}
      >
        <Stack direction="row" gap={1} wrap="wrap">
          {adhocFilters.map((filter, at) => (
            <Button
              key={at}
              ref={(button) => void (chips.current[at] = button)}
              size="sm"
              variant="secondary"
              icon="times"
              className={withinField}
              title={adhocText(filter)}
              aria-label={t('query.adhoc.remove', 'Remove filter {{filter}}', { filter: adhocText(filter) })}
              onClick={() => {
                remember(at);
                onChange(withoutAdhoc(query, at));
              }}
            >
              {adhocText(filter)}
            </Button>
          ))}
          {WITH_FILTERS.includes(queryTypeOf(query)) && (
            <Button
              size="sm"
              fill="text"
              onClick={async () => {
                remember(0);
                onChange(foldAdhoc(query, (await lists.labels()).values));
              }}
            >
              <Trans i18nKey="query.adhoc.fold">Make them filters of the query</Trans>
            </Button>
          )}
        </Stack>
      </EditorField>
    </EditorRow>
  );
}

// A long filter is cut, and read as the title.
const withinField = css({
  maxWidth: '100%',
  '& > span': { display: 'block', minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis', lineHeight: '22px' },
});

/** Gives the focus of a chip that was removed to the next one, to the last one, or to where they were. */
function useFocusOfRemoved(count: number) {
  const chips = useRef<Array<HTMLButtonElement | null>>([]);
  const place = useRef<HTMLSpanElement>(null);
  const [removed, setRemoved] = useState<{ at: number; of: number }>();
  const lost = removed !== undefined && count < removed.of;
  useEffect(() => {
    if (!lost) {
      return;
    }
    (count > 0 ? chips.current[Math.min(removed.at, count - 1)] : place.current)?.focus();
  }, [count, lost, removed]);
  return { chips, place, lost, remember: (at: number) => setRemoved({ at, of: count }) };
}
