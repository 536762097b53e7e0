import { ConfigError } from '#lib/platform';

/** What was asked for on the command line. */
export interface Arguments {
  json: boolean;
  help: boolean;
}

export const usage = `npm start [-- --json]

Starts the whole service on this machine: management API, data planes, workers, and an embedded Postgres.

  --json   print one line of JSON instead of the greeting (npm start -s -- --json prints nothing else)
  --help   print this

Settings come from the environment: REGATTA_HOME, REGATTA_REGIONS, the ports, DATABASE_URL, REDIS_URL. See README.md.
`;

export function readArguments(args: readonly string[]): Arguments {
  const unknown = args.filter((argument) => !['--json', '--help', '-h'].includes(argument));
  if (unknown.length > 0) throw new ConfigError(unknown.map((argument) => `${argument}: unknown argument; --help shows what there is`));
  return { json: args.includes('--json'), help: args.includes('--help') || args.includes('-h') };
}
