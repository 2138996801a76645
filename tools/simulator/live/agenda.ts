/**
 * Future events by time, in a binary heap. Events of the same moment happen in the order in which they were planned, so
 * that they depend on the seed only, and not on how often the cluster is queried.
 */
export interface Entry {
  /** Unix seconds. */
  at: number;
  what: () => void;
}

interface Numbered extends Entry {
  number: number;
}

export class Agenda {
  private readonly heap: Numbered[] = [];
  private planned = 0;

  plan(at: number, what: () => void): void {
    const { heap } = this;
    let i = heap.push({ at, what, number: this.planned++ }) - 1;
    while (i > 0 && before(heap[i], heap[(i - 1) >> 1])) {
      i = this.swap(i, (i - 1) >> 1);
    }
  }

  /** The time of the next event; Infinity: there is none. */
  next(): number {
    return this.heap[0]?.at ?? Infinity;
  }

  /** Removes and returns the next event. */
  take(): Entry | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (last !== undefined && last !== first) {
      heap[0] = last;
      for (let i = 0; ;) {
        const [left, right] = [2 * i + 1, 2 * i + 2];
        const child = right < heap.length && before(heap[right], heap[left]) ? right : left;
        if (child >= heap.length || !before(heap[child], heap[i])) {
          break;
        }
        i = this.swap(i, child);
      }
    }
    return first;
  }

  private swap(i: number, j: number): number {
    [this.heap[i], this.heap[j]] = [this.heap[j], this.heap[i]];
    return j;
  }
}

function before(a: Numbered, b: Numbered): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}
