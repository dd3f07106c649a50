// Where the map is looked at: a center in map units (0..1) and a zoom; 1 shows all of it.

export interface Viewport {
  x: number;
  y: number;
  zoom: number;
}

export interface Frame {
  width: number;
  height: number;
  aspect: number;
}

const MARGIN = 26;
const MOST_ZOOM = 200;
const MOST_STRETCH = 1.6;

export const whole = (): Viewport => ({ x: 0.5, y: 0.5, zoom: 1 });

// Pixels per map unit along x and y.
export function scaleOf(view: Viewport, frame: Frame): [number, number] {
  const width = Math.max(1, frame.width - 2 * MARGIN);
  const height = Math.max(1, frame.height - 2 * MARGIN);
  const side = Math.min(width / frame.aspect, height);
  const stretch = Math.min(width / (side * frame.aspect), MOST_STRETCH);
  return [side * frame.aspect * stretch * view.zoom, side * view.zoom];
}

export function toScreen(view: Viewport, frame: Frame, x: number, y: number): [number, number] {
  const [sx, sy] = scaleOf(view, frame);
  return [frame.width / 2 + (x - view.x) * sx, frame.height / 2 - (y - view.y) * sy];
}

export function toMap(view: Viewport, frame: Frame, px: number, py: number): [number, number] {
  const [sx, sy] = scaleOf(view, frame);
  return [view.x + (px - frame.width / 2) / sx, view.y - (py - frame.height / 2) / sy];
}

export function panned(view: Viewport, frame: Frame, dx: number, dy: number): Viewport {
  const [sx, sy] = scaleOf(view, frame);
  return held({ ...view, x: view.x - dx / sx, y: view.y + dy / sy });
}

// Zooms so that the place under (px, py) stays where it is.
export function zoomed(view: Viewport, frame: Frame, factor: number, px: number, py: number): Viewport {
  const [x, y] = toMap(view, frame, px, py);
  const zoom = Math.min(MOST_ZOOM, Math.max(1, view.zoom * factor));
  if (zoom === 1) return whole();
  const share = view.zoom / zoom;
  return held({ zoom, x: x + (view.x - x) * share, y: y + (view.y - y) * share });
}

// Moves no further than needed so that a place is on the screen, away from its edge.
export function brought(view: Viewport, frame: Frame, x: number, y: number): Viewport {
  const [px, py] = toScreen(view, frame, x, y);
  const inside = px > MARGIN && py > MARGIN && px < frame.width - MARGIN && py < frame.height - MARGIN;
  return inside ? view : held({ ...view, x, y });
}

// Looks at a part of the map, with room around it, and no nearer than `most`.
export function fitted(frame: Frame, part: { left: number; right: number; bottom: number; top: number }, most: number): Viewport {
  const [sx, sy] = scaleOf(whole(), frame);
  const zoom = Math.min(most, (0.7 * frame.width) / (sx * (part.right - part.left)), (0.7 * frame.height) / (sy * (part.top - part.bottom)));
  return zoom <= 1 ? whole() : held({ x: (part.left + part.right) / 2, y: (part.bottom + part.top) / 2, zoom });
}

export function readView(text: string | null): Viewport | null {
  const [x, y, zoom] = (text ?? "").split(",").map(Number);
  if (x === undefined || y === undefined || zoom === undefined || ![x, y, zoom].every(Number.isFinite)) return null;
  return held({ x, y, zoom: Math.min(MOST_ZOOM, Math.max(1, zoom)) });
}

export const writeView = (view: Viewport): string | null =>
  view.zoom === 1 && view.x === 0.5 && view.y === 0.5 ? null : `${view.x.toFixed(4)},${view.y.toFixed(4)},${view.zoom.toFixed(2)}`;

function held(view: Viewport): Viewport {
  const within = (value: number): number => Math.min(1, Math.max(0, value));
  return { zoom: view.zoom, x: within(view.x), y: within(view.y) };
}
