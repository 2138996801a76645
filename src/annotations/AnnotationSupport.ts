// Annotations of dashboards: Grafana calls it for the query of an annotation, and
// for the events in its answer.
import type { AnnotationEvent, AnnotationSupport, DataFrame } from '@grafana/data';
import { of, type Observable } from 'rxjs';

import { AnnotationEditor } from '../lazy';
import { isRunnable, queryTypeOf } from '../query/defaults';
import type { MesosQuery } from '../query/types';
import { defaultTarget, isOwn, oldPrometheusTarget } from './defaults';
import { eventsOf } from './eventFrames';
import { fewer } from './fewer';
import { eventsOfSeries } from './seriesFrames';
import type { MesosAnnotation } from './types';

export const annotationSupport: AnnotationSupport<MesosQuery, MesosAnnotation> = {
  QueryEditor: AnnotationEditor,

  /**
   * Returns the annotation with a query, the same object where it has one. A new annotation has none, or that of the data
   * source which was chosen before. Grafana stores the result when the editor opens and after each change.
   */
  prepareAnnotation(saved: MesosAnnotation): MesosAnnotation {
    const { target } = saved;
    return target && isOwn(target) ? saved : { ...saved, target: oldPrometheusTarget(saved) ?? defaultTarget() };
  },

  prepareQuery({ target }: MesosAnnotation): MesosQuery | undefined {
    if (!target || !isRunnable(target)) {
      return undefined;
    }
    const queryType = queryTypeOf(target);
    // Grafana waits for the end of the answer, which a live one does not have.
    const { live: _live, ...query } = target;
    return queryType === 'events'
      ? { ...query, format: 'annotations' }
      : { ...query, queryType, format: 'time_series', range: true, instant: false };
  },

  processEvents(annotation: MesosAnnotation, frames: DataFrame[]): Observable<AnnotationEvent[]> {
    const { target } = annotation;
    const events =
      target && queryTypeOf(target) === 'events' ? fewer(eventsOf(frames)) : eventsOfSeries(annotation, frames);
    return of(events);
  },
};
