import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { faultOf, type Issue } from '#lib/arm';

const places: Record<ArgumentMetadata['type'], string> = { body: 'request body', query: 'query', param: 'URL', custom: 'request' };

/** Validates what a parameter declares a schema for (`@Body({ schema })`), and says every mistake by its path. */
@Injectable()
export class SchemaPipe implements PipeTransform {
  async transform(value: unknown, { schema, type, data }: ArgumentMetadata): Promise<unknown> {
    if (!schema || type === 'custom') return value;
    const result = await schema['~standard'].validate(value);
    if (!result.issues) return result.value;
    throw faultOf(result.issues as unknown as readonly Issue[], value, data === undefined ? [] : [data], places[type]);
  }
}
