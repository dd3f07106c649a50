// The map's Arrow stream, read batch by batch as it arrives.

import type { Codes, MapFacts } from "../map/facet";
import { readArrow, type Schema } from "./arrow";

type Values = Codes | Uint32Array;

export interface Batch {
  rows: number;
  column: (name: string) => Values;
}

export class Refused extends Error {
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
  }
}

export async function readMap(
  url: string, token: string, opened: (facts: MapFacts) => void, took: (batch: Batch) => void,
): Promise<void> {
  const answer = await fetch(url, { headers: { "X-Burnish-Token": token } });
  if (!answer.ok || answer.body === null) throw await refusal(answer);
  let schema: Schema | null = null;
  const begun = (found: Schema): void => {
    schema = found;
    opened(JSON.parse(found.metadata.get("burnish") ?? "{}") as MapFacts);
  };
  await readArrow(answer.body, begun, ({ length, regions, body }) => {
    const column = (name: string): Values => {
      const place = schema?.names.indexOf(name) ?? -1;
      const begin = regions[place];
      if (begin === undefined) throw new Refused(`The map has no column ${name}.`, "Is the page newer than the server? Load it again.");
      return valuesOf(body, begin, length, schema?.widths[place] ?? 0);
    };
    took({ rows: length, column });
  });
  if (schema === null) throw new Refused("The map came without a schema.", "Load the page again.");
}

function valuesOf(body: ArrayBuffer, begin: number, length: number, width: number): Values {
  if (width === 8) return new Uint8Array(body, begin, length);
  return width === 16 ? new Uint16Array(body, begin, length) : new Uint32Array(body, begin, length);
}

async function refusal(answer: Response): Promise<Refused> {
  const said = (await answer.json().catch(() => null)) as { error?: string; remedy?: string } | null;
  return new Refused(said?.error ?? `The server answered ${answer.status}.`, said?.remedy ?? "");
}
