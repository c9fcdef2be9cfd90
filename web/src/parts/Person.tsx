// The middle: who is calling, how sure we are of it, and what to know before the second sentence.

import type { Card } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { faceOf, isKnown, likeliest, type Face } from "../face.ts";
import { count, firstName, language, number, year } from "../format.ts";
import { ariaKeys, label } from "../keys.ts";
import type { Model } from "../model.ts";
import { inPlace } from "../slots.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";
import { Candidates } from "./Candidates.tsx";
import { Certainty } from "./Certainty.tsx";
import { Contacts } from "./Contacts.tsx";
import { mark, stateWord } from "./Rail.tsx";
import { Timer } from "./Timer.tsx";

interface Props {
  model: Model;
  store: Store;
  card: Card;
}

export function Person({ model, store, card }: Props) {
  const face = faceOf(card);
  const candidates = inPlace(model.slots, card);
  const title = headline(card, face);
  return (
    <article class={`person person-${face} ${card.endCause ? "person-ended" : ""}`}>
      <p class="person-call">
        <span>{t.line(card.line)}</span>
        <span>{card.number ? number(card.number) : t.withheld}</span>
        {card.lineName && <span>{t.lineName(card.lineName)}</span>}
        <Timer since={card.since} until={card.endCause ? card.changed : undefined} />
        {card.endCause ? <strong class="end">{t.endCauses[card.endCause]}</strong> : null}
        <Flag card={card} store={store} off={model.connection !== "live"} />
      </p>
      <p class="person-state">
        <i class={`mark mark-${mark(face)}`} aria-hidden="true" />
        {headState(card, face)}
        {isKnown(face) && <span class="aside">{t.notAuthenticated}</span>}
      </p>
      {card.notice && <p class="person-notice">{card.notice}</p>}
      <h2 class={`name ${width(title)}`}>{title}</h2>
      <Certainty card={card} face={face} />
      <AdviceLine card={card} />
      {card.profile ? <Facts card={card} /> : <p class="lead">{lead(card, face)}</p>}
      <div class="person-body" hidden={model.consent !== undefined}>
        {isKnown(face) ? <Contacts card={card} /> : <Candidates card={card} candidates={candidates} store={store} />}
      </div>
    </article>
  );
}

/** Small and at the edge: most calls never need it. */
function Flag({ card, store, off }: { card: Card; store: Store; off: boolean }) {
  return (
    <button
      type="button"
      class="plain flag"
      title={`${t.flagLong} (${label("flag")})`}
      aria-keyshortcuts={ariaKeys("flag")}
      aria-disabled={off || card.flagged}
      onClick={() => !off && store.flag()}
    >
      {card.flagged ? t.flagged : t.flag}
    </button>
  );
}

function headState(card: Card, face: Face): string {
  const byNumber = face === "byNumber" || face === "listening";
  return byNumber && card.candidates.length > 0 ? t.couldBe : stateWord(face);
}

/** A name stays on one line as long as it can: what stands below it must not move from state to state. */
function width(title: string): string {
  if (title.length <= 15) return "";
  return title.length <= 21 ? "name-long" : "name-longest";
}

/** What is read from a metre away. */
function headline(card: Card, face: Face): string {
  if (card.profile) return card.profile.name;
  const [first, second] = card.candidates;
  switch (face) {
    case "confirmed":
      return card.candidates.find((each) => each.customerId === card.confirmedCustomerId)?.name ?? t.confirmed;
    case "probably":
      return first ? t.unsureName(first.name) : t.unknownCaller;
    case "ambiguous":
      return first && second ? `${firstName(first.name)} ${t.or} ${firstName(second.name)}?` : t.unknownCaller;
    case "notKnown":
      return t.notKnown;
    case "rejected":
      return t.rejected;
  }
  if (!first) return t.unknownCaller;
  return card.candidates.length === 1 ? t.unsureName(first.name) : t.oneOf(count(card.candidates.length));
}

/** The one sentence under it: what to do now. */
function lead(card: Card, face: Face): string {
  const name = likeliest(card)?.name ?? "";
  switch (face) {
    case "probably":
      return t.ask(name);
    case "ambiguous":
      return t.askWhich;
    case "notKnown":
      return t.notKnownLong;
    case "rejected":
      return card.candidates.length > 0 ? t.rejectedLong : t.askByName;
    case "noConsent":
    case "unavailable":
    case "mixed":
      return `${card.voiceReason} ${t.askByName}`;
  }
  if (card.candidates.length > 1) return t.atThisNumber;
  if (card.candidates.length === 1) return t.ask(name);
  return card.number ? t.nobodyAtNumber : t.nobodyWithheld;
}

/** The next kind thing, and why. Mostly there is none. */
function AdviceLine({ card }: { card: Card }) {
  // An open complaint stands on the card itself.
  const veto = card.openComplaint ? "" : card.pitchVeto;
  if (!card.advice && !veto) return null;
  return (
    <div class="advice">
      {card.advice && <p class="advice-text">{card.advice.text}</p>}
      {card.advice && <p class="advice-reason">{card.advice.reason}</p>}
      {veto && <p class="advice-reason">{t.offerNothing(veto)}</p>}
    </div>
  );
}

function Facts({ card }: { card: Card }) {
  const profile = card.profile;
  if (!profile) return null;
  const { language: tag, allergies, notes } = profile;
  return (
    <div class="facts">
      {allergies && (
        <p class="allergy">
          <span aria-hidden="true">!</span>
          <b>{t.allergy}</b> {allergies}
        </p>
      )}
      {card.allergyWarning && <p class="allergy-warning">{card.allergyWarning}</p>}
      {tag && <p class="fact fact-language">{t.speaks(language(tag))}</p>}
      {year(profile.customerSince) && <p class="fact">{t.since(year(profile.customerSince))}</p>}
      {card.paymentNote && <p class="payment">{card.paymentNote}</p>}
      {notes && <p class="notes">{notes}</p>}
    </div>
  );
}
