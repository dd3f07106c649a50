// Tables that sort by their heads, with the order in the address, and a pager for what has more rows than a page shows.

import type { ComponentChildren } from "preact";
import { thousands } from "../../shared/format";
import { param, setParams } from "../router";

export interface Column<T> {
  name: string;
  title: ComponentChildren;
  cell: (row: T) => ComponentChildren;
  by?: (row: T) => number | string | null; // what it sorts by; without it, it does not
  numeric?: boolean;
  class?: string;
}

interface TableProps<T> {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  id: (row: T) => string;
  at?: string | null; // id of the row that the keys stand on
  sort?: string; // name of the parameter that holds the order
  order?: string | null; // the order where the address says none
}

// As in "size" or "-size"; without one, the rows stay as they are given.
export function sorted<T>(rows: readonly T[], columns: readonly Column<T>[], order: string | null): readonly T[] {
  const column = columns.find((one) => one.name === order?.replace(/^-/, ""));
  const by = column?.by;
  if (order === null || by === undefined) return rows;
  const way = order.startsWith("-") ? -1 : 1;
  return [...rows].sort((a, b) => compare(by(a), by(b), way));
}

// What is not known comes last in either direction.
function compare(a: number | string | null, b: number | string | null, way: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "number" && typeof b === "number") return way * (a - b);
  return way * String(a).localeCompare(String(b), undefined, { numeric: true });
}

export function Table<T>({ caption, columns, rows, id, at = null, sort = "sort", order: usual = null }: TableProps<T>) {
  const order = param(sort) ?? usual;
  return (
    <div class="scroll">
      <table class="listed">
        <caption class="hidden">{caption}</caption>
        <thead><tr>{columns.map((one) => <Head key={one.name} column={one} order={order} sort={sort} />)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={id(row)} data-id={id(row)} class={id(row) === at ? "at" : ""} aria-current={id(row) === at ? "true" : undefined}>
              {columns.map((one) => <td key={one.name} class={classOf(one)}>{one.cell(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const classOf = <T,>(column: Column<T>): string => `${column.numeric === true ? "n" : ""} ${column.class ?? ""}`.trim();

function Head<T>({ column, order, sort }: { column: Column<T>; order: string | null; sort: string }) {
  if (column.by === undefined) return <th scope="col" class={classOf(column)}>{column.title}</th>;
  const way = order === column.name ? "ascending" : order === `-${column.name}` ? "descending" : "none";
  const first = column.numeric === true ? `-${column.name}` : column.name;
  const next = way === "none" ? first : way === "ascending" ? `-${column.name}` : column.name;
  return (
    <th scope="col" class={classOf(column)} aria-sort={way}>
      <button type="button" class="sort" onClick={() => setParams({ [sort]: next })}>
        {column.title}<span aria-hidden="true">{way === "ascending" ? " ↑" : way === "descending" ? " ↓" : ""}</span>
      </button>
    </th>
  );
}

interface PagerProps {
  total: number;
  size: number;
  name: string; // parameter that holds the first row
}

export const offsetOf = (name: string): number => Math.max(0, Number.parseInt(param(name) ?? "0", 10) || 0);

export function Pager({ total, size, name }: PagerProps) {
  const from = offsetOf(name);
  if (total <= size && from === 0) return null;
  const go = (offset: number): void => setParams({ [name]: offset <= 0 ? null : String(offset) });
  return (
    <nav class="pager" aria-label="Pages of this list">
      <button type="button" class="small" disabled={from === 0} onClick={() => go(from - size)}>Previous</button>
      <span class="n">{thousands(Math.min(total, from + 1))}–{thousands(Math.min(total, from + size))} of {thousands(total)}</span>
      <button type="button" class="small" disabled={from + size >= total} onClick={() => go(from + size)}>Next</button>
    </nav>
  );
}
