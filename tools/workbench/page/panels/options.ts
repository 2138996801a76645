// What a panel's JSON says of how it is drawn, as far as the workbench's three
// panels can (grafana/grafana public/app/plugins/panel/{stat,table,timeseries}/panelcfg.cue).
import type { FieldConfigSource } from '@grafana/data';
import type {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  ReduceDataOptions,
  TableSortByFieldState,
  VizLegendOptions,
} from '@grafana/schema';

export interface PanelOptions {
  fieldConfig?: FieldConfigSource;
  legend?: Partial<VizLegendOptions>;
  reduceOptions?: ReduceDataOptions;
  textMode?: BigValueTextMode;
  colorMode?: BigValueColorMode;
  graphMode?: BigValueGraphMode;
  sortBy?: TableSortByFieldState[];
}
