import { Ajv, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import AjvDraft04Module from "ajv-draft-04";
import type { JsonJudge } from "../request.ts";

/** Compiled schemas are kept for as many; ajv keeps what it compiled too, so it is made anew as often. */
const maxCompiled = 64;

/** ajv as an independent judge: nothing of our reading of JSON Schema is in it. It cannot tell where it is known to err. */
export function createAjvJudge(): JsonJudge {
  const compiled = new Map<string, ValidateFunction | undefined>();
  const validators = new Map<string, Pick<Ajv, "compile">>();
  return {
    name: "ajv",
    accepts(schema, dialect, instanceText) {
      if (isMisjudged(schema) || /\d{16,}/.test(instanceText)) return undefined;
      const key = `${dialect} ${JSON.stringify(schema)}`;
      if (!compiled.has(key)) {
        if (compiled.size >= maxCompiled) {
          compiled.clear();
          validators.clear();
        }
        compiled.set(key, compile(schema, dialect, validators));
      }
      const validate = compiled.get(key);
      if (validate === undefined) return undefined;
      try {
        return validate(JSON.parse(instanceText));
      } catch {
        return undefined;
      }
    },
  };
}

function compile(
  schema: unknown,
  dialect: string,
  validators: Map<string, Pick<Ajv, "compile">>,
): ValidateFunction | undefined {
  for (const unicodeRegExp of [true, false]) {
    const key = `${dialect} ${unicodeRegExp}`;
    try {
      const validator = validators.get(key) ?? validatorFor(dialect, { ...judging, unicodeRegExp });
      validators.set(key, validator);
      return validator.compile(schema as object | boolean);
    } catch {
      // Tried again without the `u` flag: older contracts have patterns that it refuses. What was half compiled goes.
      validators.delete(key);
    }
  }
  return undefined;
}

/**
 * `format` is an annotation for our evaluator too; strictness is about style, which is not the question. Code is made
 * to be run once, so time spent on making it fast is lost.
 */
const judging: Options = {
  strict: false,
  validateFormats: false,
  logger: false,
  messages: false,
  inlineRefs: false,
  validateSchema: false,
  code: { optimize: false },
};

function validatorFor(dialect: string, options: Options): Pick<Ajv, "compile"> {
  if (dialect === "2020-12") return new Ajv2020(options);
  if (dialect === "2019-09") return new Ajv2019(options);
  if (dialect === "draft-04") return new AjvDraft04(options);
  return new Ajv(options);
}

/** The package is CommonJS: its class is the default export of the default export, or, bundled, the default itself. */
const AjvDraft04 = ((AjvDraft04Module as { default?: unknown }).default ?? AjvDraft04Module) as unknown as typeof Ajv;

/** ajv accepts `[]` where a tuple stands beside `contains`, and errs in some shapes of `unevaluated*` and scopes. */
function isMisjudged(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.some(isMisjudged);
  if (typeof schema !== "object" || schema === null) return false;
  const fields = schema as Readonly<Record<string, unknown>>;
  const tuple = Array.isArray(fields["prefixItems"]) || Array.isArray(fields["items"]);
  if (tuple && fields["contains"] !== undefined) return true;
  const unevaluated = fields["unevaluatedItems"] !== undefined || fields["unevaluatedProperties"] !== undefined;
  if (unevaluated && (fields["if"] !== undefined || fields["contains"] !== undefined)) return true;
  return Object.values(fields).some(isMisjudged);
}
