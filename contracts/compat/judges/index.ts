/**
 * Independent judges of witnesses.
 *
 * Takes in: nothing. Hands out: validators and decoders that are not ours, loaded when they are asked for, since
 * they are large and most checks need none.
 */
import type { Judges } from "../request.ts";

/** Loads every judge that there is. */
export async function loadJudges(): Promise<Judges> {
  const [{ createAjvJudge }, { createProtobufjsJudge }] = await Promise.all([
    import("./ajv.ts"),
    import("./protobufjs.ts"),
  ]);
  return { json: createAjvJudge(), wire: createProtobufjsJudge() };
}
