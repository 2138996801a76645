// Modules that are passed on unchanged, so their types do not matter here.
declare module 'd3';
declare module 'monaco-editor/esm/vs/editor/edcore.main.js';
declare module 'prismjs';
declare module 'react-router';
declare module 'slate';
declare module 'slate-plain-serializer';

/** The version of the @grafana packages that the page is built with, set by webpack. */
declare const GRAFANA_VERSION: string;
