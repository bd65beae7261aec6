/** The live page as plain files: from the folder that the webview was bundled into, and nothing outside of it. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import type { Guard } from "./guard.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ttf": "font/ttf",
  ".woff2": "font/woff2",
};

const fallbackPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Contrail</title>
<link rel="stylesheet" href="/live.css">
<body>
<script type="module" src="/live.js"></script>
</body>
</html>
`;

/** Answers one HTTP request. `folder` is where the page is; without one, only that is said. */
export async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  guard: Guard,
  folder: string | undefined,
): Promise<void> {
  setSafeHeaders(response, request.headers.host ?? "");
  const refusal = guard.refuses(request.headers);
  if (refusal !== undefined) return say(response, refusal.status, refusal.reason);
  if (request.method !== "GET" && request.method !== "HEAD") return say(response, 405, "Only GET is answered here.");
  const url = addressOf(request);
  if (url === undefined) return say(response, 400, "That is no address of this server.");
  const code = url.searchParams.get("code");
  if (url.pathname === "/" && code !== null) {
    const cookie = guard.redeem(code);
    if (cookie === undefined && guard.passOf(request.headers) === undefined) {
      return say(
        response,
        403,
        "This address was used before or is too old. Ask Contrail for a new one: each opens one browser, once.",
      );
    }
    response.writeHead(303, { location: "/", ...(cookie === undefined ? {} : { "set-cookie": cookie }) });
    response.end();
    return undefined;
  }
  if (guard.passOf(request.headers) === undefined) {
    return say(response, 401, "Open the address that Contrail printed: its code lets this browser in.");
  }
  if (folder === undefined)
    return say(response, 404, "This daemon serves no page. Use the live view in VS Code, or `npm start`.");
  return sendFile(request, response, folder, url.pathname === "/" ? "/index.html" : url.pathname);
}

/** What a request asks for; `undefined` for a target that is no plain path. Never throws. */
export function addressOf(request: IncomingMessage): URL | undefined {
  const target = request.url ?? "/";
  if (!/^\/(?!\/)/.test(target) || target.length > 2048) return undefined;
  return URL.parse(`http://127.0.0.1${target}`) ?? undefined;
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  path: string,
): Promise<void> {
  // One flat folder: a name without any separator cannot lead out of it.
  const name = path.slice(1);
  const type = types[extname(name)];
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name) || type === undefined) return say(response, 404, "There is no such file.");
  let content: Buffer;
  try {
    content = await readFile(join(folder, name));
  } catch {
    if (name !== "index.html") return say(response, 404, "There is no such file.");
    content = Buffer.from(fallbackPage);
  }
  response.writeHead(200, { "content-type": type, "content-length": content.length });
  response.end(request.method === "HEAD" ? undefined : content);
  return undefined;
}

function setSafeHeaders(response: ServerResponse, host: string): void {
  const socket = /^[\w.:[\]-]{1,64}$/.test(host) ? ` ws://${host}` : "";
  response.setHeader(
    "content-security-policy",
    `default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'${socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("cache-control", "no-store");
}

function say(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${sentence}\n`);
}
