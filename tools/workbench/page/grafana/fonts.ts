// Stands in for @grafana/ui's font faces. Grafana's fonts are not on npm, but
// @grafana/ui measures text by their names: a font of the system answers to them.
import { css } from '@emotion/react';

const local = (...names: string[]) => names.map((name) => `local('${name}')`).join(', ');

const faces = {
  Inter: local('Inter', 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', 'Liberation Sans', 'Arial'),
  'Roboto Mono': local('Roboto Mono', 'SF Mono', 'Consolas', 'DejaVu Sans Mono', 'Liberation Mono'),
};

/** Called by GlobalStyles in the place of its own. */
export const getFontStyles = () =>
  Object.entries(faces).map(([fontFamily, src]) => css({ '@font-face': { fontFamily, src } }));
