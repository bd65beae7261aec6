/** Git repositories for tests: real ones, in a temporary folder, removed at the end. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "../setup/paths.ts";

const run = promisify(execFile);

export interface TestRepository {
  readonly folder: string;
  write(path: string, text: string): Promise<void>;
  git(...args: string[]): Promise<void>;
  remove(): Promise<void>;
}

export async function createFolder(files: Readonly<Record<string, string>>): Promise<TestRepository> {
  const scratch = await mkdtemp(join(tmpdir(), "cw-"));
  const folder = join(scratch, "shop");
  await mkdir(folder);
  const repository: TestRepository = {
    folder,
    write: async (path, text) => {
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, text);
    },
    git: async (...args) => {
      const who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
      await run("git", [...who, ...args], { cwd: folder });
    },
    remove: () => rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
  for (const [path, text] of Object.entries(files)) await repository.write(path, text);
  return repository;
}

/** A repository with one commit on main that holds `files`. */
export async function createRepository(files: Readonly<Record<string, string>>): Promise<TestRepository> {
  const repository = await createFolder(files);
  await repository.git("init", "-q", "-b", "main");
  await repository.git("add", "-A");
  await repository.git("commit", "-q", "-m", "Contracts as they are");
  return repository;
}

/** A repository that holds the contracts of the sample shop under contracts/. */
export async function createShopRepository(): Promise<TestRepository> {
  const repository = await createFolder({});
  await cp(join(repositoryRoot, "fixtures", "shop", "contracts"), join(repository.folder, "contracts"), {
    recursive: true,
  });
  await repository.git("init", "-q", "-b", "main");
  await repository.git("add", "-A");
  await repository.git("commit", "-q", "-m", "Contracts as they are");
  return repository;
}
