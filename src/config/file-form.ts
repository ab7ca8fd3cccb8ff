import * as z from 'zod';

/**
 * The form in which people write a section: every key may be left out, and so may what stands under it (`guardrails:`
 * with all below it commented out). What is null inside for want of a value can't be written as null.
 */
export function fileForm(section: z.ZodObject): z.ZodObject {
  const shape = Object.fromEntries(
    Object.entries<z.core.$ZodType>(section.shape).map(([key, schema]) => [key, optional(schema)]),
  );
  const form = z.strictObject(shape);
  const meta = section.meta();
  return meta === undefined ? form : form.meta(meta);
}

function optional(schema: z.core.$ZodType): z.ZodType {
  if (schema instanceof z.ZodNullable) return optional(schema.unwrap());
  if (schema instanceof z.ZodObject) return fileForm(schema).nullable().optional();
  if (schema instanceof z.ZodRecord) return schema.nullable().optional();
  return (schema as z.ZodType).optional();
}
