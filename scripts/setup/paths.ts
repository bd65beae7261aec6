/** Where downloaded tools for tests live. Everything below is made again when it is deleted. */
import { join } from "node:path";

export const repositoryRoot = join(import.meta.dirname, "..", "..");
export const cacheFolder = process.env["CONTRAIL_CACHE"] ?? join(repositoryRoot, ".cache");
