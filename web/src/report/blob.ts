// The rows of the map, unpacked from the page (layout: burnish/reports/blob.py).

export interface Facet {
  name: string;
  title: string;
  kind: "category" | "flags" | "scale";
  values: string[];
  codes: Uint16Array;
}

export interface MapData {
  rows: number;
  total: number;
  aspect: number;
  x: Uint16Array;
  y: Uint16Array;
  facets: Facet[];
  ids: string[];
  texts: string[] | null;
}

interface Column {
  offset: number;
  bytes: number;
}

interface Header {
  rows: number;
  total: number;
  aspect: number;
  columns: Record<string, Column>;
  facets: { name: string; title: string; kind: Facet["kind"]; values: string[]; column: string }[];
}

export async function readMap(base64: string): Promise<MapData> {
  const raw = await inflate(decodeBase64(base64));
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
    facets: header.facets.map(({ column, ...facet }) => ({ ...facet, codes: numbers(column) })),
    ids: lines("ids") ?? [],
    texts: lines("texts"),
  };
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.trim());
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
