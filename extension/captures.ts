/** Captures in the editor: opened from a list or a file, kept by a name, deleted. */
import { basename } from "node:path";
import * as vscode from "vscode";
import type { CaptureFile } from "../daemon/client/index.ts";
import { captureEditorType } from "./names.ts";

type Listed = vscode.QuickPickItem & { readonly capture: CaptureFile };

/** Lets the user choose a capture of this machine, or any file; `undefined` when nothing was chosen. */
export async function chooseCapture(): Promise<string | undefined> {
  const { listCaptures } = await import("../daemon/client/index.ts");
  const captures = listCaptures();
  if (captures.length === 0) return browse();
  const other: vscode.QuickPickItem & { readonly capture?: CaptureFile } = {
    label: "$(folder-opened) Another file...",
  };
  const picked = await vscode.window.showQuickPick([...captures.map(item), other], { title: "Open a Capture" });
  if (picked === undefined) return undefined;
  return picked.capture?.file ?? browse();
}

/** Gives a capture a name, by which it stays; of the running trace a copy of how it is now. */
export async function keepCapture(): Promise<void> {
  const { keepCapture: keep, keptNameProblem, listCaptures } = await import("../daemon/client/index.ts");
  const captures = listCaptures().filter(({ kept }) => !kept);
  if (captures.length === 0) {
    void vscode.window.showInformationMessage("There is no capture to keep. Start a trace first.");
    return;
  }
  const picked = await vscode.window.showQuickPick(captures.map(item), { title: "Keep Capture" });
  if (picked === undefined) return;
  const name = await vscode.window.showInputBox({
    title: "Name of the Capture",
    prompt: "By this name it stays until it is deleted.",
    validateInput: (text) => (text === "" ? undefined : keptNameProblem(text)),
  });
  if (name === undefined || name === "") return;
  const file = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: `Keeping "${name}"` },
    () => keep(picked.capture, name),
  );
  const show = "Show in Folder";
  const answer = await vscode.window.showInformationMessage(`The capture "${name}" stays until it is deleted.`, show);
  if (answer === show) await vscode.commands.executeCommand("revealFileInOS", vscode.Uri.file(file));
}

export async function deleteCaptures(): Promise<void> {
  const { deleteCaptures: deleteThem, listCaptures } = await import("../daemon/client/index.ts");
  const all = listCaptures();
  const free = all.filter(({ inUse }) => !inUse);
  if (free.length === 0) {
    void vscode.window.showInformationMessage(
      all.length === 0 ? "There are no captures." : "The only capture is of a running trace. Stop it first.",
    );
    return;
  }
  const picked = await vscode.window.showQuickPick(
    free.map((capture) => ({ ...item(capture), picked: !capture.kept })),
    { title: "Delete Captures", placeHolder: "What is ticked is deleted for good", canPickMany: true },
  );
  if (picked === undefined || picked.length === 0) return;
  const gone = deleteThem(picked.map(({ capture }) => capture));
  void vscode.window.showInformationMessage(
    `${gone.length === 1 ? "One capture was" : `${gone.length} captures were`} deleted.`,
  );
}

/** A .contrail file that is opened like any other file is shown in the live view. */
export function registerCaptureEditor(open: (file: string) => Promise<void>): vscode.Disposable {
  return vscode.window.registerCustomEditorProvider(captureEditorType, {
    openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
    async resolveCustomEditor({ uri }, panel) {
      panel.webview.html = `<!doctype html><meta charset="utf-8"><p>This capture is shown in the live view.</p>`;
      await open(uri.fsPath);
      panel.dispose();
    },
  });
}

async function browse(): Promise<string | undefined> {
  const [file] =
    (await vscode.window.showOpenDialog({
      title: "Open a Capture",
      filters: { "Contrail captures": ["contrail"] },
      canSelectMany: false,
    })) ?? [];
  return file?.fsPath;
}

function item(capture: CaptureFile): Listed {
  const { file, name, bytes, changedAt, kept, inUse } = capture;
  const icon = kept ? "$(bookmark)" : inUse ? "$(record)" : "$(history)";
  const when = new Date(changedAt).toLocaleString();
  const state = kept ? "kept" : inUse ? "being recorded" : "for 24 hours";
  return {
    label: `${icon} ${kept ? name : when}`,
    description: `${(bytes / 1_000_000).toFixed(1)} MB, ${state}`,
    detail: kept ? when : basename(file),
    capture,
  };
}
