/**
 * Which of the brought themes a plain page shows: the one the address asks for, else what the browser prefers. Inside
 * VS Code nothing is chosen: the editor provides the variables and marks the body itself.
 */
export type PlainTheme = "dark" | "light" | "hc" | "hcl";

interface Preferences {
  readonly dark: boolean;
  readonly contrast: boolean;
}

/** `?theme=` wins over the browser's preferences. */
export function chooseTheme(asked: string | null, prefers: Preferences): PlainTheme {
  if (asked === "dark" || asked === "light" || asked === "hc" || asked === "hcl") return asked;
  if (prefers.contrast) return prefers.dark ? "hc" : "hcl";
  return prefers.dark ? "dark" : "light";
}

const bodyClasses: Readonly<Record<PlainTheme, string>> = {
  dark: "vscode-dark",
  light: "vscode-light",
  hc: "vscode-high-contrast",
  hcl: "vscode-high-contrast-light",
};

/** Marks the body as VS Code would, and again whenever the browser's preferences change. */
export function followTheme(asked: string | null): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const more = matchMedia("(prefers-contrast: more)");
  const forced = matchMedia("(forced-colors: active)");
  const apply = (): void => {
    const theme = chooseTheme(asked, { dark: dark.matches, contrast: more.matches || forced.matches });
    document.body.classList.remove(...Object.values(bodyClasses));
    document.body.classList.add(bodyClasses[theme]);
    document.body.dataset["vscodeThemeKind"] = bodyClasses[theme];
    document.body.dataset["contrailTheme"] = theme;
  };
  for (const query of [dark, more, forced]) query.addEventListener("change", apply);
  apply();
}

/** Calls `changed` when the theme of the page changes, in VS Code or a browser; returns how to end that. */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ["class", "data-vscode-theme-id", "data-contrail-theme"],
  });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
  return () => observer.disconnect();
}
