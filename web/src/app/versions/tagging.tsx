// Tags of a version: give one, or take one away.

import { useState } from "preact/hooks";
import { announce, attempt } from "../announce";
import { post } from "../api";
import type { Version } from "../documents";
import { changed } from "../loaded";
import { Dialog } from "../parts/dialogs";
import { Refusal } from "./refusal";

export function TagDialog({ of: one, onClose }: { of: Version; onClose: () => void }) {
  const [tag, setTag] = useState("");
  const [refused, refuse] = useState(false);
  const send = async (text: string, taken: boolean): Promise<void> => {
    const done = await attempt(() => post<Version>("tags", { v: one.name, tag: text, delete: taken }));
    refuse(done === null);
    if (done === null) return;
    onClose();
    changed();
    announce(taken ? `${one.name} is no longer called ${text}.` : `${one.name} is now called ${text}.`);
  };
  return (
    <Dialog title={`Tags of ${one.name}`} onClose={onClose}>
      {one.tags.length > 0 && (
        <ul class="plain">
          {one.tags.map((text) => (
            <li key={text}><span class="chip tag">{text}</span> <button type="button" class="small" onClick={() => void send(text, true)}>Take away</button></li>
          ))}
        </ul>
      )}
      <form onSubmit={(event) => { event.preventDefault(); if (tag.trim() !== "") void send(tag.trim(), false); }}>
        <label class="asked">
          A name by which every command finds this version
          <input type="text" autofocus maxLength={200} value={tag} placeholder="release" onInput={(event) => setTag(event.currentTarget.value)} />
        </label>
        <Refusal of={refused} />
        <p class="buttons">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" disabled={tag.trim() === ""}>Tag</button>
        </p>
      </form>
    </Dialog>
  );
}
