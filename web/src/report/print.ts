// Paper shows everything: closed parts are opened before printing and closed again after.

import { tell } from "../shared/theme";

export function startPrint(): void {
  let opened: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    document.documentElement.dataset["print"] = "true";
    opened = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    for (const part of opened) part.open = true;
    tell();
  });
  addEventListener("afterprint", () => {
    delete document.documentElement.dataset["print"];
    for (const part of opened) part.open = false;
    tell();
  });
}
