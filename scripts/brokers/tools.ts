/** What local brokers need on this machine: where it is, what is missing, and Kafka's own files. */
import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Debian's package puts the programs here; those on PATH are wrappers that change user and drop the environment. */
export const rabbitmqPrograms = "/usr/lib/rabbitmq/bin";

export const kafkaVersion = "4.1.0";

/** Where downloads are kept between runs: `CONTRAIL_CACHE`, else `.cache` in the repository. */
export function cacheFolder(): string {
  return process.env["CONTRAIL_CACHE"] ?? join(import.meta.dirname, "..", "..", ".cache");
}

export interface MissingTool {
  readonly program: string;
  /** The package that brings it on Debian and Ubuntu. */
  readonly debianPackage: string;
}

/** The programs that local brokers need and this machine lacks. */
export function missingTools(wanted: { readonly kafka: boolean; readonly rabbitmq: boolean }): readonly MissingTool[] {
  const missing: MissingTool[] = [];
  if (wanted.kafka) {
    if (!onPath("java")) missing.push({ program: "java", debianPackage: "default-jre-headless" });
    if (!onPath("mvn") && !existsSync(kafkaLibrary())) missing.push({ program: "mvn", debianPackage: "maven" });
  }
  if (wanted.rabbitmq) {
    if (!existsSync(join(rabbitmqPrograms, "rabbitmq-server"))) {
      missing.push({ program: "rabbitmq-server", debianPackage: "rabbitmq-server" });
    }
    if (!onPath("epmd") && missing.every((tool) => tool.program !== "rabbitmq-server")) {
      missing.push({ program: "epmd", debianPackage: "erlang-base" });
    }
  }
  return missing;
}

/** The folder of Kafka's jar files. It exists only when it is whole. */
export function kafkaLibrary(): string {
  return join(cacheFolder(), "kafka", `kafka-${kafkaVersion}`);
}

/**
 * Downloads Kafka with its command-line tools as Maven artifacts, once. Two that ask at the same time do not meet:
 * one downloads under a lock, the other waits, and the folder gets its name only when it is complete.
 */
export async function ensureKafkaLibrary(say: (line: string) => void = () => undefined): Promise<string> {
  const library = kafkaLibrary();
  if (existsSync(library)) return library;
  const folder = join(cacheFolder(), "kafka");
  await mkdir(folder, { recursive: true });
  const unlock = await lockFolder(join(folder, "lock"));
  try {
    if (existsSync(library)) return library;
    say(`Downloading Apache Kafka ${kafkaVersion} with Maven into ${folder} (about 55 MB, once).`);
    const unfinished = join(folder, `unfinished-${process.pid}`);
    const pom = join(folder, "pom.xml");
    await rm(unfinished, { recursive: true, force: true });
    await writeFile(pom, kafkaPom());
    try {
      await run("mvn", ["-q", "-B", "-f", pom, "dependency:copy-dependencies", `-DoutputDirectory=${unfinished}`], {
        timeout: 600_000,
        maxBuffer: 16 * 1024 * 1024,
      });
    } catch (cause) {
      await rm(unfinished, { recursive: true, force: true });
      const output = (cause as { stdout?: string; stderr?: string }).stdout ?? "";
      const reason = output.split("\n").find((line) => line.includes("ERROR")) ?? (cause as Error).message;
      throw new Error(
        `Maven could not download Apache Kafka ${kafkaVersion}: ${reason.trim()}. Check that "mvn" reaches a Maven repository, or name a running broker in CONTRAIL_KAFKA.`,
        { cause },
      );
    }
    if (!readdirSync(unfinished).includes(`kafka_2.13-${kafkaVersion}.jar`)) {
      throw new Error(`Maven ended well but left no Kafka in ${unfinished}. Remove ${folder} and try again.`);
    }
    await rename(unfinished, library);
    return library;
  } finally {
    await unlock();
  }
}

export function onPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== "";
    } catch {
      return false;
    }
  });
}

/** A lock that is a folder with the owner's process id in it; one whose owner is dead is taken over. */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  const owner = join(path, "pid");
  for (const end = Date.now() + 600_000; Date.now() < end; await sleep(200)) {
    try {
      await mkdir(path);
      await writeFile(owner, String(process.pid));
      return () => rm(path, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const pid = Number(await readFile(owner, "utf8").catch(() => ""));
    if (pid > 0 && !processLives(pid)) await rm(path, { recursive: true, force: true });
  }
  throw new Error(`${path} has been held for ten minutes. Remove it if nothing downloads brokers right now.`);
}

function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** kafka_2.13 is the broker; kafka-tools has foreign producers for codec tests; slf4j-simple writes its warnings. */
function kafkaPom(): string {
  const artifacts = [
    ["org.apache.kafka", "kafka_2.13", kafkaVersion],
    ["org.apache.kafka", "kafka-tools", kafkaVersion],
    ["org.slf4j", "slf4j-simple", "1.7.36"],
  ];
  const dependencies = artifacts.map(
    ([group, artifact, version]) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    "  <modelVersion>4.0.0</modelVersion>",
    "  <groupId>contrail</groupId>",
    "  <artifactId>kafka-for-tests</artifactId>",
    "  <version>1</version>",
    "  <packaging>pom</packaging>",
    "  <dependencies>",
    ...dependencies,
    "  </dependencies>",
    "</project>",
    "",
  ].join("\n");
}
