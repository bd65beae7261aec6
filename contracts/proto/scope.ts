/** Names to symbols, by the language's rules: from the innermost scope outwards, and only in files that are imported. */
import type {
  EnumDescriptor,
  FileDescriptor,
  MessageDescriptor,
  ScopedSymbol,
  ServiceDescriptor,
} from "./descriptors.ts";
import { PackageSymbol } from "./descriptors.ts";
import { isHidden } from "./visibility.ts";

export type Resolution =
  | { readonly symbol: ScopedSymbol }
  | {
      readonly symbol: undefined;
      /** The first part of the name means `instead`, in which the rest does not exist; protoc looks no further. */
      readonly instead?: string;
      /** What the name, or its first part, would mean if it were not local to another file. */
      readonly hidden?: MessageDescriptor | EnumDescriptor | undefined;
    };

/** What a use of a name accepts when the name has a single part: others are passed over on the way out. */
export type Wanted = (symbol: ScopedSymbol) => boolean;

export class Scopes {
  readonly root = new PackageSymbol("", undefined);
  private readonly visiblePackages = new Map<FileDescriptor, Set<PackageSymbol>>();

  /** The symbol of a package, made where it is not there yet. */
  package(name: string): PackageSymbol {
    let current = this.root;
    if (name === "") return current;
    for (const part of name.split(".")) {
      let next = findPackage(current.children.get(part));
      if (next === undefined) {
        next = new PackageSymbol(part, current);
        addSymbol(current.children, part, next);
      }
      current = next;
    }
    return current;
  }

  /** Any symbol by its full name, whether or not a file sees it. */
  find(fullName: string): ScopedSymbol | undefined {
    let current: ScopedSymbol = this.root;
    let from = 0;
    while (from <= fullName.length) {
      const dot = fullName.indexOf(".", from);
      const part = dot < 0 ? fullName.slice(from) : fullName.slice(from, dot);
      const children = childrenOf(current);
      const next: ScopedSymbol | undefined = children?.get(part);
      if (next === undefined) return undefined;
      if (dot < 0) return next;
      current = preferScope(next);
      from = dot + 1;
    }
    return undefined;
  }

  /**
   * What `name` means in `file` inside of `scope` (a message, or undefined for the file's package). What is local to
   * another file is passed over on the way out, both as the whole name and as its first part.
   */
  resolve(
    name: string,
    scope: MessageDescriptor | ServiceDescriptor | undefined,
    file: FileDescriptor,
    wanted: Wanted,
  ): Resolution {
    if (name.startsWith(".")) {
      const symbol = this.descend(this.root, name, 1, file);
      return symbol === undefined ? { symbol: undefined } : unlessHidden(symbol, file);
    }
    const dot = name.indexOf(".");
    const first = dot < 0 ? name : name.slice(0, dot);
    let current: MessageDescriptor | ServiceDescriptor | PackageSymbol | undefined = scope ?? file.packageSymbol;
    let hidden: MessageDescriptor | EnumDescriptor | undefined;
    while (current !== undefined) {
      let found = this.seen(current.children?.get(first), file);
      if (found !== undefined) {
        if (dot < 0) {
          for (; found !== undefined; found = this.seen(found.sameName, file)) {
            if (!wanted(found)) continue;
            if (!isHidden(found, file)) return { symbol: found };
            hidden ??= found;
          }
        } else {
          for (
            let candidate: ScopedSymbol | undefined = found;
            candidate !== undefined;
            candidate = this.seen(candidate.sameName, file)
          ) {
            if (!isScope(candidate)) continue;
            if (isHidden(candidate, file)) {
              hidden ??= candidate;
              continue;
            }
            const symbol = this.descend(candidate, name, dot + 1, file);
            if (symbol !== undefined) return unlessHidden(symbol, file);
            return { symbol: undefined, instead: `${candidate.fullName}${name.slice(dot)}` };
          }
        }
      }
      if (current.kind === "package") current = current.parent;
      else current = (current.kind === "message" ? current.parent : undefined) ?? file.packageSymbol;
    }
    return { symbol: undefined, hidden };
  }

  private descend(from: ScopedSymbol, name: string, start: number, file: FileDescriptor): ScopedSymbol | undefined {
    let current = from;
    let at = start;
    for (;;) {
      const dot = name.indexOf(".", at);
      const part = dot < 0 ? name.slice(at) : name.slice(at, dot);
      let next = this.seen(childrenOf(current)?.get(part), file);
      if (next === undefined) return undefined;
      if (dot < 0) return next;
      while (next !== undefined && !isScope(next)) next = this.seen(next.sameName, file);
      if (next === undefined) return undefined;
      current = next;
      at = dot + 1;
    }
  }

  /** The first of the symbols of one name that `file` sees. */
  private seen(symbol: ScopedSymbol | undefined, file: FileDescriptor): ScopedSymbol | undefined {
    for (let current = symbol; current !== undefined; current = current.sameName) {
      if (current.kind === "package" ? this.packagesOf(file).has(current) : file.visible.has(current.file))
        return current;
    }
    return undefined;
  }

  private packagesOf(file: FileDescriptor): Set<PackageSymbol> {
    let packages = this.visiblePackages.get(file);
    if (packages === undefined) {
      packages = new Set();
      for (const other of file.visible) {
        for (
          let at: PackageSymbol | undefined = other.packageSymbol;
          at !== undefined && !packages.has(at);
          at = at.parent
        )
          packages.add(at);
      }
      this.visiblePackages.set(file, packages);
    }
    return packages;
  }
}

function unlessHidden(symbol: ScopedSymbol, file: FileDescriptor): Resolution {
  return isHidden(symbol, file) ? { symbol: undefined, hidden: symbol } : { symbol };
}

/** The problem of a name that means what is local to another file. */
export function hiddenMessage(hidden: MessageDescriptor | EnumDescriptor): string {
  return `The ${hidden.kind} "${hidden.fullName}" is local to "${hidden.file.importPath}". Mark it "export" there, or define your own.`;
}

/** Puts a symbol into a scope; a second of the same name is chained behind the first, which is given back. */
export function addSymbol(
  children: Map<string, ScopedSymbol>,
  name: string,
  symbol: ScopedSymbol,
): ScopedSymbol | undefined {
  const first = children.get(name);
  if (first === undefined) {
    children.set(name, symbol);
    return undefined;
  }
  let last = first;
  while (last.sameName !== undefined) last = last.sameName;
  last.sameName = symbol;
  return first;
}

export function childrenOf(symbol: ScopedSymbol): Map<string, ScopedSymbol> | undefined {
  return symbol.kind === "package" || symbol.kind === "message" || symbol.kind === "service"
    ? symbol.children
    : undefined;
}

function isScope(symbol: ScopedSymbol): boolean {
  return symbol.kind === "package" || symbol.kind === "message" || symbol.kind === "enum" || symbol.kind === "service";
}

function preferScope(symbol: ScopedSymbol): ScopedSymbol {
  for (let at: ScopedSymbol | undefined = symbol; at !== undefined; at = at.sameName) if (isScope(at)) return at;
  return symbol;
}

function findPackage(symbol: ScopedSymbol | undefined): PackageSymbol | undefined {
  for (let at = symbol; at !== undefined; at = at.sameName) if (at.kind === "package") return at;
  return undefined;
}
