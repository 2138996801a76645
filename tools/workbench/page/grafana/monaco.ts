// Stands in for the monaco-editor package: the editor, and JSON and SQL colors.
// The worker is bundled too, so that the page needs nothing from elsewhere.
import 'monaco-editor/esm/vs/basic-languages/sql/sql.contribution.js';

window.MonacoEnvironment = {
  getWorker: () => new Worker(new URL('monaco-editor/esm/vs/editor/editor.worker.js', import.meta.url)),
};

export * from 'monaco-editor/esm/vs/editor/edcore.main.js';
