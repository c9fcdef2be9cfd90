// The last row: what can be undone, or what went wrong. It is always there, so that nothing jumps when it fills.

import type { Card } from "../../dist/gen/regulars/v1/desk_pb.ts";
import type { Model } from "../model.ts";
import { UNDO_MS, type Store } from "../store.ts";
import { t } from "../texts.ts";
import { ariaKeys } from "../keys.ts";
import { Key } from "./Key.tsx";

export function Foot({ model, store, card }: { model: Model; store: Store; card: Card | undefined }) {
  const { held, failure } = model;
  return (
    <footer class="foot">
      {failure ? (
        <div class="failure" role="alert">
          <span>{failure.says}</span>
          <button type="button" onClick={failure.again}>
            {t.again}
          </button>
          <button type="button" class="plain" onClick={() => store.dismiss()}>
            {t.dismiss}
          </button>
        </div>
      ) : held && held.sentAt === undefined ? (
        <div class="undo" role="status" key={`${held.callId} ${held.kind} ${held.says}`}>
          <span class="undo-says">
            {held.says}
            {held.kind !== "confirm" && <span class="undo-when">{t.sentSoon}</span>}
          </span>
          <button type="button" aria-keyshortcuts={ariaKeys("undo")} onClick={() => store.undo()}>
            {t.undo} <Key of="undo" />
          </button>
          <i class="undo-time" style={{ animationDuration: `${UNDO_MS}ms` }} aria-hidden="true" />
        </div>
      ) : (
        card && model.desk?.notice && <p class="notice">{model.desk.notice}</p>
      )}
    </footer>
  );
}
