import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Not 'import' or 'default': TypeORM could not load pg then.
const conditions = ['source', 'module', 'node', 'development|production'];

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  ssr: { resolve: { conditions } },
  environments: { __vitest__: { resolve: { conditions } } },
  test: {
    include: ['libs/**/*.spec.ts', 'apps/**/*.spec.ts', 'test/**/*.spec.ts', 'bench/**/*.spec.ts'],
    pool: 'forks',
    // Much of the time the specs wait for processes they started: as many at once as there are cores, and never one by one.
    maxWorkers: Math.max(2, availableParallelism()),
    setupFiles: ['reflect-metadata'],
    globalSetup: ['./libs/testkit/src/database/global-setup.ts', './test/support/global-setup.ts'],
    reporters: ['default', './libs/testkit/src/programs/skips-reporter.ts'],
    // Only so that a test which hangs ends some day: a busy machine may be ten times as slow as an idle one.
    testTimeout: 60_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
