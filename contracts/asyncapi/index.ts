/**
 * AsyncAPI 2 and 3 documents.
 *
 * Takes in: a document among others that it may refer to. Hands out: its channels, operations and messages from the
 * point of view of the application it describes, and those messages that a JSON Schema describes.
 */
export {
  type AsyncapiChannel,
  type AsyncapiDocument,
  type AsyncapiMessage,
  type AsyncapiOperation,
  type AsyncapiReply,
  type Payload,
  readAsyncapi,
} from "./document.ts";
export { asyncapiMessages } from "./messages.ts";
