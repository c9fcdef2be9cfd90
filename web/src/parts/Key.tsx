import { label, type Action } from "../keys.ts";

/** The cap of the key that does the same. The button itself carries aria-keyshortcuts. */
export function Key({ of }: { of: Action }) {
  return (
    <kbd class="key" aria-hidden="true">
      {label(of)}
    </kbd>
  );
}
