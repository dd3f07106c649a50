// Pointer, wheel and keys on the map. The page scrolls as usual: the wheel zooms only with Ctrl or
// once the map has focus by a click, and one finger up or down scrolls on.

import { panned, whole, zoomed } from "./viewport";
import type { PointMap } from "./start";

const REACH = 14;
const STEP = 60;

export function listen(map: PointMap): void {
  listenToPointers(map);
  listenToWheel(map);
  listenToKeys(map);
  const { closer, wider, fit } = map.parts.buttons;
  closer.addEventListener("click", () => zoomAtCenter(map, 1.5));
  wider.addEventListener("click", () => zoomAtCenter(map, 1 / 1.5));
  fit.addEventListener("click", () => map.look(whole));
}

function listenToPointers(map: PointMap): void {
  const { canvas } = map.parts;
  const down = new Map<number, { x: number; y: number }>();
  let gap = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    gap = spread(down);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (before === undefined) {
      map.read(event.offsetX, event.offsetY, REACH);
      return;
    }
    down.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    const dx = event.offsetX - before.x;
    const dy = event.offsetY - before.y;
    if (down.size === 1) map.look((view, frame) => panned(view, frame, dx, dy));
    else {
      const now = spread(down);
      const factor = gap > 0 ? now / gap : 1;
      gap = now;
      map.look((view, frame) => zoomed(view, frame, factor, event.offsetX, event.offsetY));
    }
  });
  const up = (event: PointerEvent): void => {
    down.delete(event.pointerId);
    gap = spread(down);
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("click", (event) => map.read(event.offsetX, event.offsetY, 2 * REACH, true));
  canvas.addEventListener("dblclick", (event) =>
    map.look((view, frame) => zoomed(view, frame, 2, event.offsetX, event.offsetY)),
  );
  canvas.addEventListener("pointerleave", () => {
    map.hide();
    map.draw();
  });
}

function listenToWheel(map: PointMap): void {
  const { canvas } = map.parts;
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== canvas) return;
      event.preventDefault();
      const factor = Math.exp(-event.deltaY * (event.ctrlKey ? 0.004 : 0.0015));
      map.look((view, frame) => zoomed(view, frame, factor, event.offsetX, event.offsetY));
    },
    { passive: false },
  );
}

function listenToKeys(map: PointMap): void {
  const moves: Record<string, [number, number]> = {
    ArrowLeft: [STEP, 0],
    ArrowRight: [-STEP, 0],
    ArrowUp: [0, STEP],
    ArrowDown: [0, -STEP],
  };
  map.parts.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moves[event.key];
    if (move !== undefined) map.look((view, frame) => panned(view, frame, ...move));
    else if (event.key === "+" || event.key === "=") zoomAtCenter(map, 1.5);
    else if (event.key === "-") zoomAtCenter(map, 1 / 1.5);
    else if (event.key === "0") map.look(whole);
    else if (event.key === "Enter") map.read(map.frame.width / 2, map.frame.height / 2, Infinity, true);
    else if (event.key === "Escape") map.look((view) => view);
    else return;
    event.preventDefault();
  });
}

function zoomAtCenter(map: PointMap, factor: number): void {
  map.look((view, frame) => zoomed(view, frame, factor, frame.width / 2, frame.height / 2));
}

function spread(down: ReadonlyMap<number, { x: number; y: number }>): number {
  const [a, b] = [...down.values()];
  return a === undefined || b === undefined ? 0 : Math.hypot(a.x - b.x, a.y - b.y);
}
