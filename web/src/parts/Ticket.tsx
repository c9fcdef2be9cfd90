// The order, as a kitchen reads it, with the one main button at its foot: in every state in the same place.

import type { Card } from "../../gen/regulars/v1/desk_pb.ts";
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
        {!model.changing && <p class="ticket-reason">{reason(model, card, known)}</p>}
        {taken && <Stamp order={card.orderPlaced} />}
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

function title(model: Model, card: Card, known: boolean): string {
  if (!known) return t.order;
  if (model.drafts.has(card.callId)) return t.changed;
  if (card.likelyOrder) return card.likelyOrder.sure ? t.theUsual : t.maybe;
  return card.lastOrder ? t.lastTime : t.order;
}

function reason(model: Model, card: Card, known: boolean): string {
  if (!known || model.drafts.has(card.callId)) return "";
  if (card.likelyOrder) return card.likelyOrder.reason;
  return card.lastOrder ? when(card.lastOrder.at, new Date()) : "";
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
