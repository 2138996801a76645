// `npm run workbench -- --provisioning DIR --port N`: the built plugin in a
// browser without Grafana, against any cluster, until Ctrl-C.
import { parseArgs } from 'node:util';

import { isGrafanaVersion, pages } from './pages.ts';
import { startWorkbench, type WorkbenchOptions } from './start.ts';

const usage = `npm run workbench -- [--provisioning DIR] [--port N] [--plugin DIR] [--history DIR] [--role ROLE] [--grafana VERSION]

  --provisioning DIR  folder with Grafana provisioning files, datasources/*.yaml (provisioning)
  --port N            port on this machine; 0 for any free one (3000)
  --plugin DIR        a built plugin; without it this repository's is built when it is outdated
  --history DIR       folder for history on disk, as history_path in grafana.ini would set it
  --role ROLE         the user's role: Viewer, Editor or Admin (Admin)
  --grafana VERSION   whose packages the page is drawn with: 12.3, 12 (12.4) or 13 (13.2 with React 19) (12)`;

const roles = ['Viewer', 'Editor', 'Admin'] as const;

function options(): WorkbenchOptions {
  try {
    const { values } = parseArgs({
      options: {
        provisioning: { type: 'string', default: 'provisioning' },
        port: { type: 'string', default: '3000' },
        plugin: { type: 'string' },
        history: { type: 'string' },
        role: { type: 'string', default: 'Admin' },
        grafana: { type: 'string', default: '12' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new Error(`--port is a number from 0 to 65535, not ${values.port}`);
    }
    const role = roles.find((known) => known === values.role);
    if (!role) {
      throw new Error(`--role is ${roles.join(', ')}, not ${values.role}`);
    }
    const { grafana } = values;
    if (!isGrafanaVersion(grafana)) {
      throw new Error(`--grafana is ${Object.keys(pages).join(', ')}, not ${grafana}`);
    }
    return { ...values, port, role, grafana };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

let stop: (() => Promise<void>) | undefined;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => void (stop?.() ?? Promise.resolve()).then(() => process.exit(0)));
}

try {
  const workbench = await startWorkbench(options());
  stop = workbench.stop;
  console.log(`\n  ${workbench.url}\n\nPress Ctrl-C to stop it.`);
  process.exitCode = await workbench.ended;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
