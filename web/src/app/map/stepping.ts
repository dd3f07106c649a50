// A list of buttons that is one stop of the Tab key: arrow keys, Home and End go from one to the next.

const WAYS: Record<string, (at: number, n: number) => number> = {
  ArrowDown: (at, n) => Math.min(n - 1, at + 1), ArrowUp: (at) => Math.max(0, at - 1), Home: () => 0, End: (_, n) => n - 1,
};

export function stepByArrows(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const way = WAYS[event.key];
  if (way === undefined) return;
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>("[aria-pressed]")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const next = all[way(at, all.length)];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
