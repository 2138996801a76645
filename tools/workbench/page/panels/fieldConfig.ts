// A panel's field configuration: the field options in its JSON. @grafana/data
// applies it, given a registry of the properties there
// are. In Grafana that comes with each panel's editor; here it has what the
// panel's own configuration names, and takes each value unchanged.
import {
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  identityOverrideProcessor,
  Registry,
} from '@grafana/data';

export const noFieldConfig: FieldConfigSource = { defaults: {}, overrides: [] };

const customPrefix = 'custom.';

function property(id: string): FieldConfigPropertyItem {
  const isCustom = id.startsWith(customPrefix);
  return {
    id,
    name: id,
    path: isCustom ? id.slice(customPrefix.length) : id,
    isCustom,
    process: identityOverrideProcessor,
    shouldApply: () => true,
    editor: () => null,
    override: () => null,
  };
}

/** The properties that a configuration sets anywhere. */
export function registryOf({ defaults, overrides }: FieldConfigSource): Registry<FieldConfigPropertyItem> {
  const { custom = {}, ...standard } = defaults;
  const ids = new Set([
    ...Object.keys(standard),
    ...Object.keys(custom).map((key) => customPrefix + key),
    ...overrides.flatMap(({ properties }) => properties.map(({ id }) => id)),
  ]);
  return new Registry(() => [...ids].map(property));
}
