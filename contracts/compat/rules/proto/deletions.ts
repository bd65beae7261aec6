/** What the rules on deleted messages, enums, extensions and services share. */
import {
  nestedMessages,
  type EnumDescriptor,
  type FieldDescriptor,
  type FileDescriptor,
  type MessageDescriptor,
  type ServiceDescriptor,
} from "../../../proto/index.ts";
import type { Place } from "../../../source/index.ts";
import type { Draft, ProtoRule } from "../../proto-rule.ts";
import { filePlace, headPlace } from "./places.ts";

type Deletable = MessageDescriptor | EnumDescriptor | FieldDescriptor | ServiceDescriptor;

/** A kind of element that can go from a file or package. */
export interface Kind<Element extends Deletable> {
  /** `message`, as findings say it. */
  readonly word: string;
  readonly of: (file: FileDescriptor) => Iterable<Element>;
  readonly consequence: string;
}

export const messageKind: Kind<MessageDescriptor> = {
  word: "message",
  of: (file) => allMessages(file),
  consequence: "Code that uses the message no longer compiles, and nobody can say any more how its bytes are read.",
};

export const enumKind: Kind<EnumDescriptor> = {
  word: "enum",
  of: function* (file) {
    yield* file.enums;
    for (const message of nestedMessages(file.messages)) yield* message.enums;
  },
  consequence: "Code that uses the enum no longer compiles.",
};

export const extensionKind: Kind<FieldDescriptor> = {
  word: "extension",
  of: function* (file) {
    yield* file.extensions;
    for (const message of nestedMessages(file.messages)) yield* message.extensions;
  },
  consequence: "Code that reads or sets the extension no longer compiles; its value goes into the unknown fields.",
};

export const serviceKind: Kind<ServiceDescriptor> = {
  word: "service",
  of: (file) => file.services,
  consequence:
    "Callers of the service fail: the server no longer answers to its name, and their generated code is gone.",
};

/** Map entries count: they are messages of the file, as descriptors have it. */
function* allMessages(file: FileDescriptor): Generator<MessageDescriptor> {
  yield* withNested(file.messages);
}

function* withNested(messages: readonly MessageDescriptor[]): Generator<MessageDescriptor> {
  for (const message of messages) {
    yield message;
    yield* withNested(message.messages);
  }
}

/** `Order.Line` for a message nested in another, without the package. */
export function nestedName(element: Deletable): string {
  const { file, fullName } = element;
  return file.package === "" ? fullName : fullName.slice(file.package.length + 1);
}

/** The rule that a file keeps its elements of a kind. */
export function noDeleteFromFile<Element extends Deletable>(
  kind: Kind<Element>,
  text: Pick<ProtoRule, "id" | "purpose" | "why" | "advice">,
): ProtoRule {
  return {
    ...text,
    over: "files",
    check({ before, after }, report) {
      const now = new Set<string>();
      for (const element of kind.of(after)) now.add(nestedName(element));
      for (const element of kind.of(before)) {
        const name = nestedName(element);
        if (now.has(name)) continue;
        report(
          draftOf(
            kind,
            element,
            `${capital(kind.word)} "${name}" was deleted from its file.`,
            placeInstead(kind, after, name),
          ),
        );
      }
    },
  };
}

/** The rule that a package keeps its elements of a kind, in whichever file. */
export function noDeleteFromPackage<Element extends Deletable>(
  kind: Kind<Element>,
  text: Pick<ProtoRule, "id" | "purpose" | "why" | "advice">,
): ProtoRule {
  return {
    ...text,
    over: "modules",
    check(pair, report) {
      const now = byPackage(pair.after, kind);
      const packages = new Set(pair.after.map((file) => file.package));
      const files = new Map(pair.after.map((file) => [file.importPath, file]));
      for (const [packageName, elements] of byPackage(pair.before, kind)) {
        // A package that is gone is the matter of another rule. So is, for buf, one that has lost its last message,
        // enum or extension, but not one that has lost its last service.
        const present =
          now.get(packageName) ??
          (kind.word === "service" && packages.has(packageName) ? new Map<string, Element>() : undefined);
        if (present === undefined) continue;
        for (const [name, element] of elements) {
          if (present.has(name)) continue;
          const message = `${capital(kind.word)} "${name}" was deleted from package "${packageName}".`;
          const file = files.get(element.file.importPath);
          if (file === undefined)
            report({ ...draftOf(kind, element, message, headPlace(element)), placeVersion: "before" });
          else report(draftOf(kind, element, message, placeInstead(kind, file, name)));
        }
      }
    },
  };
}

function draftOf<Element extends Deletable>(
  kind: Kind<Element>,
  element: Element,
  message: string,
  place: Place,
): Draft {
  return { message, place, previous: headPlace(element), sourceConsequence: kind.consequence, deleted: element.name };
}

/** The nearest message around the deleted element that is still there; else the top of the file. */
function placeInstead(kind: { readonly word: string }, file: FileDescriptor, name: string): Place {
  if (kind.word === "service") return filePlace(file);
  const messages = new Map<string, MessageDescriptor>();
  if (name.includes(".")) for (const message of allMessages(file)) messages.set(nestedName(message), message);
  for (let outer = name; outer.includes(".");) {
    outer = outer.slice(0, outer.lastIndexOf("."));
    const message = messages.get(outer);
    if (message !== undefined) return headPlace(message);
  }
  return filePlace(file);
}

function byPackage<Element extends Deletable>(
  files: readonly FileDescriptor[],
  kind: Kind<Element>,
): Map<string, Map<string, Element>> {
  const packages = new Map<string, Map<string, Element>>();
  for (const file of files) {
    for (const element of kind.of(file)) {
      let elements = packages.get(file.package);
      if (elements === undefined) packages.set(file.package, (elements = new Map()));
      elements.set(nestedName(element), element);
    }
  }
  return packages;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
