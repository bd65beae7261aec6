/** Every command, setting and context key of the manifest, in one place; a test holds them against package.json. */
export const commands = {
  startTrace: "contrail.startTrace",
  stopTrace: "contrail.stopTrace",
  openLiveView: "contrail.openLiveView",
  openInBrowser: "contrail.openInBrowser",
  playSample: "contrail.playSample",
  openCapture: "contrail.openCapture",
  setCredentials: "contrail.setCredentials",
  forgetConsent: "contrail.forgetConsent",
  restartLanguageServer: "contrail.restartLanguageServer",
  showLog: "contrail.showLog",
} as const;

export const settings = {
  kafkaBrokers: "kafka.brokers",
  kafkaAddressMap: "kafka.addressMap",
  rabbitmqUrl: "rabbitmq.url",
  rabbitmqManagementUrl: "rabbitmq.managementUrl",
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
