// A long list of lines of one height, of which only what is in sight is on the page.

import { useEffect, useReducer, useState } from "preact/hooks";

const MORE = 8;

export interface Virtual {
  // The ref of what scrolls, and what it is now.
  scroller: (place: HTMLDivElement | null) => void;
  place: HTMLDivElement | null;
  items: number[];
  height: number;
  scrollTo: (index: number) => void;
}

export function useVirtual(count: number, size: number): Virtual {
  const [place, scroller] = useState<HTMLDivElement | null>(null);
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    if (place === null) return;
    const look = (): void => again(undefined);
    const observer = new ResizeObserver(look);
    observer.observe(place);
    place.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      place.removeEventListener("scroll", look);
    };
  }, [place]);
  const { scrollTop = 0, clientHeight = 0 } = place ?? {};
  const first = Math.max(0, Math.min(count - 1, Math.floor(scrollTop / size)) - MORE);
  const last = Math.min(count, Math.ceil((scrollTop + clientHeight) / size) + MORE);
  const scrollTo = (index: number): void => {
    if (place === null || index < 0) return;
    const top = index * size;
    if (top < place.scrollTop) place.scrollTop = top;
    else if (top + size > place.scrollTop + place.clientHeight) place.scrollTop = top + size - place.clientHeight;
  };
  return { scroller, place, items: Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i), height: count * size, scrollTo };
}
