// What tests and benchmarks read: counts and timings as data attributes of the page, set after each piece of work.

const KEYS = ["mapReady", "rows", "shown", "firstMs", "frameMs", "moveMs", "drawnPoints", "filterMs", "lassoMs", "workMs"] as const;

export function note(values: Partial<Record<(typeof KEYS)[number], string | number>>): void {
  const { dataset } = document.documentElement;
  for (const [key, value] of Object.entries(values)) dataset[key] = typeof value === "number" ? String(Math.round(value * 10) / 10) : value;
}

export function forget(): void {
  for (const key of KEYS) delete document.documentElement.dataset[key];
}
