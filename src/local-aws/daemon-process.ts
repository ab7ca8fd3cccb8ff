import { taskRoot } from './data-plane/handler-module.ts';

/**
 * Makes this process end when it is told to: the first signal stops in order, a second one at once. An error that a
 * function's code leaves behind (a rejected promise nobody awaits, a throwing timer) would end the process; on Lambda it
 * ends one environment, so here it is only said.
 * @param options.endNow synchronous; called last thing before every exit
 * @returns what gives signals and errors back
 */
export function ownProcess(options: {
  readonly stop: () => Promise<void>;
  readonly endNow: () => void;
  readonly say: (line: string) => void;
}): () => void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals++;
    if (signals > 1) {
      options.endNow();
      process.exit(exitCodes[signal] ?? 1);
    }
    options.say(`${signal}: stopping; once more to stop at once`);
    options.stop().then(
      () => process.exit(exitCodes[signal] ?? 1),
      (error: unknown) => {
        options.say(`could not stop in order: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(1);
      },
    );
  };
  const onRejection = (reason: unknown): void => {
    options.say(`a promise was rejected and nobody awaited it: ${described(reason)}`);
  };
  const onException = (error: unknown): void => {
    options.say(`uncaught: ${described(error)}`);
    if (error instanceof Error && error.stack?.includes(`${taskRoot}/`)) return;
    options.endNow();
    process.exit(1);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  process.on('unhandledRejection', onRejection).on('uncaughtException', onException);
  process.on('exit', options.endNow);
  return () => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    process.off('unhandledRejection', onRejection).off('uncaughtException', onException);
    process.off('exit', options.endNow);
  };
}

const exitCodes: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143 };

function described(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
