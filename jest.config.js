// force timezone to UTC to allow tests to work regardless of local timezone
// generally used by snapshots, but can affect specific tests
process.env.TZ = 'UTC';

const base = require('./.config/jest.config');
const { grafanaESModules, nodeModulesToTransform } = require('./.config/jest/utils');

const [transformer] = Object.values(base.transform);

// Packages that have ES modules only.
const transformed = [...grafanaESModules, '@react-awesome-query-builder'];

module.exports = {
  // Components are slow to draw on a busy machine.
  testTimeout: 120_000,
  // Jest configuration provided by Grafana scaffolding
  ...base,
  moduleNameMapper: {
    ...base.moduleNameMapper,
    // As in webpack.config.ts.
    '^@codemirror/autocomplete$': '<rootDir>/src/query/promql/snippet.ts',
    '^@emotion/cache$': '<rootDir>/tools/scripts/jest/emotion-cache.cjs',
  },
  // .mjs too: some dependencies ship nothing else.
  transform: { '^.+\\.(m?js|tsx?|jsx)$': transformer },
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'jsx', 'ts', 'tsx', 'json', 'node'],
  transformIgnorePatterns: [nodeModulesToTransform(transformed)],
};
