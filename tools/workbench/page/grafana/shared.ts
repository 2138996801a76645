// The modules that Grafana shares with plugins, by the names they ask for. Those
// that few plugins use load when one does.

// CommonJS packages arrive as their module.exports, as SystemJS gives them.
const commonjs = (load: Promise<{ default: unknown }>) => load.then((module) => module.default);

export const shared: Record<string, () => Promise<unknown>> = {
  '@grafana/data': () => import('@grafana/data'),
  '@grafana/data/unstable': () => import('@grafana/data/unstable'),
  '@grafana/runtime': () => import('@grafana/runtime'),
  '@grafana/runtime/unstable': () => import('@grafana/runtime/unstable'),
  '@grafana/ui': () => import('@grafana/ui'),
  '@grafana/ui/unstable': () => import('@grafana/ui/unstable'),
  '@emotion/css': () => import('@emotion/css'),
  '@emotion/react': () => import('@emotion/react'),
  emotion: () => import('@emotion/css'),
  d3: () => import('d3'),
  i18next: () => import('i18next'),
  jquery: () => commonjs(import('jquery')),
  lodash: () => commonjs(import('lodash')),
  moment: () => commonjs(import('moment')),
  prismjs: () => commonjs(import('prismjs')),
  react: () => commonjs(import('react')),
  'react/jsx-runtime': () => import('react/jsx-runtime'),
  'react/jsx-dev-runtime': () => import('react/jsx-dev-runtime'),
  'react-dom': () => commonjs(import('react-dom')),
  'react-redux': () => import('react-redux'),
  'react-router': () => import('react-router'),
  redux: () => import('redux'),
  rxjs: () => import('rxjs'),
  slate: () => import('slate'),
  'slate-plain-serializer': () => import('slate-plain-serializer'),
};
