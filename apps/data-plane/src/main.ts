import 'reflect-metadata';
import { collectProcessMetrics, readConfig, runProcess } from '#lib/platform';
import { dataPlaneSettings } from './config.js';
import { startDataPlane } from './data-plane.js';

await runProcess('data-plane', () => {
  const config = readConfig(dataPlaneSettings, process.env);
  collectProcessMetrics({ app: 'data-plane', region: config.REGATTA_REGION });
  return startDataPlane(config);
});
