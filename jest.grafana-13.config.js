// jest with the packages of Grafana 13 and React 19 in place of those that the plugin is built with.
const base = require('./jest.config.js');
const { grafanaESModules, nodeModulesToTransform } = require('./.config/jest/utils');

module.exports = {
  ...base,
  resolver: '<rootDir>/tools/scripts/jest/grafana-13.cjs',
  setupFiles: ['<rootDir>/tools/scripts/jest/message-channel.cjs'],
  transformIgnorePatterns: [
    nodeModulesToTransform([
      ...grafanaESModules,
      '@react-awesome-query-builder',
      '@react-hookz/web',
      '@ver0/deep-equal',
    ]),
  ],
};
