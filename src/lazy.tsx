// The editors as Grafana gets them: each loads its chunk when it is opened.
import React, { lazy, Suspense, type ComponentProps } from 'react';
import { LoadingPlaceholder } from '@grafana/ui';

import { t } from './i18n';

const LazyConfigEditor = lazy(() => import('./config/ConfigEditor'));
const LazyQueryEditor = lazy(() => import('./query/QueryEditor'));
const LazyVariableEditor = lazy(() => import('./variables/VariableEditor'));
const LazyAnnotationEditor = lazy(() => import('./annotations/AnnotationEditor'));
const LazyQueryHelp = lazy(() => import('./query/help/QueryHelp'));

/** The data source's settings page. */
export function ConfigEditor(props: ComponentProps<typeof LazyConfigEditor>) {
  return (
    <Suspense fallback={<LoadingPlaceholder text={t('lazy.settings', 'Loading settings')} />}>
      <LazyConfigEditor {...props} />
    </Suspense>
  );
}

/** One query's row in Explore, a panel or an alert rule. */
export function QueryEditor(props: ComponentProps<typeof LazyQueryEditor>) {
  return (
    <Suspense fallback={<LoadingPlaceholder text={t('lazy.query-editor', 'Loading query editor')} />}>
      <LazyQueryEditor {...props} />
    </Suspense>
  );
}

/** A query variable in a dashboard's settings. */
export function VariableEditor(props: ComponentProps<typeof LazyVariableEditor>) {
  return (
    <Suspense fallback={<LoadingPlaceholder text={t('lazy.variable-editor', 'Loading variable editor')} />}>
      <LazyVariableEditor {...props} />
    </Suspense>
  );
}

/** An annotation in a dashboard's settings. */
export function AnnotationEditor(props: ComponentProps<typeof LazyAnnotationEditor>) {
  return (
    <Suspense fallback={<LoadingPlaceholder text={t('lazy.annotation-editor', 'Loading annotation editor')} />}>
      <LazyAnnotationEditor {...props} />
    </Suspense>
  );
}

/** The help of a query's row. */
export function QueryHelp(props: ComponentProps<typeof LazyQueryHelp>) {
  return (
    <Suspense fallback={<LoadingPlaceholder text={t('lazy.help', 'Loading help')} />}>
      <LazyQueryHelp {...props} />
    </Suspense>
  );
}
