import 'reflect-metadata';
import { readConfig, runProcess } from '#lib/platform';
import { dataPlaneSettings } from './config.js';
import { startDataPlane } from './data-plane.js';

await runProcess('data-plane', () => startDataPlane(readConfig(dataPlaneSettings, process.env)));
