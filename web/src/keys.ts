// What the keys do. One table, so that the page can show them and a shop can change them.

export type Action =
  | "take"
  | "someoneElse"
  | "change"
  | "saidYes"
  | "askForKey"
  | "flag"
  | "undo"
  | "nextCall"
  | "previousCall"
  | `pick${1 | 2 | 3 | 4 | 5}`;

export const KEYS: Readonly<Record<Action, string>> = {
  take: "F2",
  someoneElse: "F4",
  change: "F8",
  saidYes: "F9",
  askForKey: "Alt+k",
  flag: "Alt+g",
  undo: "Escape",
  nextCall: "Alt+ArrowDown",
  previousCall: "Alt+ArrowUp",
  pick1: "Alt+1",
  pick2: "Alt+2",
  pick3: "Alt+3",
  pick4: "Alt+4",
  pick5: "Alt+5",
};

/** As printed on the key. */
export function label(action: Action): string {
  return KEYS[action].replace("Escape", "Esc").replace("ArrowDown", "↓").replace("ArrowUp", "↑").replace(/^Alt\+[a-z]$/, (key) => `Alt+${key.slice(-1).toUpperCase()}`);
}

/** The form that `aria-keyshortcuts` wants. */
export function ariaKeys(action: Action): string {
  return KEYS[action];
}

export function actionOf(event: KeyboardEvent): Action | undefined {
  if (event.ctrlKey || event.metaKey || event.repeat) return undefined;
  // The digit keys by place, since Alt+1 types other signs on many keyboards.
  const key = event.code.startsWith("Digit") ? event.code.slice("Digit".length) : event.key;
  const pressed = event.altKey ? `Alt+${key}` : key;
  return (Object.keys(KEYS) as Action[]).find((action) => KEYS[action] === pressed);
}
