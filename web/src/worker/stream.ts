// The map's Arrow stream, read batch by batch as it arrives.
//
// Of apache-arrow only its reader of messages is used, which is half as large as its reader of batches: the columns
// are plain numbers without nulls, each a slice of the body of a message.

import { AsyncMessageReader } from "apache-arrow";
import type { Codes, MapFacts } from "../map/facet";

type Numbers = Codes | Uint32Array;

export interface Batch {
  rows: number;
  column: (name: string) => Numbers;
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
  const reader = new AsyncMessageReader(answer.body);
  const schema = await reader.readSchema(true);
  if (schema === undefined) throw new Refused("The map came without a schema.", "Load the page again.");
  const names = schema.fields.map((field) => field.name);
  const widths = schema.fields.map((field) => (field.type as { bitWidth?: number }).bitWidth ?? 0);
  opened(JSON.parse(schema.metadata.get("burnish") ?? "{}") as MapFacts);
  for await (const message of reader) {
    const body = await reader.readMessageBody(message.bodyLength);
    if (!message.isRecordBatch()) continue;
    const { length, buffers, compression } = message.header();
    if (compression !== null) throw new Refused("The map came compressed.", "Is the page older than the server? Load it again.");
    const column = (name: string): Numbers => {
      const place = names.indexOf(name);
      // Of each column two buffers: which rows have a value, and the values.
      const region = buffers[2 * place + 1];
      if (region === undefined) throw new Refused(`The map has no column ${name}.`, "Is the page newer than the server? Load it again.");
      return numbers(body, Number(region.offset), length, widths[place] ?? 0);
    };
    took({ rows: length, column });
  }
}

function numbers(body: Uint8Array, offset: number, length: number, width: number): Numbers {
  const begin = body.byteOffset + offset;
  if (width === 8) return new Uint8Array(body.buffer, begin, length);
  return width === 16 ? new Uint16Array(body.buffer, begin, length) : new Uint32Array(body.buffer, begin, length);
}

async function refusal(answer: Response): Promise<Refused> {
  const said = (await answer.json().catch(() => null)) as { error?: string; remedy?: string } | null;
  return new Refused(said?.error ?? `The server answered ${answer.status}.`, said?.remedy ?? "");
}
