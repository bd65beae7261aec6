/**
 * The keys of the page in one table: what the page listens to is what the help shows. No key overrides one of the
 * editor's: all of them mean something only inside this view.
 */
export type KeyAction =
  | "down"
  | "up"
  | "pageDown"
  | "pageUp"
  | "first"
  | "last"
  | "openWide"
  | "pause"
  | "escape"
  | "back"
  | "filter"
  | "previousMessage"
  | "nextMessage"
  | "cause"
  | "effect"
  | "nextProblem"
  | "previousProblem"
  | "nextRegion"
  | "help";

interface KeyBinding {
  readonly keys: readonly string[];
  readonly action: KeyAction;
  readonly shown: string;
  readonly does: string;
}

export const keyBindings: readonly KeyBinding[] = [
  { keys: ["ArrowDown"], action: "down", shown: "Down, Up", does: "Next and previous row" },
  { keys: ["ArrowUp"], action: "up", shown: "", does: "" },
  { keys: ["PageDown"], action: "pageDown", shown: "Page Down, Page Up", does: "A page on and back" },
  { keys: ["PageUp"], action: "pageUp", shown: "", does: "" },
  { keys: ["Home"], action: "first", shown: "Home", does: "First row; the list follows the newest again" },
  { keys: ["End"], action: "last", shown: "End", does: "Last row" },
  { keys: ["Enter"], action: "openWide", shown: "Enter", does: "Open wide" },
  { keys: [" "], action: "pause", shown: "Space", does: "Pause this view, resume" },
  { keys: ["Escape"], action: "escape", shown: "Escape", does: "Close the pane, or clear the filter" },
  { keys: ["Backspace"], action: "back", shown: "Backspace", does: "Back" },
  { keys: ["/", "mod+f"], action: "filter", shown: "/ or Ctrl+F", does: "Go to the filter" },
  { keys: ["alt+ArrowUp"], action: "previousMessage", shown: "Alt+Up, Alt+Down", does: "Previous and next message" },
  { keys: ["alt+ArrowDown"], action: "nextMessage", shown: "", does: "" },
  { keys: ["["], action: "cause", shown: "[ and ]", does: "To the cause, to the effect" },
  { keys: ["]"], action: "effect", shown: "", does: "" },
  { keys: ["n"], action: "nextProblem", shown: "n, Shift+N", does: "Next and previous problem" },
  { keys: ["N"], action: "previousProblem", shown: "", does: "" },
  { keys: ["mod+F6"], action: "nextRegion", shown: "Ctrl+F6 (Cmd+F6)", does: "Between list, pane and status" },
  { keys: ["?"], action: "help", shown: "?", does: "These keys" },
];

interface PressedKey {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

const actions = new Map(keyBindings.flatMap((binding) => binding.keys.map((key) => [key, binding.action] as const)));

/** What a key means here; `undefined` leaves it to the browser and the editor. */
export function actionOf(event: PressedKey): KeyAction | undefined {
  const modifiers = `${event.ctrlKey || event.metaKey ? "mod+" : ""}${event.altKey ? "alt+" : ""}`;
  return actions.get(modifiers + event.key);
}
