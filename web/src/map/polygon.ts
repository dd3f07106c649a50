// Lasso and box: polygons in map units that add to the selection or take from it, one after the other.
//
// Which points are inside is decided by the even-odd rule on the quantized coordinates, in the same floating-point
// steps as on the server: both give the same rows.

export interface Polygon {
  adds: boolean;
  corners: readonly (readonly [number, number])[];
}

const FULL_SCALE = 65_535;
const CELL_BITS = 8;
const SIDE = 256;
const TAKES = "-;";

// "x,y;x,y;x,y", polygons apart by "|"; one that takes away begins with "-;", as x may be negative. What cannot be read is
// left out.
export function readPolygons(text: string): Polygon[] {
  return text.split("|").flatMap((one) => {
    const adds = !one.startsWith(TAKES);
    const corners = (adds ? one : one.slice(TAKES.length)).split(";").map((pair) => pair.split(",").map(Number));
    const sound = corners.length >= 3 && corners.every((pair) => pair.length === 2 && pair.every(Number.isFinite));
    return sound ? [{ adds, corners: corners as [number, number][] }] : [];
  });
}

export function writePolygons(polygons: readonly Polygon[]): string {
  const pair = ([x, y]: readonly [number, number]): string => `${rounded(x)},${rounded(y)}`;
  return polygons.map((one) => (one.adds ? "" : TAKES) + one.corners.map(pair).join(";")).join("|");
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;

// A byte a point: 1 inside. Where the first polygon takes away, it takes from all points.
export function insideOf(polygons: readonly Polygon[], x: Uint16Array, y: Uint16Array, n: number): Uint8Array<ArrayBuffer> {
  const inside = new Uint8Array(x.length);
  if (polygons[0]?.adds === false) inside.fill(1);
  for (const polygon of polygons) mark(polygon, x, y, n, inside);
  return inside;
}

// Few points are near an edge. The map is cut into 256 x 256 cells: one that no edge comes near lies inside or outside
// as a whole, and elsewhere a point is held against the edges that reach into its band of heights.
function mark(polygon: Polygon, x: Uint16Array, y: Uint16Array, n: number, inside: Uint8Array): void {
  const edges = edgesOf(polygon);
  const cells = cellsOf(edges);
  const value = polygon.adds ? 1 : 0;
  for (let i = 0; i < n; i++) {
    const px = x[i]!;
    const py = y[i]!;
    const cell = cells[(py >> CELL_BITS) * SIDE + (px >> CELL_BITS)]!;
    if (cell === INSIDE || (cell === NEAR && isInside(edges, px, py))) inside[i] = value;
  }
}

const OUTSIDE = 0;
const INSIDE = 1;
const NEAR = 2;

// Corners, and which edges (named by their second corner) reach into each band: slices of one list.
interface Edges {
  xs: Float64Array;
  ys: Float64Array;
  starts: Uint32Array;
  listed: Uint32Array;
}

const before = (edge: number, edges: number): number => (edge === 0 ? edges - 1 : edge - 1);

function isInside({ xs, ys, starts, listed }: Edges, px: number, py: number): boolean {
  const band = py >> CELL_BITS;
  const end = starts[band + 1]!;
  let odd = false;
  for (let k = starts[band]!; k < end; k++) {
    const i = listed[k]!;
    const j = before(i, xs.length);
    const [yi, yj] = [ys[i]!, ys[j]!];
    if (yi > py !== yj > py && px < ((xs[j]! - xs[i]!) * (py - yi)) / (yj - yi) + xs[i]!) odd = !odd;
  }
  return odd;
}

function edgesOf(polygon: Polygon): Edges {
  const xs = Float64Array.from(polygon.corners, (corner) => corner[0] * FULL_SCALE);
  const ys = Float64Array.from(polygon.corners, (corner) => corner[1] * FULL_SCALE);
  const bands = Array.from({ length: SIDE }, (): number[] => []);
  ys.forEach((yi, edge) => {
    const yj = ys[before(edge, ys.length)]!;
    for (let band = cellAt(Math.min(yi, yj)); band <= cellAt(Math.max(yi, yj)); band++) bands[band]!.push(edge);
  });
  const starts = new Uint32Array(SIDE + 1);
  bands.forEach((one, band) => (starts[band + 1] = starts[band]! + one.length));
  return { xs, ys, starts, listed: Uint32Array.from(bands.flat()) };
}

const cellAt = (value: number): number => Math.min(SIDE - 1, Math.max(0, Math.floor(value) >> CELL_BITS));

// One step is more than floating-point numbers can be off: past it from every edge a cell is of one kind.
function cellsOf(edges: Edges): Uint8Array {
  const cells = new Uint8Array(SIDE * SIDE);
  for (let band = 0; band < SIDE; band++) {
    const [low, high] = [(band << CELL_BITS) - 1, (band + 1) << CELL_BITS];
    for (let k = edges.starts[band]!; k < edges.starts[band + 1]!; k++) {
      const [left, right] = reachOf(edges, edges.listed[k]!, low, high);
      cells.fill(NEAR, band * SIDE + cellAt(left - 1), band * SIDE + cellAt(right + 1) + 1);
    }
    for (let at = band * SIDE; at < (band + 1) * SIDE; at++) {
      if (cells[at] !== NEAR) cells[at] = isInside(edges, (at % SIDE) << CELL_BITS, band << CELL_BITS) ? INSIDE : OUTSIDE;
    }
  }
  return cells;
}

// How far left and right an edge lies between two heights.
function reachOf({ xs, ys }: Edges, edge: number, low: number, high: number): [number, number] {
  const j = before(edge, xs.length);
  const [xi, yi, xj, yj] = [xs[edge]!, ys[edge]!, xs[j]!, ys[j]!];
  const at = (y: number): number => (yi === yj ? xi : xi + ((xj - xi) * (y - yi)) / (yj - yi));
  const clamped = (y: number): number => Math.min(Math.max(yi, yj), Math.max(Math.min(yi, yj), y));
  if (Math.abs(yi - yj) < 1) return [Math.min(xi, xj), Math.max(xi, xj)];
  const [a, b] = [at(clamped(low)), at(clamped(high))];
  return [Math.min(a, b), Math.max(a, b)];
}
