// A long list of which only what is in sight is on the page.

import { Virtualizer, elementScroll, observeElementOffset, observeElementRect, type VirtualItem } from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";

type Tall = Virtualizer<HTMLElement, HTMLElement>;

export interface Virtual {
  scroller: RefObject<HTMLDivElement | null>;
  items: VirtualItem[];
  height: number;
  scrollTo: (index: number) => void;
}

export function useVirtual(count: number, size: number): Virtual {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const scroller = useRef<HTMLDivElement | null>(null);
  const made = useRef<Tall | null>(null);
  const options = {
    count,
    estimateSize: () => size,
    getScrollElement: () => scroller.current,
    overscan: 4,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => again(undefined),
  };
  made.current ??= new Virtualizer<HTMLElement, HTMLElement>(options);
  const virtual = made.current;
  virtual.setOptions(options);
  useEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  useLayoutEffect(() => virtual.measure(), [size, count]);
  return {
    scroller,
    items: virtual.getVirtualItems(),
    height: virtual.getTotalSize(),
    scrollTo: (index) => virtual.scrollToIndex(index, { align: "auto" }),
  };
}
