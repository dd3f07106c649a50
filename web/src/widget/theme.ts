// Light or dark as the notebook around the map is, whatever the system prefers: told by the ground that it lies on.

const WATCHED = ["class", "style", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];

// What this gives ends it.
export function followTheme(host: HTMLElement, changed: () => void): () => void {
  const look = (): void => {
    const theme = isOnDark(host) ? "dark" : "light";
    if (host.dataset["theme"] === theme) return;
    host.dataset["theme"] = theme;
    changed();
  };
  const observer = new MutationObserver(look);
  for (const one of [document.documentElement, document.body]) observer.observe(one, { attributeFilter: WATCHED });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", look);
  look();
  return () => {
    observer.disconnect();
    system.removeEventListener("change", look);
  };
}

function isOnDark(host: HTMLElement): boolean {
  for (let at = host.parentElement; at !== null; at = at.parentElement) {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (alpha > 0.5) return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  }
  // Nobody painted a ground: it is the browser's own.
  return getComputedStyle(document.documentElement).colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches;
}
