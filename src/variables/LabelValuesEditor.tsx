// The list of a label's values: of which label, of which series.
import { css } from '@emotion/css';
import { EditorField } from '@grafana/plugin-ui';
import type { ComboboxOption } from '@grafana/ui';
import React, { useId } from 'react';

import { t } from '../i18n';
import { useSelectorLabels } from '../query/labelLists';
import { toOption } from '../query/menu';
import { variableOptions } from '../query/metrics/variables';
import { SingleMenu } from '../query/SingleMenu';
import type { VariableLabelValues } from '../query/types';
import { useLabels } from '../query/useLabels';
import { useSearch } from '../query/useSearch';
import type { MesosResources } from '../resources';

interface Props {
  list: VariableLabelValues;
  /** The selector with the current values of variables: its series have the labels that are offered. */
  match?: string;
  resources: MesosResources;
  onChange: (list: VariableLabelValues) => void;
}

const SERIES_NAMES = '__name__';

const seriesNames = (): ComboboxOption => ({
  value: SERIES_NAMES,
  description: t('variables.label-values.series-names', 'The names of series'),
});

export function LabelValuesEditor({ list, match, resources, onChange }: Props) {
  const id = useId();
  const labelsOfMatch = useSelectorLabels(match, resources);
  const { labels, loading, unknown, onFocus } = useLabels(labelsOfMatch);
  const known = list.label && list.label !== SERIES_NAMES && !labels.includes(list.label) ? [list.label] : [];
  const { options: series, holdKeys } = useSearch(
    (typed) => resources.labelValues(SERIES_NAMES, [], typed),
    () => ({ custom: true })
  );

  return (
    <>
      <EditorField label={t('variables.label-values.label', 'Label')} htmlFor={`${id}-label`}>
        <div onFocus={onFocus}>
          <SingleMenu
            id={`${id}-label`}
            width={30}
            placeholder={t('variables.label-values.choose', 'Choose a label')}
            options={[...[...known, ...labels].map(toOption), seriesNames(), ...variableOptions()]}
            value={list.label ? { value: list.label } : null}
            loading={loading}
            createCustomValue={unknown}
            onChange={({ value }) => onChange({ ...list, label: value })}
          />
        </div>
      </EditorField>
      <EditorField
        label={t('variables.label-values.match', 'Of series')}
        htmlFor={`${id}-match`}
        tooltip={t(
          'variables.label-values.match-tip',
          'A series or a selector such as {{example}}. Without it: any series of the time range.',
          { example: 'mesos_task_state{framework="$framework"}' }
        )}
      >
        <div className={wide} {...holdKeys}>
          <SingleMenu
            id={`${id}-match`}
            width="full"
            placeholder={t('variables.label-values.any', 'Any')}
            options={series}
            value={list.match ? { value: list.match } : null}
            isClearable
            onChange={(option) => {
              const { match: _match, ...rest } = list;
              onChange(option?.value ? { ...rest, match: option.value } : rest);
            }}
          />
        </div>
      </EditorField>
    </>
  );
}

// As wide as a selector, where the page has room for it.
const wide = css({ width: 480, maxWidth: '80vw' });
