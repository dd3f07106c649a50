// The map itself: the canvas that the worker draws on, what lies over it, and how it is moved.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { panned, whole } from "../../map/viewport";
import { query } from "../router";
import { polygonsIn } from "./address";
import { follow } from "./follow";
import { listen, type Spot } from "./gestures";
import { Preview } from "./preview";
import type { MapModel } from "./model";
import { drawOver } from "./overlay";
import { themed } from "./paint";

const HELP =
  "Map of the rows. Arrow keys move it, plus and minus zoom, 0 shows all of it, Enter chooses the row nearest to its center. Without a pointer, select rows with the filters and the search.";
const STEP = 60;

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
      hovered: model.hovered.value,
      chosen: model.chosen.value,
    });
  });
  return (
    <div ref={stage} class={`stage tool-${model.tool.value}`}>
      <canvas ref={points} tabIndex={0} role="application" aria-label={HELP} id="map-canvas" onKeyDown={(event) => moveBy(event, model)} />
      <canvas ref={over} class="over" aria-hidden="true" />
      <Preview model={model} />
      {model.facts.value?.n_placed === 0 && <p class="quiet nothing">No row of this version has a place on the map: none could be embedded.</p>}
    </div>
  );
}

const MOVES: Record<string, [number, number]> = {
  ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP],
};

function moveBy(event: KeyboardEvent, model: MapModel): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const move = MOVES[event.key];
  const { width, height } = model.frame;
  if (move !== undefined) model.look(panned(model.view.peek(), model.frame, ...move), { moving: event.repeat });
  else if (event.key === "Enter") void model.chooseAt(width / 2, height / 2, Math.hypot(width, height)).then((row) => model.sayRow(row));
  else if (event.key === "0") model.look(whole(), { moving: false });
  else return;
  event.preventDefault();
  event.stopPropagation();
}
