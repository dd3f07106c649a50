// Keeps the map as the address says, and the ring where the chosen row is.

import { effect, untracked } from "@preact/signals";
import { brought, readView, toScreen, whole } from "../../map/viewport";
import type { Drawn } from "../../worker/messages";
import { address, get } from "../api";
import { attempt, complain } from "../announce";
import type { RowDetail } from "../documents";
import { turn } from "../loaded";
import { param, query, version } from "../router";
import { token } from "../session";
import { forget } from "./marks";
import type { MapModel } from "./model";
import { loadOutcomes } from "./outcomes";
import { wantRows } from "./pages";
import { paintOf, themed } from "./paint";

const NEAR_ZOOM = 3;
const MOST_BESIDE = 25;

const AGAIN_MILLISECONDS = 300;

// Begins to read the map; what this gives ends it.
export function follow(model: MapModel, canvas: OffscreenCanvas): () => void {
  const { link } = model;
  link.send({ kind: "open", canvas, size: model.size.peek(), url: address("map", { v: version.peek() }), token }, [canvas]);
  link.send({ kind: "look", view: model.view.peek(), moving: false });
  const first = turn.peek();
  const stops = [
    effect(() => {
      const v = version.peek();
      if (turn.value !== first) link.send({ kind: "renew", review: address("map/review", { v }), url: address("map", { v }), token });
    }),
    effect(() => model.masks.follow(query.value, turn.value)),
    effect(() => model.choose(model.filters.value)),
    effect(() => {
      void themed.value;
      const facet = model.colorBy.value;
      if (model.facts.value !== null) link.send({ kind: "paint", paint: paintOf(facet, model.filters.value[facet?.name ?? ""]) });
    }),
    effect(() => followView(model, param("view"))),
    goToSelection(model),
    effect(() => {
      void model.counted.value;
      model.hovered.value = null;
    }),
    effect(() => {
      const drawn = model.drawn.value;
      if (drawn !== null) void sayBeside(model, drawn);
    }),
    effect(() => void attempt(() => loadOutcomes(param("cmp"), link))),
    followRow(model),
    drawOnceMore(model),
  ];
  return () => {
    for (const stop of stops) stop();
    link.stop();
    forget();
  };
}

// WebKit sometimes loses what is drawn while it first shows a canvas, which then stays empty until the next drawing.
function drawOnceMore({ drawn, link, view }: MapModel): () => void {
  const stop = effect(() => {
    if (drawn.value?.whole !== true) return;
    stop();
    const draw = (): void => link.send({ kind: "look", view: view.peek(), moving: false });
    requestAnimationFrame(() => setTimeout(draw, AGAIN_MILLISECONDS));
  });
  return stop;
}

// What this page wrote itself is no news; back and forward are.
function followView(model: MapModel, text: string | null): void {
  if (text === model.written) return;
  model.written = text;
  untracked(() => model.look(readView(text) ?? whole(), { moving: false }));
}

async function sayBeside(model: MapModel, drawn: Drawn): Promise<void> {
  const near = drawn.whole && drawn.view.zoom >= NEAR_ZOOM;
  const found = near ? ((await model.link.ask({ of: "sight", most: MOST_BESIDE })) ?? []) : [];
  if (model.drawn.peek() !== drawn || (found.length === 0 && model.beside.peek().length === 0)) return;
  model.beside.value = found;
  await wantRows(found.map((one) => one.row));
}

// A finding or a slice that another page opens is gone to once its rows are known, unless the address has a view.
function goToSelection(model: MapModel): () => void {
  let gone: string | null = null;
  return effect(() => {
    const asked = param("finding") ?? param("slice");
    const known = model.isCounted(model.counted.value);
    if (asked === gone || (asked !== null && !known)) return;
    gone = asked;
    if (asked !== null && param("view") === null && model.written === null) untracked(() => void model.goToShown());
  });
}

function followRow(model: MapModel): () => void {
  let shown: string | null = null;
  const stopReading = effect(() => {
    const rowId = param("row");
    void turn.value;
    if (rowId === null) model.detail.value = null;
    else get<RowDetail>("row", { v: version.peek(), row_id: rowId }).then((detail) => {
      if (param("row") === rowId) model.detail.value = detail;
    }, complain);
  });
  const stopPlacing = effect(() => {
    const detail = model.detail.value;
    const counted = model.counted.value;
    if (detail === null || counted === null) {
      model.chosen.value = null;
      shown = null;
      return;
    }
    const { row_id: rowId } = detail.row;
    const all = counted.loaded === model.facts.peek()?.n_placed;
    // While rows still come, it may not be there yet.
    void place(model, detail, rowId !== shown).then((found) => {
      if ((found || all) && model.detail.peek() === detail) shown = rowId;
    });
  });
  return () => {
    stopReading();
    stopPlacing();
  };
}

// A row that was chosen is brought into sight; one that is only counted anew is not. Tells whether it has a place.
async function place(model: MapModel, detail: RowDetail, bring: boolean): Promise<boolean> {
  const found = await model.link.ask({ of: "place", row: detail.row.row });
  if (model.detail.peek() !== detail || param("row") !== detail.row.row_id) return false;
  model.chosen.value = found;
  if (found === null || !bring) return found !== null;
  const [view, { width, height }] = [model.view.peek(), model.frame];
  const [px, py] = toScreen(view, model.frame, found.x, found.y);
  if (px < 0 || py < 0 || px > width || py > height) model.look(brought(view, model.frame, found.x, found.y), { moving: false });
  return true;
}
