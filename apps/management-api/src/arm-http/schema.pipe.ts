import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { z } from 'zod';
import { faultOf, inKnownCase, type Issue } from '#lib/arm';
import { noteIgnored } from './ignored-members.js';

const places: Record<ArgumentMetadata['type'], string> = { body: 'request body', query: 'query', param: 'URL', custom: 'request' };

/**
 * Validates what a parameter declares a schema for (`@Body({ schema })`), and says every mistake by its path. The words of an enum
 * compare without case; handlers see them as the schema writes them.
 */
@Injectable()
export class SchemaPipe implements PipeTransform {
  async transform(value: unknown, { schema, type, data }: ArgumentMetadata): Promise<unknown> {
    if (!schema || type === 'custom') return value;
    let result = await schema['~standard'].validate(value);
    const corrected = result.issues ? inKnownCase(value, issuesOf(result)) : null;
    if (corrected !== null) result = await schema['~standard'].validate(corrected);
    if (result.issues) throw faultOf(issuesOf(result), value, data === undefined ? [] : [data], places[type]);
    if (type === 'body' && schema instanceof z.ZodType) noteIgnored(value, schema);
    return result.value;
  }
}

const issuesOf = ({ issues }: { issues?: unknown }): readonly Issue[] => issues as readonly Issue[];
