import { label, type Action } from "../keys.ts";
import type { Model } from "../model.ts";
import { t } from "../texts.ts";

/** No call on the watched lines. */
export function Empty({ model }: { model: Model }) {
  const keys: [Action, string][] = [
    ["take", t.takeOrder],
    ["someoneElse", t.someoneElse],
    ["change", t.changeOrder],
    ["saidYes", t.askConsent],
    ["pick1", t.pickOne],
    ["undo", t.undo],
    ["nextCall", t.nextCall],
  ];
  return (
    <main class="empty">
      <h2>{t.quiet}</h2>
      <p>{t.quietLong}</p>
      {model.desk?.notice && <p class="notice">{model.desk.notice}</p>}
      <dl class="key-list" aria-label={t.keys}>
        {keys.map(([action, does]) => (
          <div key={action}>
            <dt>
              <kbd class="key">{label(action)}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p class="to-supervisor">
        <a href="/supervisor">{t.accuracy.title}</a>
      </p>
    </main>
  );
}
