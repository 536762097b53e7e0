import 'reflect-metadata';
import { collectProcessMetrics, readConfig, runProcess } from '#lib/platform';
import { workerSettings } from './config.js';
import { startWorker } from './worker.js';

await runProcess('worker', () => {
  const config = readConfig(workerSettings, process.env);
  collectProcessMetrics({ app: 'worker', region: config.REGATTA_REGION });
  return startWorker(config);
});
