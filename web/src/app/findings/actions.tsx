// What can be done with the chosen finding, by button and by key.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { announce, complain } from "../announce";
import type { FindingDetail } from "../documents";
import { useKeys, type Key } from "../keys";
import { AskText } from "../parts/dialogs";
import { href, open } from "../router";
import { readOnly } from "../state";
import { decide, note, undo, type Action, type Only } from "./decide";
import type { Desk } from "./desk";
import { DropDialog } from "./drop";
import { Relabel } from "./relabel";
import { acceptance, choices, dropAsks, dropTitle, rulesOf } from "./rules";
import { look, state } from "./view";

const GROUP = "Review";

export function Actions({ desk, detail }: { desk: Desk; detail: FindingDetail | null }) {
  const asking = useSignal<"relabel" | "note" | "drop" | null>(null);
  const before = useRef<Element | null>(null);
  const rules = detail === null ? null : rulesOf(detail);
  useEffect(() => {
    asking.value = null;
  }, [detail?.item.finding_id]);
  const missing = (): string => (desk.chosen.value === null ? "There is no finding to decide." : "The evidence is still loading.");
  const act = (action: Action, reason: string | undefined, only: Only = {}): void => {
    if (readOnly.value !== "") announce(readOnly.value);
    else if (detail === null) announce(missing());
    else if (reason !== undefined && reason !== "") announce(reason);
    else decide(desk, detail, action, only).catch(complain);
  };
  const ask = (what: "relabel" | "note"): void => {
    if (readOnly.value !== "" || detail === null || (what === "relabel" && rules?.relabel !== "")) return act("relabel", rules?.relabel);
    before.current = document.activeElement;
    asking.value = what;
  };
  const leave = (): void => {
    asking.value = null;
    if (before.current instanceof HTMLElement) before.current.focus();
  };
  const relabel = (label: string): void => {
    leave();
    act("relabel", "", { label });
  };
  const edit = detail === null ? "" : acceptance(detail);
  const drop = (): void => {
    if (readOnly.value === "" && detail !== null && rules?.drop === "" && dropAsks(detail)) asking.value = "drop";
    else act("drop", rules?.drop);
  };
  const none = desk.chosen.value === null ? missing() : "";
  const off = readOnly.value || none;
  const onMap = (): void => {
    if (detail === null || rules?.map !== "") announce(rules?.map ?? missing());
    else {
      const slice = detail.numbers.find(([name]) => name === "slice")?.[1];
      open(href("map", { row: detail.item.row_id, ...(slice === undefined ? { finding: detail.item.finding_id } : { slice }) }));
    }
  };
  const takeBack = (): void => (readOnly.value === "" ? void undo(desk).catch(complain) : announce(readOnly.value));
  const toggle = (): void => look({ state: state.value === "open" ? "all" : "open" });
  const key = (keys: string, title: string, run: () => void): Key => ({ keys, title, group: GROUP, run: (event) => event.repeat || run() });
  useKeys(
    [
      key("a", "Accept what is suggested", () => act("accept", "")), key("r", "Reject: the finding is wrong", () => act("reject", "")),
      key("e", "Relabel, then 1 to 0 or a few letters and Enter", () => ask("relabel")), key("x", "Drop the flagged rows; of copies one stays", drop),
      key("s", "Skip", () => act("skip", "")), key("u", "Undo the last decision", takeBack), key("n", "Write a note", () => ask("note")),
      key("m", "Show on the map", onMap), key("o", "Open findings, or all", toggle),
    ],
    [desk, detail, rules?.drop],
  );
  return (
    <div class="actions">
      {asking.value === "relabel" && detail !== null && <Relabel key={detail.item.finding_id} labels={choices(detail)} detail={detail} onChosen={relabel} onLeave={leave} />}
      {asking.value === "note" && detail !== null && (
        <AskText
          title="Note on this finding" label="Kept in the journal of the review" action="Keep the note" value={detail.note ?? ""} optional={detail.note !== null}
          onGiven={(text) => note(desk, detail.item.finding_id, text)} onClose={() => (asking.value = null)}
        />
      )}
      {asking.value === "drop" && detail !== null && <DropDialog detail={detail} onChosen={(rows) => act("drop", "", rows === null ? {} : { rows })} onClose={() => (asking.value = null)} />}
      <div class="action-row" role="group" aria-label="Decide">
        <Act
          of="a" title={detail === null || edit !== "" ? `Accept${edit === "" ? "" : `: ${edit}`}` : "Mark as seen"} kind={edit === "" ? "" : "accept"} reason={off}
          hint={edit === "" ? "It suggests no edit: no row changes" : `Accept: ${edit}`} onPress={() => act("accept", "")}
        />
        <Act of="r" title="Reject" kind="reject" reason={off} onPress={() => act("reject", "")} />
        <Act of="e" title="Relabel" reason={off || rules?.relabel} onPress={() => ask("relabel")} />
        <Act of="x" title="Drop" reason={off || rules?.drop} hint={detail === null ? "" : dropTitle(detail)} onPress={drop} />
        <Act of="s" title="Skip" reason={off} onPress={() => act("skip", "")} />
        <Act of="u" title="Undo" reason={readOnly.value} onPress={takeBack} />
        <Act of="n" title="Note" reason={off} onPress={() => ask("note")} />
        <Act of="m" title="Map" reason={none || rules?.map} onPress={onMap} />
      </div>
      {rules !== null && rules.drop !== "" && <p class="quiet reason" id="why-not">{rules.drop}</p>}
    </div>
  );
}

interface ActProps {
  of: string;
  title: string;
  kind?: string;
  reason?: string | undefined;
  // What it does, where the title does not say all of it.
  hint?: string;
  onPress: () => void;
}

// A button that may not be pressed keeps its place for the keyboard, and says why.
function Act({ of, title, kind = "", reason = "", hint = "", onPress }: ActProps) {
  const off = reason !== "";
  return (
    <button type="button" class={kind} aria-disabled={off} aria-keyshortcuts={of} title={(off ? reason : hint) || undefined} onClick={onPress}>
      <span class="what">{title}</span> <kbd aria-hidden="true">{of}</kbd>
    </button>
  );
}
