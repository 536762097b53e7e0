import 'reflect-metadata';
import { readConfig, runProcess } from '#lib/platform';
import { workerSettings } from './config.js';
import { startWorker } from './worker.js';

await runProcess('worker', () => startWorker(readConfig(workerSettings, process.env)));
