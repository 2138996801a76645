// Starts the page: first Grafana's services, then the plugin, then the UI.
import React, { useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';

import { type DataSourceInstanceSettings, createTheme, type GrafanaTheme2, ThemeContext } from '@grafana/data';
import { config } from '@grafana/runtime';
import { Alert, ErrorBoundaryAlert, GlobalStyles, PortalContainer } from '@grafana/ui';

import { App } from './App.tsx';
import { initLanguage, loadTexts } from './grafana/languages.ts';
import { loadPlugin } from './grafana/plugin.ts';
import { provideServices } from './grafana/services.ts';
import { loadSettings } from './grafana/settings.ts';

/** Grafana's theme, also for code that reads it from the configuration. */
function themeOf(dark: boolean): GrafanaTheme2 {
  config.theme2 = createTheme({ colors: { mode: dark ? 'dark' : 'light' } });
  return config.theme2;
}

function Themed({ children }: { children: (dark: boolean, toggle: () => void) => React.ReactNode }) {
  const [dark, setDark] = useState(config.theme2.isDark);
  const theme = useMemo(() => themeOf(dark), [dark]);
  const toggle = () => {
    localStorage.setItem('workbench.theme', dark ? 'light' : 'dark');
    setDark(!dark);
  };
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <ErrorBoundaryAlert>{children(dark, toggle)}</ErrorBoundaryAlert>
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

async function start() {
  const root = createRoot(document.getElementById('root')!);
  try {
    await initLanguage(config.bootData.user.language);
    const settings: DataSourceInstanceSettings[] = await loadSettings();
    const sources = provideServices(settings);
    await loadTexts(settings[0].meta);
    const plugin = await loadPlugin(settings[0].meta);
    sources.usePlugin(plugin);
    document.title = `${settings[0].meta.name} - workbench`;
    root.render(
      <Themed>{(dark, toggle) => <App plugin={plugin} sources={sources} dark={dark} onToggleTheme={toggle} />}</Themed>
    );
  } catch (error) {
    console.error(error);
    root.render(
      <Themed>
        {() => (
          <div data-testid="error">
            <Alert title="The plugin could not be loaded">{String(error)}</Alert>
          </div>
        )}
      </Themed>
    );
  }
}

void start();
