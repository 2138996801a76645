// The page: a bar with data source, language and theme, and four tabs.
import React, { useEffect, useState } from 'react';
import { css } from '@emotion/css';

import { DataSourcePluginContextProvider, type GrafanaTheme2 } from '@grafana/data';
import { DataSourcePicker } from '@grafana/runtime';
import { ErrorBoundaryAlert, IconButton, RadioButtonGroup, Tab, TabsBar, useStyles2 } from '@grafana/ui';

import { DashboardPage } from './dashboard/DashboardPage.tsx';
import { EditorsPage } from './EditorsPage.tsx';
import { currentLanguage, languageOptions, openInLanguage } from './grafana/languages.ts';
import type { AnyPlugin } from './grafana/plugin.ts';
import type { Sources } from './grafana/services.ts';
import { loadSettings } from './grafana/settings.ts';
import { QueryPage } from './QueryPage.tsx';
import { SettingsPage } from './SettingsPage.tsx';
import { type PageState, readState, writeState } from './state.ts';

interface Props {
  plugin: AnyPlugin;
  sources: Sources;
  dark: boolean;
  onToggleTheme: () => void;
}

export function App({ plugin, sources, dark, onToggleTheme }: Props) {
  const styles = useStyles2(getStyles);
  const [state, setState] = useState(() => readState(location.search));
  const change = (part: Partial<PageState>) => setState((before) => ({ ...before, ...part }));
  useEffect(() => writeState(state), [state]);
  const [, setRevision] = useState(0);

  const settings = sources.getInstanceSettings(state.ds);
  if (!settings) {
    throw new Error(`The address names the data source ${state.ds}, which provisioning does not have.`);
  }
  const datasource = sources.instance(settings.uid);
  const saved = async () => {
    sources.replace(await loadSettings());
    setRevision((count) => count + 1); // Renders with the instances of the new settings.
  };
  return (
    <DataSourcePluginContextProvider instanceSettings={settings}>
      <header className={styles.header}>
        <img src={`/${plugin.meta.info.logos.small}`.replace(/^\/+/, '/')} alt="" className={styles.logo} />
        <h1 className={styles.title}>{plugin.meta.name}</h1>
        <span className={styles.subtitle}>{plugin.meta.info.version} in the workbench</span>
        <div className={styles.grow} />
        {sources.getList().length > 1 && (
          <DataSourcePicker
            width={30}
            current={settings.uid}
            noDefault
            onChange={(chosen) => change({ ds: chosen.uid, queries: [] })}
          />
        )}
        <RadioButtonGroup
          size="sm"
          options={languageOptions(plugin.meta)}
          value={currentLanguage()}
          onChange={openInLanguage}
        />
        <IconButton name="palette" tooltip={dark ? 'Light theme' : 'Dark theme'} onClick={onToggleTheme} />
      </header>
      <TabsBar className={styles.tabs}>
        <Tab label="Query" icon="compass" active={state.tab === 'query'} onChangeTab={() => change({ tab: 'query' })} />
        <Tab
          label="Dashboard"
          icon="apps"
          active={state.tab === 'dashboard'}
          onChangeTab={() => change({ tab: 'dashboard' })}
        />
        <Tab
          label="Other editors"
          icon="pen"
          active={state.tab === 'editors'}
          onChangeTab={() => change({ tab: 'editors' })}
        />
        <Tab
          label="Data source"
          icon="database"
          active={state.tab === 'settings'}
          onChangeTab={() => change({ tab: 'settings' })}
        />
      </TabsBar>
      <main className={styles.main}>
        <ErrorBoundaryAlert key={`${settings.uid} ${state.tab}`} title="The plugin threw an error">
          {state.tab === 'settings' && (
            <SettingsPage plugin={plugin} sources={sources} uid={settings.uid} onSaved={saved} />
          )}
          {state.tab === 'dashboard' && (
            <DashboardPage plugin={plugin} datasource={datasource} state={state} onChange={change} />
          )}
          {state.tab === 'editors' && <EditorsPage datasource={datasource} state={state} />}
          {state.tab === 'query' && (
            <QueryPage plugin={plugin} datasource={datasource} state={state} onChange={change} />
          )}
        </ErrorBoundaryAlert>
      </main>
    </DataSourcePluginContextProvider>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  header: css({
    display: 'flex',
    alignItems: 'center',
    flexWrap: 'wrap',
    gap: theme.spacing(1),
    minHeight: theme.spacing(6),
    padding: theme.spacing(1, 2),
    background: theme.colors.background.primary,
  }),
  logo: css({ width: 24, height: 24 }),
  title: css({ fontSize: theme.typography.h5.fontSize, margin: 0 }),
  subtitle: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  grow: css({ flexGrow: 1 }),
  tabs: css({
    padding: theme.spacing(0, 2),
    background: theme.colors.background.primary,
    '& [role="tablist"]': { flexWrap: 'wrap', height: 'auto' },
  }),
  main: css({ padding: theme.spacing(2), maxWidth: 1800, margin: '0 auto' }),
});
