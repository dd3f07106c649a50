// Numbers and dates as people read them.

export const thousands = (value: number): string => value.toLocaleString("en-US");

export const plural = (count: number, word: string, many = `${word}s`): string =>
  `${thousands(count)} ${count === 1 ? word : many}`;

export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

// A lift in points, signed with the true minus sign.
export function signed(value: number, digits = 1): string {
  const shown = value.toFixed(digits);
  const text = Number(shown) === 0 ? (0).toFixed(digits) : shown;
  return value > 0 && Number(shown) !== 0 ? `+${text}` : text.replace("-", "\u2212");
}

// A p or q value.
export const chance = (value: number | null): string => (value === null ? "–" : value < 0.001 ? "< 0.001" : value.toFixed(3));

export function when(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

export const shortened = (text: string, limit: number): string =>
  text.length > limit ? `${text.slice(0, limit - 1).trimEnd()}\u2026` : text;
