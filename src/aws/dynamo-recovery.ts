import { UserError } from '../domain/user-error.ts';
import type { Recovery } from '../ports/inventory.ts';
import type { Store } from '../ports/store.ts';

/** A table is put right by AWS's point-in-time recovery: mlreg never deletes or changes a record. */
export const dynamoRecovery = (table: string, store: Store): Recovery => ({
  // A damaged item is refused by the first read that meets it.
  look: () => Promise.resolve({ store, damage: null }),
  salvage: () =>
    Promise.reject(
      new UserError('conflict', `table ${table} can't be salvaged in place`, {
        mend: 'restore it from its point-in-time recovery under a new name, name that in mlreg.yaml, then mlreg recover; or, with a backup: mlreg restore --from BACKUP',
      }),
    ),
});
