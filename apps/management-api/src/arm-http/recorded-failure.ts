/** The failure of an operation, told again in the words it was recorded with. Not a `Fault`: its code is the wire's already. */
export class RecordedFailure extends Error {
  constructor(readonly error: { code: string; message: string }) {
    super(error.message);
    this.name = 'RecordedFailure';
  }
}
