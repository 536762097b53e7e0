import { z } from 'zod';

/** The environment holds mistakes; `lines` names each one with the variable it concerns. */
export class ConfigError extends Error {
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'ConfigError';
  }
}

/**
 * Reads the environment through one Zod schema whose keys are variable names. Empty variables count as absent.
 * @throws ConfigError with one line per mistake; no value of a variable is repeated in it, since it may be a secret.
 */
export function readConfig<S extends z.ZodType>(schema: S, env: Readonly<Record<string, string | undefined>>): z.infer<S> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.map((issue) => `${issue.path.join('.') || 'environment'}: ${issue.message}`));
}

/** Prints what stops the start, one line per mistake, and ends the process with code 78 (EX_CONFIG). */
export function reportAndExit(error: ConfigError): never {
  for (const line of error.lines) process.stderr.write(`regatta: configuration: ${line}\n`);
  process.exit(78);
}
