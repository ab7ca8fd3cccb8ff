import { zipSync } from 'fflate';

/**
 * Equal files make equal zips, or Terraform would see new code at each build.
 * @param {Record<string, Uint8Array>} files by their path in the zip
 */
export function lambdaZip(files) {
  const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
  // A zip holds local time without a zone, so this is the same time everywhere. Unix, and readable by all: Lambda runs
  // the code as a user of its own.
  return zipSync(sorted, { mtime: new Date(2000, 0, 1), level: 9, os: 3, attrs: 0o644 << 16 });
}
