import type { WebSocket } from "ws";
import { readClientMessage } from "./client-message.ts";
import type { Pass } from "./guard.ts";
import { ListView } from "./list-view.ts";
import { conversationDetail } from "./present-conversation.ts";
import { messageDetail, messageSummary } from "./present-message.ts";
import { definitionsSeen, reportView, statusOf } from "./present-status.ts";
import { protocolVersion, type ClientMessage, type ServerMessage, type Status } from "./protocol.ts";
import type { Shown } from "./shown.ts";
import { Subject } from "./subject.ts";

/** A reader this far behind gets nothing new until it has caught up: it then sees the newest state, not every step. */
const fullBytes = 1024 * 1024;
/** A reader that has not taken anything for so long is let go; it comes back as a cursor and misses nothing. */
const stuckMs = 30_000;
/** Enough for one round of a busy stream and more, so that a view that fell behind catches up. */
const messagesAtOnce = 4_000;
/** A conversation that takes long to tell is told anew after this many times as long: taps go on meanwhile. */
const restAfterDetail = 9;
/**
 * The same for the list, at most so long. What a filter looks through grows with the rest: were it long, it would never
 * catch up. While correlation is behind, what the list would tell is old anyway.
 */
const restAfterList = 2;
const restAfterListBehind = 20;
const longestListRestMs = 500;

/** One connected view. Called once a round with what changed; decides itself what it has to say. */
export class Session {
  readonly pass: Pass;
  client: Extract<ClientMessage, { kind: "hello" }>["client"] | undefined;
  private readonly socket: WebSocket;
  private readonly shown: Shown;
  private readonly list: ListView;
  private listWanted = false;
  private listDue = false;
  private listSent = "";
  private listRestsUntil = 0;
  private detailId: string | undefined;
  private detailDue = false;
  private detailSent = "";
  private detailRestsUntil = 0;
  private definitionsWanted = false;
  private definitionsRevision = -1;
  private messagesAfter: number | undefined;
  private statusSent = "";
  private blockedSince: number | undefined;
  private generation: number;

  constructor(socket: WebSocket, pass: Pass, shown: Shown) {
    this.socket = socket;
    this.pass = pass;
    this.shown = shown;
    this.list = new ListView(shown.board, shown.pipeline, shown.activity);
    this.generation = shown.pipeline.generation;
  }

  /** A text of the view. What is no message of the protocol is ignored; nothing a view sends throws. */
  async receive(text: string): Promise<void> {
    const message = readClientMessage(text);
    if (message === undefined) return;
    if (this.client === undefined && message.kind !== "hello") return;
    await this.answer(message);
  }

  /** Every 100 ms. `changed`: conversations with new rows; `second`: a second has passed since such a round before. */
  round(changed: ReadonlySet<string>, listChanged: boolean, second: boolean): void {
    if (this.client === undefined || this.isBlocked()) return;
    if (this.generation !== this.shown.pipeline.generation) {
      this.generation = this.shown.pipeline.generation;
      this.listDue = true;
      this.detailDue = true;
      this.definitionsRevision = -1;
    }
    if (listChanged && !this.list.paused) this.listDue = true;
    if (second || this.list.searching) this.listDue = true;
    if (this.detailId !== undefined && (changed.has(this.detailId) || second)) this.detailDue = true;
    if (second) this.sendStatus();
    if (this.listWanted && this.listDue && performance.now() >= this.listRestsUntil) this.sendList();
    if (this.detailDue && performance.now() >= this.detailRestsUntil) this.sendDetail();
    if (this.definitionsWanted && second) this.sendDefinitions();
    if (this.messagesAfter !== undefined) this.sendMessages(this.messagesAfter);
  }

  /** Rows on screen that speak of the time. */
  ticking(): Iterable<string> {
    return this.listWanted && !this.list.paused ? this.list.ticking() : [];
  }

  /** Says the status now: a tap changed its state. */
  sendStatus(): void {
    if (this.client === undefined) return;
    const status = this.status();
    const text = JSON.stringify({ ...status, now: 0 });
    // A quiet status is said again anyway now and then, since views take the daemon's clock from it.
    if (text === this.statusSent && this.list.paused) return;
    this.statusSent = text;
    this.send({ kind: "status", status });
  }

  private status(): Status {
    const { pipeline, board } = this.shown;
    return statusOf(pipeline, this.shown.showing(), board.dropped);
  }

  private async answer(message: ClientMessage): Promise<void> {
    const { pipeline, board } = this.shown;
    switch (message.kind) {
      case "hello":
        this.client = message.client;
        if (message.protocolVersion !== protocolVersion) {
          this.send({
            kind: "refused",
            reason:
              "This view and the running daemon are of different versions. Reload the window, or end the daemon with Contrail: Stop Trace.",
          });
          this.socket.close(4001, "version");
          return;
        }
        this.send({
          kind: "welcome",
          protocolVersion,
          captureId: pipeline.capture.id,
          revision: board.revision,
          resumed: message.captureId === pipeline.capture.id,
          status: this.status(),
        });
        return;
      case "watchConversations":
        this.list.watch(message.filter, message.first, message.count, message.atRevision !== undefined);
        this.listWanted = true;
        this.sendList();
        return;
      case "watchConversation":
        this.detailId = message.id ?? undefined;
        this.detailSent = "";
        if (message.id !== null) this.sendDetail();
        return;
      case "getMessage":
        this.send({ kind: "message", request: message.request, message: messageDetail(pipeline, message.seq) ?? null });
        return;
      case "watchDefinitions":
        this.definitionsWanted = message.on;
        this.definitionsRevision = -1;
        if (message.on) this.sendDefinitions();
        return;
      case "watchMessages":
        this.messagesAfter = Math.max(0, message.afterSeq);
        this.sendMessages(this.messagesAfter);
        return;
      case "dismiss":
        board.dismiss(message.id, message.dismissed);
        return;
      case "clear":
        pipeline.clear();
        return;
      case "retryTap":
        this.shown.retryTap(message.tap);
        return;
      case "getReport":
        this.send({ kind: "report", request: message.request, reports: this.shown.reports().map(reportView) });
        return;
      default:
        await this.answerHolder(message);
    }
  }

  /** What only programs with the token may ask; a webview's words pass through such a program and are still a page's. */
  private async answerHolder(
    message: Extract<ClientMessage, { kind: "configure" | "getBrowserAddress" | "shutdown" }>,
  ): Promise<void> {
    const request = message.kind === "shutdown" ? undefined : message.request;
    const refuse = (reason: string) =>
      this.send({ kind: "refused", ...(request === undefined ? {} : { request }), reason });
    if (this.pass !== "token" || this.client === "webview" || this.client === "page") {
      refuse("Only the editor and the command line may do this.");
      return;
    }
    if (message.kind === "configure") {
      const problem = await this.shown.configure(message);
      if (problem === undefined) this.send({ kind: "configured", request: message.request });
      else refuse(problem);
    } else if (message.kind === "getBrowserAddress") {
      this.send({ kind: "browserAddress", request: message.request, address: this.shown.browserAddress() });
    } else {
      this.shown.shutdown();
    }
  }

  private sendList(): void {
    this.listDue = false;
    const began = performance.now();
    const snapshot = this.list.snapshot();
    const text = JSON.stringify(snapshot);
    this.listRestsUntil = began + Math.min(longestListRestMs, this.listRest() * (performance.now() - began));
    if (text === this.listSent) return;
    this.listSent = text;
    this.sendText(text);
  }

  /** How many times as long as the list took to tell it rests. */
  private listRest(): number {
    const { isBehind, isQuiet } = this.shown.pipeline;
    if (isBehind) return restAfterListBehind;
    // A search goes on with each time that the list is told: while nothing comes it may have all the time.
    return isQuiet && this.list.searching ? 0 : restAfterList;
  }

  private sendDetail(): void {
    this.detailDue = false;
    const began = performance.now();
    const { pipeline, board } = this.shown;
    const asked = this.detailId;
    if (asked === undefined) return;
    const id = pipeline.correlator.resolve(asked);
    const conversation = id === undefined ? undefined : pipeline.correlator.conversation(id);
    if (id === undefined || conversation === undefined || id !== asked) {
      this.send({ kind: "conversationGone", id: asked, ...(id === undefined ? {} : { into: id }) });
      this.detailId = id;
      if (conversation === undefined) return;
    }
    if (conversation === undefined || id === undefined) return;
    const row = board.get(id)?.row;
    const dismissed = row !== undefined && !row.needsLook;
    const detail = conversationDetail(
      new Subject(conversation, pipeline, pipeline.now()),
      row?.revision ?? board.revision,
      dismissed,
    );
    const text = JSON.stringify(detail);
    const took = performance.now() - began;
    this.detailRestsUntil = began + took + took * restAfterDetail;
    if (text === this.detailSent) return;
    this.detailSent = text;
    // The text of a conversation of 10,000 messages is megabytes: it is put in as it is, and not made twice.
    const kind: Extract<ServerMessage, { kind: "conversation" }>["kind"] = "conversation";
    this.sendText(`{"kind":"${kind}","revision":${board.revision},"detail":${text}}`);
  }

  private sendDefinitions(): void {
    const { pipeline } = this.shown;
    if (this.definitionsRevision === pipeline.definitions.revision) return;
    this.definitionsRevision = pipeline.definitions.revision;
    this.send({ kind: "definitions", definitions: definitionsSeen(pipeline) });
  }

  private sendMessages(after: number): void {
    const { pipeline } = this.shown;
    const messages = pipeline.messagesAfter(after, messagesAtOnce).map((message) => messageSummary(pipeline, message));
    const last = messages.at(-1);
    if (last === undefined) return;
    this.messagesAfter = last.seq;
    this.send({ kind: "messages", messages });
  }

  private isBlocked(): boolean {
    if (this.socket.bufferedAmount < fullBytes) {
      this.blockedSince = undefined;
      return false;
    }
    const now = performance.now();
    this.blockedSince ??= now;
    if (now - this.blockedSince > stuckMs) this.socket.terminate();
    return true;
  }

  private send(message: ServerMessage): void {
    this.sendText(JSON.stringify(message));
  }

  private sendText(text: string): void {
    // A view that asks faster than it reads must not fill the memory either.
    if (this.socket.bufferedAmount > 16 * fullBytes) this.socket.terminate();
    else if (this.socket.readyState === this.socket.OPEN) this.socket.send(text);
  }
}
