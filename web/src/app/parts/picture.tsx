// The picture of a row: a small one that loads when it comes into view, and a large one when asked for.

import { useState } from "preact/hooks";
import { address } from "../api";
import { version } from "../router";
import { pulse } from "../state";
import { Dialog } from "./dialogs";

const LARGE = 1024;

interface PictureProps {
  rowId: string;
  field: string;
  size?: number;
}

// `zoom` false: for places that are pressed as a whole, as a cell of a grid.
export function Picture({ rowId, field, size = 96, zoom = true }: PictureProps & { zoom?: boolean }) {
  const [large, setLarge] = useState(false);
  const image = <Image key={`${rowId} ${field}`} rowId={rowId} field={field} size={size} />;
  if (!zoom) return image;
  const show = (event: Event): void => {
    event.stopPropagation();
    setLarge(true);
  };
  return (
    <>
      <button type="button" class="picture" onClick={show} title="Show it large" aria-label={`Show ${field} of ${rowId} large`}>{image}</button>
      {large && (
        <Dialog title={`${field} of ${rowId}`} class="zoomed" onClose={() => setLarge(false)}>
          <Image rowId={rowId} field={field} size={LARGE} />
          <form method="dialog"><button>Close</button></form>
        </Dialog>
      )}
    </>
  );
}

function Image({ rowId, field, size }: Required<PictureProps>) {
  const [broken, setBroken] = useState(false);
  // With the hash of its version, the browser keeps it; one that is shown already is not asked for again.
  const [hash] = useState(() => pulse.peek()?.hash);
  const box = size === LARGE ? {} : { width: size, height: size };
  if (broken) return <span class="broken quiet" style={size === LARGE ? {} : { width: `${size}px`, height: `${size}px` }}>no picture can be read</span>;
  return (
    <img
      class="image" alt={`${field} of ${rowId}`} src={address("image", { v: version.value, row_id: rowId, field, size, hash })} {...box}
      loading={size === LARGE ? "eager" : "lazy"} decoding="async" onError={() => setBroken(true)}
    />
  );
}
