/** Runs inside the editor: activates Contrail by opening a contract, and reports how long it took. */
import * as vscode from "vscode";
import { resultMark } from "../drive/suite-result.ts";

export async function run(): Promise<void> {
  let failure: string | null = null;
  let duration = 0;
  try {
    const extension = vscode.extensions.getExtension<{ activationMilliseconds: number }>("contrail.contrail");
    if (extension === undefined) throw new Error("Contrail is not installed.");
    duration = (await extension.activate()).activationMilliseconds;
  } catch (error) {
    failure = String(error);
  }
  console.log(resultMark + JSON.stringify({ title: "activation", duration, failure }));
}
