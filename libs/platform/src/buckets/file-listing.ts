import type { ObjectPage } from './bucket.js';
import { keyAlgorithms } from './bucket-keys.js';

/**
 * Walks `blobs/<algorithm>/<2 digits>/<hex>` in raw byte order from behind `after`, reading only the folders it needs.
 * Files that are no objects of ours are passed over.
 */
export async function listKeys(names: (folder: string) => Promise<string[]>, after: string, limit: number): Promise<ObjectPage> {
  const keys: string[] = [];
  for (const algorithm of keyAlgorithms) {
    const algorithmFolder = `blobs/${algorithm}`;
    if (`${algorithmFolder}0` <= after) continue; // '0' follows '/': everything below lies before `after`.
    for (const shard of (await names(algorithmFolder)).filter((name) => /^[0-9a-f]{2}$/.test(name)).sort()) {
      const folder = `${algorithmFolder}/${shard}`;
      if (`${folder}0` <= after) continue;
      const found = (await names(folder))
        .filter((name) => isObject(algorithm, shard, name))
        .map((name) => `${folder}/${name}`)
        .filter((key) => key > after)
        .sort();
      keys.push(...found);
      if (keys.length > limit) return { keys: keys.slice(0, limit), next: keys[limit - 1] ?? null };
    }
  }
  return { keys, next: null };
}

function isObject(algorithm: (typeof keyAlgorithms)[number], shard: string, name: string): boolean {
  return name.startsWith(shard) && name.length === (algorithm === 'sha256' ? 64 : 128) && /^[0-9a-f]+$/.test(name);
}
