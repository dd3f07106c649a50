// What is being drawn on the map, in pixels, before it is a selection.

export type Spot = [number, number];

export interface Drawing {
  show: (corners: readonly Spot[]) => void;
}

export const boxOf = (from: Spot, to: Spot): Spot[] => [from, [to[0], from[1]], to, [from[0], to[1]]];
