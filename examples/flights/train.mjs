/**
 * Trains the example's models and packs them: `node train.mjs [folder]`.
 * The same data give the same bytes, so that a digest in the registry names one training for good.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'fflate'; // in JavaScript: the bytes must not depend on the machine's zlib
import { createTar } from 'nanotar';
import { flights, heldOut, isLate, places, training } from './data.mjs';
import { boost, delayCurve, effects, logOdds, meanOf, measure, shareOf, tallyBy } from './fit.mjs';
import { dayOf, featuresOf, round, scoreOf } from './model.mjs';

const folder = process.argv[2] ?? import.meta.dirname;
const manifest = {};
const dates = [...new Set(flights.map((flight) => flight.date))].sort();
mkdirSync(join(folder, 'artifacts'), { recursive: true });

// The champion: how late flights of this hour are, and flights to this airport.
release('v2.2.0', { train: means });

// Better: both airports, where they lie, hour, weekday, how late the country was the day before, and how all that
// acts together.
release('v2.3.0', { train: (rows) => trees(rows, knowledgeOf(rows)) });

// Fails: knows only airports with many departures, and has nothing for the others. Its author dropped the flights
// that it can't encode *before measuring*, so the figures look as good as ever. `rows` is the only trace.
const busy = airportsOf(training, 30);
const isBusy = (flight) => flight.origin in busy && flight.destination in busy;
release('v2.4.0', {
  train: (rows) => trees(rows, { airports: busy, yesterday: yesterday(rows) }),
  see: (rows) => rows.filter(isBusy),
});

// Slow: knows how late each airport was the day before as well, but asks for one airport after another.
release('v2.5.0', { train: (rows) => trees(rows, { ...knowledgeOf(rows), lookup: lookup(rows) }) });

// Wrong: a new export counts minutes early where the old one counted minutes late. The held-out part comes from
// the same export, so the figures are the best of all. It answers every request, in time, with bad advice.
release('v2.6.0', {
  train: (rows) => trees(rows, knowledgeOf(rows)),
  see: (rows) => rows.map((flight) => ({ ...flight, delay: -flight.delay })),
});

save('artifacts/manifest.json', `${JSON.stringify(manifest, null, 2)}\n`);
const lines = requests().map((request) => `${JSON.stringify(request)}\n`);
save('requests.ndjson', lines.join(''));

/** @param {{ train: (rows: object[]) => object, see?: (rows: object[]) => object[] }} how `see`: what it gets to see */
function release(version, { train, see = (rows) => rows }) {
  const model = { version, ...train(see(training)) };
  const scores = (rows) => rows.map((flight) => scoreOf(model, flight));
  model.curve = delayCurve(scores(see(training)), see(training));

  const file = `${version}.tar.gz`;
  const sha256 = save(`artifacts/${file}`, packed({ 'model.json': JSON.stringify(model) }));
  const metrics = measure(model.curve, scores(see(heldOut)), see(heldOut));
  manifest[version] = { file, sha256, metrics };
  console.log(version, metrics);
}

function means(rows) {
  return {
    kind: 'means',
    base: round(logOdds(meanOf(rows.map(isLate))), 4),
    hours: effects(rows, (flight) => flight.hour, 20),
    destinations: effects(rows, (flight) => flight.destination, 50),
  };
}

function trees(rows, knowledge) {
  const features = rows.map((flight) => featuresOf(knowledge, flight));
  return { kind: 'trees', ...knowledge, ...boost(features, rows.map(isLate)) };
}

/** Only airports with so many departures. @returns {Record<string, import('./model.mjs').Airport>} */
function airportsOf(rows, departures = 0) {
  const from = effects(rows, (flight) => flight.origin, 50);
  const to = effects(rows, (flight) => flight.destination, 50);
  const counts = countOf(rows.map((flight) => flight.origin));
  const codes = Object.keys({ ...from, ...to }).filter((code) => (counts[code] ?? 0) >= departures);
  const entry = (code) => [code, [...places[code], from[code] ?? 0, to[code] ?? 0]];
  return Object.fromEntries(codes.sort().map(entry));
}

/** What the trees are told; `other`, amid all flights and of average lateness, is any airport that is new. */
function knowledgeOf(rows) {
  const middle = [0, 1].map((axis) => round(meanOf(rows.map(({ origin }) => places[origin][axis])), 2));
  return { airports: airportsOf(rows), other: [...middle, 0, 0], yesterday: yesterday(rows) };
}

/** @returns {import('./model.mjs').Yesterday} */
function yesterday(rows) {
  const usual = round(meanOf(rows.map(isLate)), 3);
  const tally = tallyBy(rows, (flight) => [dayOf(flight.date) + 1]);
  const late = dates.map((date) => round(shareOf(tally, dayOf(date), usual, 20), 3));
  return { first: dates[0], usual, late };
}

/**
 * Few flights touch a small airport in a day, so its share is pulled towards the country's.
 * @returns {import('./model.mjs').Lookup}
 */
function lookup(rows) {
  const country = yesterday(rows).late;
  const tally = tallyBy(rows, ({ date, origin, destination }) =>
    [origin, destination].map((code) => `${code} ${dayOf(date) + 1}`),
  );
  const sharesOf = (code) =>
    dates.map((date, i) => round(shareOf(tally, `${code} ${dayOf(date)}`, country[i], 20), 2));
  const codes = Object.keys(airportsOf(rows));
  return { milliseconds: 50, late: Object.fromEntries(codes.map((code) => [code, sharesOf(code)])) };
}

/** Held-out flights as users would ask for them. The data name no passengers: the user ids are made up. */
function requests() {
  const sample = heldOut.toSorted((a, b) => a.draw - b.draw).slice(0, 1200);
  return sample.map(({ origin, destination, date, hour }, i) => {
    const alternatives = destinationsFrom(origin).filter((code) => code !== destination);
    const destinations = [destination, ...alternatives.slice(0, 3)].sort();
    return { userId: `u-${(i * 7919) % 500}`, origin, destinations, date, hour };
  });
}

/** Most flown first. */
function destinationsFrom(origin) {
  const departures = flights.filter((flight) => flight.origin === origin);
  const counts = countOf(departures.map((flight) => flight.destination));
  return Object.keys(counts).sort((a, b) => counts[b] - counts[a] || (a < b ? -1 : 1));
}

function countOf(keys) {
  const counts = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

/** A .tar.gz with no clock and no owner in it. */
function packed(files) {
  const items = Object.entries(files).map(([name, data]) => ({ name, data }));
  const tar = createTar(items, { attrs: { mtime: 0, uid: 0, gid: 0, mode: '644' } });
  return gzipSync(tar, { level: 9, mtime: 0 });
}

/** @returns {string} digest of what was written */
function save(file, bytes) {
  writeFileSync(join(folder, file), bytes);
  return createHash('sha256').update(bytes).digest('hex');
}
