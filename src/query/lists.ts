/** Labels and their values, as menus list them. */
export interface LabelLists {
  labels(): Promise<string[]>;
  /** Returns values of the label. Where there are more than a menu lists, those that contain what was typed. */
  values(label: string, typed?: string): Promise<string[]>;
}
