// The state of the map as the address holds it, and back.

import { choicesOf, type Facet, type Filter } from "../../map/facet";
import { readPolygons, writePolygons, type Polygon } from "../../map/polygon";
import type { Params } from "../router";

export const WAYS = { text: "text", regex: "regex", sql: "sql", like: "similar_text", row: "similar_row" } as const;
export type Way = keyof typeof WAYS;

export const isWay = (text: string | null): text is Way => text !== null && text in WAYS;

const MOST_LIKE = 10_000;
const LIKE = 100;

// How many rows are asked for that are like a row or a text: `k` in the address.
export function likeIn(query: URLSearchParams): number {
  const asked = Math.round(Number(query.get("k")));
  return asked >= 1 ? Math.min(asked, MOST_LIKE) : LIKE;
}

// What rows can be listed by, and whether the highest come first: `sort=-label_quality`.
export const SORTS = ["label_quality", "outlier_score"] as const;

export function sortIn(query: URLSearchParams): { by: string; highest: boolean } | null {
  const text = query.get("sort") ?? "";
  const by = text.replace(/^-/, "");
  return (SORTS as readonly string[]).includes(by) ? { by, highest: text !== by } : null;
}

// `sel=all`: everything that passes the filters was selected on purpose.
export const ALL = "all";

export function filtersIn(query: URLSearchParams): Record<string, Filter> {
  const found: Record<string, Filter> = {};
  for (const [key, text] of query) {
    const filter = key.startsWith("f.") ? readFilter(text) : null;
    if (filter !== null) found[key.slice(2)] = filter;
  }
  return found;
}

export function readFilter(text: string): Filter | null {
  if (text.includes("~")) {
    const [low, high] = text.split("~").map(Number);
    if (low === undefined || high === undefined || !Number.isFinite(low) || !Number.isFinite(high)) return null;
    return { kind: "range", low, high };
  }
  const values = text.split(".").map(Number);
  return values.every((one) => Number.isInteger(one) && one >= 0) ? { kind: "values", values } : null;
}

export function writeFilter(filter: Filter | null): string | null {
  if (filter === null) return null;
  if (filter.kind === "range") return `${short(filter.low)}~${short(filter.high)}`;
  return filter.values.length === 0 ? null : [...filter.values].sort((a, b) => a - b).join(".");
}

const short = (value: number): string => String(Number(value.toPrecision(6)));

export const polygonsIn = (query: URLSearchParams): Polygon[] => {
  const text = query.get("sel");
  return text === null || text === ALL ? [] : readPolygons(text);
};

export const selParam = (polygons: readonly Polygon[]): string | null => writePolygons(polygons) || null;

// Whether the rows shown are fewer than all, or were all selected on purpose: only then is there something to act on.
export function isNarrowed(query: URLSearchParams): boolean {
  const named = ["q", "set", "slice", "finding", "sel"].some((name) => query.has(name));
  return named || [...query.keys()].some((name) => name.startsWith("f."));
}

// What is asked of the rows, piece by piece, for people, each with the parameters that take it away.
export function restrictions(query: URLSearchParams, facets: readonly Facet[]): { said: string; without: Params }[] {
  const found: { said: string; without: Params }[] = [];
  const text = query.get("q");
  const by = query.get("by");
  if (text !== null) found.push({ said: `${saidOf(isWay(by) ? by : "text", likeIn(query))} ${text}`, without: { q: null, by: null, k: null } });
  for (const name of ["slice", "set", "finding"]) {
    const value = query.get(name);
    if (value !== null) found.push({ said: `${name} ${value}`, without: { [name]: null } });
  }
  for (const [name, filter] of Object.entries(filtersIn(query))) {
    const facet = facets.find((one) => one.name === name);
    if (facet !== undefined) found.push({ said: `${facet.title}: ${filterSaid(facet, filter)}`, without: { [`f.${name}`]: null } });
  }
  if (query.has("sel")) found.push({ said: query.get("sel") === ALL ? "all of these" : "area on the map", without: { sel: null } });
  return found;
}

const saidOf = (way: Way, k: number): string =>
  ({ text: "text holds", regex: "matches", sql: "where", like: `the ${k} rows most like`, row: `the ${k} rows most like row` })[way];

const said = (value: number): string => String(Number(value.toPrecision(3)));

function filterSaid(facet: Facet, filter: Filter): string {
  if (filter.kind === "range") return `${said(filter.low)} to ${said(filter.high)}`;
  const [first = 0, ...more] = filter.values;
  const name = choicesOf(facet)[first] ?? `value ${first}`;
  return more.length === 0 ? name : `${name} + ${more.length}`;
}
