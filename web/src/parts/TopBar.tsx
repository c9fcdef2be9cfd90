import { time } from "../format.ts";
import type { Model } from "../model.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";

export function TopBar({ model, store }: { model: Model; store: Store }) {
  return (
    <header class="top">
      <h1 class="shop">{model.desk?.shop || t.product}</h1>
      <span class="lines">{model.lines.length > 0 ? t.linesSome(model.lines) : t.linesAll}</span>
      <p class={`connection connection-${model.connection}`} role={model.connection === "lost" ? "alert" : undefined}>
        <span class="dot" aria-hidden="true" />
        {connectionText(model)}
      </p>
      <label class="you">
        <span>{t.you}</span>
        <input
          value={model.agent}
          maxLength={40}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => store.name(event.currentTarget.value)}
        />
      </label>
      <button type="button" class="plain" aria-pressed={!model.muted} onClick={() => store.mute(!model.muted)}>
        {model.muted ? t.soundOff : t.soundOn}
      </button>
    </header>
  );
}

function connectionText(model: Model): string {
  if (model.connection === "lost") return t.connectionLostLong(time(model.lostAt ?? new Date()));
  return model.connection === "live" ? t.connected : t.connecting;
}
