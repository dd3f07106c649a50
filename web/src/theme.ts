// Light and dark: the system's choice unless the reader picks one.

type Choice = "auto" | "light" | "dark";

const NAMES: Record<Choice, string> = { auto: "auto", light: "light", dark: "dark" };
const ORDER: Choice[] = ["auto", "light", "dark"];
const listeners = new Set<() => void>();

export function onThemeChange(listener: () => void): void {
  listeners.add(listener);
}

export function isDark(): boolean {
  return color("--scheme") === "dark";
}

export function color(variable: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
}

export function startTheme(button: HTMLButtonElement): void {
  let choice: Choice = remembered();
  const apply = (): void => {
    if (choice === "auto") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = choice;
    button.textContent = `Theme: ${NAMES[choice]}`;
    button.title = choice === "auto" ? "As the system" : `Always ${NAMES[choice]}`;
    tell();
  };
  button.addEventListener("click", () => {
    choice = ORDER[(ORDER.indexOf(choice) + 1) % ORDER.length] ?? "auto";
    remember(choice);
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  matchMedia("print").addEventListener("change", tell);
  apply();
}

export function tell(): void {
  for (const listener of listeners) listener();
}

// Pages opened from disk may have no storage: the choice then lasts as long as the page.
function remembered(): Choice {
  try {
    const kept = localStorage.getItem("burnish-theme");
    return kept === "light" || kept === "dark" ? kept : "auto";
  } catch {
    return "auto";
  }
}

function remember(choice: Choice): void {
  try {
    localStorage.setItem("burnish-theme", choice);
  } catch {
    return;
  }
}
