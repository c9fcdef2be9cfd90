// All that the page knows, as one value; store.ts changes it, parts/ show it.

import type { Card, DescribeDeskResponse, OrderLine } from "../dist/gen/regulars/v1/desk_pb.ts";
import { faceOf, isKnown } from "./face.ts";
import type { Slots } from "./slots.ts";
import { t } from "./texts.ts";

export interface Model {
  connection: "connecting" | "live" | "lost";
  lostAt: Date | undefined;
  cards: readonly Card[];
  slots: Slots;
  selected: string | undefined;
  /** Calls that were on the screen at some time; the others are marked as new. */
  seen: ReadonlySet<string>;
  desk: DescribeDeskResponse | undefined;
  held: Held | undefined;
  failure: Failure | undefined;
  /** Orders as the agent changed them, by call. */
  drafts: ReadonlyMap<string, readonly Line[]>;
  changing: boolean;
  consent: ConsentDraft | undefined;
  agent: string;
  muted: boolean;
  lines: string[];
}

export interface Line {
  item: string;
  quantity: number;
  modifiers: string[];
}

export type Kind = "order" | "someoneElse" | "enroll" | "withdraw" | "confirm" | "flag";

/** Something the agent did that can still be taken back. */
export interface Held {
  kind: Kind;
  callId: string;
  says: string;
  /** Revision of the card when it was sent; a newer card shows the outcome itself. Unset while it is held back. */
  sentAt: bigint | undefined;
}

/** Something that did not work, in words, and the way to try it again. */
export interface Failure {
  says: string;
  again: () => void;
}

export interface ConsentDraft {
  callId: string;
  scriptId: string;
  /** A candidate's customer id, or nobody in the books yet. */
  who: string | "new";
  name: string;
}

/** The selected call as the agent left it: what is held back already shows. */
export function selectedCard(model: Model): Card | undefined {
  const card = model.cards.find((each) => each.callId === model.selected);
  return card && asLeft(card, model.held);
}

function asLeft(card: Card, held: Held | undefined): Card {
  if (held?.callId !== card.callId || held.kind !== "someoneElse") return card;
  const { profile, openComplaint, likelyOrder, lastOrder, advice, ...rest } = card;
  const nothing = { lastContacts: [], pitchVeto: "", allergyWarning: "", replacements: [] };
  return { ...rest, ...nothing, rejected: true, confirmedCustomerId: "" };
}

/** What stands on the ticket: the agent's own version, else the usual, else what they had last time. */
export function orderOf(model: Model, card: Card): readonly Line[] {
  if (!isKnown(faceOf(card))) return [];
  const lines = card.likelyOrder?.lines ?? card.lastOrder?.lines ?? [];
  return model.drafts.get(card.callId) ?? lines.map(plain);
}

/** What keeps a "yes" from being taken down, as a sentence; empty when nothing does. */
export function whatIsMissing(model: Model, consent: ConsentDraft): string {
  if (consent.who === "new" && consent.name.trim() === "") return t.consentNeedsName;
  return model.agent.trim() === "" ? t.consentNeedsAgent : "";
}

export function isOrderTaken(model: Model, card: Card): boolean {
  return card.orderPlaced !== "" || (model.held?.kind === "order" && model.held.callId === card.callId);
}

function plain({ item, quantity, modifiers }: OrderLine): Line {
  return { item, quantity, modifiers };
}
