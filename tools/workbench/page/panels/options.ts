// The drawing options in a panel's JSON that the workbench's three panels support
// (grafana/grafana public/app/plugins/panel/{stat,table,timeseries}/panelcfg.cue).
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
