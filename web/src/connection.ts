// The way to the service: one stream that is always opened again, the commands, and what a supervisor asks.

import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { DeskService, type Card } from "../dist/gen/regulars/v1/desk_pb.ts";
import { SupervisorService } from "../dist/gen/regulars/v1/supervisor_pb.ts";

export type DeskClient = Client<typeof DeskService>;
export type SupervisorClient = Client<typeof SupervisorService>;

/** A page that is being closed may still finish what the agent has done: such requests outlive it. */
let leaving = false;

export function connect(): DeskClient {
  addEventListener("pagehide", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));
  const transport = createGrpcWebTransport({
    baseUrl: location.origin,
    fetch: (input, init) => fetch(input, leaving ? { ...init, keepalive: true } : init),
  });
  return createClient(DeskService, transport);
}

export function connectSupervisor(): SupervisorClient {
  return createClient(SupervisorService, createGrpcWebTransport({ baseUrl: location.origin }));
}

export interface Watcher {
  cards(cards: Card[]): void;
  lost(): void;
}

/** The service repeats itself every 15 s (REPEAT in grpc.rs): after two and a bit without a word the line is dead. */
const SILENCE_MS = 35_000;
const RETRY_MS = [300, 1_000, 2_000, 5_000];

/** Watches until the page goes away. */
export async function watch(client: DeskClient, lines: string[], agent: string, watcher: Watcher): Promise<never> {
  for (let attempt = 0; ; attempt++) {
    const abort = new AbortController();
    let silence: number | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(), SILENCE_MS);
    };
    try {
      heard();
      for await (const state of client.watchDesk({ lines, agent }, { signal: abort.signal })) {
        heard();
        attempt = 0;
        watcher.cards(state.cards);
      }
    } catch {
      // Whatever ended it, the answer is the same: say so, and open it again.
    }
    clearTimeout(silence);
    watcher.lost();
    await new Promise((done) => setTimeout(done, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
  }
}
