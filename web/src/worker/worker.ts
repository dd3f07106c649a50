// The map's worker: holds every point, decides which are shown, counts, draws, answers.

import { nearestPoint, shownInSight } from "../map/nearest";
import { boundsOf } from "./bounds";
import type { Answers, Ask, Choice, Counted, Place, Question, Told } from "./messages";
import { Painter } from "./painter";
import { Points } from "./points";
import { Refused, readMap, type Batch } from "./stream";

const tell = (told: Told, transfer: Transferable[] = []): void => self.postMessage(told, { transfer });

let painter: Painter | null = null;
let points: Points | null = null;
const everything: Choice = { filters: {}, masks: [], polygons: [], order: null, namedBy: null };
let choice = everything;
let turn = 0;
const early: ((to: Points) => void)[] = [];

self.onmessage = (event: MessageEvent<Ask>) => {
  try {
    hear(event.data);
  } catch (error) {
    fail(error);
  }
};

function hear(ask: Ask): void {
  switch (ask.kind) {
    case "open":
      readMap(ask.url, ask.token, opened, arrived).then(loaded, fail);
      painter = new Painter(ask.canvas, ask.size, (drawn) => tell({ kind: "drawn", drawn: { ...drawn, turn } }));
      return;
    case "renew":
      return void renew(ask).catch(() => undefined);
    case "size":
      return painter?.resize(ask.size);
    case "look":
      return painter?.look(ask.view, ask.moving);
    case "paint":
      return painter?.ink(ask.paint);
    case "choose":
      [choice, turn] = [ask.choice, ask.turn];
      if (points !== null && points.n > 0) choose(points);
      return;
    case "mask":
      return withPoints((to) => to.setMask(ask.name, ask.bits));
    case "order":
      return withPoints((to) => to.setOrder(ask.name, ask.rows, ask.only));
    case "facet":
      return withPoints((to) => {
        to.addFacet(ask.facet, ask.codes);
        tell({ kind: "facts", facts: to.facts });
        if (to.n > 0) choose(to);
      });
    case "question":
      return answer(ask.id, ask.question);
  }
}

// What is sent before the stream has begun waits for it.
function withPoints(work: (to: Points) => void): void {
  if (points === null) early.push(work);
  else work(points);
}

function opened(facts: Points["facts"]): void {
  points = new Points(facts);
  tell({ kind: "facts", facts });
  for (const work of early.splice(0)) work(points);
  painter?.show(points);
}

// Every batch is drawn, the first one at once; counting is left for the first, which is a fair sample, and the last.
function arrived(batch: Batch): void {
  if (points === null) return;
  points.add(batch);
  points.choose(choice, { counting: false });
  if (points.n > batch.rows) return painter?.later();
  painter?.draw();
  choose(points);
}

function loaded(): void {
  if (points === null || painter === null) return;
  painter.complete = true;
  painter.draw();
  recount(points);
}

function recount(points: Points): void {
  const filtered = JSON.stringify({ ...choice, order: null, namedBy: null }) !== JSON.stringify(everything);
  if (filtered) tell({ kind: "totals", counts: points.choose(everything).counts });
  const { counts } = choose(points);
  if (!filtered) tell({ kind: "totals", counts });
}

// Decisions change one facet, a byte a point; only another audit makes other points. That a server is gone is told elsewhere.
async function renew({ review, url, token }: { review: string; url: string; token: string }): Promise<void> {
  if (painter?.complete !== true || points === null) return;
  const from = points;
  const answer = await fetch(review, { headers: { "X-Burnish-Token": token } });
  if (!answer.ok || answer.headers.get("X-Burnish-Points") !== from.facts.points) return reload(url, token);
  const codes = new Uint8Array(await answer.arrayBuffer());
  if (points !== from || !from.renew("review", codes)) return;
  painter.show(from);
  recount(from);
}

// Reads the map anew while the former is shown.
async function reload(url: string, token: string): Promise<void> {
  if (painter?.complete !== true) return;
  let next: Points | null = null;
  await readMap(url, token, (facts) => (next = new Points(facts)), (batch) => next?.add(batch)).catch(() => (next = null));
  if (next === null || points === null) return;
  swap(next, points);
}

function swap(next: Points, former: Points): void {
  next.adopt(former);
  next.choose(choice, { counting: false });
  points = next;
  painter?.show(next);
  tell({ kind: "facts", facts: next.facts });
  loaded();
}

function choose(from: Points): Counted {
  const began = performance.now();
  const told = from.choose(choice);
  const counted = { ...told, turn, milliseconds: performance.now() - began };
  tell({ kind: "counted", counted });
  painter?.later();
  return counted;
}

function answer(id: number, question: Question): void {
  const found = points === null || points.n === 0 ? null : answerOf(points, question);
  tell({ kind: "answer", id, answer: found }, ArrayBuffer.isView(found) ? [found.buffer] : []);
}

function answerOf(from: Points, question: Question): Answers[keyof Answers] {
  switch (question.of) {
    case "nearest": {
      if (painter === null) return null;
      const { looksAt, frame, isLoud } = painter;
      const point = nearestPoint(from, { misses: from.misses, isLoud }, from.grid, looksAt, frame, question);
      return point < 0 ? null : placeOf(from, point);
    }
    case "place": {
      const point = from.pointOfRow(question.row);
      return point < 0 ? null : placeOf(from, point);
    }
    case "window":
      return from.rows.slice(question.from, question.to);
    case "sight": {
      if (painter === null) return null;
      const found = shownInSight(from, from.misses, from.grid, painter.looksAt, painter.frame, question.most);
      return found.map((point) => spotOf(from, point));
    }
    case "bounds":
      return boundsOf(from.x, from.y, from.order);
    case "mask":
      return from.packed();
  }
}

const spotOf = (from: Points, point: number): Omit<Place, "at"> => ({ row: from.row[point]!, x: from.x[point]! / 65_535, y: from.y[point]! / 65_535 });
const placeOf = (from: Points, point: number): Place => ({ ...spotOf(from, point), at: from.placeOf(from.row[point]!) });

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  tell({ kind: "failed", message, remedy: error instanceof Refused ? error.remedy : "Load the page again." });
}
