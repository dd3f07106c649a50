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
const MAX_ZOOM = 60;

export const whole = (): Viewport => ({ x: 0.5, y: 0.5, zoom: 1 });

// Pixels per map unit along x and y.
export function scaleOf(view: Viewport, frame: Frame): [number, number] {
  const width = frame.width - 2 * MARGIN;
  const height = frame.height - 2 * MARGIN;
  const side = Math.min(width / frame.aspect, height);
  const stretch = Math.min(width / (side * frame.aspect), 1.6);
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
  const zoom = Math.min(MAX_ZOOM, Math.max(1, view.zoom * factor));
  const share = view.zoom / zoom;
  return held({ zoom, x: x + (view.x - x) * share, y: y + (view.y - y) * share });
}

function held(view: Viewport): Viewport {
  if (view.zoom === 1) return whole();
  const within = (value: number): number => Math.min(1, Math.max(0, value));
  return { zoom: view.zoom, x: within(view.x), y: within(view.y) };
}
