// The page's end of the worker: messages out, what is told in, questions as promises.

import type { Answers, Ask, Question, Told } from "../../worker/messages";

export class WorkerLink {
  private readonly worker = new Worker(new URL("../../worker/worker.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, (answer: never) => void>();
  private asked = 0;

  constructor(heard: (told: Exclude<Told, { kind: "answer" }>) => void) {
    this.worker.onmessage = (event: MessageEvent<Told>) => {
      const told = event.data;
      if (told.kind !== "answer") return heard(told);
      this.waiting.get(told.id)?.(told.answer as never);
      this.waiting.delete(told.id);
    };
    this.worker.onerror = () => {
      heard({ kind: "failed", message: "The map's worker could not start.", remedy: "Load the page again; is the server still running?" });
    };
  }

  send(ask: Ask, transfer: Transferable[] = []): void {
    this.worker.postMessage(ask, transfer);
  }

  ask<Q extends Question>(question: Q): Promise<Answers[Q["of"]]> {
    this.asked += 1;
    const id = this.asked;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.send({ kind: "question", id, question });
    });
  }

  stop(): void {
    this.worker.terminate();
  }
}
