// The question of consent: words in the caller's language, who is asked, who asks. Nothing is sent before "yes".

import { useEffect, useRef } from "preact/hooks";
import type { Card, ConsentScript } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { firstName, language } from "../format.ts";
import { whatIsMissing, type ConsentDraft, type Model } from "../model.ts";
import { inPlace } from "../slots.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";

interface Props {
  model: Model;
  store: Store;
  card: Card;
  consent: ConsentDraft;
}

export function Consent({ model, store, card, consent }: Props) {
  const panel = useRef<HTMLElement>(null);
  // The agent asked for the question: only then does the focus move.
  useEffect(() => panel.current?.focus({ preventScroll: true }), []);
  const agreed = card.profile?.recognisable ? card.profile : undefined;
  return (
    <section class="consent" ref={panel} tabIndex={-1} aria-label={t.askConsent}>
      {agreed ? (
        <>
          <h3>{t.agreed(firstName(agreed.name))}</h3>
          <p class="aside">{t.withdrawLong}</p>
          <div class="consent-buttons">
            <button type="button" onClick={() => store.withdraw()}>
              {t.withdraw}
            </button>
          </div>
        </>
      ) : (
        <Question model={model} store={store} card={card} consent={consent} />
      )}
    </section>
  );
}

function Question({ model, store, card, consent }: Props) {
  const scripts = model.desk?.consentScripts ?? [];
  const script = scripts.find((each) => each.scriptId === consent.scriptId) ?? card.consentScript;
  const missing = whatIsMissing(model, consent);
  return (
    <>
      <div class="consent-head">
        <h3>{t.consentTitle}</h3>
        <Languages scripts={scripts} chosen={script?.language} store={store} />
      </div>
      <blockquote class="script" lang={script?.language ?? ""}>
        {script?.text}
      </blockquote>
      <Who model={model} store={store} card={card} consent={consent} />
      <p class="consent-missing" role="status">
        {card.awaitingKey ? `${t.consentKeySay} ${t.consentKeyWaiting}` : missing}
      </p>
    </>
  );
}

function Languages({ scripts, chosen, store }: { scripts: readonly ConsentScript[]; chosen: string | undefined; store: Store }) {
  return (
    <div class="languages" role="group" aria-label={t.language}>
      {scripts.map((script) => (
        <button
          type="button"
          key={script.scriptId}
          class="plain"
          aria-pressed={script.language === chosen}
          onClick={() => store.askAs({ scriptId: script.scriptId })}
        >
          {script.language.toUpperCase()}
          <span class="for-ears"> {language(script.language)}</span>
        </button>
      ))}
    </div>
  );
}

function Who({ model, store, card, consent }: Props) {
  const people = card.profile ? [card.profile] : inPlace(model.slots, card);
  return (
    <fieldset class="who">
      <legend>{t.consentWho}</legend>
      {people.map((person) => (
        <label key={person.customerId} class="choice">
          <input
            type="radio"
            name="who"
            checked={consent.who === person.customerId}
            onChange={() => store.askAs({ who: person.customerId })}
          />
          {person.name}
        </label>
      ))}
      {!card.profile && (
        <label class="choice">
          <input type="radio" name="who" checked={consent.who === "new"} onChange={() => store.askAs({ who: "new" })} />
          {t.consentNew}
        </label>
      )}
      {consent.who === "new" && (
        <label class="field">
          <span>{t.consentName}</span>
          <input value={consent.name} maxLength={100} autocomplete="off" onInput={(e) => store.askAs({ name: e.currentTarget.value })} />
        </label>
      )}
      <label class="field">
        <span>{t.consentBy}</span>
        <input value={model.agent} maxLength={40} autocomplete="off" onInput={(e) => store.name(e.currentTarget.value)} />
      </label>
    </fieldset>
  );
}
