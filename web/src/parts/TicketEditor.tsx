// The order being changed: quantities, lines off, lines from the menu.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Line, Model } from "../model.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";
import { price } from "../format.ts";

/** The service takes no more of one item. */
const MAX_QUANTITY = 99;

export function TicketEditor({ model, store, lines }: { model: Model; store: Store; lines: readonly Line[] }) {
  const first = useRef<HTMLUListElement>(null);
  // The agent asked to change the order: only then does the focus move.
  useEffect(() => first.current?.querySelector("button")?.focus(), []);
  const change = (index: number, quantity: number) =>
    store.draft(lines.map((line, at) => (at === index ? { ...line, quantity } : line)).filter((line) => line.quantity > 0));
  return (
    <>
      <ul class="ticket-lines ticket-editing" ref={first}>
        {lines.map((line, index) => (
          <li key={line.item}>
            <span class="item">
              {line.item}
              {line.modifiers.length > 0 && <small>{line.modifiers.join(", ")}</small>}
            </span>
            <button
              type="button"
              class="step"
              aria-label={line.quantity === 1 ? t.remove(line.item) : t.less(line.item)}
              onClick={() => change(index, line.quantity - 1)}
            >
              {line.quantity === 1 ? "×" : "−"}
            </button>
            <b class="quantity" aria-live="polite">
              {line.quantity}
            </b>
            <button
              type="button"
              class="step"
              aria-label={t.more(line.item)}
              onClick={() => change(index, Math.min(MAX_QUANTITY, line.quantity + 1))}
            >
              +
            </button>
          </li>
        ))}
        {lines.length === 0 && <li class="ticket-empty">{t.emptyOrder}</li>}
      </ul>
      <Add desk={model.desk} onAdd={(item) => store.draft(withOneMore(lines, item))} />
      <button type="button" class="plain" onClick={() => store.draft(undefined)}>
        {t.keepUsual}
      </button>
    </>
  );
}

function Add({ desk, onAdd }: { desk: Model["desk"]; onAdd: (item: string) => void }) {
  const [text, setText] = useState("");
  const menu = desk?.menu ?? [];
  const found = menu.find((item) => item.toLowerCase() === text.trim().toLowerCase());
  const submit = (event: Event) => {
    event.preventDefault();
    if (!found) return;
    onAdd(found);
    setText("");
  };
  return (
    <form class="add" onSubmit={submit}>
      <label for="add-item">{t.addItem}</label>
      <div class="add-row">
        <input
          id="add-item"
          list="menu"
          value={text}
          autocomplete="off"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <datalist id="menu">
          {menu.map((item) => (
            <option key={item} value={item} />
          ))}
        </datalist>
        <button type="submit" aria-disabled={!found}>
          {t.add}
        </button>
      </div>
      <p class="product">{productSentence(desk, found)}</p>
    </form>
  );
}

/** What one of us would say of the item. */
function productSentence(desk: Model["desk"], item: string | undefined): string {
  const product = desk?.products.find((each) => each.name === item);
  if (!desk || !product) return "";
  return [
    product.priceMinor !== undefined && desk.currency && `${price(product.priceMinor, desk.currency)}.`,
    product.description,
    product.allergens.length > 0 && t.contains(product.allergens.join(", ")),
    product.goesWith.length > 0 && t.goesWith(product.goesWith.join(", ")),
  ]
    .filter(Boolean)
    .join(" ");
}

function withOneMore(lines: readonly Line[], item: string): Line[] {
  const same = lines.findIndex((line) => line.item === item);
  if (same < 0) return [...lines, { item, quantity: 1, modifiers: [] }];
  return lines.map((line, at) => (at === same ? { ...line, quantity: Math.min(MAX_QUANTITY, line.quantity + 1) } : line));
}
