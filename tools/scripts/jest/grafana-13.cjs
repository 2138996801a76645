// Resolves Grafana's packages and React to those of Grafana 13 (tools/workbench/grafana-13), for jest.
const path = require('node:path');

const folder = path.join(__dirname, '..', '..', 'workbench', 'grafana-13');
const names = Object.keys(require(path.join(folder, 'package.json')).dependencies);

/** Says whether a request is for one of the packages, or for a file of it. */
const ours = (request) => names.some((name) => request === name || request.startsWith(`${name}/`));

module.exports = (request, options) => {
  // Within the folder a package finds what it was installed with.
  const outside = path.relative(folder, options.basedir).startsWith('..');
  return options.defaultResolver(request, outside && ours(request) ? { ...options, basedir: folder } : options);
};
