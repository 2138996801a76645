// The dashboard's filters that a query holds itself, which hold wherever it runs:
// seen, removed one by one, or made filters of the query.
import { EditorField, EditorRow } from '@grafana/plugin-ui';
import { Button, Stack } from '@grafana/ui';
import React from 'react';

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
  if (adhocFilters.length === 0) {
    return null;
  }
  return (
    <EditorRow>
      <EditorField
        label="Filters from a dashboard"
        tooltip="They came with the query from a dashboard, and hold for this query only. A click removes one."
      >
        <Stack direction="row" gap={1} wrap="wrap">
          {adhocFilters.map((filter, at) => (
            <Button
              key={at}
              size="sm"
              variant="secondary"
              icon="times"
              aria-label={`Remove filter ${adhocText(filter)}`}
              onClick={() => onChange(withoutAdhoc(query, at))}
            >
              {adhocText(filter)}
            </Button>
          ))}
          {WITH_FILTERS.includes(queryTypeOf(query)) && (
            <Button size="sm" fill="text" onClick={async () => onChange(foldAdhoc(query, await lists.labels()))}>
              Make them filters of the query
            </Button>
          )}
        </Stack>
      </EditorField>
    </EditorRow>
  );
}
