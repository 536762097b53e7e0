import 'reflect-metadata';
import { readConfig, runProcess } from '#lib/platform';
import { managementSettings } from './config.js';
import { startManagementApi } from './management-api.js';

await runProcess('management-api', () => startManagementApi(readConfig(managementSettings, process.env)));
