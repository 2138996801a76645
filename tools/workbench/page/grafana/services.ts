// Registers what @grafana/runtime expects of Grafana: HTTP, variables, data
// sources, events. Everything a data source may call must exist; what has no
// meaning without Grafana does nothing.
import {
  type CurrentUserDTO,
  type DataSourceApi,
  type DataSourceInstanceSettings,
  type DataSourceRef,
  EventBusSrv,
} from '@grafana/data';
import {
  config,
  type DataSourceSrv,
  setAppEvents,
  setBackendSrv,
  setCurrentUser,
  setDataSourceSrv,
  setEchoSrv,
  setTemplateSrv,
} from '@grafana/runtime';
import * as unstable from '@grafana/runtime/unstable';

import { backendSrv } from './backendSrv.ts';
import type { AnyPlugin } from './plugin.ts';
import { createTemplateSrv, variablesOf } from './templateSrv.ts';

/** The data sources: their settings, and one instance for each. */
export class Sources implements DataSourceSrv {
  private plugin?: AnyPlugin;
  private instances = new Map<string, DataSourceApi>();
  private settings: DataSourceInstanceSettings[];

  constructor(settings: DataSourceInstanceSettings[]) {
    this.settings = settings;
  }

  usePlugin(plugin: AnyPlugin): void {
    this.plugin = plugin;
  }

  /** Replaces the settings after a change; instances of the old ones are dropped, as in Grafana. */
  replace(settings: DataSourceInstanceSettings[]): void {
    this.settings = settings;
    this.instances.clear();
  }

  /** The instance with the UID, of the plugin's own class. */
  instance(uid: string): DataSourceApi {
    const settings = this.getInstanceSettings(uid);
    if (!settings || !this.plugin) {
      throw new Error(`data source ${uid} is not known`);
    }
    const found = this.instances.get(uid) ?? new this.plugin.DataSourceClass(settings);
    found.components = this.plugin.components;
    found.meta ??= settings.meta;
    this.instances.set(uid, found);
    return found;
  }

  async get(ref?: DataSourceRef | string | null): Promise<DataSourceApi> {
    return this.instance(this.getInstanceSettings(ref)?.uid ?? String(ref));
  }

  getInstanceSettings(ref?: DataSourceRef | string | null): DataSourceInstanceSettings | undefined {
    if (!ref) {
      return this.settings.find((one) => one.isDefault) ?? this.settings[0];
    }
    const wanted = typeof ref === 'string' ? ref : ref.uid;
    return this.settings.find((one) => one.uid === wanted || one.name === wanted);
  }

  getList(): DataSourceInstanceSettings[] {
    return this.settings;
  }

  reload(): void {}

  registerRuntimeDataSource(): void {}
}

/** Grafana 13's loggers must be there before they are used; Grafana 12 has no such function. */
function provideLoggers(): void {
  const known: Record<string, unknown> = { ...unstable };
  const initialize = known['initializeLoggersRegistry'];
  if (typeof initialize === 'function') {
    initialize();
  }
}

/** Registers all services. */
export function provideServices(settings: DataSourceInstanceSettings[]): Sources {
  provideLoggers();
  const sources = new Sources(settings);
  config.datasources = Object.fromEntries(settings.map((one) => [one.name, one]));
  setBackendSrv(backendSrv);
  setTemplateSrv(createTemplateSrv(variablesOf(location.search)));
  setDataSourceSrv(sources);
  setAppEvents(new EventBusSrv());
  setEchoSrv({ flush: () => undefined, addBackend: () => undefined, addEvent: () => undefined });
  setCurrentUser(config.bootData.user as CurrentUserDTO);
  return sources;
}
