// A button for what is written down: it says why it is off where the workspace can only be read.

import type { JSX } from "preact";
import { readOnly } from "../state";

export function WriteButton({ disabled = false, ...given }: JSX.IntrinsicElements["button"]) {
  const reason = readOnly.value;
  return <button type="button" {...given} {...(reason === "" ? {} : { title: reason })} disabled={disabled || reason !== ""} />;
}
