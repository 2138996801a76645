// What the backend says of settings that are being edited. It reads them as it reads stored ones: JavaScript has other
// regular expressions (no (?i), no \pL) and other rules for addresses.
import { getBackendSrv } from '@grafana/runtime';
import { isEqual } from 'lodash';
import { useCallback, useEffect, useRef, useState } from 'react';

import type { MesosOptions } from './types';

/** What is wrong with the value of a setting. */
export interface WrongSetting {
  key: string;
  /** The entry of a list; undefined where it is all of it. */
  entry?: number;
  text: string;
}

/** The answer of the resource check. */
interface Answer {
  problems: WrongSetting[];
  warnings?: string[];
}

interface Checked extends Answer {
  jsonData: Json;
}

type Json = Record<string, unknown>;

export interface Checks {
  /** Returns what is wrong with a value, or undefined. A value that was changed since is not wrong yet. */
  problemOf: (key: string, entry?: number) => string | undefined;
  /** Returns what is wrong with keys that are not in the list, and warnings about them. */
  others: (known: (key: string) => boolean) => string[];
  /** Is called when a field is left: the settings are checked where they changed. */
  onLeave: () => void;
}

/** Checks settings when they are shown first, and whenever a field is left. Without an answer nothing is wrong. */
export function useChecks(uid: string, options: MesosOptions): Checks {
  const current: Json = { ...options };
  const latest = useRef(current);
  const asked = useRef<Json>(undefined);
  const [left, setLeft] = useState(0);
  const [checked, setChecked] = useState<Checked>({ jsonData: {}, problems: [] });
  useEffect(() => {
    latest.current = current;
  });
  useEffect(() => {
    const jsonData = latest.current;
    if (isEqual(jsonData, asked.current)) {
      return;
    }
    asked.current = jsonData;
    let obsolete = false;
    request(uid, jsonData).then(
      (answer) => obsolete || setChecked({ jsonData, ...answer }),
      () => {
        asked.current = undefined; // is asked again when the next field is left; Save & test says what is wrong meanwhile
      }
    );
    return () => {
      obsolete = true;
    };
  }, [uid, left]);

  const same = (key: string, entry?: number) =>
    isEqual(valueAt(checked.jsonData, key, entry), valueAt(current, key, entry));
  return {
    problemOf: (key, entry) =>
      checked.problems.find((one) => one.key === key && one.entry === entry && same(key, entry))?.text,
    others: (known) => [
      ...checked.problems.filter(({ key }) => !known(key) && same(key)).map(({ text }) => text),
      ...(checked.warnings ?? []),
    ],
    onLeave: useCallback(() => setLeft((n) => n + 1), []),
  };
}

function valueAt(jsonData: Json, key: string, entry?: number): unknown {
  const value = jsonData[key];
  return entry === undefined ? value : Array.isArray(value) ? (value as unknown[])[entry] : undefined;
}

async function request(uid: string, jsonData: Json): Promise<Answer> {
  const quiet = { showErrorAlert: false, showSuccessAlert: false };
  return getBackendSrv().post<Answer>(`/api/datasources/uid/${uid}/resources/check`, { jsonData }, quiet);
}
