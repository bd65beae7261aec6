/**
 * The live page. Takes in the daemon's protocol (through the editor's bridge, or a WebSocket in a plain browser) and
 * hands out what the user sees. There is one element, `contrail-live`; it is the whole document.
 */
import { hostKeeper, sessionKeeper } from "./connection/kept-state.ts";
import { BridgeLink } from "./connection/bridge-link.ts";
import { WebSocketLink } from "./connection/websocket-link.ts";
import { LiveView } from "./elements/live-view.ts";
import { ViewStore } from "./store/view-store.ts";
import { followTheme } from "./theme/choose-theme.ts";
import "./theme/live.css";

function createStore(): ViewStore {
  if (typeof acquireVsCodeApi === "function") {
    const api = acquireVsCodeApi();
    return new ViewStore(new BridgeLink(api), hostKeeper(api));
  }
  followTheme(new URLSearchParams(location.search).get("theme"));
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  return new ViewStore(new WebSocketLink(`${scheme}//${location.host}/live`), sessionKeeper());
}

const store = createStore();
const view = new LiveView();
view.store = store;
document.body.append(view);
store.start();
