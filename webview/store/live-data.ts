/**
 * What the page knows from the daemon, and how each message changes it. Pure: the newest snapshot wins, nothing is
 * summed up here, so a lost or repeated message cannot make two places disagree.
 */
import type {
  ConversationDetail,
  MessageDetail,
  ServerMessage,
  Status,
  TapReportView,
} from "../../daemon/serve/protocol.ts";

export type ConversationList = Extract<ServerMessage, { kind: "conversations" }>;

export interface LiveData {
  readonly captureId: string;
  /** The last revision seen; said in `hello` after a lost connection. */
  readonly revision: number;
  readonly status?: Status;
  /** When `status` came, by `performance.now()`: between two of them, the daemon's clock is carried on from here. */
  readonly statusAt: number;
  readonly list?: ConversationList;
  readonly detail?: ConversationDetail;
  readonly message?: { readonly request: number; readonly message: MessageDetail | null };
  readonly report?: { readonly request: number; readonly reports: readonly TapReportView[] };
  /** The last thing that the daemon refused. */
  readonly refused?: { readonly reason: string; readonly at: number };
}

export const noData: LiveData = { captureId: "", revision: 0, statusAt: 0 };

/** A paused view takes no new content of what it already shows; see ViewStore for which conversation that is. */
export function applyMessage(data: LiveData, message: ServerMessage, at: number, frozenDetail?: string): LiveData {
  switch (message.kind) {
    case "welcome": {
      const base = message.captureId === data.captureId ? data : { ...noData, captureId: message.captureId };
      return { ...base, status: message.status, statusAt: at };
    }
    case "status":
      return { ...data, status: message.status, statusAt: at };
    case "conversations":
      return { ...data, list: message, revision: Math.max(data.revision, message.revision) };
    case "conversation":
      if (message.detail.row.id === frozenDetail && data.detail?.row.id === frozenDetail) return data;
      return { ...data, detail: message.detail, revision: Math.max(data.revision, message.revision) };
    case "conversationGone": {
      if (data.detail?.row.id !== message.id || message.into !== undefined) return data;
      const { detail: _gone, ...rest } = data;
      return rest;
    }
    case "message":
      return { ...data, message: { request: message.request, message: message.message } };
    case "report":
      return { ...data, report: { request: message.request, reports: message.reports } };
    case "refused":
      return { ...data, refused: { reason: message.reason, at } };
    default:
      return data;
  }
}

/** Whether a recording has been played to its end: its time then stands still. */
export function hasEnded({ mode, taps }: Status): boolean {
  return mode === "recording" && taps.length > 0 && taps.every((tap) => tap.phase === "ended");
}
