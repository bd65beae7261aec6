/** When the bundle's first line ran. Imported first, so that what activation costs includes what the imports cost. */
export const startedAt = performance.now();
