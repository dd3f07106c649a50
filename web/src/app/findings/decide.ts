// Decisions: shown at once, written down by the server in their order, taken back where it refuses.

import { announce, complain } from "../announce";
import { post, Problem } from "../api";
import { asProblem } from "../loaded";
import type { Decided, Decision, FindingDetail, QueueItem } from "../documents";
import { about } from "../state";
import { thousands } from "../../shared/format";
import type { Desk } from "./desk";
import { choose, code, sampled } from "./view";

export type Action = Decision["action"];

interface Asked {
  action: Action | "note" | "undo";
  finding_id?: string;
  label?: string;
  row_ids?: readonly string[];
  note?: string;
  of?: number;
}

// The decisions of this tab about each version, the newest last: what `u` takes back first.
const mine = new Map<string, number[]>();
const remember = (desk: Desk, decided: Decided): void => void mine.set(desk.v, [...(mine.get(desk.v) ?? []), decided.event.seq]);

// What a decision says beside its action: the new label, and which rows, where not all are meant.
export interface Only {
  label?: string;
  rows?: readonly string[];
}

export async function decide(desk: Desk, detail: FindingDetail, action: Action, { label, rows }: Only = {}): Promise<void> {
  const { finding_id: id } = detail.item;
  const queue = desk.queue.value;
  const before = queue.at(queue.indexOf(id)) ?? detail.item;
  const decision: Decision = { seq: 0, action, label: label ?? null, who: about.value?.who ?? "", at: new Date().toISOString() };
  const place = show(desk, id, decision);
  const written = write(desk, { action, finding_id: id, ...(label === undefined ? {} : { label }), ...(rows === undefined ? {} : { row_ids: rows }) });
  const next = await desk.nextOpen(queue.leaves ? place : place + 1);
  if (next !== null) choose(next.finding_id);
  else if (queue.leaves) choose(null);
  const decided = await written;
  if (decided === null) {
    desk.details.change(id, (one) => ({ ...one, item: { ...one.item, decision: before.decision } }));
    if (place >= 0) queue.restore(place, before);
    return choose(id);
  }
  remember(desk, decided);
  desk.details.change(id, (one) => ({ ...one, item: { ...one.item, decision: decided.decision } }));
  announce(`${decided.said} ${left(desk)}`);
}

export async function undo(desk: Desk): Promise<void> {
  const own = mine.get(desk.v) ?? [];
  const of = own.at(-1);
  const decided = await write(desk, of === undefined ? { action: "undo" } : { action: "undo", of });
  if (decided === null) return;
  mine.set(desk.v, own.filter((one) => one !== of));
  await taken(desk, decided);
}

// Takes back how a finding stands by the review of an earlier version.
export async function reopen(desk: Desk, id: string): Promise<void> {
  const decided = await write(desk, { action: "undo", finding_id: id });
  if (decided !== null) await taken(desk, decided);
}

async function taken(desk: Desk, decided: Decided): Promise<void> {
  await desk.renew();
  if (decided.finding_id !== null) choose(decided.finding_id);
  announce(`${decided.said} ${left(desk)}`);
}

// Whether the note was written down.
export async function note(desk: Desk, id: string, text: string): Promise<boolean> {
  const decided = await write(desk, { action: "note", finding_id: id, note: text });
  if (decided === null) return false;
  desk.details.change(id, (one) => ({ ...one, note: text || null }));
  announce(decided.said);
  return true;
}

export async function acceptRest(desk: Desk, code: string): Promise<void> {
  try {
    const decided = await desk.inTurn(() => post<Decided>("bulk", { v: desk.v, code }));
    remember(desk, decided);
    choose(null);
    await desk.renew();
    announce(`${decided.said} ${left(desk)}`);
  } catch (error) {
    complain(error);
    await desk.loadSample();
  }
}

function show(desk: Desk, id: string, decision: QueueItem["decision"]): number {
  desk.details.change(id, (one) => ({ ...one, item: { ...one.item, decision } }));
  return desk.queue.value.decide(id, decision);
}

async function write(desk: Desk, asked: Asked): Promise<Decided | null> {
  try {
    return await desk.inTurn(async () => {
      const before = desk.review.value?.seq;
      const decided = await post<Decided>("decisions", { v: desk.v, ...asked });
      desk.review.value = decided.review;
      void desk.loadSample().catch(complain);
      // More events than this one: another tab decides, too.
      if (before !== undefined && decided.review.seq > before + 1) void desk.renew().catch(complain);
      return decided;
    });
  } catch (error) {
    const { message, remedy, status } = asProblem(error);
    complain(new Problem(`Not written down: ${message}`, remedy, status));
    return null;
  }
}

// How many are still to be decided in what is looked at.
function left(desk: Desk): string {
  const queue = desk.queue.value;
  if (queue.leaves) return `${thousands(queue.length)} left.`;
  if (sampled.value !== "") {
    const judged = queue.items.value?.filter((one) => one?.decision != null && one.decision.action !== "skip") ?? [];
    return `${judged.length} of ${queue.length} judged.`;
  }
  const codes = desk.review.value?.codes.filter((one) => code.value === "" || one.code === code.value) ?? [];
  return `${thousands(codes.reduce((sum, one) => sum + one.reviewable - one.decided, 0))} left.`;
}
