/**
 * How others find, start and talk to the daemon: the only part of it that they import.
 *
 * Takes in: a workspace folder, and settings for a daemon to be started. Hands out: a connection that speaks
 * `../serve/protocol.ts`, comes back by itself, and says watches again. One daemon per user and workspace is shared by
 * all windows; it ends a while after the last of them left.
 */
export {
  hostOfAddress,
  hostOfUrl,
  hostsOf,
  isThisMachine,
  kafkaMechanisms,
  readAuthority,
  readMechanism,
  readStart,
  type Asked,
  type KafkaMechanism,
  type KafkaStart,
} from "./asked.ts";
export {
  captureNamed,
  deleteCapture,
  deleteCaptures,
  keepCapture,
  keptNameProblem,
  listCaptures,
  sweepCaptures,
  type CaptureFile,
} from "./captures.ts";
export {
  connectDaemon,
  type ConnectionChange,
  type ConnectOptions,
  type DaemonConnection,
  type Question,
} from "./connection.ts";
export {
  isAlive,
  readConnectionFile,
  removeConnectionFile,
  writeConnectionFile,
  type ConnectionInfo,
} from "./connection-file.ts";
export { connectionFileOf, daemonFolder, stateFolder } from "./folders.ts";
export type { DaemonAnswer, DaemonConfig, DaemonSettings } from "./settings.ts";
export { daemonFlags, findDaemon, startDaemon, stopDaemon, type StartOptions } from "./start.ts";
export { conversationStates } from "../serve/protocol.ts";
export type {
  ClientMessage,
  ConversationState,
  RegistrySettings,
  ServerMessage,
  TapSettings,
} from "../serve/protocol.ts";
