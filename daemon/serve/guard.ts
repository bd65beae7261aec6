/**
 * Who gets in. Everything here is decided before a byte of a request is used for anything else.
 *
 *   Host     exactly 127.0.0.1:PORT, localhost:PORT or [::1]:PORT: a name that was rebound to this machine is not one
 *   Origin   none (programs), vscode-webview://..., or the page's own: no other page speaks for the user
 *   token    `Authorization: Bearer`, 256 bits from the connection file, for programs
 *   cookie   HttpOnly and SameSite=Strict, got once for a one-time code, for the page in a browser
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** `token` may do everything, `page` everything but configure. */
export type Pass = "token" | "page";

export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly reason: string;
}

const codeLivesMs = 10 * 60 * 1000;
const mostCodes = 32;
const mostCookies = 64;

export class Guard {
  readonly token: string;
  private port = 0;
  private readonly now: () => number;
  private readonly codes = new Map<string, number>();
  private readonly cookies: string[] = [];

  constructor(now: () => number, token: string = randomBytes(32).toString("base64url")) {
    this.now = now;
    this.token = token;
  }

  /** The server's port, known once it listens. */
  listensOn(port: number): void {
    this.port = port;
  }

  get cookieName(): string {
    // Cookies know hosts but no ports: two daemons must not overwrite each other's.
    return `contrail-${this.port}`;
  }

  /** A code that lets one browser in, once, within ten minutes. */
  issueCode(): string {
    const code = randomBytes(24).toString("base64url");
    this.codes.set(digest(code), this.now() + codeLivesMs);
    if (this.codes.size > mostCodes)
      for (const oldest of this.codes.keys()) {
        this.codes.delete(oldest);
        break;
      }
    return code;
  }

  /** The cookie for a code; `undefined` for a code that is wrong, old or used. */
  redeem(code: string): string | undefined {
    const id = digest(code);
    const until = this.codes.get(id);
    this.codes.delete(id);
    if (until === undefined || until < this.now()) return undefined;
    const cookie = randomBytes(32).toString("base64url");
    this.cookies.push(cookie);
    if (this.cookies.length > mostCookies) this.cookies.shift();
    return `${this.cookieName}=${cookie}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Whether a request was meant for this server at all and comes from nobody else's page. */
  refuses(headers: IncomingHttpHeaders): Refusal | undefined {
    const { host, origin } = headers;
    const hosts = [`127.0.0.1:${this.port}`, `localhost:${this.port}`, `[::1]:${this.port}`];
    if (host === undefined || !hosts.includes(host.toLowerCase())) {
      return { status: 421, reason: `Contrail answers on http://127.0.0.1:${this.port} only.` };
    }
    if (origin === undefined || origin.startsWith("vscode-webview://")) return undefined;
    if (origin === `http://${host.toLowerCase()}`) return undefined;
    return { status: 403, reason: "Contrail does not answer to other pages." };
  }

  /** What the caller may do; `undefined` when it showed neither the token nor a cookie. */
  passOf(headers: IncomingHttpHeaders): Pass | undefined {
    const bearer = /^Bearer ([\w-]{1,128})$/.exec(headers.authorization ?? "")?.[1];
    if (bearer !== undefined && sameText(bearer, this.token)) return "token";
    for (const part of (headers.cookie ?? "").split(";")) {
      const [name, value] = part.trim().split("=", 2);
      if (name !== this.cookieName || value === undefined) continue;
      if (this.cookies.some((cookie) => sameText(cookie, value))) return "page";
    }
    return undefined;
  }
}

/** Compares in a time that says nothing about where two texts differ. */
function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
