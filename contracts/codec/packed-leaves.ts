/** The single values of MessagePack and CBOR bodies in their bytes; both carry their own types. */
import { Bytes } from "./bytes.ts";
import { type LeafForm, type VisitLeaf } from "./leaves.ts";
import { utf8 } from "../proto/index.ts";

const deepest = 200;

/** A value as far as its place matters: as a name it is a text or a number. */
type Walk = (source: Source, depth: number) => string | undefined;

class Source {
  readonly bytes: Uint8Array;
  readonly reader: Bytes;
  readonly path: string[] = [];
  /** Names are no values of the field that they name. */
  private names = 0;
  private readonly visit: VisitLeaf;

  constructor(bytes: Uint8Array, start: number, visit: VisitLeaf) {
    this.bytes = bytes;
    this.reader = new Bytes(bytes, true);
    this.reader.at = start;
    this.visit = visit;
  }

  leaf(start: number, form: LeafForm): void {
    const end = this.reader.at;
    if (start >= end) return;
    const leaf = { path: this.path, start, end, form } as const;
    this.visit(this.names > 0 ? { ...leaf, isName: true } : leaf);
  }

  take(length: number, form: LeafForm): string | undefined {
    const start = this.reader.at;
    const bytes = this.reader.take(length);
    this.leaf(start, form);
    return form === "bytes" ? (utf8(bytes) ?? "") : undefined;
  }

  entries(count: number, depth: number, walk: Walk, isOver: () => boolean = () => false): undefined {
    for (let i = 0; i < count && !isOver(); i++) {
      this.names++;
      const name = walk(this, depth + 1);
      this.names--;
      this.path.push(name ?? "");
      walk(this, depth + 1);
      this.path.pop();
    }
  }
}

function walkAll(bytes: Uint8Array, start: number, visit: VisitLeaf, walk: Walk): void {
  try {
    walk(new Source(bytes, start, visit), 0);
  } catch {
    // Bytes that cannot be read were not read before either: what was visited until here stands.
  }
}

export function messagePackLeaves(bytes: Uint8Array, visit: VisitLeaf): void {
  walkAll(bytes, 0, visit, messagePack);
}

export function cborLeaves(bytes: Uint8Array, visit: VisitLeaf): void {
  walkAll(bytes, 0, visit, cbor);
}

function messagePack(source: Source, depth: number): string | undefined {
  const { reader } = source;
  reader.enter(Math.min(depth, deepest + 1));
  const start = reader.at;
  const head = reader.byte();
  if (head < 0x80) {
    source.leaf(start, "seven bits");
    return String(head);
  }
  if (head < 0x90) return source.entries(head & 15, depth, messagePack);
  if (head < 0xa0) return items(source, head & 15, depth, messagePack);
  if (head < 0xc0) return source.take(head & 31, "bytes");
  switch (head) {
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return source.take(reader.unsigned(1 << (head - 0xc4)), "bytes");
    case 0xc7:
    case 0xc8:
    case 0xc9: {
      const length = reader.unsigned(1 << (head - 0xc7));
      reader.byte();
      return source.take(length, "bytes");
    }
    case 0xca:
    case 0xcb:
      return source.take(head === 0xca ? 4 : 8, "float big");
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
      return source.take(1 << (head - 0xcc), "big");
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
      return source.take(1 << (head - 0xd0), "signed big");
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      reader.byte();
      return source.take(1 << (head - 0xd4), "bytes");
    case 0xd9:
    case 0xda:
    case 0xdb:
      return source.take(reader.unsigned(1 << (head - 0xd9)), "bytes");
    case 0xdc:
    case 0xdd:
      return items(source, reader.unsigned(head === 0xdc ? 2 : 4), depth, messagePack);
    case 0xde:
    case 0xdf:
      return source.entries(reader.unsigned(head === 0xde ? 2 : 4), depth, messagePack);
    default:
      return undefined;
  }
}

function items(source: Source, count: number, depth: number, walk: Walk): undefined {
  for (let i = 0; i < count; i++) walk(source, depth + 1);
}

/** Head bytes are `major << 5 | info`; info 24 to 27 say how many bytes the argument has, 31 that there is no count. */
function cbor(source: Source, depth: number): string | undefined {
  const { reader, bytes } = source;
  reader.enter(Math.min(depth, deepest + 1));
  const start = reader.at;
  const head = reader.byte();
  const major = head >> 5;
  const info = head & 31;
  if (major === 7) {
    if (info === 26 || info === 27) return source.take(info === 26 ? 4 : 8, "float big");
    reader.take(info === 24 ? 1 : info === 25 ? 2 : 0);
    return undefined;
  }
  if (major < 2) {
    if (info < 24) source.leaf(start, "five bits");
    else source.take(1 << (info - 24), "big");
    return undefined;
  }
  if (info === 31) {
    const isOver = () => {
      if (bytes[reader.at] !== 0xff) return false;
      reader.at++;
      return true;
    };
    if (major === 5) source.entries(Number.POSITIVE_INFINITY, depth, cbor, isOver);
    else while (!isOver()) cbor(source, depth + 1);
    return undefined;
  }
  const argument =
    info < 24 ? info : info < 27 ? reader.unsigned(1 << (info - 24)) : Number(reader.view(8).getBigUint64(0));
  switch (major) {
    case 2:
    case 3:
      return source.take(argument, "bytes");
    case 4:
      return items(source, argument, depth, cbor);
    case 5:
      return source.entries(argument, depth, cbor);
    default:
      return cbor(source, depth + 1);
  }
}
