// Below the query of a rule: what the rule would read, or why it cannot. Grafana's
// form shows no notices, and errors only once the rule runs.
import type { TimeRange } from '@grafana/data';
import { Alert, Button, Stack, Text } from '@grafana/ui';
import React from 'react';

import { t } from '../../i18n';
import type { MesosResources, Trial } from '../../resources';
import type { MesosQuery } from '../types';
import { faultsOf, type Fault } from './faults';
import { useTrial } from './useTrial';

interface Props {
  query: MesosQuery;
  /** Whether what is wrong with the query is said above: the rule would say it again. */
  said?: boolean;
  resources: MesosResources;
  /** What the rule reads, as the form has it. */
  range?: TimeRange;
  onChange: (query: MesosQuery) => void;
}

export function RuleNotice({ query, said = false, resources, range, onChange }: Props) {
  const faults = faultsOf(query);
  const unreadable = said || faults.some(({ severity }) => severity === 'warning');
  const trial = useTrial(unreadable ? undefined : query, range, resources);
  const tried = trial && faultOfTrial(trial);
  return (
    <div data-testid="rule-notice" aria-live="polite">
      {faults.map((fault) => (
        <Notice key={fault.title} fault={fault} onChange={onChange} />
      ))}
      {tried && <Notice fault={tried} onChange={onChange} />}
      {trial && !tried && (
        <Text variant="bodySmall" color="secondary">
          {trial.range
            ? t('query.rule.reads-series', 'Series that a rule reads now: {{number}}', { number: trial.numbers })
            : t('query.rule.reads', 'Numbers that a rule reads now: {{number}}', { number: trial.numbers })}
        </Text>
      )}
    </div>
  );
}

function Notice({ fault, onChange }: { fault: Fault; onChange: Props['onChange'] }) {
  const { severity, title, text, fix } = fault;
  return (
    <Alert severity={severity} title={title} bottomSpacing={0} topSpacing={0}>
      <Stack direction="row" gap={2} alignItems="center" justifyContent="space-between" wrap="wrap">
        <span>{text}</span>
        {fix && (
          <Button size="sm" variant="secondary" onClick={() => onChange(fix.query)}>
            {fix.label}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

function faultOfTrial({ error, numbers }: Trial): Fault | undefined {
  if (error) {
    return { severity: 'warning', title: t('query.rule.fails', 'A rule with this query fails now'), text: error };
  }
  if (numbers > 0) {
    return undefined;
  }
  return {
    severity: 'info',
    title: t('query.rule.none-title', 'There is no number now'),
    text: t(
      'query.rule.none',
      'The rule would be in the state that it has for “no data”. Where series come and go, that is as it should be; else a filter may match nothing.'
    ),
  };
}
