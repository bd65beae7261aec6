/** What kind of contract a file is; whoever compares contracts asks for it here. */
export { detectContract } from "../source/index.ts";
