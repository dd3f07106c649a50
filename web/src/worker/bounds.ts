// What holds every shown point, in map units.

import type { Order } from "../map/select";
import type { Bounds } from "./messages";

const FULL_SCALE = 65_535;

export function boundsOf(x: Uint16Array, y: Uint16Array, { order, shown }: Order): Bounds | null {
  if (shown === 0) return null;
  let [left, right, bottom, top] = [FULL_SCALE, 0, FULL_SCALE, 0];
  for (let k = 0; k < shown; k++) {
    const [px, py] = [x[order[k]!]!, y[order[k]!]!];
    if (px < left) left = px;
    if (px > right) right = px;
    if (py < bottom) bottom = py;
    if (py > top) top = py;
  }
  return { left: left / FULL_SCALE, right: right / FULL_SCALE, bottom: bottom / FULL_SCALE, top: top / FULL_SCALE };
}
