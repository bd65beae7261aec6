/** What every visible text of a page is measured by. */

/** Runs in the page: every visible text with too little contrast against what stands behind it. */
export function poorContrast(): string[] {
  type Colour = [number, number, number, number];
  const parse = (text: string): Colour => {
    const numbers = [...text.matchAll(/-?[\d.]+(?:e-?\d+)?/g)].map((match) => Number(match[0]));
    const [r = 0, g = 0, b = 0, a = 1] = numbers;
    return text.startsWith("color(srgb") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const over = ([r, g, b, a]: Colour, below: Colour): Colour => [
    r * a + below[0] * (1 - a),
    g * a + below[1] * (1 - a),
    b * a + below[2] * (1 - a),
    1,
  ];
  const light = ([r, g, b]: Colour): number => {
    const [x = 0, y = 0, z = 0] = [r, g, b].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const parentOf = (element: Element): Element | null =>
    element.parentElement ??
    (element.getRootNode() instanceof ShadowRoot ? (element.getRootNode() as ShadowRoot).host : null);
  const behind = (element: Element): Colour => {
    const chain: Element[] = [];
    for (let at: Element | null = element; at; at = parentOf(at)) chain.unshift(at);
    return chain.reduce<Colour>(
      (below, at) => over(parse(getComputedStyle(at).backgroundColor), below),
      [255, 255, 255, 1],
    );
  };
  const opacityOf = (element: Element): number => {
    let opacity = 1;
    for (let at: Element | null = element; at; at = parentOf(at)) opacity *= Number(getComputedStyle(at).opacity);
    return opacity;
  };
  const poor = new Set<string>();
  const visit = (root: ParentNode): void => {
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) visit(element.shadowRoot);
      const words = [...element.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== "",
      );
      if (!words || element.classList.contains("icon") || !(element as HTMLElement).checkVisibility?.()) continue;
      const box = element.getBoundingClientRect();
      if (
        box.width < 2 ||
        box.bottom < 0 ||
        box.top > innerHeight ||
        element.localName === "title" ||
        element.localName === "style"
      )
        continue;
      const ground = behind(element);
      const colour = parse(getComputedStyle(element).color);
      const ink = over([colour[0], colour[1], colour[2], colour[3] * opacityOf(element)], ground);
      const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
      const ratio = ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
      if (ratio < 4.5)
        poor.add(
          `${ratio.toFixed(2)} ${element.localName}.${element.className}: ${element.textContent?.trim().slice(0, 40)}`,
        );
    }
  };
  visit(document);
  return [...poor];
}
