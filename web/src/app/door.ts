// The page that stands where a token is missing or old: it tries the one that another tab has kept, asks for it
// otherwise, and goes on to the address that was asked for.

import { keep, kept, opens, tokenOf } from "./key";

const TRIED = "burnish-tried";

async function goOn(token: string): Promise<boolean> {
  if (!(await opens(token))) return false;
  keep(token);
  const next = new URL(location.href);
  next.searchParams.delete("token");
  next.searchParams.delete("ticket");
  if (next.href === location.href) location.reload();
  else location.replace(next);
  return true;
}

// Once only: where no cookie is kept, this page would come again and again.
if (kept() !== sessionStorage.getItem(TRIED)) {
  sessionStorage.setItem(TRIED, kept());
  void goOn(kept());
}

const form = document.querySelector("form");
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = form.querySelector("input")?.value ?? "";
  const said = form.querySelector("output");
  void goOn(tokenOf(given)).then((right) => {
    if (!right && said !== null) said.textContent = "That is not the token of the app that runs here now.";
  });
});
