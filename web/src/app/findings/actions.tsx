// What can be done with the chosen finding, by button and by key.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { announce, complain } from "../announce";
import type { FindingDetail } from "../documents";
import { useKeys, type Key } from "../keys";
import { AskText } from "../parts/dialogs";
import { href, open } from "../router";
import { decide, note, undo, type Action } from "./decide";
import type { Desk } from "./desk";
import { Relabel } from "./relabel";
import { choices, rulesOf } from "./rules";
import { look, state } from "./view";

const GROUP = "Review";

export function Actions({ desk, detail }: { desk: Desk; detail: FindingDetail | null }) {
  const asking = useSignal<"relabel" | "note" | null>(null);
  const before = useRef<Element | null>(null);
  const rules = detail === null ? null : rulesOf(detail);
  useEffect(() => {
    asking.value = null;
  }, [detail?.item.finding_id]);
  const missing = (): string => (desk.chosen.value === null ? "There is no finding to decide." : "The evidence is still loading.");
  const act = (action: Action, reason: string | undefined, label?: string): void => {
    if (detail === null) announce(missing());
    else if (reason !== undefined && reason !== "") announce(reason);
    else decide(desk, detail, action, label).catch(complain);
  };
  const ask = (what: "relabel" | "note"): void => {
    if (detail === null || (what === "relabel" && rules?.relabel !== "")) return act("relabel", rules?.relabel);
    before.current = document.activeElement;
    asking.value = what;
  };
  const leave = (): void => {
    asking.value = null;
    if (before.current instanceof HTMLElement) before.current.focus();
  };
  const relabel = (label: string): void => {
    leave();
    act("relabel", "", label);
  };
  const none = desk.chosen.value === null ? missing() : "";
  const onMap = (): void => {
    if (detail === null || rules?.map !== "") announce(rules?.map ?? missing());
    else open(href("map", { row: detail.item.row_id }));
  };
  const takeBack = (): void => void undo(desk).catch(complain);
  const toggle = (): void => look({ state: state.value === "open" ? "all" : "open" });
  const key = (keys: string, title: string, run: () => void): Key => ({ keys, title, group: GROUP, run: (event) => event.repeat || run() });
  useKeys(
    [
      key("a", "Accept what is suggested", () => act("accept", rules?.accept)), key("r", "Reject: the finding is wrong", () => act("reject", "")),
      key("e", "Relabel, then 1 to 0 or a few letters and Enter", () => ask("relabel")), key("x", "Drop the flagged rows", () => act("drop", rules?.drop)),
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
          onGiven={(text) => void note(desk, detail.item.finding_id, text).catch(complain)} onClose={() => (asking.value = null)}
        />
      )}
      <div class="action-row" role="group" aria-label="Decide">
        <Act of="a" title="Accept" kind="accept" reason={none || rules?.accept} onPress={() => act("accept", rules?.accept)} />
        <Act of="r" title="Reject" kind="reject" reason={none} onPress={() => act("reject", "")} />
        <Act of="e" title="Relabel" reason={none || rules?.relabel} onPress={() => ask("relabel")} />
        <Act of="x" title="Drop" reason={none || rules?.drop} onPress={() => act("drop", rules?.drop)} />
        <Act of="s" title="Skip" reason={none} onPress={() => act("skip", "")} />
        <Act of="u" title="Undo" onPress={takeBack} />
        <Act of="n" title="Note" reason={none} onPress={() => ask("note")} />
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
  onPress: () => void;
}

// A button that may not be pressed keeps its place for the keyboard, and says why.
function Act({ of, title, kind = "", reason = "", onPress }: ActProps) {
  const off = reason !== "";
  return (
    <button type="button" class={kind} aria-disabled={off} aria-keyshortcuts={of} title={off ? reason : undefined} onClick={onPress}>
      {title} <kbd aria-hidden="true">{of}</kbd>
    </button>
  );
}
