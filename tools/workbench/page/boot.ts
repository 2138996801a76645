// What Grafana's index page sets before any of its scripts run: @grafana/runtime
// reads it the moment it is imported, so the page itself comes after.
const theme = localStorage.getItem('workbench.theme') === 'light' ? 'light' : 'dark';

const grafanaBootData = {
  assets: {},
  navTree: [],
  user: {
    id: 1,
    uid: 'admin',
    login: 'admin',
    name: 'admin',
    email: 'admin@localhost',
    orgId: 1,
    orgName: 'Main Org.',
    orgRole: 'Admin',
    isSignedIn: true,
    isGrafanaAdmin: true,
    language: 'en-US',
    regionalFormat: 'en-US',
    timezone: 'browser',
    theme,
  },
  settings: {
    appUrl: `${location.origin}/`,
    appSubUrl: '',
    buildInfo: { version: '12.4.0', commit: 'workbench', env: 'production', edition: 'Open Source' },
    featureToggles: {},
    datasources: {},
    panels: {},
    exploreEnabled: true,
    liveEnabled: false,
  },
};

Object.assign(window, { grafanaBootData, __grafana_public_path__: '/public/' });

void import('./main.tsx');

export {};
