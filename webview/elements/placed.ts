/**
 * Sets style properties of an element one by one through the style object. Lit's own styleMap writes a style attribute
 * when an element is first drawn, which the page's content security policy forbids.
 */
import {
  Directive,
  directive,
  type DirectiveResult,
  type ElementPart,
  PartType,
  type PartInfo,
} from "lit/directive.js";
import { nothing } from "lit";

type Properties = Readonly<Record<string, string>>;

class PlacedDirective extends Directive {
  #before: Properties = {};

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ELEMENT) throw new Error("placed() stands in an element, not in one of its attributes.");
  }

  override render(_properties: Properties): typeof nothing {
    return nothing;
  }

  override update(part: ElementPart, [properties]: [Properties]): typeof nothing {
    const { style } = part.element as HTMLElement;
    for (const name of Object.keys(this.#before)) if (!(name in properties)) style.removeProperty(name);
    for (const [name, value] of Object.entries(properties)) {
      if (this.#before[name] !== value) style.setProperty(name, value);
    }
    this.#before = properties;
    return nothing;
  }
}

const placedDirective = directive(PlacedDirective);

/** `<div ${placed({ top: "22px" })}>`. */
export function placed(properties: Properties): DirectiveResult {
  return placedDirective(properties);
}
