import type { FunctionRuntime } from '../../seams.ts';
import type { MetricStore } from '../cloudwatch/metric-store.ts';
import type { ObjectStore } from '../objects.ts';
import type { Operations } from '../operation.ts';
import { aliasOperations } from './aliases.ts';
import { createAsyncQueue } from './async-queue.ts';
import { concurrencyOperations } from './concurrency.ts';
import { functionOperations } from './functions.ts';
import { invokeOperation } from './invoke.ts';
import type { Invoker } from './invoker.ts';
import { permissionOperations } from './permissions.ts';
import type { FunctionRegistry } from './registry.ts';
import { versionOperations } from './versions.ts';

export function lambdaOperations(parts: {
  readonly registry: FunctionRegistry;
  readonly invoker: Invoker;
  readonly runtime: FunctionRuntime;
  readonly store: MetricStore;
  readonly objects: ObjectStore;
}): Operations {
  const { registry, invoker, runtime, store, objects } = parts;
  return {
    ...functionOperations(registry, runtime, objects),
    ...versionOperations(registry),
    ...aliasOperations(registry),
    ...permissionOperations(registry),
    ...concurrencyOperations(registry),
    Invoke: invokeOperation(registry, invoker, createAsyncQueue(registry, invoker, store)),
  };
}
