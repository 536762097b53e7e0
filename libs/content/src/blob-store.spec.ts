import { describe, expect, it } from 'vitest';
import { digestOf } from '#lib/oci';
import { type Bucket, MemoryBucket } from '#lib/platform';
import { BlobStore } from './blob-store.js';

class AskedBucket extends MemoryBucket {
  constructor(private readonly asked: () => void) {
    super();
  }

  override async open(): Promise<null> {
    this.asked();
    return null;
  }
}

describe('a blob that several regions hold', () => {
  it.each([[['north', 'south', 'home', 'west']], [['home', 'north', 'south', 'west']], [['north', 'south', 'west', 'home']]])(
    'is asked of the own region first, then of the others as they are listed: %s',
    async (regions) => {
      const asked: string[] = [];
      const buckets = new Map<string, Bucket>(regions.map((region) => [region, new AskedBucket(() => asked.push(region))]));
      const blob = { digest: digestOf(Buffer.from('x')), size: 1, inline: null, regions, prepared: undefined };
      await expect(new BlobStore({ region: 'home', buckets }).open(blob)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
      expect(asked).toEqual(['home', 'north', 'south', 'west']);
    },
  );
});
