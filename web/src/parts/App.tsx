// The whole page: calls on the left, the person in the middle, the order on the right, undo at the foot.

import { useEffect } from "preact/hooks";
import { actionOf, type Action } from "../keys.ts";
import { selectedCard } from "../model.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";
import { Announcer, useTitle } from "./Announcer.tsx";
import { Consent } from "./Consent.tsx";
import { Empty } from "./Empty.tsx";
import { Foot } from "./Foot.tsx";
import { PersonButtons } from "./PersonButtons.tsx";
import { Person } from "./Person.tsx";
import { Rail } from "./Rail.tsx";
import { Ticket } from "./Ticket.tsx";
import { TopBar } from "./TopBar.tsx";
import { useModel } from "./useModel.ts";

export function App({ store }: { store: Store }) {
  const model = useModel(store);
  useKeys(store);
  const card = selectedCard(model);
  useTitle(model, card);
  return (
    <div class={`desk desk-${model.connection}`}>
      <TopBar model={model} store={store} />
      <Rail model={model} store={store} />
      {card ? (
        <>
          <main class="person-pane" key={card.callId} tabIndex={0} aria-label={t.caller}>
            <Person model={model} store={store} card={card} />
            {model.consent && <Consent model={model} store={store} card={card} consent={model.consent} />}
          </main>
          <PersonButtons model={model} store={store} card={card} />
          <Ticket model={model} store={store} card={card} key={`ticket ${card.callId}`} />
        </>
      ) : (
        <Empty model={model} />
      )}
      <Foot model={model} store={store} card={card} />
      <Announcer card={card} />
    </div>
  );
}

function useKeys(store: Store): void {
  useEffect(() => {
    const act: Record<Action, () => void> = {
      take: () => store.take(),
      someoneElse: () => store.someoneElse(),
      change: () => store.toggleChanging(),
      saidYes: () => store.saidYes(),
      askForKey: () => store.askForKey(),
      undo: () => store.undo(),
      flag: () => store.flag(),
      nextCall: () => store.step(1),
      previousCall: () => store.step(-1),
      pick1: () => store.pick(0),
      pick2: () => store.pick(1),
      pick3: () => store.pick(2),
      pick4: () => store.pick(3),
      pick5: () => store.pick(4),
    };
    const onKey = (event: KeyboardEvent) => {
      const action = actionOf(event);
      if (!action) return;
      event.preventDefault();
      act[action]();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [store]);
}

