/** Which files are archives, told by their names as people give them. */

export function isArchive(path: string): boolean {
  return /\.(tar|tgz|tar\.(gz|zst)|zip)$/i.test(path);
}
