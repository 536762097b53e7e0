/** The service cannot be started; one line per reason, each something the user can act on. */
export class StartError extends Error {
  override readonly name = 'StartError';

  constructor(...lines: string[]) {
    super(lines.join('\n'));
  }

  get lines(): string[] {
    return this.message.split('\n');
  }
}
