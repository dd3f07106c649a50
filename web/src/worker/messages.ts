// What the page asks of the map's worker, and what the worker tells the page.

import type { Facet, Filter, MapFacts } from "../map/facet";
import type { Name } from "../map/names";
import type { Polygon } from "../map/polygon";
import type { Paint } from "../map/picture";
import type { Viewport } from "../map/viewport";

export interface Size {
  width: number; // CSS pixels
  height: number;
  ratio: number; // device pixels a CSS pixel
}

// Filters by facet, masks by name (each was sent before), polygons in order: a row is shown that passes all. `order`: the
// name of that in which they are listed (sent before), null for the order of the version.
export interface Choice {
  filters: Record<string, Filter>;
  masks: readonly string[];
  polygons: readonly Polygon[];
  order: string | null;
  namedBy: string | null;
}

export type Ask =
  | { kind: "open"; canvas: OffscreenCanvas; size: Size; url: string; token: string }
  | { kind: "renew"; review: string; url: string; token: string }
  | { kind: "size"; size: Size }
  | { kind: "look"; view: Viewport; moving: boolean }
  | { kind: "paint"; paint: Paint }
  | { kind: "choose"; turn: number; choice: Choice }
  | { kind: "mask"; name: string; bits: Uint8Array | null }
  | { kind: "order"; name: string; rows: Uint32Array; only: boolean }
  | { kind: "facet"; facet: Facet; codes: Uint8Array }
  | { kind: "question"; id: number; question: Question };

export type Question =
  | { of: "nearest"; px: number; py: number; reach: number }
  | { of: "place"; row: number }
  | { of: "window"; from: number; to: number }
  | { of: "bounds" }
  | { of: "sight"; most: number }
  | { of: "mask" };

// `row`: position in the version. `at`: its place in the list of rows that are shown, -1 when it is not.
export interface Place {
  row: number;
  x: number; // map units
  y: number;
  at: number;
}

// In map units; what holds every shown point.
export interface Bounds {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

export interface Answers {
  nearest: Place | null;
  place: Place | null;
  window: Uint32Array<ArrayBuffer>;
  bounds: Bounds | null;
  sight: Omit<Place, "at">[] | null; // none where there are more than `most`
  mask: Uint8Array<ArrayBuffer>;
}

// `inside` of `milliseconds`: deciding which points lie in the polygons.
export interface Counted {
  turn: number;
  shown: number;
  loaded: number;
  counts: Record<string, Uint32Array>;
  findings: Uint32Array | null; // of the facet of this name, its own filter not disregarded
  names: Name[];
  milliseconds: number;
  inside: number;
}

export interface Drawn {
  turn: number;
  view: Viewport;
  points: number;
  moving: boolean;
  whole: boolean; // every row has come, and all were drawn
  milliseconds: number;
}

export type Told =
  | { kind: "facts"; facts: MapFacts }
  | { kind: "totals"; counts: Counted["counts"] }
  | { kind: "counted"; counted: Counted }
  | { kind: "drawn"; drawn: Drawn }
  | { kind: "answer"; id: number; answer: Answers[keyof Answers] }
  | { kind: "failed"; message: string; remedy: string };
