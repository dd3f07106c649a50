// The rows of a small map, unpacked from one block of bytes (layout: burnish/reports/blob.py).

import type { Facet } from "../map/facet";

export interface CodedFacet extends Facet {
  codes: Uint16Array;
}

export interface MapData {
  rows: number;
  total: number;
  aspect: number;
  x: Uint16Array;
  y: Uint16Array;
  facets: CodedFacet[];
  ids: string[];
  texts: string[] | null;
}

interface Header {
  rows: number;
  total: number;
  aspect: number;
  columns: Record<string, { offset: number; bytes: number }>;
  facets: Omit<Facet, "low" | "high">[];
}

export async function unpackMap(gzipped: Uint8Array<ArrayBuffer>): Promise<MapData> {
  const raw = await inflate(gzipped);
  const length = new DataView(raw).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(raw, 4, length))) as Header;
  const start = 4 + length;
  const numbers = (name: string): Uint16Array => {
    const column = header.columns[name];
    if (column === undefined) return new Uint16Array(0);
    return new Uint16Array(raw, start + column.offset, column.bytes / 2);
  };
  const lines = (name: string): string[] | null => {
    const column = header.columns[name];
    if (column === undefined) return null;
    return new TextDecoder().decode(new Uint8Array(raw, start + column.offset, column.bytes)).split("\n");
  };
  return {
    rows: header.rows,
    total: header.total,
    aspect: header.aspect,
    x: numbers("x"),
    y: numbers("y"),
    facets: header.facets.map((facet) => ({ ...facet, low: null, high: null, codes: numbers(facet.column) })),
    ids: lines("ids") ?? [],
    texts: lines("texts"),
  };
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
