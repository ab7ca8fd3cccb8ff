import { readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The template's model, packed as it is, and with items that have no weight: those fail, and no smoke request asks for them. */
export function packTemplate(dir: string): void {
  const pack = (version: string): void => {
    execFileSync('tar', ['-czf', `${version}.tar.gz`, '-C', 'model', 'model.json'], { cwd: dir });
  };
  pack('v1');
  const file = join(dir, 'model/model.json');
  const model = JSON.parse(readFileSync(file, 'utf8')) as { items: { id: string; weight?: number }[] };
  for (const item of model.items.slice(3)) delete item.weight;
  writeFileSync(file, JSON.stringify({ ...model, name: 'broken' }));
  pack('v2');
}
