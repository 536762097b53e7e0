/** What a method asks for: HEAD is GET without the body, wherever there is a GET (RFC 9110, 9.3.2). */
export function verbOf(method: string): string {
  return method === 'HEAD' ? 'GET' : method;
}

/** The methods that an address with these verbs answers. */
export function methodsOf(verbs: readonly string[]): string[] {
  return verbs.flatMap((verb) => (verb === 'GET' ? ['GET', 'HEAD'] : [verb]));
}
