/**
 * 20,000 US domestic flights of January to March 2001, from the Bureau of Transportation Statistics, and where the
 * airports lie. See README.md for licence and source.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { round } from './model.mjs';

const HELD_OUT = 0.2;
const LATE_MINUTES = 15; // the Bureau's own limit

const folder = fileURLToPath(new URL('../data', import.meta.resolve('vega-datasets')));
const read = (file) => readFileSync(join(folder, file), 'utf8');

/**
 * `date` (YYYY-MM-DD) and `hour` are those of the departure, `delay` is that of the arrival in minutes. `draw` is a
 * number in [0, 1) that the flight's own bytes give, so a flight is held out whatever the order of the file.
 */
export const flights = JSON.parse(read('flights-20k.json')).map((row) => ({
  date: row.date.slice(0, 10).replaceAll('/', '-'),
  hour: Number(row.date.slice(11, 13)),
  origin: row.origin,
  destination: row.destination,
  delay: row.delay,
  draw: createHash('sha256').update(JSON.stringify(row)).digest().readUInt32BE() / 2 ** 32,
}));

export const heldOut = flights.filter((flight) => flight.draw < HELD_OUT);
export const training = flights.filter((flight) => flight.draw >= HELD_OUT);

/** 1 or 0, the label that the models learn. */
export const isLate = (flight) => Number(flight.delay >= LATE_MINUTES);

/** @type {Record<string, [latitude: number, longitude: number]>} */
export const places = Object.fromEntries(
  read('airports.csv')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')) // names hold commas; the code is first, the place last
    .map((cells) => [cells[0], cells.slice(-2).map((degrees) => round(Number(degrees), 2))]),
);
