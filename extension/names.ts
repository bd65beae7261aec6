/** Every command, setting and context key of the manifest, in one place; a test holds them against package.json. */
export const commands = {
  startTrace: "contrail.startTrace",
  stopTrace: "contrail.stopTrace",
  openLiveView: "contrail.openLiveView",
  openInBrowser: "contrail.openInBrowser",
  playSample: "contrail.playSample",
  openCapture: "contrail.openCapture",
  keepCapture: "contrail.keepCapture",
  deleteCaptures: "contrail.deleteCaptures",
  setCredentials: "contrail.setCredentials",
  forgetCredentials: "contrail.forgetCredentials",
  forgetConsent: "contrail.forgetConsent",
  restartLanguageServer: "contrail.restartLanguageServer",
  showLog: "contrail.showLog",
} as const;

export const settings = {
  kafkaBrokers: "kafka.brokers",
  kafkaTopics: "kafka.topics",
  kafkaFrom: "kafka.from",
  kafkaUsername: "kafka.username",
  kafkaMechanism: "kafka.mechanism",
  kafkaTls: "kafka.tls",
  kafkaCaFile: "kafka.caFile",
  kafkaAddressMap: "kafka.addressMap",
  rabbitmqUrl: "rabbitmq.url",
  rabbitmqManagementUrl: "rabbitmq.managementUrl",
  rabbitmqExchanges: "rabbitmq.exchanges",
  rabbitmqCaFile: "rabbitmq.caFile",
  otlpPort: "otlp.port",
  registryUrl: "registry.url",
  checkEnable: "check.enable",
  checkAgainst: "check.against",
  checkLevel: "check.level",
  protoImportPaths: "proto.importPaths",
  codeLensEnable: "codeLens.enable",
} as const;

export const contextKeys = {
  tracing: "contrail.tracing",
} as const;

export const liveViewType = "contrail.live";

/** The editor that the manifest names for *.contrail files. */
export const captureEditorType = "contrail.capture";
