import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const SETUP = './test/support/global-setup.ts';

/** A project that runs what is built, over real sockets. */
function builtProject(name: string, folder: string, testTimeout = 30_000): TestProjectInlineConfiguration {
  const include = [`test/${folder}/**/*.spec.ts`];
  return {
    test: { name, include, globalSetup: SETUP, testTimeout, hookTimeout: 90_000 },
  };
}

export default defineConfig({
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: {
    // The tests start processes of their own; more workers than this are slower, not faster.
    maxWorkers: 2,
    retry: 0,
    teardownTimeout: 30_000,
    dangerouslyIgnoreUnhandledErrors: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.spec.ts', 'libs/**/*.spec.ts', 'test/support/**/*.spec.ts'],
          testTimeout: 10_000,
        },
      },
      builtProject('contract', 'contract'),
      builtProject('e2e-sqlite', 'e2e'),
      builtProject('e2e-mariadb', 'e2e'),
      builtProject('smoke', 'smoke', 60_000),
    ],
  },
});
