import type { Problem } from "../source/index.ts";
import type {
  EnumDescriptor,
  FieldDescriptor,
  FileDescriptor,
  MessageDescriptor,
  ScopedSymbol,
  ServiceDescriptor,
} from "./descriptors.ts";
import type { Scopes } from "./scope.ts";

/** A linked set of files. A value: nothing that it hands out changes after linking. */
export class ProtoSchema {
  /** The user's files, in the order of their paths. */
  readonly files: readonly FileDescriptor[];
  /** The well-known files that they need. */
  readonly builtInFiles: readonly FileDescriptor[];
  readonly scopes: Scopes;
  private readonly byPath = new Map<string, FileDescriptor>();
  private readonly findProblems: () => readonly Problem[];
  private foundProblems: readonly Problem[] | undefined = undefined;

  constructor(
    files: readonly FileDescriptor[],
    builtInFiles: readonly FileDescriptor[],
    findProblems: () => readonly Problem[],
    scopes: Scopes,
  ) {
    this.files = files;
    this.builtInFiles = builtInFiles;
    this.findProblems = findProblems;
    this.scopes = scopes;
    for (const file of files) this.byPath.set(file.path, file);
  }

  /**
   * What is wrong with the files: their syntax, and what linking found. In the order of path and place. Looked for
   * when first asked: nobody asks an old version, and it takes as long as all the rest.
   */
  get problems(): readonly Problem[] {
    return (this.foundProblems ??= this.findProblems());
  }

  /** A file by its path relative to the root of the check. */
  file(path: string): FileDescriptor | undefined {
    return this.byPath.get(path);
  }

  /** A message by its full name, with or without a leading dot. */
  message(fullName: string): MessageDescriptor | undefined {
    return this.ofKind(fullName, "message");
  }

  enum(fullName: string): EnumDescriptor | undefined {
    return this.ofKind(fullName, "enum");
  }

  service(fullName: string): ServiceDescriptor | undefined {
    return this.ofKind(fullName, "service");
  }

  /** A package, message, enum, service, extension or enum value by its full name. */
  symbol(fullName: string): ScopedSymbol | undefined {
    return this.scopes.find(fullName.startsWith(".") ? fullName.slice(1) : fullName);
  }

  /** All messages that the user's files declare, nested ones too; the hidden ones of map fields are left out. */
  *messages(): Generator<MessageDescriptor> {
    for (const file of this.files) yield* nestedMessages(file.messages);
  }

  *enums(): Generator<EnumDescriptor> {
    for (const file of this.files) {
      yield* file.enums;
      for (const message of nestedMessages(file.messages)) yield* message.enums;
    }
  }

  *services(): Generator<ServiceDescriptor> {
    for (const file of this.files) yield* file.services;
  }

  /** All extension fields of the user's files and of the well-known ones. */
  *extensions(): Generator<FieldDescriptor> {
    for (const file of [...this.files, ...this.builtInFiles]) {
      yield* file.extensions;
      for (const message of nestedMessages(file.messages)) yield* message.extensions;
    }
  }

  private ofKind<Kind extends ScopedSymbol["kind"]>(
    fullName: string,
    kind: Kind,
  ): Extract<ScopedSymbol, { kind: Kind }> | undefined {
    for (let at = this.symbol(fullName); at !== undefined; at = at.sameName) {
      if (at.kind === kind) return at as Extract<ScopedSymbol, { kind: Kind }>;
    }
    return undefined;
  }
}

/** `messages` and all that they nest, outer before inner, without map entries. */
export function* nestedMessages(messages: readonly MessageDescriptor[]): Generator<MessageDescriptor> {
  for (const message of messages) {
    if (message.isMapEntry) continue;
    yield message;
    if (message.messages.length > 0) yield* nestedMessages(message.messages);
  }
}
