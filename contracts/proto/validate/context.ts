import type { Problem } from "../../source/index.ts";
import type { FileDescriptor } from "../descriptors.ts";
import type { Scopes } from "../scope.ts";

/** What the checks of a linked schema read, and where they tell what they find. */
export interface ValidationContext {
  /** The user's files. */
  readonly files: readonly FileDescriptor[];
  readonly scopes: Scopes;
  /** google/protobuf/descriptor.proto, which says what options there are. */
  readonly descriptorFile: FileDescriptor | undefined;
  readonly problems: Problem[];
}
