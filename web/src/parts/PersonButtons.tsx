// F4 and F9, always in the same place. A button that has nothing to do says so instead of going away.
//
// With the question of consent open, the same two places are "yes" and "no". "No" stands where the question was asked
// for, so that a nervous second tap never says yes. Behind them, the caller may be asked to answer by key.

import type { Card } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { ariaKeys, type Action } from "../keys.ts";
import { whatIsMissing, type Model } from "../model.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";
import { Key } from "./Key.tsx";

interface Props {
  model: Model;
  store: Store;
  card: Card;
}

export function PersonButtons({ model, store, card }: Props) {
  return <div class="person-buttons">{model.consent ? answers(model, store, card) : deeds(model, store, card)}</div>;
}

function deeds(model: Model, store: Store, card: Card) {
  const off = model.connection !== "live";
  const cannotAsk = Boolean(card.endCause) && !card.profile?.recognisable;
  const nobody = card.rejected || (card.candidates.length === 0 && !card.profile);
  return (
    <>
      <Deed key="deed-1" action="someoneElse" says={t.someoneElse} off={off || nobody} run={() => store.someoneElse()} />
      <Deed key="deed-2" action="saidYes" says={t.askConsent} off={off || cannotAsk} run={() => store.saidYes()} />
    </>
  );
}

function answers(model: Model, store: Store, card: Card) {
  const agreed = card.profile?.recognisable === true;
  const missing = model.consent ? whatIsMissing(model, model.consent) !== "" : true;
  const off = agreed || missing || model.connection !== "live";
  return (
    <>
      <Deed key="answer-1" action="saidYes" says={t.saidYes} off={off} run={() => store.saidYes()} main />
      <Deed key="answer-2" action="undo" says={agreed ? t.dismiss : t.consentNo} run={() => store.closeConsent()} />
      {!agreed && <Deed key="answer-3" action="askForKey" says={t.consentKey} off={off || card.awaitingKey} run={() => store.askForKey()} />}
    </>
  );
}

interface DeedProps {
  action: Action;
  says: string;
  run: () => void;
  off?: boolean;
  main?: boolean;
}

function Deed({ action, says, run, off = false, main = false }: DeedProps) {
  return (
    <button
      type="button"
      class={main ? "main" : ""}
      aria-keyshortcuts={ariaKeys(action)}
      aria-disabled={off}
      onClick={() => !off && run()}
    >
      <Key of={action} /> {says}
    </button>
  );
}
