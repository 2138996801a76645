// The dashboards by the names of their files, in the order in which they are offered.
import { agents } from './agents.ts';
import { capacity } from './capacity.ts';
import { efficiency } from './efficiency.ts';
import { fleet } from './fleet.ts';
import type { Definition } from './frame.ts';
import { frameworks } from './frameworks.ts';
import { health } from './health.ts';
import { masters } from './masters.ts';
import { measuredUse } from './measured.ts';
import type { DashboardName } from './names.ts';
import { overview } from './overview.ts';
import { roles } from './roles.ts';
import { tasks } from './tasks.ts';

interface Entry {
  /** The UID it is provisioned under. */
  uid: string;
  definition: Definition;
}

export const dashboards: Record<DashboardName, Entry> = {
  'cluster-overview': { uid: 'mesos-overview', definition: overview },
  frameworks: { uid: 'mesos-frameworks', definition: frameworks },
  agents: { uid: 'mesos-agents', definition: agents },
  roles: { uid: 'mesos-roles', definition: roles },
  tasks: { uid: 'mesos-tasks', definition: tasks },
  masters: { uid: 'mesos-masters', definition: masters },
  capacity: { uid: 'mesos-capacity', definition: capacity },
  efficiency: { uid: 'mesos-efficiency', definition: efficiency },
  'measured-use': { uid: 'mesos-use', definition: measuredUse },
  fleet: { uid: 'mesos-fleet', definition: fleet },
  health: { uid: 'mesos-health', definition: health },
};

export const dashboardNames = Object.keys(dashboards) as DashboardName[];
