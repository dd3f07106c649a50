// Light or dark as the notebook around the map is, whatever the system prefers: told by the ground that it lies on.

const WATCHED = ["class", "style", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];

// What this gives ends it.
export function followTheme(host: HTMLElement, changed: () => void): () => void {
  const look = (): void => {
    // Hidden or detached, as a notebook does with cells, it lies on no ground.
    if (host.offsetWidth === 0) return;
    const theme = isOnDark(host) ? "dark" : "light";
    if (host.dataset["theme"] === theme) return;
    host.dataset["theme"] = theme;
    changed();
  };
  // In the next frame: JupyterLab hides all of itself while it changes its theme.
  const soon = (): void => void requestAnimationFrame(look);
  const observer = new MutationObserver(soon);
  const back = new ResizeObserver(look);
  back.observe(host);
  for (const one of [document.documentElement, document.body]) observer.observe(one, { attributeFilter: WATCHED });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", soon);
  look();
  return () => {
    observer.disconnect();
    back.disconnect();
    system.removeEventListener("change", soon);
  };
}

function isOnDark(host: HTMLElement): boolean {
  for (let at = above(host); at !== null; at = above(at)) {
    const [red, green, blue, alpha] = painted(getComputedStyle(at).backgroundColor);
    if (alpha > 127) return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
  }
  // Nobody painted a ground: it is the browser's own.
  return getComputedStyle(document.documentElement).colorScheme.includes("dark") && matchMedia("(prefers-color-scheme: dark)").matches;
}

// marimo draws widgets in shadow trees of its own.
function above(one: Element): Element | null {
  const root = one.getRootNode();
  return one.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}

// A color in bytes, however it is written: rgb(), color(srgb …), oklch(). A canvas knows them all.
function painted(color: string): [number, number, number, number] {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [1, 1];
  const context = canvas.getContext("2d");
  if (context === null) return [255, 255, 255, 0];
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha];
}
