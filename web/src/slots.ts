// Where a candidate stands on the screen. The service sorts by chance, and chances change while a finger is on its way:
// so a candidate keeps the place where it first appeared, and Alt+1 means the same person for the whole call.

import type { Candidate, Card } from "../dist/gen/regulars/v1/desk_pb.ts";
import { worthShowing } from "./face.ts";

export type Slots = ReadonlyMap<string, readonly string[]>;

/** The places after `cards` have come; calls that are gone are forgotten. */
export function arrange(slots: Slots, cards: readonly Card[]): Slots {
  return new Map(
    cards.map((card) => {
      const kept = slots.get(card.callId) ?? [];
      const fresh = worthShowing(card.candidates).filter((candidate) => !kept.includes(candidate.customerId));
      return [card.callId, [...kept, ...fresh.map((candidate) => candidate.customerId)]];
    }),
  );
}

/** The candidates worth showing, each in its place. */
export function inPlace(slots: Slots, card: Card): Candidate[] {
  const order = slots.get(card.callId) ?? [];
  const place = (candidate: Candidate) => order.indexOf(candidate.customerId);
  return worthShowing(card.candidates).sort((a, b) => place(a) - place(b));
}
