/**
 * What every JavaScript runtime has and the ECMAScript library does not name. Nothing here reaches a
 * disk, a network or a clock; whoever adds a name must be able to say the same of it.
 */
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: Uint8Array): string;
}
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
