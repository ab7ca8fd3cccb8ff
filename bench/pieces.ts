import { replay } from '../src/rollout/replay.ts';
import type { Entry } from '../src/domain/journal.ts';
