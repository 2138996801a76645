// Transformations between a panel's query and its drawing, by @grafana/data.
import { useEffect, useState } from 'react';

import {
  type DataFrame,
  type DataTransformerConfig,
  type PanelData,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';

// Some are registered under an older name too.
const transformers = new Map(Object.values(standardTransformers).map((one) => [one.id, one]));

// Grafana registers them with editors and images, which are not shown here.
standardTransformersRegistry.setInit(() =>
  [...transformers.values()].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation,
    editor: () => null,
    imageDark: '',
    imageLight: '',
  }))
);

const none: DataTransformerConfig[] = [];

/** Returns the data with its frames transformed; until they are, the previous data. */
export function useTransformed(data: PanelData, transformations = none): PanelData {
  const [series, setSeries] = useState<DataFrame[]>([]);
  useEffect(() => {
    if (transformations.length === 0) {
      return undefined;
    }
    const running = transformDataFrame(transformations, data.series).subscribe(setSeries);
    return () => running.unsubscribe();
  }, [data.series, transformations]);
  return transformations.length === 0 ? data : { ...data, series };
}
