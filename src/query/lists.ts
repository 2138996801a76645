import type { Listed } from '../resources';
import type { Filter } from './types';

/** Labels and their values, as menus list them. */
export interface LabelLists {
  /** Returns labels, of what passes other filters. */
  labels(others?: Filter[]): Promise<Listed>;
  /** Returns values of a label: those that contain what was typed, of what passes the other filters. */
  values(label: string, typed?: string, others?: Filter[]): Promise<Listed>;
}
