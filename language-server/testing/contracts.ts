/** One small contract of each format, each in two versions of which the second breaks somebody. */

export const proto = (fields: string) =>
  `syntax = "proto3";\npackage shop.v1;\n\nmessage Order {\n${fields
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n")}\n}\n`;

export const openapi = (required: string) => `openapi: 3.1.0
info: {title: Shop, version: 1.0.0}
paths:
  /orders:
    get:
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                type: object
                required: [${required}]
                properties:
                  id: {type: string}
                  total: {type: integer}
`;

/** `action` is `send` or `receive`; `required` the required properties of the message. */
export const asyncapi = (action: string, required: string) => `asyncapi: 3.0.0
info: {title: Orders, version: 1.0.0}
channels:
  placed:
    address: orders.placed
    messages:
      OrderPlaced:
        payload:
          type: object
          required: [${required}]
          properties:
            id: {type: string}
            total: {type: integer}
operations:
  onPlaced:
    action: ${action}
    channel: {$ref: "#/channels/placed"}
    messages: [{$ref: "#/channels/placed/messages/OrderPlaced"}]
`;
