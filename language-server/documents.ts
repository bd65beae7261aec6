/** The open documents, by file. */
import { TextDocuments, type Connection, type Disposable } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { fileOf, pathBelow, sameUri } from "./uris.ts";

export class OpenDocuments {
  private readonly documents = new TextDocuments(TextDocument);
  private readonly byUri = new Map<string, TextDocument>();

  listen(connection: Connection, onChange: (uri: string, kind: "changed" | "saved" | "closed") => void): Disposable {
    this.documents.onDidChangeContent(({ document }) => {
      this.byUri.set(sameUri(document.uri), document);
      onChange(document.uri, "changed");
    });
    this.documents.onDidClose(({ document }) => {
      this.byUri.delete(sameUri(document.uri));
      onChange(document.uri, "closed");
    });
    this.documents.onDidSave(({ document }) => onChange(document.uri, "saved"));
    return this.documents.listen(connection);
  }

  get(uri: string): TextDocument | undefined {
    return this.byUri.get(sameUri(uri));
  }

  /** The client's own spelling of a URI, where the document is open. */
  spelling(uri: string): string {
    return this.byUri.get(uri)?.uri ?? uri;
  }

  /** Texts by path below `root`. */
  below(root: string): Map<string, string> {
    const texts = new Map<string, string>();
    for (const document of this.byUri.values()) {
      const file = fileOf(document.uri);
      const path = file === undefined ? undefined : pathBelow(root, file);
      if (path !== undefined) texts.set(path, document.getText());
    }
    return texts;
  }
}
