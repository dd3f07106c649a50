// Rows by their position in the version, asked for a page at a time and kept while they are looked at.

import { effect, signal } from "@preact/signals";
import { get } from "../api";
import { complain } from "../announce";
import type { Row, Rows } from "../documents";
import { turn } from "../loaded";
import { version } from "../router";

const MOST_KEPT = 4_000;
const MOST_ASKED = 100;

let kept = new Map<number, Row>();
let asked = new Map<number, Promise<void>>();

// Goes up when rows have come.
export const came = signal(0);

// Decisions change what is said of a row; another version has other rows.
effect(() => {
  void turn.value;
  void version.value;
  kept = new Map();
  asked = new Map();
  came.value = came.peek() + 1;
});

export const rowNow = (position: number): Row | undefined => kept.get(position);

// Done when all of them are here, whoever asked for them first.
export async function wantRows(positions: Iterable<number>): Promise<void> {
  const wanted = [...positions].filter((one) => !kept.has(one));
  const missing = wanted.filter((one) => !asked.has(one));
  for (let at = 0; at < missing.length; at += MOST_ASKED) {
    const part = missing.slice(at, at + MOST_ASKED);
    const coming = fetchRows(part, kept, asked);
    for (const one of part) asked.set(one, coming);
  }
  await Promise.all(new Set(wanted.map((one) => asked.get(one))));
}

async function fetchRows(positions: number[], into: typeof kept, from: typeof asked): Promise<void> {
  try {
    const found = await get<Rows>("rows", { v: version.peek(), at: positions.join(",") });
    if (into.size > MOST_KEPT) into.clear();
    for (const row of found.rows) into.set(row.row, row);
    if (into === kept) came.value += 1;
  } catch (error) {
    complain(error);
  } finally {
    for (const one of positions) from.delete(one);
  }
}
