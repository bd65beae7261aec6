/** Where findings stand: the same starts as buf's, with spans that an editor can underline. */
import type { FieldDescriptor, FileDescriptor, OptionNode } from "../../../proto/index.ts";
import type { Place } from "../../../source/index.ts";

interface Declaration {
  readonly file: FileDescriptor;
  readonly node: { readonly start: number; readonly end: number; readonly nameStart: number; readonly name: string };
}

/** From the start of a declaration to the end of its name: its head, not its whole body. */
export function headPlace(declaration: Declaration): Place {
  const { start, end, nameStart, name } = declaration.node;
  return declaration.file.placeOf(start, Math.min(end, nameStart + name.length));
}

/** The whole declaration of a field; for the key or value of a map, the map's type. */
export function fieldPlace(field: FieldDescriptor): Place {
  return isMapPart(field) ? (field.parent?.place ?? field.place) : field.place;
}

/** Whether a field is the key or value of a map, which the text declares only by its type. */
export function isMapPart(field: FieldDescriptor): boolean {
  return !field.isExtension && field.parent?.isMapEntry === true;
}

export function optionPlace(file: FileDescriptor, option: OptionNode): Place {
  return file.placeOf(option.start, option.end);
}

/** The top of a file, for what is gone from it. */
export function filePlace(file: FileDescriptor): Place {
  return file.placeOf(0, 0);
}
