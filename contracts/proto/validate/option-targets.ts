/** What an option can stand on, with the message that holds its options. */
export const optionTargets = {
  file: "FileOptions",
  message: "MessageOptions",
  field: "FieldOptions",
  oneof: "OneofOptions",
  enum: "EnumOptions",
  "enum-entry": "EnumValueOptions",
  service: "ServiceOptions",
  method: "MethodOptions",
  "extension-range": "ExtensionRangeOptions",
} as const;
export type OptionTarget = keyof typeof optionTargets;
