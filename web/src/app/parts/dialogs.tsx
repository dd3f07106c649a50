// Dialogs that are there while something is asked or shown; Escape and a press outside close them.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { said } from "../announce";

interface DialogProps {
  title: string;
  class?: string;
  onClose: () => void;
  children: ComponentChildren;
}

// Focus goes in when it opens, and back where it was when it closes: that is what showModal does.
export function Dialog({ title, class: kind = "", onClose, children }: DialogProps) {
  const self = useRef<HTMLDialogElement>(null);
  const gone = useRef(false);
  const id = useId();
  // Before the next key: what is typed at once is for the dialog, and no command of the page.
  useLayoutEffect(() => {
    const shown = self.current;
    shown?.showModal();
    return () => {
      gone.current = true;
      shown?.close();
    };
  }, []);
  const closed = (): void => {
    if (!gone.current) onClose();
  };
  const outside = (event: MouseEvent): void => {
    event.stopPropagation();
    if (event.target === self.current) onClose();
  };
  return (
    <dialog ref={self} class={kind} aria-labelledby={id} onClose={closed} onClick={outside} onKeyDown={ownEscape}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}

// The page below has keys of its own, Escape too.
function ownEscape(event: KeyboardEvent): void {
  if (event.key === "Escape") event.stopPropagation();
}

interface ConfirmProps {
  title: string;
  action: string;
  onConfirm: () => void;
  onClose: () => void;
  children: ComponentChildren;
}

export function Confirm({ title, action, onConfirm, onClose, children }: ConfirmProps) {
  const confirm = (): void => {
    onClose();
    onConfirm();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <p class="buttons">
        <button type="button" onClick={onClose}>Cancel</button>
        <button type="button" class="primary" onClick={confirm}>{action}</button>
      </p>
    </Dialog>
  );
}

interface AskTextProps {
  title: string;
  label: string;
  action: string;
  value?: string;
  most?: number;
  // Whether an empty text may be given, to take away what was there.
  optional?: boolean;
  // May tell whether it was taken.
  onGiven: (text: string) => Promise<boolean> | void;
  onClose: () => void;
}

// Asks for a text; Ctrl+Enter gives it. Where it is not taken, the dialog stays, with the text and the reason.
export function AskText({ title, label, action, value = "", most = 10_000, optional = false, onGiven, onClose }: AskTextProps) {
  const [text, setText] = useState(value);
  const [state, setState] = useState<"asking" | "giving" | "refused">("asking");
  const missing = text.trim() === "" && !optional;
  const give = async (): Promise<void> => {
    if (missing || state === "giving") return;
    setState("giving");
    if ((await onGiven(text.trim())) === false) setState("refused");
    else onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <label class="asked">
        {label}
        <textarea
          autofocus rows={4} maxLength={most} value={text} onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void give(); }}
        />
      </label>
      {state === "refused" && <p class="refusal" role="alert">{said.value.text} {said.value.remedy}</p>}
      <p class="buttons">
        <button type="button" onClick={onClose}>Cancel</button>
        <button type="button" class="primary" disabled={missing} onClick={() => void give()} title="Ctrl+Enter">{action}</button>
      </p>
    </Dialog>
  );
}
