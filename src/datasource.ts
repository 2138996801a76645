// The data source as Grafana's frontend calls it. Queries, ad-hoc filters and
// compilation are the backend's; here is what only a browser needs: variables,
// texts of queries, completion, imports.
import {
  AppEvents,
  CoreApp,
  type AdHocVariableFilter,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceApi,
  type DataSourceGetTagKeysOptions,
  type DataSourceGetTagValuesOptions,
  type DataSourceInstanceSettings,
  type DataSourceWithLogsContextSupport,
  type DataSourceWithQueryModificationSupport,
  type DataSourceWithSupplementaryQueriesSupport,
  type DataSourceWithToggleableQueryFiltersSupport,
  type GetTagResponse,
  type LogRowContextOptions,
  type LogRowModel,
  type QueryFilterOptions,
  type QueryFixAction,
  type ScopedVars,
  type SupplementaryQueryOptions,
  SupplementaryQueryType,
  type ToggleFilterAction,
} from '@grafana/data';

import {
  config,
  DataSourceWithBackend,
  getAppEvents,
  getGrafanaLiveSrv,
  getTemplateSrv,
  type HealthCheckResult,
  HealthStatus,
} from '@grafana/runtime';
import type { DataQuery } from '@grafana/schema';
import { concatMap, firstValueFrom, map, type Observable } from 'rxjs';

import { annotationSupport } from './annotations/AnnotationSupport';
import { type Report, tests } from './config/tested';
import type { MesosOptions } from './config/types';
import { t } from './i18n';
import { foldAdhoc } from './query/adhoc';
import { defaultQuery, isRunnable } from './query/defaults';
import { displayText } from './query/displayText';
import { addFilter, hasFilter, type Known, OF_THE_LOG, textFilter, toggleFilter } from './query/filterBy/filterBy';
import type { Condition } from './query/filterBy/selectors';
import { withForecastColors } from './query/forecastColors';
import { importQueries } from './query/importQueries';
import { interpolateQuery } from './query/interpolate';
import { labelLists } from './query/labelLists';
import { withRows } from './query/instantRows';
import { withLinkRange } from './query/linkRange';
import { follow, followed } from './query/live/follow';
import { contextQuery, contextRequest } from './query/logs/context';
import { supplementaryTypes, volumeQuery, volumeRequest } from './query/logs/volume';
import { onlyShownLabels, onlyShownOf } from './query/menu';
import { withSettingNames } from './query/settingNames';
import type { Filter, MesosQuery } from './query/types';
import { type Listed, MesosResources, MOST_VALUES } from './resources';
import { MesosVariableSupport } from './variables/VariableSupport';

export class MesosDatasource
  extends DataSourceWithBackend<MesosQuery, MesosOptions>
  implements
    DataSourceWithLogsContextSupport<MesosQuery>,
    DataSourceWithSupplementaryQueriesSupport<MesosQuery>,
    DataSourceWithToggleableQueryFiltersSupport<MesosQuery>,
    DataSourceWithQueryModificationSupport<MesosQuery>
{
  /** Catalogue, labels, compiled PromQL and status, from the backend. */
  readonly resources = new MesosResources(this);

  /** What clicks on values need: see known. */
  private readonly forClicks: Partial<Known> = {};

  constructor(settings: DataSourceInstanceSettings<MesosOptions>) {
    super(settings);
    this.variables = new MesosVariableSupport(this);
    this.annotations = annotationSupport;
  }

  /**
   * Returns the query of a new row. For rules it is empty: Grafana's form shows what this returns without storing it
   * (QueryWrapper.tsx), and the editor, which stores what it shows, could not tell.
   */
  getDefaultQuery(app: CoreApp): Partial<MesosQuery> {
    return app === CoreApp.UnifiedAlerting ? {} : defaultQuery(app);
  }

  filterQuery(query: MesosQuery): boolean {
    return isRunnable(query);
  }

  getQueryDisplayText(query: MesosQuery): string {
    return displayText(query);
  }

  /** Answers queries. Those of a live panel go on with what is collected, as long as somebody watches. */
  query(request: DataQueryRequest<MesosQuery>): Observable<DataQueryResponse> {
    if (request.app === CoreApp.Explore) {
      void this.loadForClicks(); // before there is a value to click on
    }
    const answer = (once: DataQueryRequest<MesosQuery>) => {
      const palette = config.theme2.visualization.palette;
      const answers = super.query(once).pipe(map((one) => withForecastColors(one, once, palette)));
      // Explore gives links its own range, and shows one column per series of an instant answer.
      return once.app === CoreApp.Explore
        ? answers.pipe(map(withRows))
        : answers.pipe(map((one) => withLinkRange(one, once.range)));
    };
    if (config.publicDashboardAccessToken || !config.liveEnabled) {
      return answer(request).pipe(concatMap(withSettingNames)); // nobody may subscribe there
    }
    return follow(followed(request), {
      uid: this.uid,
      answer,
      stream: (address) => getGrafanaLiveSrv().getStream(address),
    }).pipe(concatMap(withSettingNames));
  }

  /** Returns the lines before or after one of a log. */
  async getLogRowContext(row: LogRowModel, options?: LogRowContextOptions): Promise<DataQueryResponse> {
    const query = contextQuery(row, options);
    return query ? firstValueFrom(super.query(contextRequest(row, query))) : { data: [] };
  }

  async getLogRowContextQuery(row: LogRowModel, options?: LogRowContextOptions): Promise<MesosQuery | null> {
    return contextQuery(row, options) ?? null;
  }

  /** Returns LogsVolume where a request has queries of logs: Explore draws how many lines there are over time. */
  getSupportedSupplementaryQueryTypes(request?: DataQueryRequest): SupplementaryQueryType[] {
    return supplementaryTypes(request);
  }

  getSupplementaryQuery({ type }: SupplementaryQueryOptions, query: MesosQuery): MesosQuery | undefined {
    return type === SupplementaryQueryType.LogsVolume ? volumeQuery(query) : undefined;
  }

  getSupplementaryRequest(
    type: SupplementaryQueryType,
    request: DataQueryRequest<MesosQuery>
  ): DataQueryRequest<MesosQuery> | undefined {
    return type === SupplementaryQueryType.LogsVolume ? volumeRequest(request) : undefined;
  }

  queryHasFilter(query: MesosQuery, { key, value }: QueryFilterOptions): boolean {
    return hasFilter(query, { label: key, operator: '=', value }, this.known());
  }

  /** Returns the query after a click on "filter for" or "filter out" in Explore; a second click takes the first back. */
  toggleQueryFilter(query: MesosQuery, { type, options }: ToggleFilterAction): MesosQuery {
    const condition = conditionOf(type === 'FILTER_FOR', options);
    return condition ? tell(query, condition, toggleFilter(query, condition, this.known())) : query;
  }

  /** Is called where Grafana only adds filters, and for a text that was selected in a line of a log. */
  modifyQuery(query: MesosQuery, { type, options = {} }: QueryFixAction): MesosQuery {
    switch (type) {
      case 'ADD_FILTER':
      case 'ADD_FILTER_OUT': {
        const condition = conditionOf(type === 'ADD_FILTER', options);
        return condition ? tell(query, condition, addFilter(query, condition, this.known())) : query;
      }
      case 'ADD_STRING_FILTER':
        return query.queryType === 'logs' && options.value ? { ...query, filter: textFilter(options.value) } : query;
      default:
        return query;
    }
  }

  getSupportedQueryModifications(): string[] {
    return ['ADD_FILTER', 'ADD_FILTER_OUT', 'ADD_STRING_FILTER'];
  }

  /** Loads what a click needs. Grafana does not wait for it then, and the parser would be a fifth of module.js. */
  private async loadForClicks(): Promise<void> {
    const [selectors, catalogue] = await Promise.allSettled([
      import('./query/filterBy/selectors'),
      this.resources.catalogue(),
    ]);
    Object.assign(
      this.forClicks,
      selectors.status === 'fulfilled' && { selectors: selectors.value },
      catalogue.status === 'fulfilled' && { catalogue: catalogue.value }
    );
  }

  private known(): Known | undefined {
    const { selectors, catalogue } = this.forClicks;
    return selectors && catalogue && { selectors, catalogue };
  }

  applyTemplateVariables(query: MesosQuery, scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): MesosQuery {
    return interpolateQuery(query, getTemplateSrv(), scopedVars, filters);
  }

  /** Asks the backend for Save & test, and hands what it found to the settings page: Grafana shows its message alone. */
  override async callHealthCheck(): Promise<HealthCheckResult> {
    const answer = (await super.callHealthCheck()) as HealthCheckResult | undefined;
    tests.next({ uid: this.uid, at: Date.now(), report: answer?.details?.report as Report | undefined });
    if (answer?.message) {
      // It names settings by their keys. The fields' names are a part of the settings page, which is loaded by now.
      const { withFieldNames } = await import('./config/fieldNames');
      return { ...answer, message: withFieldNames(answer.message) };
    }
    const message = t('config.not-responding', 'The plugin did not respond: see Grafana’s server log');
    return { ...answer, status: answer?.status ?? HealthStatus.Error, message, details: answer?.details ?? {} };
  }

  /**
   * Returns the labels an ad-hoc filter can use: those of the panels' series, or of all, that pass the other filters. As
   * of values, all are asked for at once.
   */
  async getTagKeys({
    filters = [],
    queries = [],
    timeRange,
  }: Partial<DataSourceGetTagKeysOptions<MesosQuery>> = {}): Promise<GetTagResponse> {
    const listed = await labelLists(queries, this.resources.over(timeRange)).labels(filtersOf(filters));
    return tagResponse(listed, onlyShownLabels);
  }

  /**
   * Returns the values an ad-hoc filter can use, of what passes the other ones. Grafana's menu searches in them and does
   * not ask again, so as many as the backend lists are asked for; of more it is said how many there are.
   */
  async getTagValues({
    key,
    filters,
    queries = [],
    timeRange,
  }: DataSourceGetTagValuesOptions<MesosQuery>): Promise<GetTagResponse> {
    const resources = this.resources.over(timeRange).upTo(MOST_VALUES);
    const others = filtersOf(filters.filter((other) => other.key !== key));
    return tagResponse(await labelLists(queries, resources).values(key, '', others), onlyShownOf);
  }

  /** Is called when a row's data source changes to this one. The abstract variant would lose functions. */
  async importQueries(queries: DataQuery[], origin: DataSourceApi<DataQuery>): Promise<MesosQuery[]> {
    return origin.type === this.type ? (queries as MesosQuery[]) : importQueries(queries, origin.type);
  }
}

/** Returns a dashboard's filters as filters of a query. */
function filtersOf(adhocFilters: AdHocVariableFilter[]): Filter[] {
  return foldAdhoc({ refId: '', adhocFilters }).filters ?? [];
}

/** Returns a list for Grafana's menu of a dashboard's filters, with how much of it is shown where it is a part. */
function tagResponse(listed: Listed, shown: (listed: Listed) => string): GetTagResponse {
  const { values, total } = listed;
  const error = total === values.length ? {} : { error: { message: shown(listed) } };
  return { data: values.map((text) => ({ text })), ...error };
}

function conditionOf(only: boolean, options: Partial<QueryFilterOptions>): Condition | undefined {
  const { key = '', value = '' } = options;
  return key ? { label: key, operator: only ? '=' : '!=', value } : undefined;
}

/** Returns the changed query; of a log it is told why a click changes nothing. */
function tell(query: MesosQuery, { label, operator }: Condition, changed: MesosQuery): MesosQuery {
  if (changed === query && query.queryType === 'logs') {
    const text =
      operator === '!='
        ? t(
            'query.logs.keeps-lines',
            'The filter of a log keeps lines that contain a text, and leaves none out: write a regular expression between slashes into Filter'
          )
        : OF_THE_LOG.includes(label) &&
          t('query.logs.all-lines', 'All lines of this log have this {{label}}: a filter for it would change nothing', {
            label,
          });
    if (text) {
      getAppEvents().publish({ type: AppEvents.alertWarning.name, payload: [text] });
    }
  }
  return changed;
}
