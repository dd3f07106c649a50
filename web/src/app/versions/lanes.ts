// Where each version stands in the graph: every line of descent has a lane, and ends in the version it comes from.

import type { Version } from "../documents";

export interface Place {
  lane: number;
  child: boolean; // whether its lane comes from above
  parent: boolean; // whether its lane goes on below
  joins: readonly number[]; // lanes that end here, beside its own
  passing: readonly number[]; // lanes that go by
}

// `versions`: newest first; a parent is older than its children.
export function lanesOf(versions: readonly Version[]): Place[] {
  const leads: (string | null)[] = []; // lane → the version that it leads to
  const known = new Set(versions.map((one) => one.name));
  return versions.map((one) => {
    const ending = leads.flatMap((name, lane) => (name === one.name ? [lane] : []));
    const passing = leads.flatMap((name, lane) => (name === null || name === one.name ? [] : [lane]));
    const lane = ending[0] ?? free(leads);
    for (const end of ending) leads[end] = null;
    const parent = one.parent !== null && known.has(one.parent);
    leads[lane] = parent ? one.parent : null;
    return { lane, child: ending.length > 0, parent, joins: ending.slice(1), passing };
  });
}

function free(leads: readonly (string | null)[]): number {
  const found = leads.indexOf(null);
  return found === -1 ? leads.length : found;
}
