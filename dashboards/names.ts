// What dashboards are called in links, beside the list of them, which has their panels with links.
export type DashboardName =
  | 'cluster-overview'
  | 'frameworks'
  | 'agents'
  | 'roles'
  | 'tasks'
  | 'masters'
  | 'capacity'
  | 'efficiency'
  | 'measured-use'
  | 'fleet'
  | 'health';
