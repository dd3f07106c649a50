// Light and dark: the system's choice unless the reader picks one.

export type Choice = "auto" | "light" | "dark";

const NAME = "burnish-theme";
const ORDER: Choice[] = ["auto", "light", "dark"];
const listeners = new Set<() => void>();

export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function isDark(): boolean {
  return color("--scheme") === "dark";
}

export function color(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

export function tell(): void {
  for (const listener of listeners) listener();
}

export const after = (choice: Choice): Choice => ORDER[(ORDER.indexOf(choice) + 1) % ORDER.length] ?? "auto";

export function choose(choice: Choice): void {
  if (choice === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = choice;
  remember(choice);
  tell();
}

// Gives the reader's choice, and follows the system from now on where that is to.
export function startTheme(): Choice {
  const choice = remembered();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  matchMedia("print").addEventListener("change", tell);
  choose(choice);
  return choice;
}

// Pages opened from disk may have no storage: the choice then lasts as long as the page.
function remembered(): Choice {
  try {
    const kept = localStorage.getItem(NAME);
    return kept === "light" || kept === "dark" ? kept : "auto";
  } catch {
    return "auto";
  }
}

function remember(choice: Choice): void {
  try {
    localStorage.setItem(NAME, choice);
  } catch {
    return;
  }
}
