// How often the card was right: asked for again every few seconds, as long as somebody looks.

import type { DescribeAccuracyResponse } from "../dist/gen/regulars/v1/supervisor_pb.ts";
import type { SupervisorClient } from "./connection.ts";

export const PERIODS = [7, 30, 90, 365] as const;

/** The service works an answer out at most every 2.5 s (FRESH in supervisor.rs). */
const EVERY_MS = 5_000;
/** An answer takes well under a second; a service that is busy for longer is as good as gone. */
const TIMEOUT_MS = 20_000;

export interface AccuracyModel {
  days: number;
  /** The newest answer, and for how many days it was asked. */
  answer: DescribeAccuracyResponse | undefined;
  answerDays: number;
  lost: boolean;
}

export class Accuracy {
  #model: AccuracyModel;
  #listeners = new Set<() => void>();
  #timer: number | undefined;
  #question = 0;

  constructor(private readonly client: SupervisorClient) {
    const asked = Number(new URLSearchParams(location.search).get("days"));
    const days = PERIODS.find((period) => period === asked) ?? 90;
    this.#model = { days, answer: undefined, answerDays: days, lost: false };
  }

  get model(): AccuracyModel {
    return this.#model;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #set(change: Partial<AccuracyModel>): void {
    this.#model = { ...this.#model, ...change };
    this.#listeners.forEach((listener) => listener());
  }

  start(): void {
    document.addEventListener("visibilitychange", () => void this.#ask());
    void this.#ask();
  }

  choose(days: number): void {
    history.replaceState(undefined, "", `?days=${days}`);
    this.#set({ days });
    void this.#ask();
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    const question = ++this.#question;
    if (document.hidden) return;
    const { days } = this.#model;
    let change: Partial<AccuracyModel>;
    try {
      const answer = await this.client.describeAccuracy({ days }, { timeoutMs: TIMEOUT_MS });
      change = { answer, answerDays: days, lost: false };
    } catch {
      // Whatever it was, it is asked again.
      change = { lost: true };
    }
    // Another period was chosen meanwhile, or nobody looks any more.
    if (question !== this.#question) return;
    this.#set(change);
    this.#timer = setTimeout(() => void this.#ask(), EVERY_MS);
  }
}
