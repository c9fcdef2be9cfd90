// What happens: cards that come, and what the agent does.
//
// Undo instead of "are you sure?": whatever cannot be taken back at the service (an order, a consent, a withdrawal,
// "someone else") is held here for five seconds and then sent; Esc drops it. A confirmation is sent at once, because
// the agent needs the card now; undoing it sends what was true before. The next deed, or closing the page, sends what
// is held without waiting.

import { timestampDate } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { EnrolmentState, type Card } from "../dist/gen/regulars/v1/desk_pb.ts";
import { watch, type DeskClient } from "./connection.ts";
import { faceOf, isKnown } from "./face.ts";
import { inPlace, arrange } from "./slots.ts";
import { firstName } from "./format.ts";
import { isOrderTaken, orderOf, selectedCard, whatIsMissing, type ConsentDraft, type Held, type Kind, type Line, type Model } from "./model.ts";
import { t } from "./texts.ts";
import { ring } from "./tone.ts";

export const UNDO_MS = 5_000;
/** How long a sent deed still shows when no newer card comes. */
const SETTLE_MS = 3_000;

interface Deed {
  kind: Kind;
  callId: string;
  says: string;
  failed: string;
  /** At the end of the undo time; for a deed that was sent at once, nothing. */
  send?: () => Promise<unknown>;
  /** Takes back what was sent at once. */
  revert?: () => Promise<unknown>;
}

export class Store {
  #model: Model;
  #listeners = new Set<() => void>();
  #deed: Deed | undefined;
  #timer: number | undefined;

  constructor(private readonly client: DeskClient) {
    const query = new URLSearchParams(location.search);
    this.#model = {
      connection: "connecting",
      lostAt: undefined,
      cards: [],
      slots: new Map(),
      selected: undefined,
      seen: new Set(),
      desk: undefined,
      held: undefined,
      failure: undefined,
      drafts: new Map(),
      changing: false,
      consent: undefined,
      agent: query.get("agent") ?? localStorage.getItem("agent") ?? "",
      muted: localStorage.getItem("muted") === "yes",
      lines: query.getAll("line"),
    };
    addEventListener("pagehide", () => this.#sendHeld());
  }

  get model(): Model {
    return this.#model;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #set(change: Partial<Model>): void {
    this.#model = { ...this.#model, ...change };
    this.#listeners.forEach((listener) => listener());
  }

  /** Opens the stream and keeps it open. */
  start(): void {
    void watch(this.client, this.#model.lines, this.#signedBy(), {
      cards: (cards) => this.#arrived(cards),
      lost: () => this.#lost(),
    });
  }

  #arrived(cards: Card[]): void {
    const before = this.#model;
    if (before.connection !== "live") void this.#describe();
    const isNew = cards.some((card) => !card.endCause && !before.cards.some((old) => old.callId === card.callId));
    const gone = (callId: string | undefined) => !cards.some((card) => card.callId === callId);
    // The card in front never changes by itself, unless it is gone, there was none, or its call is long over.
    const inFront = cards.find((card) => card.callId === before.selected);
    const next = firstLive(cards)?.callId;
    const selected = !inFront || (isOver(inFront) && !this.#isBusy()) ? next : inFront.callId;
    const here = (callId: string) => !gone(callId);
    this.#set({
      connection: "live",
      lostAt: undefined,
      cards,
      slots: arrange(before.slots, cards),
      selected,
      seen: new Set([...before.seen, ...(selected ? [selected] : [])].filter(here)),
      drafts: new Map([...before.drafts].filter(([callId]) => here(callId))),
      changing: before.changing && selected === before.selected,
      consent: before.consent && here(before.consent.callId) && !answered(before, cards) ? before.consent : undefined,
    });
    // A first look at a busy desk is no news.
    if (isNew && before.connection === "live" && !before.muted) ring();
    const held = this.#model.held;
    if (!held) return;
    if (gone(held.callId)) this.#sendHeld();
    const card = cards.find((each) => each.callId === held.callId);
    if (held.sentAt !== undefined && card && card.revision > held.sentAt) this.#clearHeld(held);
  }

  /** The agent is in the middle of something. */
  #isBusy(): boolean {
    const { consent, changing, held, failure } = this.#model;
    return Boolean(consent || changing || held || failure);
  }

  #lost(): void {
    if (this.#model.connection !== "lost") this.#set({ connection: "lost", lostAt: new Date() });
  }

  async #describe(): Promise<void> {
    try {
      this.#set({ desk: await this.client.describeDesk({}) });
    } catch {
      // The stream will be lost too, and this is asked again when it is back.
    }
  }

  select(callId: string): void {
    if (callId === this.#model.selected) return;
    this.#set({ selected: callId, seen: new Set([...this.#model.seen, callId]), changing: false, consent: undefined });
  }

  /** The next or the previous call of the list. */
  step(by: 1 | -1): void {
    const { cards, selected } = this.#model;
    const next = cards[cards.findIndex((card) => card.callId === selected) + by];
    if (next) this.select(next.callId);
  }

  name(agent: string): void {
    localStorage.setItem("agent", agent);
    this.#set({ agent });
  }

  mute(muted: boolean): void {
    localStorage.setItem("muted", muted ? "yes" : "no");
    this.#set({ muted });
  }

  /** The card in front, when there is a service to work it with. */
  #workable(): Card | undefined {
    return this.#model.connection === "live" ? selectedCard(this.#model) : undefined;
  }

  // Who it is.

  pick(index: number): void {
    const card = this.#workable();
    const candidate = card && !isKnown(faceOf(card)) ? inPlace(this.#model.slots, card)[index] : undefined;
    if (!card || !candidate) return;
    const { callId } = card;
    const agent = this.#signedBy();
    this.#sendHeld();
    const confirm = () => this.client.confirmIdentity({ callId, customerId: candidate.customerId, agent });
    const deed: Deed = {
      kind: "confirm",
      callId,
      says: t.didConfirm(candidate.name),
      failed: t.failed.identity,
      revert: () => this.client.rejectIdentity({ callId, agent }),
    };
    this.#try(deed, confirm);
    this.#hold(deed);
  }

  someoneElse(): void {
    const card = this.#workable();
    if (!card || card.rejected || (card.candidates.length === 0 && !card.profile)) return;
    const { callId } = card;
    const agent = this.#signedBy();
    this.#hold({
      kind: "someoneElse",
      callId,
      says: t.didReject,
      failed: t.failed.identity,
      send: () => this.client.rejectIdentity({ callId, agent }),
    });
  }

  /** It seems to be played back, or a fraud. */
  flag(): void {
    const card = this.#workable();
    if (!card || card.flagged) return;
    const { callId } = card;
    const agent = this.#signedBy();
    this.#hold({
      kind: "flag",
      callId,
      says: t.didFlag,
      failed: t.failed.flag,
      send: () => this.client.flagCall({ callId, agent }),
    });
  }

  // The order.

  take(): void {
    const card = this.#workable();
    if (!card?.profile || isOrderTaken(this.#model, card)) return;
    const lines = orderOf(this.#model, card);
    if (lines.length === 0) return;
    const request = {
      callId: card.callId,
      customerId: card.profile.customerId,
      lines: lines.map((line) => ({ ...line })),
      // Made once: however often it is tried, it is one order.
      idempotencyKey: crypto.randomUUID(),
      agent: this.#signedBy(),
    };
    this.#set({ changing: false });
    this.#hold({
      kind: "order",
      callId: card.callId,
      says: t.didTake,
      failed: t.failed.order,
      send: () => this.client.placeOrder(request),
    });
  }

  toggleChanging(): void {
    const card = this.#workable();
    if (!card?.profile || isOrderTaken(this.#model, card)) return;
    this.#set({ changing: !this.#model.changing, consent: undefined });
  }

  draft(lines: readonly Line[] | undefined): void {
    const { selected, drafts } = this.#model;
    if (!selected) return;
    const changed = new Map(drafts);
    if (lines) changed.set(selected, lines);
    else changed.delete(selected);
    this.#set({ drafts: changed });
  }

  // Consent.

  /** Opens the question; with the question open, the caller said yes to it. */
  saidYes(): void {
    if (this.#model.consent) this.#agreed(this.#model.consent);
    else this.#ask();
  }

  #ask(): void {
    const card = this.#workable();
    // Once the line is dead nothing more can be learnt of the voice; an old consent can still be taken back.
    if (!card || (card.endCause && !card.profile?.recognisable)) return;
    const who = card.profile?.customerId ?? (card.rejected ? "new" : (inPlace(this.#model.slots, card)[0]?.customerId ?? "new"));
    const scriptId = card.consentScript?.scriptId ?? "";
    this.#set({ consent: { callId: card.callId, scriptId, who, name: "" }, changing: false });
  }

  askAs(change: Partial<ConsentDraft>): void {
    if (this.#model.consent) this.#set({ consent: { ...this.#model.consent, ...change } });
  }

  /** The panel goes, and with it the question: a key pressed later is no yes. */
  closeConsent(): void {
    const card = this.#model.cards.find((each) => each.callId === this.#model.consent?.callId);
    this.#set({ consent: undefined });
    if (!card?.awaitingKey) return;
    const drop = () => this.client.dropQuestion({ callId: card.callId, agent: this.#signedBy() });
    this.#try({ kind: "enroll", callId: card.callId, says: "", failed: t.failed.question }, drop);
  }

  /** The caller may press 1 from now on; the card shows what comes of it. */
  askForKey(): void {
    const draft = this.#model.consent;
    const question = draft && this.#question(draft);
    if (!draft || !question) return;
    const { callId, who, name } = draft;
    const ask = async () => {
      const consent = question.consent;
      if (who === "new") {
        await this.client.askForKey({ callId, whom: { case: "newName", value: name.trim() }, consent });
      } else {
        await this.client.askForKey({ callId, whom: { case: "customerId", value: who }, consent });
      }
    };
    this.#try({ kind: "enroll", callId, says: "", failed: t.failed.question }, ask);
  }

  /** What is being asked, when nothing is missing. */
  #question(draft: ConsentDraft) {
    const card = this.#workable();
    const script = this.#model.desk?.consentScripts.find((each) => each.scriptId === draft.scriptId) ?? card?.consentScript;
    const operator = this.#model.agent.trim();
    if (!card || !script || card.profile?.recognisable || whatIsMissing(this.#model, draft)) return undefined;
    return { card, operator, consent: { scriptId: script.scriptId, language: script.language, operator } };
  }

  #agreed(draft: ConsentDraft): void {
    const { callId, who, name } = draft;
    const question = this.#question(draft);
    if (!question) return;
    const { card, operator, consent } = question;
    const known = card.candidates.find((candidate) => candidate.customerId === who)?.name ?? card.profile?.name ?? "";
    const send = async () => {
      if (who === "new") {
        await this.client.enroll({ callId, whom: { case: "newName", value: name.trim() }, consent });
        return;
      }
      if (card.confirmedCustomerId !== who) {
        await this.client.confirmIdentity({ callId, customerId: who, agent: operator });
      }
      await this.client.enroll({ callId, whom: { case: "customerId", value: who }, consent });
    };
    this.#set({ consent: undefined });
    const says = t.didEnroll(firstName(who === "new" ? name.trim() : known));
    this.#hold({ kind: "enroll", callId, says, failed: t.failed.enroll, send });
  }

  withdraw(): void {
    const card = this.#workable();
    if (!card?.profile) return;
    const request = { callId: card.callId, customerId: card.profile.customerId, agent: this.#signedBy() };
    this.#set({ consent: undefined });
    this.#hold({
      kind: "withdraw",
      callId: card.callId,
      says: t.didWithdraw(firstName(card.profile.name)),
      failed: t.failed.withdraw,
      send: () => this.client.withdrawConsent(request),
    });
  }

  // Undo.

  /** One step back, the nearest first. */
  undo(): void {
    const { held, failure, consent, changing } = this.#model;
    if (held && held.sentAt === undefined) this.#takeBack();
    else if (consent) this.closeConsent();
    else if (changing) this.#set({ changing: false });
    else if (failure) this.dismiss();
  }

  dismiss(): void {
    this.#set({ failure: undefined });
  }

  #takeBack(): void {
    const deed = this.#deed;
    this.#drop();
    if (deed?.revert) this.#try(deed, deed.revert);
  }

  #hold(deed: Deed): void {
    this.#sendHeld();
    this.#deed = deed;
    const held: Held = { kind: deed.kind, callId: deed.callId, says: deed.says, sentAt: undefined };
    this.#set({ held, failure: undefined });
    this.#timer = setTimeout(() => this.#sendHeld(), UNDO_MS);
  }

  #sendHeld(): void {
    const deed = this.#deed;
    const held = this.#model.held;
    clearTimeout(this.#timer);
    this.#deed = undefined;
    if (!deed || !held) return;
    if (!deed.send) {
      this.#clearHeld(held);
      return;
    }
    const card = this.#model.cards.find((each) => each.callId === deed.callId);
    const sent: Held = { ...held, sentAt: card?.revision ?? 0n };
    this.#set({ held: sent });
    setTimeout(() => this.#clearHeld(sent), SETTLE_MS);
    this.#try(deed, deed.send);
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#deed = undefined;
    this.#set({ held: undefined });
  }

  #clearHeld(held: Held): void {
    if (this.#model.held === held) this.#set({ held: undefined });
  }

  #try(deed: Deed, attempt: () => Promise<unknown>): void {
    attempt().catch((error: unknown) => {
      const why = asSentence(ConnectError.from(error).rawMessage);
      if (this.#model.held?.kind === deed.kind && this.#model.held.callId === deed.callId) this.#drop();
      this.#set({ failure: { says: `${deed.failed}. ${why}`, again: () => this.#again(deed, attempt) } });
    });
  }

  #again(deed: Deed, attempt: () => Promise<unknown>): void {
    this.dismiss();
    this.#try(deed, attempt);
  }

  /** Commands need some name; a consent asks for a real one. */
  #signedBy(): string {
    return this.#model.agent.trim() || "desk";
  }
}

/** The caller's yes came by another way than this screen, such as a key: the question on it is over. */
function answered({ consent, cards: before }: Model, cards: readonly Card[]): boolean {
  const learning = (all: readonly Card[]) => {
    const state = all.find((card) => card.callId === consent?.callId)?.enrolment?.state;
    return state === EnrolmentState.GATHERING || state === EnrolmentState.STORED;
  };
  return learning(cards) && !learning(before);
}

/** Ended, and long enough ago that no finger is still on its way to it. */
function isOver(card: Card): boolean {
  const OVER_MS = 6_000;
  return Boolean(card.endCause && card.changed && Date.now() - timestampDate(card.changed).getTime() > OVER_MS);
}

function asSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, ".");
}

function firstLive(cards: readonly Card[]): Card | undefined {
  return cards.find((card) => !card.endCause) ?? cards.at(-1);
}
