// The time range of links in frames. From a panel, a link to a query opens Explore on the last hour, whatever the
// dashboard shows, unless the link has a range (mapInternalLinkToExplore in @grafana/data). The SDK of backends writes
// it under another name (`timeRange`) and without `raw`, so it is set here.
import type { DataFrame, DataLink, DataQueryResponse, Field, TimeRange } from '@grafana/data';

const isOpen = ({ internal }: DataLink) => internal !== undefined && internal.range === undefined;

/** Returns an answer whose links to queries keep a time range. */
export function withLinkRange(answer: DataQueryResponse, range: TimeRange): DataQueryResponse {
  const ofField = (field: Field): Field => {
    const links = field.config.links?.map((link) =>
      isOpen(link) ? { ...link, internal: { ...link.internal!, range } } : link
    );
    return { ...field, config: { ...field.config, links } };
  };
  const data = (answer.data as DataFrame[]).map((frame) =>
    frame.fields.some(({ config }) => config.links?.some(isOpen))
      ? { ...frame, fields: frame.fields.map(ofField) }
      : frame
  );
  return { ...answer, data };
}
