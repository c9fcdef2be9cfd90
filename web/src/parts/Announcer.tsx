// What a screen reader hears, and what the tab says: only when the level changes, never with each new percentage.

import { useEffect } from "preact/hooks";
import type { Card } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { faceOf, isKnown, likeliest } from "../face.ts";
import { count } from "../format.ts";
import type { Model } from "../model.ts";
import { t } from "../texts.ts";

export function Announcer({ card }: { card: Card | undefined }) {
  return (
    <div class="for-ears" role="status" aria-live="polite" aria-atomic="true">
      {card ? [level(card), card.allergyWarning, card.advice?.text].filter(Boolean).join(" ") : ""}
    </div>
  );
}

/** Changes only when the face or the person does. */
export function level(card: Card): string {
  return card.notice && !card.endCause ? `${card.notice} ${levelOf(card)}` : levelOf(card);
}

function levelOf(card: Card): string {
  const face = faceOf(card);
  const name = card.profile?.name ?? likeliest(card)?.name ?? "";
  if (card.endCause) return t.ended;
  if (isKnown(face)) {
    const complaint = card.openComplaint ? ` ${t.complaint}: ${card.openComplaint.wanted}.` : "";
    const allergy = card.profile?.allergies ? ` ${t.allergy}: ${card.profile.allergies}.` : "";
    return `${face === "confirmed" ? t.confirmed : t.recognised}: ${name}.${allergy}${complaint}`;
  }
  switch (face) {
    case "probably":
      return `${t.probably}: ${name}.`;
    case "ambiguous":
      return `${t.ambiguous}: ${card.candidates.slice(0, 2).map((each) => each.name).join(` ${t.or} `)}.`;
    case "notKnown":
      return t.notKnown;
    case "rejected":
      return t.rejected;
    case "noConsent":
    case "unavailable":
    case "mixed":
      return card.voiceReason;
    default:
      return card.candidates.length > 1 ? t.couldBeOneOf(count(card.candidates.length)) : `${t.line(card.line)}.`;
  }
}

/** The tab says how many calls there are, and who is in front. */
export function useTitle(model: Model, card: Card | undefined): void {
  const fresh = model.cards.filter((each) => !each.endCause && !model.seen.has(each.callId)).length;
  const front = card ? level(card).replace(/\.$/, "") : t.noCalls;
  useEffect(() => {
    document.title = `${fresh > 0 ? `(${fresh} ${t.newCall}) ` : ""}${front} · ${t.product}`;
  }, [fresh, front]);
}
