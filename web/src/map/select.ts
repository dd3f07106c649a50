// Which points are shown: every test gives each point a bit, and what facets count disregards their own bit.
//
// Hot loops over typed arrays: indices are within bounds by construction, hence the `!`.

import { gathered, spaceOf, type Codes, type Facet } from "./facet";

export interface Test {
  codes: Codes;
  passes: Uint8Array;
}

// Sets bit t of `misses[i]` where point i fails test t. Four bytes a point: up to 31 tests at once.
export function judge(misses: Uint32Array, tests: readonly Test[], n: number): void {
  misses.fill(0, 0, n);
  tests.forEach((test, place) => fail(misses, test.codes, bitsOf(test.passes, 1 << place), n));
}

function bitsOf(passes: Uint8Array, bit: number): Uint32Array {
  return Uint32Array.from(passes, (one) => (one === 1 ? 0 : bit));
}

function fail(misses: Uint32Array, codes: Codes, bits: Uint32Array, n: number): void {
  for (let i = 0; i < n; i++) misses[i]! |= bits[codes[i]!]!;
}

// Points by how they are drawn, without a branch a point: `order` begins with those shown, from the first on, and ends
// with those that miss only the test of bit `outside` (within the filters, but out of the lasso), from the last on.
export interface Order {
  order: Uint32Array;
  shown: number;
  beside: number;
}

export function arrange(into: Order, misses: Uint32Array, n: number, outside: number): void {
  const { order } = into;
  let shown = 0;
  for (let i = 0; i < n; i++) {
    order[shown] = i;
    shown += misses[i] === 0 ? 1 : 0;
  }
  into.shown = shown;
  into.beside = 0;
  if (outside === 0) return;
  const last = order.length - 1;
  for (let i = 0; i < n; i++) {
    if (misses[i] !== outside) continue;
    order[last - into.beside] = i;
    into.beside += 1;
  }
}

// How many shown points have each code; `own` is the bit of the facet's own filter, 0 without one.
export function tallied(codes: Codes, into: Order, misses: Uint32Array, n: number, own: number): Uint32Array {
  const tally = new Uint32Array(spaceOf(codes));
  if (own === 0) {
    const { order, shown } = into;
    for (let k = 0; k < shown; k++) tally[codes[order[k]!]!]! += 1;
  } else {
    const others = ~own;
    for (let i = 0; i < n; i++) if ((misses[i]! & others) === 0) tally[codes[i]!]! += 1;
  }
  return tally;
}

export function counted(facet: Facet, codes: Codes, into: Order, misses: Uint32Array, n: number, own: number): Uint32Array {
  return gathered(facet, tallied(codes, into, misses, n, own));
}
