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

export function DecisionChip({ item }: { item: QueueItem }) {
  if (item.decision == null) return null;
  return <span class="chip decision" data-action={item.decision.action}>{decisionText(item.decision)}</span>;
}

// The title of a code; with the code itself where several codes share a title.
export const codeTitle = (codes: Review["codes"], code: string): string => {
  const title = codes.find((one) => one.code === code)?.title ?? code;
  return codes.filter((one) => one.title === title).length > 1 ? `${title} ${code}` : title;
};

export const oneLine = (text: string, limit = 160): string => visible(shortened(text.slice(0, 2 * limit).replace(/\s+/g, " ").trim(), limit));
