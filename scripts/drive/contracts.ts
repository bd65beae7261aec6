/** Small contracts in all three formats, as a service might have them, for tests that edit them. */
export const contracts = {
  "proto/shop/v1/orders.proto": `syntax = "proto3";

package shop.v1;

// An order was placed.
message OrderPlaced {
  string order_id = 1;
  int64 amount_cents = 2;
  string currency = 3;
}
`,
  "openapi.yaml": `openapi: 3.1.0
info:
  title: Gateway
  version: 1.0.0
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters:
        - name: id
          in: path
          required: true
          schema: { type: string }
      responses:
        "200":
          description: The order
          content:
            application/json:
              schema:
                type: object
                required: [id, status]
                properties:
                  id: { type: string }
                  status: { type: string }
  /orders:
    post:
      operationId: placeOrder
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [sku]
              properties:
                sku: { type: string }
                note: { type: string }
      responses:
        "201":
          description: Placed
`,
  "asyncapi.yaml": `asyncapi: 3.0.0
info:
  title: order-service
  version: 1.0.0
channels:
  orders:
    address: orders
    messages:
      OrderPlaced:
        payload:
          type: object
          required: [orderId, total]
          properties:
            orderId: { type: string }
            total: { type: number }
  payments:
    address: payments
    messages:
      PaymentTaken:
        payload:
          type: object
          required: [orderId]
          properties:
            orderId: { type: string }
            method: { type: string }
operations:
  sendOrderPlaced:
    action: send
    channel:
      $ref: "#/channels/orders"
  receivePaymentTaken:
    action: receive
    channel:
      $ref: "#/channels/payments"
`,
} as const;
