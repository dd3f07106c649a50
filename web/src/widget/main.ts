// The map of an audit in a notebook (anywidget): rows go in as one block of bytes, the positions of those selected come back.

import smallStyle from "../small/small.css?inline";
import themeStyle from "../shared/theme.css?inline";
import { unpackMap } from "../small/blob";
import { SmallMap } from "../small/map";
import { followTheme } from "./theme";
import widgetStyle from "./widget.css?inline";

interface Model {
  get(name: "_map" | "_positions"): DataView;
  get(name: "_pictures"): Record<string, string>;
  get(name: "selected"): number[];
  set(name: "selected", value: number[]): void;
  save_changes(): void;
  on(name: "change:selected", hear: () => void): void;
  off(name: "change:selected", hear: () => void): void;
}

// While a word is typed its letters are not told one by one.
const PAUSE_MILLISECONDS = 150;

async function render({ model, el }: { model: Model; el: HTMLElement }): Promise<() => void> {
  const { host, place } = shadowIn(el);
  const data = await unpackMap(bytesIn(model.get("_map")));
  const positions = new Uint32Array(bytesIn(model.get("_positions")).buffer);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let known = "[]";
  const tell = (selected: number[]): void => {
    const now = JSON.stringify(selected);
    // Another color selects nothing anew.
    if (now === known) return;
    known = now;
    model.set("selected", selected);
    model.save_changes();
  };
  const map = new SmallMap(place, data, {
    pictures: new Map(Object.entries(model.get("_pictures"))),
    chose: (rows) => {
      clearTimeout(timer);
      const selected = rows === null ? [] : [...rows.map((row) => positions[row] ?? 0).sort()];
      timer = setTimeout(() => tell(selected), PAUSE_MILLISECONDS);
    },
  });
  // Python, or another view of the widget, has selected.
  const hear = (): void => {
    const selected = model.get("selected");
    if (JSON.stringify(selected) === known) return;
    known = JSON.stringify(selected);
    const wanted = new Set(selected);
    map.give(selected.length === 0 ? null : Uint8Array.from(positions, (position) => (wanted.has(position) ? 1 : 0)));
  };
  hear();
  model.on("change:selected", hear);
  const stopFollowing = followTheme(host, () => map.recolor());
  return () => {
    clearTimeout(timer);
    model.off("change:selected", hear);
    stopFollowing();
    map.stop();
    host.remove();
  };
}

// In a shadow tree the styles of the notebook and these leave one another alone.
function shadowIn(el: HTMLElement): { host: HTMLElement; place: HTMLElement } {
  const [host, place, style] = [document.createElement("div"), document.createElement("div"), document.createElement("style")];
  style.textContent = [themeStyle, smallStyle, widgetStyle].join("\n");
  host.attachShadow({ mode: "open" }).append(style, place);
  el.append(host);
  return { host, place };
}

const bytesIn = (view: DataView): Uint8Array<ArrayBuffer> =>
  new Uint8Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) as ArrayBuffer);

export default { render };
