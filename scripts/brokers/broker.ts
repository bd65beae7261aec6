/** One running broker, whoever runs it. */
export interface Broker {
  /** Ends it and its data. */
  stop(): Promise<void>;
  /** Ends it without warning, as a crash would; its data stay. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same address with the same data. */
  start(): Promise<void>;
  /** Ends it in good order and starts it again. */
  restart(): Promise<void>;
}
