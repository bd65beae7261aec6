/**
 * Secrets are taken out here, before anything is stored or sent.
 *
 * Takes in: envelopes as taps made them, and bodies as contracts read them. Hands out: the same with masks of the same
 * length in place of secrets, and how many there were. Equal secrets keep equal masks by the same key, which is kept
 * beside captures and never in one.
 */
export { Masker, withoutMasks, type Masked, type MaskedBody, type ReadBody } from "./masker.ts";
export { isMask } from "./masks.ts";
export { maskKey } from "./key.ts";
export { isSecretName } from "./names.ts";
export { isCardNumber } from "./detectors.ts";
