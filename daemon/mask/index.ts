/**
 * Secrets are taken out here, before anything is stored or sent.
 *
 * Takes in: envelopes as taps made them, and values as contracts read them. Hands out: the same with masks of the same
 * length in place of secrets, and how many there were. Equal secrets keep equal masks within one run.
 */
export { Masker, isMask, type Masked } from "./masker.ts";
export { isSecretName } from "./names.ts";
export { isCardNumber } from "./detectors.ts";
