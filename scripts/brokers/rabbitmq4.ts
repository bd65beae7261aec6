/**
 * RabbitMQ 4 beside the RabbitMQ that this machine's Debian has: packages of a newer Debian, unpacked into the cache
 * folder, nothing installed.
 *
 * Takes in: a Debian whose apt can reach a mirror; no root. Hands out: where the programs are. They were built for a
 * newer C library than this machine's, so each is started through the loader that came with them.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, open, readdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, lockFolder, onPath } from "./tools.ts";

const run = promisify(execFile);

/** A RabbitMQ on this machine, whoever put it there. */
export interface RabbitmqInstallation {
  /** The folder of `rabbitmq-server` and `rabbitmqctl`. */
  readonly programs: string;
  /** The folder of Erlang's programs, where it is not on PATH anyway. */
  readonly erlang?: string;
}

/**
 * sid has 4.3, which shows the delivery of a direct reply; 4.0 of trixie (stable) stands in on days when sid cannot be
 * had. An older download is kept until somebody deletes it.
 */
const suites = ["sid", "trixie"] as const;

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
const needs = `Name a running RabbitMQ 4 with its management plug-in in CONTRAIL_RABBITMQ4 (amqp://user:password@host:port) and CONTRAIL_RABBITMQ4_MANAGEMENT (http://user:password@host:port)`;

/** The RabbitMQ 4 that was unpacked here, if one was. */
export function unpackedRabbitmq4(): RabbitmqInstallation | undefined {
  const suite = suites.find((suite) => existsSync(unpackedFolder(suite)));
  return suite === undefined ? undefined : installationIn(unpackedFolder(suite));
}

/** Unpacks a RabbitMQ 4 once; two that ask at the same time do not meet. Throws with what to do where it cannot. */
export async function ensureRabbitmq4(say: (line: string) => void = () => undefined): Promise<RabbitmqInstallation> {
  const there = unpackedRabbitmq4();
  if (there !== undefined) return there;
  const missing = ["apt-get", "dpkg-deb"].filter((program) => !onPath(program));
  const mirror = debianMirror();
  if (missing.length > 0 || !existsSync(keyring) || mirror === undefined) {
    const what = missing[0] ?? (existsSync(keyring) ? "a Debian mirror in /etc/apt" : keyring);
    throw new Error(
      `The tests need a RabbitMQ 4, which is unpacked from Debian's packages, and ${what} is not here. ${needs}.`,
    );
  }
  const folder = join(cacheFolder(), "rabbitmq");
  await mkdir(folder, { recursive: true });
  const unlock = await lockFolder(join(folder, "lock"));
  try {
    const problems: string[] = [];
    for (const suite of suites) {
      const meanwhile = unpackedRabbitmq4();
      if (meanwhile !== undefined) return meanwhile;
      say(`Unpacking RabbitMQ 4 of Debian ${suite} into ${folder} (about 70 MB to download, once).`);
      try {
        await unpack(suite, mirror);
      } catch (cause) {
        problems.push(`${suite}: ${reasonOf(cause)}`);
        say(`RabbitMQ 4 of Debian ${suite} could not be had (${reasonOf(cause)}).`);
      }
    }
    const unpacked = unpackedRabbitmq4();
    if (unpacked !== undefined) return unpacked;
    throw new Error(`RabbitMQ 4 could not be unpacked from ${mirror} (${problems.join("; ")}). ${needs}.`);
  } finally {
    await unlock();
  }
}

function unpackedFolder(suite: (typeof suites)[number]): string {
  return join(cacheFolder(), "rabbitmq", `debian-${suite}`);
}

function installationIn(root: string): RabbitmqInstallation {
  return { programs: join(root, "usr/lib/rabbitmq/bin"), erlang: join(root, "usr/lib/erlang/bin") };
}

/** Where this Debian gets its own packages from; a newer suite is at the same place. */
function debianMirror(): string | undefined {
  const folder = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ];
  for (const file of files) {
    if (!existsSync(file)) continue;
    const lines = readFileSync(file, "utf8").split("\n");
    for (const line of lines.filter((line) => !line.startsWith("#"))) {
      const found = /\bhttps?:\/\/\S+\/debian\/?(?=\s|$)/.exec(line)?.[0];
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** Downloads with an apt whose lists, cache and idea of what is installed are its own, so this machine's stay as they are. */
async function unpack(suite: (typeof suites)[number], mirror: string): Promise<void> {
  const folder = join(cacheFolder(), "rabbitmq", `unfinished-${process.pid}`);
  const root = join(folder, "root");
  await rm(folder, { recursive: true, force: true });
  for (const path of ["lists/partial", "cache/archives/partial", "root"])
    await mkdir(join(folder, path), { recursive: true });
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources.list"), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`);
  try {
    const options = Object.entries({
      "Dir::State": folder,
      "Dir::State::Lists": join(folder, "lists"),
      "Dir::State::status": join(folder, "status"),
      "Dir::Cache": join(folder, "cache"),
      "Dir::Etc::SourceList": join(folder, "sources.list"),
      "Dir::Etc::SourceParts": "/dev/null",
      "Debug::NoLocking": "1",
      "Acquire::Languages": "none",
      "APT::Sandbox::User": "",
    }).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const apt = (...args: string[]): Promise<unknown> =>
      run("apt-get", [...options, "-qq", "-y", ...args], {
        env: { ...process.env, LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
        timeout: 300_000,
        maxBuffer: 16 << 20,
      });
    await apt("update");
    await apt("install", "--no-install-recommends", "--download-only", "rabbitmq-server");
    const archives = join(folder, "cache/archives");
    for (const name of (await readdir(archives)).filter((name) => name.endsWith(".deb"))) {
      await run("dpkg-deb", ["-x", join(archives, name), root]);
    }
    await startThroughOwnLoader(root);
    await proveThatItRuns(installationIn(root));
    await rename(root, unpackedFolder(suite));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A suite under work may hold packages that do not fit each other today. */
async function proveThatItRuns({ programs, erlang = "" }: RabbitmqInstallation): Promise<void> {
  const env = { ...process.env, PATH: `${erlang}${delimiter}${process.env["PATH"] ?? ""}` };
  await run(join(programs, "rabbitmqctl"), ["version"], { env, timeout: 30_000 });
}

/** Every compiled program of Erlang gets a script in front of it that starts it through the loader beside it. */
async function startThroughOwnLoader(root: string): Promise<void> {
  const erlang = join(root, "usr/lib/erlang");
  const loader = await findLoader(join(root, "usr/lib"));
  const runtime = (await readdir(erlang)).find((name) => name.startsWith("erts-"));
  if (loader === undefined || runtime === undefined) throw new Error("the packages hold no C library or no Erlang");
  const libraries = join(erlang, "lib");
  const helpers = (await readdir(libraries)).map((name) => join(libraries, name, "priv", "bin")).filter(existsSync);
  const [main, own] = [join(erlang, "bin"), join(erlang, runtime, "bin")];
  for (const folder of [main, own, ...helpers]) {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (!entry.isFile() || !(await isCompiled(path))) continue;
      await rename(path, `${path}.elf`);
      const start = `exec "$here/${relative(folder, loader)}" --library-path "$here/${relative(folder, dirname(loader))}"`;
      await script(path, [`${start} --argv0 "$0" "$here/${entry.name}.elf" "$@"`]);
    }
  }
  // The script of the package believes that Erlang is where the package wanted it.
  for (const folder of [main, own]) {
    await script(join(folder, "erl"), [
      `export ROOTDIR="$(readlink -f "$here/${relative(folder, erlang)}")"`,
      `export BINDIR="$ROOTDIR/${runtime}/bin" EMU=beam PROGNAME=erl`,
      `exec "$BINDIR/erlexec" "$@"`,
    ]);
  }
}

/** `x86_64-linux-gnu/ld-linux-x86-64.so.2`, or what it is called on another processor. */
async function findLoader(libraries: string): Promise<string | undefined> {
  for (const name of (await readdir(libraries)).filter((name) => name.includes("-linux-gnu"))) {
    const loader = (await readdir(join(libraries, name))).find((file) => /^ld-linux.*\.so\.\d$/.test(file));
    if (loader !== undefined) return join(libraries, name, loader);
  }
  return undefined;
}

/** A script that knows as `$here` the folder that it lies in. */
async function script(path: string, lines: readonly string[]): Promise<void> {
  await writeFile(path, ["#!/bin/sh", 'here=$(dirname "$(readlink -f "$0")")', ...lines, ""].join("\n"));
  await chmod(path, 0o755);
}

async function isCompiled(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString("latin1") === "\u007fELF";
  } finally {
    await file.close();
  }
}

function reasonOf(cause: unknown): string {
  const { stderr = "", message = String(cause) } = cause as { stderr?: string; message?: string };
  const lines = stderr.split("\n").filter((line) => line.startsWith("E:"));
  return (lines.join(" ") || message).trim().slice(0, 300);
}
