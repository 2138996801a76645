import { defineConfig } from 'eslint/config';
import i18n from '@grafana/i18n/eslint-plugin';
import baseConfig from './.config/eslint.config.mjs';

const restricted = [
  'moment',
  { name: '@grafana/i18n', importNames: ['t', 'Trans'], message: 'Import it from src/i18n.' },
];

const menus = {
  name: '@grafana/ui',
  importNames: ['Combobox', 'MultiCombobox'],
  message: 'Use SingleMenu or MultiMenu: Grafana’s own choose an option that is not there (useMenuKeys.ts).',
};

export default defineConfig([
  {
    ignores: [
      '**/logs',
      '**/*.log',
      '**/npm-debug.log*',
      '**/yarn-debug.log*',
      '**/yarn-error.log*',
      '**/.pnpm-debug.log*',
      '**/node_modules/',
      '.yarn/cache',
      '.yarn/unplugged',
      '.yarn/build-state.yml',
      '.yarn/install-state.gz',
      '**/.pnp.*',
      '**/pids',
      '**/*.pid',
      '**/*.seed',
      '**/*.pid.lock',
      '**/lib-cov',
      '**/coverage',
      '**/dist/',
      'testdata/',
      '**/artifacts/',
      '**/work/',
      '**/ci/',
      'test-results/',
      'playwright-report/',
      'blob-report/',
      'playwright/.cache/',
      'playwright/.auth/',
      '**/.idea',
      '**/.eslintcache',
    ],
  },
  ...baseConfig,
  {
    // What runs in Node: dashboards as code, tools, browser tests.
    files: ['{dashboards,tests,tools}/**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { project: './tsconfig.node.json' } },
  },
  {
    // Texts that a user sees come from src/locales.
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/**/*.test.{ts,tsx}', 'src/testing/**'],
    plugins: { '@grafana/i18n': i18n },
    rules: {
      '@grafana/i18n/no-untranslated-strings': ['error', { calleesToIgnore: ['^css$'] }],
      '@grafana/i18n/no-translation-top-level': 'error',
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: ['src/i18n.ts'],
    rules: {
      'no-restricted-imports': ['error', ...restricted, menus],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.name='t']:not([arguments.0.type='Literal'][arguments.1.type='Literal'])",
          message: 'Write key and text out, so that they are found (tools/scripts/translations.ts).',
        },
      ],
    },
  },
  {
    files: ['src/query/SingleMenu.tsx', 'src/query/MultiMenu.tsx'],
    rules: { 'no-restricted-imports': ['error', ...restricted] },
  },
]);
