/** A schema of OpenAPI 3.0, as far as it matters here. */
export interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  nullable?: boolean;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  not?: Schema;
  additionalProperties?: boolean | Schema;
  [keyword: string]: unknown;
}

/**
 * The JSON Schema that checks what an OpenAPI 3.0 schema describes, strictly: a property that is not described is an
 * error. References go to `parley:document`.
 * @param asPart for a part of an `allOf`, whose other parts describe further properties
 */
export function checkingSchema(schema: Schema, asPart = false): Record<string, unknown> {
  const { nullable, discriminator, example, ...plain } = schema;
  void discriminator;
  void example;
  const strict = withoutNullable(plain, asPart);
  return nullable ? { anyOf: [strict, { type: 'null' }] } : strict;
}

function withoutNullable(schema: Schema, asPart: boolean): Record<string, unknown> {
  const { $ref, properties, items, allOf, oneOf, anyOf, not, additionalProperties, ...rest } = schema;
  // What several parts describe together is closed as a whole; what stands alone closes itself.
  const joins = (allOf?.length ?? 0) > 1 || (allOf !== undefined && properties !== undefined);
  const alternativesArePart = asPart || properties !== undefined;
  return {
    ...rest,
    ...($ref && { $ref: reference($ref, asPart) }),
    ...(properties && { properties: mapValues(properties, (property) => checkingSchema(property)) }),
    ...(items && { items: checkingSchema(items) }),
    ...(allOf && { allOf: allOf.map((part) => checkingSchema(part, asPart || joins)) }),
    ...(oneOf && { oneOf: oneOf.map((part) => checkingSchema(part, alternativesArePart)) }),
    ...(anyOf && { anyOf: anyOf.map((part) => checkingSchema(part, alternativesArePart)) }),
    ...(not && { not: checkingSchema(not, true) }),
    ...(additionalProperties !== undefined && {
      additionalProperties:
        typeof additionalProperties === 'object'
          ? checkingSchema(additionalProperties)
          : additionalProperties,
    }),
    ...((properties ?? joins) &&
      additionalProperties === undefined &&
      !asPart && { unevaluatedProperties: false }),
  };
}

function reference(pointer: string, asPart: boolean): string {
  return pointer.replace('#/components/schemas/', `parley:document#/${asPart ? 'open' : 'closed'}/`);
}

function mapValues<T, R>(record: Record<string, T>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
