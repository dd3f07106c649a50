// Where the page is: all state that matters is in the address, so that it can be shared, and back works.

import { computed, signal } from "@preact/signals";

export const PAGES = ["overview", "map", "findings", "slices", "compare", "versions"] as const;
export type Page = (typeof PAGES)[number];
export type Params = Record<string, string | null | undefined>;

const LATER_MILLISECONDS = 1_000;

const address = signal(new URL(location.href));
let later: ReturnType<typeof setTimeout> | undefined;
addEventListener("popstate", () => {
  clearTimeout(later);
  address.value = new URL(location.href);
});

export const page = computed<Page>(() => {
  const first = address.value.pathname.split("/")[1] ?? "";
  return (PAGES as readonly string[]).includes(first) ? (first as Page) : "overview";
});

// The version that is looked at: NAME@NUMBER, or "" before one is chosen.
export const version = computed(() => address.value.searchParams.get("v") ?? "");

export const query = computed(() => address.value.searchParams);

export const param = (name: string): string | null => address.value.searchParams.get(name);

// The address of a page of this version; parameters that are null are left out.
export function href(to: Page, params: Params = {}): string {
  const given: Params = { v: version.value, ...params };
  const listed = Object.entries(given).filter((pair): pair is [string, string] => pair[1] != null && pair[1] !== "");
  const search = new URLSearchParams(listed).toString();
  return `/${to === "overview" ? "" : to}${search === "" ? "" : `?${search}`}`;
}

export function open(path: string, { replace = false } = {}): void {
  const next = new URL(path, location.href);
  if (next.href === address.peek().href) return;
  write(next, replace);
  address.value = next;
}

// Of a key held down WebKit takes 100 addresses in ten seconds, Firefox 200: the page goes on, its address follows.
function write(next: URL, replace: boolean): void {
  clearTimeout(later);
  try {
    history[replace ? "replaceState" : "pushState"](null, "", next);
  } catch {
    later = setTimeout(() => write(address.peek(), true), LATER_MILLISECONDS);
  }
}

// Changes some parameters of the page that is open. `replace`: for what back should not stop at.
export function setParams(params: Params, { replace = false } = {}): void {
  const next = new URL(address.value);
  for (const [name, value] of Object.entries(params)) {
    if (value == null || value === "") next.searchParams.delete(name);
    else next.searchParams.set(name, value);
  }
  open(next.href, { replace });
}

// What means the same in every version: all else (rows, filters, slices, comparisons) is of the one that is left.
const LASTING = ["color", "code", "state"];

// The same page of another version.
export function hrefOfVersion(v: string): string {
  return href(page.value, { ...Object.fromEntries(LASTING.map((one) => [one, param(one)])), v });
}

// Links inside the page change the address without loading it anew.
export function followLinks(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (link === null || link.origin !== location.origin || link.target !== "" || link.hasAttribute("download")) return;
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  open(link.href);
}
