import { Ajv, type Options, type ValidateFunction } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import AjvDraft04Module from "ajv-draft-04";
import type { JsonJudge } from "../request.ts";

/** ajv takes its time to compile; judging the same message under several profiles must not repeat it. */
const maxCompiled = 64;

/** ajv as an independent judge: nothing of our reading of JSON Schema is in it. It cannot tell where it is known to err. */
export function createAjvJudge(): JsonJudge {
  const compiled = new Map<string, ValidateFunction | undefined>();
  return {
    name: "ajv",
    accepts(schema, dialect, instanceText) {
      if (isMisjudged(schema) || /\d{16,}/.test(instanceText)) return undefined;
      const key = `${dialect} ${JSON.stringify(schema)}`;
      let validate = compiled.get(key);
      if (validate === undefined && !compiled.has(key)) {
        if (compiled.size >= maxCompiled) compiled.clear();
        validate = compile(schema, dialect);
        compiled.set(key, validate);
      }
      if (validate === undefined) return undefined;
      try {
        return validate(JSON.parse(instanceText));
      } catch {
        return undefined;
      }
    },
  };
}

function compile(schema: unknown, dialect: string): ValidateFunction | undefined {
  for (const unicodeRegExp of [true, false]) {
    try {
      // `format` is an annotation for our evaluator too; strictness is about style, which is not the question.
      const options: Options = { strict: false, validateFormats: false, logger: false, unicodeRegExp, messages: false };
      return validatorFor(dialect, options).compile(schema as object | boolean);
    } catch {
      // Tried again without the `u` flag: older contracts have patterns that it refuses.
    }
  }
  return undefined;
}

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
