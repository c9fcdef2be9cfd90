// F4 and F9, always in the same place. A button that has nothing to do says so instead of going away.

import type { Card } from "../../gen/regulars/v1/desk_pb.ts";
import { ariaKeys } from "../keys.ts";
import type { Model } from "../model.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";
import { Key } from "./Key.tsx";

export function PersonButtons({ model, store, card }: { model: Model; store: Store; card: Card }) {
  const nobodyToReject = card.rejected || (card.candidates.length === 0 && !card.profile);
  const off = model.connection !== "live";
  return (
    <div class="person-buttons">
      <button
        type="button"
        aria-keyshortcuts={ariaKeys("someoneElse")}
        aria-disabled={nobodyToReject || off}
        onClick={() => store.someoneElse()}
      >
        <Key of="someoneElse" /> {t.someoneElse}
      </button>
      <button
        type="button"
        aria-keyshortcuts={ariaKeys("saidYes")}
        aria-expanded={model.consent !== undefined}
        aria-disabled={off}
        onClick={() => (model.consent ? store.closeConsent() : store.saidYes())}
      >
        <Key of="saidYes" /> {t.askConsent}
      </button>
    </div>
  );
}
