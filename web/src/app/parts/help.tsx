// The keys that work here, shown by `?`.

import { useRef } from "preact/hooks";
import { active, enabled, switchKeys, useKeys, type Key } from "../keys";

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const show = (): void => dialog.current?.showModal();
  useKeys([{ keys: "?", title: "Show the keys", group: "Everywhere", run: show }], []);
  return (
    <>
      <button type="button" onClick={show} aria-label="Keys" title="Keys (?)">?</button>
      <dialog ref={dialog} class="help" aria-labelledby="help-title">
        <h2 id="help-title">Keys</h2>
        <label><input type="checkbox" checked={enabled.value} onChange={(e) => switchKeys(e.currentTarget.checked)} /> Single keys are on</label>
        <div class="key-groups">
          {[...grouped(active.value)].map(([group, keys]) => (
            <section key={group}>
              <h3>{group}</h3>
              <dl>{keys.map((one) => <div key={one.keys}><dt><kbd>{one.keys}</kbd></dt><dd>{one.title}</dd></div>)}</dl>
            </section>
          ))}
        </div>
        <form method="dialog"><button>Close</button></form>
      </dialog>
    </>
  );
}

function grouped(keys: readonly Key[]): Map<string, Key[]> {
  const groups = new Map<string, Key[]>();
  for (const one of keys.toReversed()) {
    const name = one.group ?? "On this page";
    const known = groups.get(name) ?? [];
    if (!known.some((other) => other.keys === one.keys || other.title === one.title)) groups.set(name, [one, ...known]);
  }
  return groups;
}
