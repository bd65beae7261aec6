/** RabbitMQ's management API as an outsider asks it: not through the code that is being tested. */
export class ManagementApi {
  readonly #url: URL;

  /** `http://user:password@host:port` */
  constructor(url: string) {
    this.#url = new URL(url);
  }

  get origin(): string {
    return this.#url.origin;
  }

  get(path: string): Promise<unknown> {
    return this.ask("GET", path);
  }

  async list(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.get(path)) as Record<string, unknown>[];
  }

  async ask(method: string, path: string, body?: object): Promise<unknown> {
    const { username, password, origin } = this.#url;
    const response = await fetch(new URL(path, origin), {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}`,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
}
