import { describe, expect, it } from 'vitest';
import type { Guarded } from '../../../src/controller/guard.ts';
import { watchedBy } from '../../../src/controller/local.ts';
import { overlookedLines, type Tidied, tidyUnlessMistaken } from '../../../src/controller/tidy.ts';
import type { Post } from '../../../src/controller/watched.ts';
import { UserError } from '../../../src/domain/user-error.ts';
import { load } from '../config/loading.ts';

const good = 'model: recommendation\nregion: eu-west-1\n';
const nothing: Tidied = { kind: 'nothing' };

/** A controller beside a file whose text each look reads. */
function watching(files: { text: string | null }) {
  const said: string[] = [];
  const connected: string[] = [];
  const watcher = watchedBy({
    read: () => {
      if (files.text === null) throw new Error('ENOENT mlreg.yaml');
      return files.text;
    },
    connected: async (text): Promise<Guarded> => {
      const config = load(text, { reading: 'lenient' }).environment('dev');
      connected.push(text);
      return {
        post: { region: config.region } as unknown as Post,
        tidy: tidyUnlessMistaken(config, () => Promise.resolve(nothing)),
      };
    },
    say: (line) => void said.push(line),
  });
  return { ...watcher, said, connected };
}

describe('the controller of this machine', () => {
  it.each([
    ['is deleted', null, 'ENOENT'],
    ['is no YAML', `${good}<<<<<<< HEAD\n`, 'mlreg.yaml has'],
    ['no longer says where the environment is', good.replace('eu-west-1', 'Ireland'), 'region'],
  ])('goes by the file as it was where that %s, says so once, and retires nothing', async (_, text, why) => {
    const files: { text: string | null } = { text: good };
    const { watched, said, connected } = watching(files);
    await watched();
    files.text = text;
    for (let look = 0; look < 3; look++) {
      const { post, tidy } = await watched();
      expect(post).toEqual({ region: 'eu-west-1' });
      expect(await tidy()).toMatchObject({ kind: 'later', why: expect.stringContaining(why) });
    }
    expect([said.length, connected]).toEqual([1, [good]]);
    files.text = good;
    expect(await (await watched()).tidy()).toEqual(nothing);
  });

  it('connects anew by the file as it was, after what it knew was forgotten', async () => {
    const files: { text: string | null } = { text: good };
    const { watched, forget, connected } = watching(files);
    await watched();
    files.text = null;
    forget();
    expect((await watched()).post).toEqual({ region: 'eu-west-1' });
    expect(connected).toEqual([good, good]);
  });

  it('can not begin by a file that does not say where the environment is', async () => {
    const { watched } = watching({ text: 'model: recommendation\nregion: Ireland\n' });
    await expect(watched()).rejects.toThrow(UserError);
  });
});

it('a mistake in another setting is told, and nothing is retired until it is corrected', async () => {
  const config = load(`${good}keepPrevious: soon\n`, { reading: 'lenient' }).environment('dev');
  let ran = 0;
  const tidy = tidyUnlessMistaken(config, () =>
    Promise.resolve({ ...nothing, kind: (ran++, 'nothing') as 'nothing' }),
  );
  expect(await tidy()).toMatchObject({
    kind: 'later',
    why: expect.stringMatching(/^mlreg.yaml:3:15 keepPrevious/),
  });
  expect([ran, overlookedLines(config)]).toEqual([0, [expect.stringContaining("got 'soon'")]]);
  const right = load(good, { reading: 'lenient' }).environment('dev');
  expect(await tidyUnlessMistaken(right, () => Promise.resolve(nothing))()).toEqual(nothing);
});
