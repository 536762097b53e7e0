import 'reflect-metadata';
import { collectProcessMetrics, readConfig, runProcess } from '#lib/platform';
import { managementSettings } from './config.js';
import { startManagementApi } from './management-api.js';

await runProcess('management-api', () => {
  const config = readConfig(managementSettings, process.env);
  collectProcessMetrics({ app: 'management-api' });
  return startManagementApi(config);
});
