import type { Catalogue } from '../../resources';
import { CATALOGUE } from '../../testing/catalogue';
import { find, metricsOf, NO_ENTITY } from './search';

const names = (metrics: Array<{ name: string }>) => metrics.map(({ name }) => name);
const all = metricsOf(CATALOGUE);

describe('the metrics', () => {
  it('are those of the catalogue, and keys that only this cluster has', () => {
    const counts = { series: { mesos_up: 3, mesos_of_a_newer_mesos: 2 }, part: false };
    const metrics = metricsOf(CATALOGUE, counts);
    expect(names(metrics)).toEqual([...names(CATALOGUE.series), 'mesos_of_a_newer_mesos'].sort());
    const series = Object.fromEntries(metrics.map(({ name, series }) => [name, series]));
    expect(series).toMatchObject({ mesos_up: 3, mesos_of_a_newer_mesos: 2, mesos_agent_info: 0 });
  });

  it('have no count while it is not known', () => {
    expect(metricsOf(CATALOGUE).every(({ series }) => series === undefined)).toBe(true);
    const part = metricsOf(CATALOGUE, { series: { mesos_up: 3 }, part: true });
    expect(part.find(({ name }) => name === 'mesos_agent_info')?.series).toBeUndefined();
  });
});

describe('a search', () => {
  it('finds words in any order, in names before help', () => {
    expect(names(find(all, { text: 'allocated cpus' }))).toEqual([
      'mesos_agent_cpus_allocated',
      'mesos_framework_cpus_allocated',
    ]);
    expect(names(find(all, { text: 'last POLL' }))).toEqual(['mesos_up']);
    const both = { ...CATALOGUE, series: [{ ...CATALOGUE.series[0], help: 'As mesos_up.' }, ...CATALOGUE.series] };
    expect(names(find(metricsOf(both as Catalogue), { text: 'mesos_up' }))[0]).toBe('mesos_up');
    expect(find(all, { text: 'nothing such' })).toEqual([]);
  });

  it('finds what has series before what has none', () => {
    const counted = metricsOf(CATALOGUE, { series: { mesos_framework_cpus_allocated: 9 }, part: false });
    expect(names(find(counted, { text: 'cpus allocated' }))).toEqual([
      'mesos_framework_cpus_allocated',
      'mesos_agent_cpus_allocated',
    ]);
  });

  it('is narrowed by entity, type and what has series', () => {
    expect(names(find(all, { text: '', entity: NO_ENTITY }))).toEqual([
      'mesos_master_messages_register_agent_total',
      'mesos_up',
    ]);
    expect(names(find(all, { text: '', entity: 'agent', type: 'counter' }))).toEqual(['mesos_agent_tasks_ended_total']);
    const counted = metricsOf(CATALOGUE, { series: { mesos_up: 3 }, part: false });
    expect(names(find(counted, { text: '', present: true }))).toEqual(['mesos_up']);
    expect(find(all, { text: '', present: true })).toHaveLength(all.length); // not known is not 0
  });
});
