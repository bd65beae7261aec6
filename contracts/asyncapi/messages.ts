import type { DataMessage } from "../json-schema/index.ts";
import type { DocumentSet } from "../source/index.ts";
import { type AsyncapiChannel, type AsyncapiMessage, readAsyncapi } from "./document.ts";

/** The messages of an AsyncAPI document whose payload or headers a JSON Schema describes, with who writes them. */
export function asyncapiMessages(documents: DocumentSet, path: string): DataMessage[] {
  const result: DataMessage[] = [];
  const seen = new Set<string>();
  const add = (message: DataMessage) => {
    if (seen.has(message.key)) return;
    seen.add(message.key);
    result.push(message);
  };
  for (const operation of readAsyncapi(documents, path).operations) {
    const { action, channel, reply } = operation;
    for (const message of operation.messages) collect(add, action, channel, message);
    // Who sends a request receives the reply.
    const replyAction = action === "send" ? "receive" : "send";
    const replyChannel = reply?.channel ?? channel;
    for (const message of reply?.messages ?? []) {
      collect(add, replyAction, replyChannel, message, "reply ");
    }
  }
  return result;
}

function collect(
  add: (message: DataMessage) => void,
  action: "send" | "receive",
  channel: AsyncapiChannel,
  message: AsyncapiMessage,
  prefix = "",
): void {
  const address = channel.address ?? channel.key;
  const group = `${prefix}${action} ${address.replace(/\{[^}]*\}/g, "{}")}`;
  const key = `${group} ${message.key}`;
  const name = `${action} ${prefix}${message.name} on ${address}`;
  const ownerWrites = action === "send";
  const { payload, headers, place } = message;
  if (payload?.kind === "json-schema") {
    add({
      key,
      group,
      name,
      subject: `the message "${message.name}"`,
      ownerWrites,
      path: payload.path,
      schema: payload.node,
      dialect: payload.dialect,
      place,
      ...(message.example === undefined ? {} : { example: message.example }),
    });
  }
  if (headers !== undefined) {
    add({
      key: `${key} headers`,
      group: `${group} headers`,
      name: `${name} (headers)`,
      subject: `the headers of the message "${message.name}"`,
      ownerWrites,
      path: headers.path,
      schema: headers.node,
      dialect: "draft-07",
      place,
      ...(message.headersExample === undefined ? {} : { example: message.headersExample }),
    });
  }
}
