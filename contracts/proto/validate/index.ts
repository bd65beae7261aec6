/**
 * What protoc refuses although it can be parsed and linked: duplicate names and numbers, reserved numbers in use,
 * ranges, defaults, options of the wrong type, features where they have no meaning.
 */
import type { ValidationContext } from "./context.ts";

export function validateSchema(context: ValidationContext): void {
  void context;
}
