/**
 * `contrail.yaml`: what a repository asks of its contracts. `docs/contrail.schema.json` describes the same file for
 * editors; a test holds both together. It names what to compare and how strictly; it can make nothing run or connect.
 */
import { builtInProfiles, strict, tolerant, type Level, type ReaderProfile } from "../contracts/compat/settings.ts";
import type { Problem } from "../contracts/source/index.ts";
import { defaultConfig, levelNames, type AcceptedBreak, type ContrailConfig } from "./contrail-config.ts";
import { insideRoot, joinPath } from "./paths.ts";
import { listed, SettingsFile, type SettingsNode } from "./yaml-reader.ts";

export function readContrailConfig(path: string, text: string): { config: ContrailConfig; problems: Problem[] } {
  const file = new SettingsFile(path, text, "contrail-settings");
  const root = file.root;
  root.allow(["level", "against", "tags", "profiles", "decide", "data", "accept", "ignore", "importPaths", "sagas"]);
  const level = root.at("level").oneOf(levelNames) ?? "full";
  const against = readAgainst(root.at("against"));
  const importPaths = readImportPaths(root.at("importPaths"));
  const profiles = [...builtInProfiles, ...root.at("profiles").items().flatMap(readProfile)];
  const decide = root.at("decide");
  const known = profiles.map((profile) => profile.name);
  const decided = decide.items().flatMap((item) => {
    const name = item.text();
    if (name !== undefined && !known.includes(name))
      item.report(`There is no profile "${name}". There are ${listed(known)}.`);
    return name !== undefined && known.includes(name) ? [name] : [];
  });
  const config: ContrailConfig = {
    path,
    level: level.replace("-transitive", "") as Level,
    transitive: level.endsWith("-transitive"),
    tags: root.at("tags").text() ?? defaultConfig.tags,
    ...(against === undefined ? {} : { against }),
    profiles,
    ...(decided.length === 0 ? {} : { decide: decided }),
    data: root.at("data").oneOf(["off", "warn", "error"]) ?? defaultConfig.data,
    accepted: root
      .at("accept")
      .items()
      .flatMap((item) => readAccepted(path, item)),
    ignore: root
      .at("ignore")
      .texts()
      .map((entry) => joinPath(entry)),
    ...(importPaths === undefined ? {} : { importPaths }),
    sagas: root.at("sagas").plain(),
  };
  return { config, problems: file.problems };
}

/** A path that leads to another machine or another disk is not for a file of the repository to name. */
function readAgainst(node: SettingsNode): string | undefined {
  const against = node.text();
  if (against === undefined || against.startsWith("git:") || !/^([\\/]|[a-z]:)/i.test(against)) return against;
  node.report(
    `"against" has to be git:REF or a path relative to this file, not "${against}". Name others with --against.`,
  );
  return undefined;
}

function readImportPaths(node: SettingsNode): string[] | undefined {
  if (!node.present) return undefined;
  return node.items().flatMap((item) => {
    const text = item.text();
    const path = text === undefined ? undefined : insideRoot(text);
    if (text !== undefined && path === undefined)
      item.report(`"importPaths" holds folders below this file's, as relative paths; "${text}" leads out of it.`);
    return path === undefined ? [] : [path];
  });
}

function readProfile(node: SettingsNode): ReaderProfile[] {
  node.allow([
    "name",
    "extends",
    "unknownFields",
    "unknownEnumValues",
    "missingFields",
    "constraints",
    "coercion",
    "reads",
  ]);
  const name = node.at("name").text();
  if (name === undefined) {
    node.report(`A profile needs a "name", as findings name it.`);
    return [];
  }
  if (builtInProfiles.some((profile) => profile.name === name)) {
    node.at("name").report(`The profile "${name}" is built in. Give yours another name, and say \`extends: ${name}\`.`);
    return [];
  }
  const base = node.at("extends").oneOf(["tolerant", "strict"]) === "strict" ? strict : tolerant;
  const reads = node.at("reads");
  return [
    {
      name,
      unknownFields: node.at("unknownFields").oneOf(["ignore", "reject"]) ?? base.unknownFields,
      unknownEnumValues: node.at("unknownEnumValues").oneOf(["accept", "reject"]) ?? base.unknownEnumValues,
      missingFields: node.at("missingFields").oneOf(["default", "reject"]) ?? base.missingFields,
      constraints: node.at("constraints").oneOf(["ignore", "enforce"]) ?? base.constraints,
      coercion: node.at("coercion").oneOf(["none", "numbers", "all"]) ?? base.coercion,
      ...(reads.present ? { reads: reads.texts() } : {}),
    },
  ];
}

function readAccepted(file: string, node: SettingsNode): AcceptedBreak[] {
  node.allow(["rule", "path", "element", "reason", "expires"]);
  const rule = node.at("rule").text();
  const reason = node.at("reason").text();
  const path = node.at("path").text();
  const element = node.at("element").text();
  const expires = node.at("expires").text();
  if (rule === undefined) node.report(`An accepted break needs the "rule" that found it, such as FIELD_NO_DELETE.`);
  if (reason === undefined || reason.trim() === "")
    node.report(`An accepted break needs a "reason", for whoever reads this next year.`);
  if (expires !== undefined && !isDay(expires))
    node.at("expires").report(`"${expires}" is not a day; write it as 2027-01-31.`);
  if (rule === undefined || reason === undefined || reason.trim() === "") return [];
  return [
    {
      rule,
      reason,
      ...(path === undefined ? {} : { path: joinPath(path) }),
      ...(element === undefined ? {} : { element }),
      ...(expires !== undefined && isDay(expires) ? { expires } : {}),
      place: { path: file, span: node.at("rule").span },
    },
  ];
}

function isDay(text: string): boolean {
  return /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(text);
}
