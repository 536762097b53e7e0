import { scratchFolder } from '#lib/testkit';
import type { TestManagement } from '../../apps/management-api/src/testing/test-management.js';
import { workerSettings } from '../../apps/worker/src/config.js';
import { startWorker } from '../../apps/worker/src/worker.js';

/** Starts a worker of region `eastus` beside a management API, so that its operations end. Its bucket is gone when it has stopped. */
export async function workerBeside({ db, config }: TestManagement): Promise<{ stop(): Promise<void> }> {
  const bucket = await scratchFolder();
  const worker = await startWorker(
    workerSettings.parse({
      DATABASE_URL: db.url,
      REGATTA_SECRET_KEY: config.REGATTA_SECRET_KEY,
      REGATTA_BUCKETS: JSON.stringify({ eastus: `file://${bucket.path}` }),
      REGATTA_REGION: 'eastus',
      LOG_LEVEL: 'silent',
    }),
  );
  return {
    async stop() {
      await worker.stop();
      await bucket.remove();
    },
  };
}
