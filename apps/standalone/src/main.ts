import 'reflect-metadata';
import { ConfigError, readConfig, reportAndExit } from '#lib/platform';
import { readArguments, usage, type Arguments } from './arguments.js';
import { standaloneSettings } from './config.js';
import { greetingText } from './greeting.js';
import { Standalone } from './standalone.js';
import { StartError } from './start-error.js';

const say = (line: string): void => void process.stderr.write(`regatta: ${line}\n`);

async function main(): Promise<void> {
  const wanted = readArguments(process.argv.slice(2));
  if (wanted.help) return void process.stdout.write(usage);
  const standalone = new Standalone(readConfig(standaloneSettings, process.env), say);
  const started = run(standalone, wanted);
  stopOnSignals(standalone, started);
  await started;
}

async function run(standalone: Standalone, { json }: Arguments): Promise<void> {
  const greeting = await standalone.start();
  process.stdout.write(json ? `${JSON.stringify(greeting)}\n` : greetingText(greeting));
}

/** The first signal stops everything in order; a second one does not wait for requests under way. */
function stopOnSignals(standalone: Standalone, started: Promise<void>): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return standalone.hurry();
    stopping = true;
    say('stopping …');
    const done = started.catch(() => undefined).then(() => standalone.stop());
    done.then(
      () => process.exit(0),
      (error: unknown) => giveUp(error),
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

function giveUp(error: unknown): never {
  if (error instanceof ConfigError) reportAndExit(error);
  if (error instanceof StartError) error.lines.forEach(say);
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
}

main().catch(giveUp);
