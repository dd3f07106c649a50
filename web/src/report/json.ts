// The documents that the page holds.

export function jsonBlock<T>(id: string): T | null {
  const block = document.getElementById(id);
  return block === null ? null : (JSON.parse(block.textContent ?? "null") as T);
}
