import { useEffect, useState } from 'react';

/** Returns a value as it was when it had not changed for a while, so that typing does not wait for what is made of it. */
export function useSettled<T>(value: T, delayMs = 250): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return settled;
}
