// Single-key commands: a page says which it has, `?` shows them, and they can be switched off (WCAG 2.1.4).

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

export interface Key {
  keys: string; // as in "j", "Escape", "g m" (one after the other), "Ctrl+a"
  title: string;
  run: (event: KeyboardEvent) => void;
  group?: string;
}

const SWITCH = "burnish-single-keys";
const SEQUENCE_MILLISECONDS = 1_200;

export const enabled = signal(localStorage.getItem(SWITCH) !== "off");
export const active = signal<readonly Key[]>([]);
let scopes: readonly (readonly Key[])[] = [];
let begun: { key: string; at: number } | null = null;

export function switchKeys(on: boolean): void {
  enabled.value = on;
  localStorage.setItem(SWITCH, on ? "on" : "off");
}

// The keys hold while the component is shown; of two scopes with the same key the newer one has it.
export function useKeys(keys: readonly Key[], inputs: readonly unknown[]): void {
  useEffect(() => {
    scopes = [...scopes, keys];
    active.value = scopes.flat();
    return () => {
      scopes = scopes.filter((one) => one !== keys);
      active.value = scopes.flat();
    };
  }, inputs);
}

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || isTyping(event)) return;
    const pressed = nameOf(event);
    if (pressed === null || (!enabled.value && pressed.length === 1)) return;
    const sequence = begun !== null && event.timeStamp - begun.at < SEQUENCE_MILLISECONDS ? `${begun.key} ${pressed}` : null;
    const found = (sequence === null ? undefined : find(sequence)) ?? find(pressed);
    begun = found === undefined && starts(pressed) ? { key: pressed, at: event.timeStamp } : null;
    if (found === undefined) return;
    event.preventDefault();
    found.run(event);
  });
}

const find = (keys: string): Key | undefined => active.value.findLast((one) => one.keys === keys);
const starts = (pressed: string): boolean => active.value.some((one) => one.keys.startsWith(`${pressed} `));

// Buttons and links keep Enter and the space bar; fields keep everything but Escape.
function isTyping(event: KeyboardEvent): boolean {
  const { target } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("dialog[open]") !== null && event.key !== "Escape") return true;
  if (target.matches("input, textarea, select, [contenteditable]")) {
    const ticked = target instanceof HTMLInputElement && ["checkbox", "radio", "button"].includes(target.type);
    return !ticked && event.key !== "Escape";
  }
  return target.matches("button, a, summary") && (event.key === "Enter" || event.key === " ");
}

function nameOf(event: KeyboardEvent): string | null {
  if (event.altKey || event.metaKey) return null;
  return event.ctrlKey ? `Ctrl+${event.key}` : event.key;
}
