/**
 * Who may send spans, and in which form: everything about a request that is decided before its spans are looked at.
 *
 *   Host      a name of this machine: a name that was rebound to 127.0.0.1 is none. The port is not looked at, since
 *             forwarded ports have other numbers on the other side.
 *   Origin    none: exporters are programs. A page of a browser, whichever, always says where it is from.
 *   token     none. Exporters come configured with an address and nothing else, and every other receiver of OTLP on a
 *             developer's machine takes what comes. It is bearable because a request can do one thing only: add spans.
 *             It reads nothing, configures nothing, and what it adds is bounded, masked, and shown as said by somebody.
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { gunzip } from "node:zlib";

/** What arrives, compressed or not, and what comes of it. Exporters send some hundred kilobytes. */
export const bodyLimits = { received: 4 * 1024 * 1024, unpacked: 16 * 1024 * 1024 };

export type Encoding = "protobuf" | "json";

/** Why a request is not looked at any further. */
export interface HttpRefusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Names by which this machine is called by itself, and by containers that run on it. */
const hosts = new Set([
  "127.0.0.1",
  "localhost",
  "[::1]",
  "host.docker.internal",
  "gateway.docker.internal",
  "host.containers.internal",
]);

/** What stands against the sender of a request; `undefined` when nothing does. */
export function refusesSender(headers: IncomingHttpHeaders): HttpRefusal | undefined {
  const host = /^(\[[0-9a-f:]+\]|[^:]+)(?::\d{1,5})?$/i.exec(headers.host ?? "")?.[1];
  if (host === undefined || !hosts.has(host.toLowerCase())) {
    return { status: 421, reason: "Spans are taken in at 127.0.0.1 only." };
  }
  if (headers.origin !== undefined || headers["sec-fetch-site"] !== undefined) {
    return { status: 403, reason: "Pages cannot send spans here." };
  }
  return undefined;
}

/** In which encoding a request is written, or why it cannot be read. */
export function encodingOf(headers: IncomingHttpHeaders): Encoding | HttpRefusal {
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  // Nothing else is guessed at: `text/plain` is what a page may send anywhere without being asked.
  if (type !== "application/x-protobuf" && type !== "application/json") {
    return { status: 415, reason: "OTLP is sent as application/x-protobuf or application/json." };
  }
  return type === "application/json" ? "json" : "protobuf";
}

/** Reads and unpacks a body within the limits; `take` is told what is about to be held, and may object. */
export async function readBody(
  request: IncomingMessage,
  take: (bytes: number) => HttpRefusal | undefined,
): Promise<Buffer | HttpRefusal> {
  const packing = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (packing !== "gzip" && packing !== "identity") {
    return { status: 415, reason: "Spans are sent as they are or with gzip.", headers: { "accept-encoding": "gzip" } };
  }
  const tooLarge = {
    status: 413,
    reason: `A request has at most ${bodyLimits.received} bytes. Send fewer spans at once.`,
  };
  if (Number(request.headers["content-length"] ?? 0) > bodyLimits.received) return tooLarge;
  const parts: Buffer[] = [];
  let size = 0;
  // Whoever is refused half way is told so: the connection stays for the answer.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > bodyLimits.received) return tooLarge;
    const objection = take(part.length);
    if (objection !== undefined) return objection;
    parts.push(part);
  }
  const body = Buffer.concat(parts);
  if (packing === "identity" || body.length === 0) return body;
  return unpack(body, take);
}

function unpack(body: Buffer, take: (bytes: number) => HttpRefusal | undefined): Promise<Buffer | HttpRefusal> {
  return new Promise((resolve) => {
    gunzip(body, { maxOutputLength: bodyLimits.unpacked }, (cause, unpacked) => {
      if (cause === null) resolve(take(unpacked.length) ?? unpacked);
      else if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        resolve({ status: 413, reason: `A request unpacks to at most ${bodyLimits.unpacked} bytes.` });
      } else resolve({ status: 400, reason: "The body is not gzip." });
    });
  });
}
