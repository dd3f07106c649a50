// The map itself: the canvas that the worker draws on, what lies over it, and how it is moved.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Beside } from "../../map/over";
import { shortened } from "../../shared/format";
import { visible } from "../../shared/words";
import { query } from "../router";
import { polygonsIn } from "./address";
import type { Spot } from "./drawing";
import { follow } from "./follow";
import { listen } from "./gestures";
import { Preview } from "./preview";
import type { MapModel } from "./model";
import { drawOver } from "./overlay";
import { came, rowNow } from "./pages";
import { themed } from "./paint";

const HELP =
  "Map of the rows. Arrow keys move it, plus and minus zoom, 0 shows all of it, Enter chooses the row nearest to its center, b begins a box around rows to select.";

const MOST_CHARACTERS = 34;

function besideNow(model: MapModel): Beside[] {
  void came.value;
  return model.beside.value.flatMap(({ row, x, y }) => {
    const known = rowNow(row);
    const text = known?.text || known?.label;
    return text ? [{ text: shortened(visible(text.replace(/\s+/g, " ")), MOST_CHARACTERS), x, y }] : [];
  });
}

export function Stage({ model }: { model: MapModel }) {
  const points = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const drawing = useSignal<readonly Spot[]>([]);
  useEffect(() => {
    const canvas = points.current;
    const frame = stage.current;
    if (canvas === null || frame === null) return;
    const fit = (): void => model.resize({ width: frame.clientWidth, height: frame.clientHeight, ratio: Math.min(2, devicePixelRatio) });
    const observer = new ResizeObserver(fit);
    observer.observe(frame);
    fit();
    const stopFollowing = follow(model, canvas.transferControlToOffscreen());
    const stopListening = listen(canvas, model, { show: (corners) => (drawing.value = [...corners]) });
    return () => {
      observer.disconnect();
      stopListening();
      stopFollowing();
    };
  }, [model]);
  useSignalEffect(() => {
    void themed.value;
    const canvas = over.current;
    const size = model.size.value;
    const drawn = model.drawn.value;
    if (canvas === null || drawn === null) return;
    drawOver(canvas, size, drawn.view, model.frame, {
      names: model.counted.value?.names ?? [],
      polygons: polygonsIn(query.value),
      drawing: drawing.value,
      beside: besideNow(model),
      hovered: model.hovered.value,
      chosen: model.chosen.value,
    });
  });
  return (
    <div ref={stage} class={`stage tool-${model.tool.value}`}>
      <canvas ref={points} tabIndex={0} role="application" aria-label={HELP} id="map-canvas" />
      <canvas ref={over} class="over" aria-hidden="true" />
      <Preview model={model} />
      {model.masks.waiting.value && <p class="searching-now" role="status">Searching …</p>}
      {model.facts.value?.n_placed === 0 && <p class="quiet nothing">No row of this version has a place on the map: none could be embedded.</p>}
    </div>
  );
}
