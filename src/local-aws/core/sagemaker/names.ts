import { z } from 'zod';
import { matching, wireInteger, wireTime } from '../input.ts';

const tooLong = 'Member must have length less than or equal to 63';

export const modelName = matching(/^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/).max(63, tooLong);
/** Endpoints, endpoint configurations and variants. */
export const endpointName = matching(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/).max(63, tooLong);

const tagText = matching(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u);

export const tagsInput = z
  .array(z.object({ Key: tagText.min(1).max(128), Value: tagText.max(256) }))
  .max(50)
  .default([]);

export const listInput = z.object({
  SortBy: z.enum(['Name', 'CreationTime', 'Status']).default('CreationTime'),
  SortOrder: z.enum(['Ascending', 'Descending']).default('Descending'),
  NextToken: z.string().optional(),
  MaxResults: wireInteger.pipe(z.number().min(1).max(100)).default(10),
  NameContains: z.string().optional(),
  StatusEquals: z.string().optional(),
  CreationTimeBefore: wireTime.optional(),
  CreationTimeAfter: wireTime.optional(),
});

/** What the List operations have in common: filter by name and time, sort. */
export function listed<
  T extends { readonly name: string; readonly createdAt: number; readonly status?: string },
>(items: Iterable<T>, input: z.output<typeof listInput>): T[] {
  const found = [...items].filter(
    ({ name, createdAt, status }) =>
      (input.NameContains === undefined || name.includes(input.NameContains)) &&
      (input.StatusEquals === undefined || status === input.StatusEquals) &&
      (input.CreationTimeBefore === undefined || createdAt < input.CreationTimeBefore) &&
      (input.CreationTimeAfter === undefined || createdAt > input.CreationTimeAfter),
  );
  const order = input.SortOrder === 'Ascending' ? 1 : -1;
  const key = ({ name, createdAt, status }: T) =>
    input.SortBy === 'Name' ? name : input.SortBy === 'Status' ? (status ?? '') : createdAt;
  return found.sort((a, b) => (key(a) < key(b) ? -order : key(a) > key(b) ? order : 0));
}
