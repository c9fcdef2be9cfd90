// The calls on the watched lines, oldest first: a new one comes at the end and moves nothing.

import type { Card } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { faceOf, isKnown, likeliest, type Face } from "../face.ts";
import { number } from "../format.ts";
import type { Model } from "../model.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";
import { Timer } from "./Timer.tsx";

export function Rail({ model, store }: { model: Model; store: Store }) {
  return (
    <nav class="rail" aria-label={t.calls}>
      <ul>
        {model.cards.map((card) => (
          <li key={card.callId}>
            <Entry card={card} model={model} onSelect={() => store.select(card.callId)} />
          </li>
        ))}
      </ul>
      {model.cards.length === 0 && <p class="rail-empty">{t.noCalls}</p>}
    </nav>
  );
}

function Entry({ card, model, onSelect }: { card: Card; model: Model; onSelect: () => void }) {
  const face = faceOf(card);
  const isNew = !model.seen.has(card.callId) && !card.endCause;
  const current = model.selected === card.callId;
  return (
    <button
      type="button"
      class={`call call-${face} ${card.endCause ? "call-ended" : ""}`}
      aria-current={current ? "true" : undefined}
      onClick={onSelect}
    >
      <span class="call-name">{shortName(card, face)}</span>
      <span class="call-state">
        <i class={`mark mark-${mark(face)}`} aria-hidden="true" />
        {card.endCause ? t.ended : stateWord(face)}
        {isNew && <em class="call-new">{t.newCall}</em>}
      </span>
      <span class="call-line">{t.line(card.line)}</span>
      <Timer since={card.since} until={card.endCause ? card.changed : undefined} />
    </button>
  );
}

function shortName(card: Card, face: Face): string {
  if (card.profile) return card.profile.name;
  const name = likeliest(card)?.name;
  if (face === "probably" && name) return t.unsureName(name);
  return card.number ? number(card.number) : t.withheld;
}

export function stateWord(face: Face): string {
  return {
    confirmed: t.confirmed,
    recognised: t.recognised,
    probably: t.probably,
    ambiguous: t.ambiguous,
    notKnown: t.notKnownShort,
    rejected: t.rejected,
    listening: t.listening,
    byNumber: t.byNumber,
    noConsent: t.noConsent,
    unavailable: t.noConsent,
    mixed: t.noConsent,
  }[face];
}

/** How sure we are, as a shape: full, hatched, or a ring. Colour only follows. */
export function mark(face: Face): "full" | "hatched" | "ring" {
  if (isKnown(face)) return "full";
  return face === "probably" || face === "ambiguous" ? "hatched" : "ring";
}
