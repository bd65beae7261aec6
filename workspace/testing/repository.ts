/** A git repository in a temporary folder, for tests. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export class TestRepository {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "contrail-repository-")));

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.git("init", "-q", "-b", "main");
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string | Uint8Array): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  remove(path: string): void {
    rmSync(join(this.root, path));
  }

  commit(message: string): void {
    this.git("add", "-A");
    this.git(
      "-c",
      "user.name=Test",
      "-c",
      "user.email=test@example.com",
      "commit",
      "-q",
      "--allow-empty",
      "-m",
      message,
    );
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
