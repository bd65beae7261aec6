/** Which messages and enums other files may name: since edition 2024, `export` and `local` say so, or else the file does. */
import type { EnumDescriptor, FileDescriptor, MessageDescriptor, ScopedSymbol } from "./descriptors.ts";

/** Whether `symbol` is local to a file other than `file`. */
export function isHidden(symbol: ScopedSymbol, file: FileDescriptor): symbol is MessageDescriptor | EnumDescriptor {
  return (symbol.kind === "message" || symbol.kind === "enum") && symbol.file !== file && isLocal(symbol);
}

function isLocal(symbol: MessageDescriptor | EnumDescriptor): boolean {
  // An edition that is not known is a problem of its own, whatever its defaults may be.
  if (symbol.file.node.syntax?.value !== "2024") return false;
  // The hidden message of a map field is not a type in any file.
  if (symbol.kind === "message" && symbol.isMapEntry) return false;
  const { visibility } = symbol.node;
  if (visibility !== "") return visibility === "local";
  switch (symbol.file.features.defaultSymbolVisibility) {
    case "LOCAL_ALL":
    case "STRICT":
      return true;
    case "EXPORT_TOP_LEVEL":
      return symbol.parent !== undefined;
    default:
      return false;
  }
}
