/**
 * OpenAPI 3.0 and 3.1 documents.
 *
 * Takes in: a document among others that it may refer to. Hands out: its messages, each with its schema, its name
 * and who writes it.
 */
export { type HttpMethod, openapiDialect, openapiMessages } from "./messages.ts";
