import { type DataRule, enumValuesUnknownToReader } from "../../data/index.ts";

/** A property of what the application sends may have a value that receivers do not know. */
export const messageEnumValueAdded: DataRule = {
  id: "message-enum-value-added",
  purpose: "Checks that no enum of a message that the application sends gets a value that older receivers do not know.",
  why: "Receivers that accept only the values they know refuse the message; only receivers that keep unknown values apart survive.",
  whatToDo: "Teach the receivers the value before the first message has it.",
  about: "written-by-owner",
  check: (pair) =>
    enumValuesUnknownToReader(pair).map((change) => ({
      property: change.name,
      shownBy: change.shownBy,
      message: `The property "${change.path}" of ${pair.message.after.message.subject}, which is sent, may now be ${change.to}.`,
      consequence: `Receivers built before this change do not know ${change.to}; those that accept only known values fail.`,
      advice: `Teach the receivers ${change.to} before the first message has it.`,
      place: change.place,
      ...(change.previous === undefined ? {} : { previous: change.previous }),
    })),
};
