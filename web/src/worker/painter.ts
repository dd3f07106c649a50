// When and how much is drawn: everything when the map is still, a fair sample that keeps the pace while it moves.

import { mostInSight } from "../map/nearest";
import { drawPicture, quietFirst, takeSlots, type Layered, type Paint } from "../map/picture";
import type { Pixels } from "../map/raster";
import { whole, type Frame, type Viewport } from "../map/viewport";
import type { Drawn, Size } from "./messages";
import type { Points } from "./points";

const PACE_MILLISECONDS = 12;
const STILL_MILLISECONDS = 140;
const LEAST_POINTS = 40_000;
const NEAR_ZOOM = 3;

export class Painter {
  private points: Points | null = null;
  private view: Viewport = whole();
  private paint: Paint | null = null;
  private slots = new Uint8Array(0);
  private ordered = new Uint32Array(0);
  private taken: { paint: Paint; n: number; turn: number; layers: Layered } | null = null;
  private image: ImageData | null = null;
  private moving = false;
  private waiting = false;
  private still: ReturnType<typeof setTimeout> | undefined;
  private pointsPerMillisecond = 20_000;
  complete = false;

  private readonly context: OffscreenCanvasRenderingContext2D;

  // The first picture takes the browser a tenth of a second: an empty one is drawn while the points are on their way.
  constructor(
    private readonly canvas: OffscreenCanvas,
    private size: Size,
    private readonly told: (drawn: Omit<Drawn, "turn">) => void,
  ) {
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) throw new Error("This browser draws no canvas in a worker.");
    this.context = context;
    context.putImageData(this.surface().image, 0, 0);
  }

  show(points: Points): void {
    this.points = points;
    this.taken = null;
    this.later();
  }

  resize(size: Size): void {
    this.size = size;
    this.later();
  }

  ink(paint: Paint): void {
    this.paint = paint;
    this.later();
  }

  look(view: Viewport, moving: boolean): void {
    this.view = view;
    clearTimeout(this.still);
    this.moving = moving;
    if (moving) this.still = setTimeout(() => this.settle(), STILL_MILLISECONDS);
    this.later();
  }

  get frame(): Frame {
    return { ...this.size, aspect: this.points?.facts.aspect ?? 1 };
  }

  get looksAt(): Viewport {
    return this.view;
  }

  // Whether a point lies over those in the quiet color.
  readonly isLoud = (point: number): boolean => this.taken?.layers.isLoud(point) === true;

  later(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  private settle(): void {
    this.moving = false;
    this.later();
  }

  draw(): void {
    const { points, paint } = this;
    if (points === null || paint === null || this.size.width < 2) return;
    const layers = this.take(points, paint);
    const began = performance.now();
    const drawn = this.drawNow(layers, paint);
    const milliseconds = performance.now() - began;
    // A frame of the whole says how fast points are drawn; small ones are mostly overhead.
    if (drawn > LEAST_POINTS) this.pointsPerMillisecond += 0.3 * (drawn / milliseconds - this.pointsPerMillisecond);
    const all = !this.moving && this.complete;
    this.told({ view: this.view, points: drawn, moving: this.moving, whole: all, milliseconds });
  }

  private drawNow(points: Layered, paint: Paint): number {
    const { image, pixels } = this.surface();
    const most = this.moving ? Math.max(LEAST_POINTS, PACE_MILLISECONDS * this.pointsPerMillisecond) : Infinity;
    const drawn = drawPicture(pixels, points, this.slots, paint, { view: this.view, frame: this.frame, ...this.inSight() }, most);
    this.context.putImageData(image, 0, 0);
    return drawn;
  }

  // Counted by the cells of the map, once all points have come: near at hand, few are seen.
  private inSight(): { inSight?: number } {
    const { points, view, frame } = this;
    return points === null || !this.complete || view.zoom < NEAR_ZOOM ? {} : { inSight: mostInSight(points.grid, view, frame) };
  }

  // While it moves, a pixel is a CSS pixel: on dense screens that is a quarter of the work.
  private surface(): { image: ImageData; pixels: Pixels } {
    const ratio = this.moving ? 1 : this.size.ratio;
    const [width, height] = [this.size.width, this.size.height].map((side) => Math.max(1, Math.round(side * ratio))) as [number, number];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    if (this.image === null || this.image.width !== width || this.image.height !== height) this.image = new ImageData(width, height);
    return { image: this.image, pixels: { data: new Uint32Array(this.image.data.buffer), width, height } };
  }

  // Colors and layers are made anew where the paint, the points or the choice among them are others: not for every frame.
  private take(points: Points, paint: Paint): Layered {
    const { n, turn } = points;
    const { taken } = this;
    const colored = taken !== null && taken.paint === paint && taken.n === n;
    if (colored && taken.turn === turn) return taken.layers;
    const most = points.x.length;
    if (this.slots.length !== most) [this.slots, this.ordered] = [new Uint8Array(most), new Uint32Array(most)];
    if (!colored) takeSlots(this.slots, paint.facet === null ? undefined : points.codesOf(paint.facet), paint, n);
    const layers = quietFirst(points, this.slots, paint, this.ordered);
    this.taken = { paint, n, turn, layers };
    return layers;
  }
}
