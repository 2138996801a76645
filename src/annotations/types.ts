import type { AnnotationQuery } from '@grafana/data';

import type { MesosQuery } from '../query/types';

/** An annotation as a dashboard stores it. The keys of PromQL are those of Grafana's Prometheus data source. */
export interface MesosAnnotation extends AnnotationQuery<MesosQuery> {
  /** Of PromQL: title and text, with {{label}} in them. */
  titleFormat?: string;
  textFormat?: string;
  /** Of PromQL: labels whose values are the tags, divided by commas. */
  tagKeys?: string;
  /** Of PromQL: the values of the series are the times of the events, in milliseconds. */
  useValueForTime?: boolean;
}
