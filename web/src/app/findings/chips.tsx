// What a finding is, in one chip: its severity has a shape and a word, not only a color.

import { shortened } from "../../shared/format";
import { visible } from "../../shared/words";
import type { QueueItem, Review } from "../documents";
import { decisionText } from "../parts/row";

const SHAPES = { error: "■", warning: "▲", info: "●" } as const;

export function FindingChip({ item }: { item: Pick<QueueItem, "code" | "severity" | "title"> }) {
  return (
    <span class={`finding-chip ${item.severity}`}>
      <span aria-hidden="true">{SHAPES[item.severity]}</span>
      <span class="hidden">{item.severity}: </span>
      {item.title}
    </span>
  );
}

// `brief`: on a line of the queue, where of an earlier version the number is enough.
export function DecisionChip({ item, brief = false }: { item: QueueItem; brief?: boolean }) {
  // What was asked for at an earlier version is no edit here: it is told, and to be decided anew.
  const decision = item.decision ?? item.former;
  if (decision == null) return null;
  const whole = decisionText(decision);
  const shown = brief && decision.version != null ? `${decisionText({ ...decision, version: null })} @${decision.version.split("@").at(-1) ?? ""}` : whole;
  if (item.decision == null) return <span class="chip former" title={`${whole}, where an edit was asked for: decide here anew`}>{brief ? shown.replace(/^.* @/, "before @") : `before: ${whole}`}</span>;
  return <span class="chip decision" data-action={decision.action} title={whole}>{shown}</span>;
}

// The title of a code; with the code itself where several codes share a title.
export const codeTitle = (codes: Review["codes"], code: string): string => {
  const title = codes.find((one) => one.code === code)?.title ?? code;
  return codes.filter((one) => one.title === title).length > 1 ? `${title} ${code}` : title;
};

// The labels in question, where both are known: `given → suggested`.
export function Pair({ item }: { item: QueueItem }) {
  if (item.given_label == null || item.suggested_label == null) return null;
  return (
    <span class="pair" title={`${item.given_label.slice(0, 200)} → ${item.suggested_label.slice(0, 200)}`}>
      <bdi>{visible(shortened(item.given_label, 40))}</bdi> <span aria-hidden="true">→</span><span class="hidden"> suggested: </span> <bdi>{visible(shortened(item.suggested_label, 40))}</bdi>
    </span>
  );
}

export const oneLine = (text: string, limit = 160): string => visible(shortened(text.slice(0, 2 * limit).replace(/\s+/g, " ").trim(), limit));
