// Stands for @codemirror/autocomplete, of which Prometheus' word lists use this function only: CodeMirror itself is not
// part of the plugin, because Grafana's editor is Monaco.

/** Returns the template of a snippet as it is written: `topk(${rank}, ${vector})`. */
export function snippet(template: string): string {
  return template;
}
