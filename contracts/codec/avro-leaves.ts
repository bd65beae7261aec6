/** The single values of an Avro body in its bytes, by the schema that wrote it. */
import type { AvroSchema } from "./avro-schema.ts";
import { Reader } from "./avro-read.ts";
import { type LeafForm, mostLeaves, type VisitLeaf } from "./leaves.ts";

/** Visits the values of one body; stops without a word where the bytes do not fit. Returns where it ended. */
export function avroLeaves(
  schema: AvroSchema,
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: VisitLeaf,
): number {
  const reader = new Reader(bytes, start, end);
  const path: string[] = [];
  const budget = { left: mostLeaves };
  const leaf = (from: number, form: LeafForm): void => {
    if (from < reader.at) visit({ path, start: from, end: reader.at, form });
  };
  const block = (): number => {
    const count = Number(reader.long());
    if (count < 0) reader.long();
    return Math.abs(count);
  };
  const walk = (part: AvroSchema): void => {
    if (--budget.left < 0) return;
    const from = reader.at;
    switch (part.kind) {
      case "int":
      case "long":
        reader.long();
        leaf(from, "zigzag");
        break;
      case "float":
      case "double":
        reader.take(part.kind === "float" ? 4 : 8);
        leaf(from, "float little");
        break;
      case "boolean":
        reader.take(1);
        break;
      case "string":
      case "bytes": {
        const length = reader.length();
        const at = reader.at;
        reader.take(length);
        leaf(at, part.kind === "bytes" && part.logical?.name === "decimal" ? "signed big" : "bytes");
        break;
      }
      case "fixed":
        reader.take(part.size);
        leaf(from, part.logical?.name === "decimal" ? "signed big" : "bytes");
        break;
      case "enum":
        reader.long();
        break;
      case "record":
        for (const field of part.fields) {
          path.push(field.name);
          walk(field.schema);
          path.pop();
        }
        break;
      case "array":
        for (let count = block(); count > 0 && budget.left > 0; count = block()) {
          for (; count > 0 && budget.left > 0; count--) walk(part.items);
        }
        break;
      case "map":
        for (let count = block(); count > 0 && budget.left > 0; count = block()) {
          for (; count > 0 && budget.left > 0; count--) {
            const length = reader.length();
            const at = reader.at;
            reader.at = at;
            const name = reader.take(length);
            visit({ path, start: at, end: reader.at, form: "bytes", isName: true });
            path.push(nameOf(name));
            walk(part.values);
            path.pop();
          }
        }
        break;
      case "union": {
        const branch = part.branches[reader.int()];
        if (branch === undefined) return;
        const isNamed = branch.kind === "record" && part.branches.filter((one) => one.kind === "record").length > 1;
        if (isNamed) path.push(branch.fullName);
        walk(branch);
        if (isNamed) path.pop();
        break;
      }
      default:
        break;
    }
  };
  try {
    walk(schema);
  } catch {
    // Bytes that do not fit were not read before either: what was visited until here stands.
  }
  return reader.at;
}

const utf8Decoder = new TextDecoder();

function nameOf(bytes: Uint8Array): string {
  return utf8Decoder.decode(bytes);
}
