// Checks an expression while it is written.
import { getTemplateSrv } from '@grafana/runtime';
import { useEffect, useId, useRef, useState } from 'react';

import { t } from '../../i18n';
import type { MesosResources } from '../../resources';
import { QUERY_VERSION } from '../defaults';
import { interpolateQuery } from '../interpolate';
import { check, faultsOf, type Checked } from './problems';

/** Time without a letter until an expression is checked. */
export const CHECK_DELAY_MS = 400;

const NOTHING: Checked = { problems: [], warnings: [] };

/** Returns what is wrong with an expression; what was wrong before, while it is checked again. */
export function useCheck(expr: string, resources: MesosResources): Checked {
  const requestId = `mesos-check-${useId()}`;
  const [found, setFound] = useState<Checked>(NOTHING);
  // Resources are others at each refresh, for which an expression is the same.
  const current = useRef(resources);
  useEffect(() => {
    current.current = resources;
  });
  useEffect(() => {
    let wanted = true;
    const settle = (answer: Checked) => wanted && setFound(answer);
    const timer = setTimeout(() => {
      const templates = getTemplateSrv();
      check(expr, {
        interpolate: (text) => interpolateQuery({ refId: 'A', expr: text }, templates).expr ?? text,
        compile: (text) =>
          current.current.compile({ refId: 'A', queryType: 'promql', version: QUERY_VERSION, expr: text }, requestId),
      }).then(settle, () =>
        // Nobody answers, or a newer text is checked.
        settle({ problems: faultsOf(expr, t('query.promql.not-complete', 'Not valid PromQL')), warnings: [] })
      );
    }, CHECK_DELAY_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [expr, requestId]);
  return found;
}
