// What Grafana's index page sets before any of its scripts run: @grafana/runtime
// reads it the moment it is imported, so the page itself comes after.
const theme = localStorage.getItem('workbench.theme') === 'light' ? 'light' : 'dark';

const language = new URLSearchParams(location.search).get('lang') ?? 'en-US';

const [{ role }]: Array<{ role: string }> = await (await fetch('/api/user/orgs')).json();
const login = role.toLowerCase();

const grafanaBootData = {
  assets: {},
  navTree: [],
  user: {
    id: 1,
    uid: login,
    login,
    name: login,
    email: `${login}@localhost`,
    orgId: 1,
    orgName: 'Main Org.',
    orgRole: role,
    isSignedIn: true,
    isGrafanaAdmin: role === 'Admin',
    language,
    regionalFormat: 'en-US',
    timezone: 'browser',
    theme,
  },
  settings: {
    appUrl: `${location.origin}/`,
    appSubUrl: '',
    buildInfo: { version: GRAFANA_VERSION, commit: 'workbench', env: 'production', edition: 'Open Source' },
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
