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

/**
 * Returns a transformer for the registry of either version: Grafana 12 takes the transformer itself, Grafana 13 a
 * function that loads it. Object.assign would fail at `name`, which a function has and which cannot be written.
 */
function registered<T extends object>(transformer: T): T {
  return Object.defineProperties(
    async () => transformer,
    Object.getOwnPropertyDescriptors(transformer)
  ) as unknown as T;
}

// Grafana registers them with editors and images, which are not shown here.
standardTransformersRegistry.setInit(() =>
  [...transformers.values()].map((transformation) => ({
    id: transformation.id,
    name: transformation.name,
    transformation: registered(transformation),
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
