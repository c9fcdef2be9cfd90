// The order, as a kitchen reads it, with the one main button at its foot: in every state in the same place.

import type { Card } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { faceOf, isKnown } from "../face.ts";
import { ariaKeys } from "../keys.ts";
import { isOrderTaken, orderOf, type Line, type Model } from "../model.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";
import { when } from "../format.ts";
import { Key } from "./Key.tsx";
import { TicketEditor } from "./TicketEditor.tsx";

export function Ticket({ model, store, card }: { model: Model; store: Store; card: Card }) {
  const lines = orderOf(model, card);
  const taken = isOrderTaken(model, card);
  const known = isKnown(faceOf(card)) && card.profile !== undefined;
  const off = model.connection !== "live" || !known || taken;
  return (
    <aside class={`ticket ${taken ? "ticket-taken" : ""} ${known ? "" : "ticket-blank"}`} aria-labelledby="ticket-title">
      <div class="ticket-paper">
        <h2 id="ticket-title">{title(model, card, known)}</h2>
        {model.changing ? (
          <TicketEditor model={model} store={store} lines={lines} />
        ) : (
          <Lines lines={lines} empty={emptyText(card, known)} />
        )}
        {taken && <Stamp order={card.orderPlaced} />}
        {known && !taken && !model.changing && !model.drafts.has(card.callId) && <Reason card={card} lines={lines} />}
      </div>
      <div class="ticket-buttons">
        <button
          type="button"
          class="main"
          aria-keyshortcuts={ariaKeys("take")}
          aria-disabled={off || lines.length === 0}
          onClick={() => store.take()}
        >
          <Key of="take" /> {t.takeOrder}
        </button>
        <button
          type="button"
          aria-keyshortcuts={ariaKeys("change")}
          aria-pressed={model.changing}
          aria-disabled={off}
          onClick={() => store.toggleChanging()}
        >
          <Key of="change" /> {model.changing ? t.doneChanging : t.changeOrder}
        </button>
      </div>
    </aside>
  );
}

/** Why this order, and what it was the last time. */
function Reason({ card, lines }: { card: Card; lines: readonly Line[] }) {
  const last = card.lastOrder;
  const likely = card.likelyOrder;
  const replaced = card.replacements.map((each) => <p key={each.item}>{each.reason}</p>);
  if (!likely) {
    if (!last && replaced.length === 0) return null;
    return (
      <div class="ticket-reason">
        {last && <p>{when(last.at, new Date())}</p>}
        {replaced}
      </div>
    );
  }
  const was = (of: readonly Line[]) => of.map((line) => `${line.quantity} ${line.item}`).join(", ");
  return (
    <div class="ticket-reason">
      <p>{likely.reason}</p>
      {replaced}
      {last && (
        <p>
          {was(last.lines) === was(lines)
            ? t.sameLastTime(when(last.at, new Date()))
            : t.lastTimeWas(when(last.at, new Date()), was(last.lines))}
        </p>
      )}
    </div>
  );
}

function title(model: Model, card: Card, known: boolean): string {
  if (!known) return t.order;
  if (model.drafts.has(card.callId)) return t.changed;
  if (card.likelyOrder) return card.likelyOrder.sure ? t.theUsual : t.maybe;
  return card.lastOrder ? t.lastTime : t.order;
}

function emptyText(card: Card, known: boolean): string {
  if (known) return t.noOrderKnown;
  const face = faceOf(card);
  return face === "notKnown" || face === "rejected" ? t.noOrderStranger : t.noOrderYet;
}

function Lines({ lines, empty }: { lines: readonly Line[]; empty: string }) {
  if (lines.length === 0) return <p class="ticket-empty">{empty}</p>;
  return (
    <ul class="ticket-lines">
      {lines.map((line) => (
        <li key={line.item}>
          <b class="quantity">{line.quantity}</b>
          <span class="item">
            {line.item}
            {line.modifiers.length > 0 && <small>{line.modifiers.join(", ")}</small>}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Stamp({ order }: { order: string }) {
  return (
    <p class="stamp" role="status">
      {order ? t.orderSent : t.orderHeld}
      {order && <small>{t.orderNumber(order)}</small>}
    </p>
  );
}
