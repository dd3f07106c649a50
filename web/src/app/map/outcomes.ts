// The outcome of a comparison, row by row, as one more facet of the map.

import type { Facet } from "../../map/facet";
import { address, ask, get } from "../api";
import type { Compared } from "../documents";
import type { WorkerLink } from "./link";

const NOT_COMPARED = "not compared";

export const OUTCOME = "cmp";

// A byte a row: 0 where a row was not compared, else the place of its outcome, from 1.
export async function loadOutcomes(key: string | null, link: WorkerLink): Promise<void> {
  if (key === null) return;
  const [compared, answer] = await Promise.all([get<Compared>("compared", { key }), ask(address("outcomes", { key }))]);
  const codes = new Uint8Array(await answer.arrayBuffer());
  const values = [NOT_COMPARED, ...Object.keys(compared.outcomes)];
  const facet: Facet = { name: OUTCOME, title: "Outcome", kind: "category", column: "", values, low: null, high: null };
  link.send({ kind: "facet", facet, codes }, [codes.buffer]);
}
